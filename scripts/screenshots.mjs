// @ts-check
/**
 * Makes the picture of the page for the documentation, docs/view.png: `node scripts/screenshots.mjs`
 *
 * It shows demo/cachy.jsonl, which `npm run demo` records. It needs Chromium and the dependencies of tests/.
 */
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { npm, root, run, start } from "./run.mjs";

const PICTURE = join(root, "docs", "view.png");
const MOST_BYTES = 150_000;

await start(async () => {
  const file = join(root, "demo", "cachy.jsonl");
  if (!existsSync(file)) await must("npm run demo", npm(), ["run", "demo"]);
  const folder = mkdtempSync(join(tmpdir(), "cachy-screenshots-"));
  try {
    const report = join(folder, "cachy.html");
    const args = ["--import", "tsx", "src/cli.ts", "view", "--file", file, "--out", report];
    await must("cachy view", [process.execPath], args);
    await photograph(report);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const { size } = statSync(PICTURE);
  console.log(`docs/view.png: ${size} bytes`);
  return size <= MOST_BYTES;
});

/**
 * @param {string} name
 * @param {import("./run.mjs").Command} command
 * @param {readonly string[]} args
 */
async function must(name, command, args) {
  const { ok, ending, output } = await run(command, args);
  if (!ok) throw new Error(`Cannot make the picture: ${name} ended with ${ending}.\n${output}`);
}

/** @param {string} report The HTML file. */
async function photograph(report) {
  const { chromium } = await import(pathToFileURL(join(root, "tests/node_modules/playwright-core/index.mjs")).href);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1120, height: 680 }, colorScheme: "light" });
    await page.goto(pathToFileURL(report).href);
    const range = page.locator(".track input");
    await range.evaluate((/** @type {{ value: string, dispatchEvent(event: Event): void }} */ element) => {
      element.value = "640";
      element.dispatchEvent(new Event("input"));
    });
    await page.screenshot({ path: PICTURE });
  } finally {
    await browser.close();
  }
}
