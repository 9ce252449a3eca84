/** The README and the documentation: programs, links, length. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { commands } from "../src/cli/commands/all.ts";
import { startProvider } from "./provider/provider.ts";
import { pages, programsOf, textOf, writePrograms } from "./readme.ts";
import { thisRuntime } from "./sdk/case.ts";
import { slowTest, test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

test("the README has at most 250 lines", () => {
  assert.ok(textOf("README.md").split("\n").length <= 250);
});

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title.toLowerCase().replace(/[`*]/g, "").replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
}

test("all links between the pages lead to a file and a heading", () => {
  for (const page of [...pages, "FORMAT.md", "CHANGELOG.md", "CONTRIBUTING.md"]) {
    for (const [, link = ""] of textOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? join(root, page) : join(root, dirname(page), path);
      assert.ok(existsSync(target), `${page}: ${link}`);
      if (anchor !== undefined) assert.ok(anchorsOf(readFileSync(target, "utf8")).includes(anchor), `${page}: ${link}`);
    }
  }
});

test("docs/messages.md quotes messages that the source contains", () => {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  const source = files.filter((name) => /\.[jt]s$/.test(name)).map((name) =>
    readFileSync(join(root, "src", name), "utf8")
  )
    .join("\n").replace(/\\(?=")/g, "");
  const quoted = [...textOf("docs/messages.md").matchAll(/\*\*`(.*?)`\*\*/g)].map(([, text = ""]) => text);
  assert.ok(quoted.length > 15);
  for (const text of quoted) {
    for (const part of text.split("…").map((part) => part.replace(/^[:. ]+|[ ]+$/g, ""))) {
      // The name of the action is a value in these messages.
      if (/^Cannot (?:compact|repair|remove from)$/.test(part)) continue;
      assert.ok(source.includes(part), `${text}: no message contains "${part}"`);
    }
  }
});

test("docs/command_line.md lists the commands, and the commands of each common option", () => {
  const text = textOf("docs/command_line.md");
  const forGit = ["merge-driver", "textconv"];
  const shown = commands.filter(({ name }) => !forGit.includes(name));
  const names = [...text.matchAll(/^\| `([a-z][\w-]*)(?: [^`]*)?` +\|/gm)].map(([, name]) => name);
  assert.deepEqual(names.sort(), shown.map(({ name }) => name).sort());
  for (const [, option = "", cell = ""] of text.matchAll(/^\| `--(\w+)(?: \w+)?` +\| (.*?) +\|$/gm)) {
    const named = [...cell.matchAll(/`([\w-]+)`/g)].map(([, name]) => name);
    const has = commands.filter(({ options }) => option in options).map(({ name }) => name);
    const without = commands.map(({ name }) => name).filter((name) => !has.includes(name));
    assert.deepEqual(named.sort(), (cell.startsWith("all except") ? without : has).sort(), `--${option}`);
  }
});

slowTest("the first program of the README streams live, then from the file, and prints the shown output", async (t) => {
  const provider = await startProvider({ pause: 1 });
  const programs = writePrograms("README.md", provider);
  t.after(() => Promise.all([provider.stop(), programs.remove()]));
  const { stdout, stderr } = await programs.run(0, { cwd: temporaryFolder(t) });
  const tokens = stdout.trimEnd().split("\n");
  assert.ok(tokens.length > 10);
  assert.deepEqual(tokens.slice(0, tokens.length / 2), tokens.slice(tokens.length / 2));
  assert.equal(provider.requests.length, 1);
  const shape = (text: string) =>
    text.replace(/[0-9a-f]{8}/g, "KEY").replace(/[\d.]+ k?B/g, "BYTES").replace(/[\d.]+ m?s/g, "TIME").trim();
  const printed = textOf("README.md").match(/^```\n(cachy MISS.*?)^```$/ms)?.[1] ?? "";
  assert.equal(shape(stderr), shape(printed));
});

/** `readme_sharing_test.ts` tests the programs that need a Redis. */
const needsRedis = (program: string) => program.includes("REDIS_URL");

/** Each program runs on one runtime, in turn: all on all would take minutes. */
const isMine = (turn: number) => ["deno", "bun", "node"][turn % 3] === thisRuntime().name;

for (const page of pages) {
  const programs = programsOf(page);
  const mine = programs.map((_, index) => index).filter((index) => {
    return isMine(pages.indexOf(page) + index) && !needsRedis(programs[index] ?? "");
  });
  if (mine.length === 0) continue;
  slowTest(`the programs of ${page} run, and in CI they need no network`, async (t) => {
    const provider = await startProvider({ pause: 1 });
    const written = writePrograms(page, provider);
    t.after(() => Promise.all([provider.stop(), written.remove()]));
    await Promise.all(mine.map(async (index) => {
      const cwd = temporaryFolder(t);
      const first = await written.run(index, { cwd });
      const second = await written.run(index, { cwd, env: { CI: "true" } });
      // The last number that a program prints counts its hits.
      if (!/ 0\n$/.test(first.stdout)) return;
      const withoutCount = (text: string) => text.replace(/ \d+\n$/, "");
      assert.equal(withoutCount(second.stdout), withoutCount(first.stdout), `${page}, program ${index}`);
      assert.match(second.stdout, / [1-9]\d*\n$/);
    }));
  });
}
