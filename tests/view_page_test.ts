/// <reference lib="dom" />
/** The page of `cachy view` in a real browser. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { startServer } from "../src/cli/view/server.ts";
import { openShelf } from "../src/cli/view/shelf.ts";
import { encodeBase64, utf8 } from "../src/lib/bytes.ts";
import { readPrices } from "../src/report/prices.ts";
import { type Entry, formatEntry } from "../src/store/entry.ts";
import { browserIsMissing, openPage, type Page, startBrowser } from "./browser.ts";
import { cachyOn } from "./cli.ts";
import { after, before, slowTest, type TestContext } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";
import { chat, entryWith, streamWith, thinkingStream, toolConversation } from "./view_entries.ts";

let browser: Browser;
before(async () => {
  if (browserIsMissing === undefined) browser = await startBrowser();
});
after(() => browser?.close());

function pageTest(title: string, run: (t: TestContext) => Promise<void>): void {
  slowTest(title, { skip: browserIsMissing }, run);
}

function fileOf(t: TestContext, entries: readonly Entry[]): string {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  writeFileSync(file, entries.map(formatEntry).join(""));
  return file;
}

const MISS = {
  request: "POST https://api.openai.com/v1/chat/completions",
  explanation: "messages[1] differs:\n  <b>x</b>",
};

/** Serves a file until the end of the test. */
async function serve(t: TestContext, file: string, misses = [MISS]): Promise<string> {
  const prices = join(temporaryFolder(t), "prices.json");
  writeFileSync(prices, `{ "gpt-5": { "input": 2, "output": 8 }, "gpt-5-mini": { "input": 0.2, "output": 0.8 } }`);
  const shelf = await openShelf(file, readPrices(prices));
  const server = await startServer({ ...shelf, misses: () => misses }, 0);
  t.after(async () => {
    await server.close();
    shelf.close();
  });
  return server.url;
}

/** Opens a page until the end of the test. */
async function visit(t: TestContext, url: string, options = {}) {
  const opened = await openPage(browser, options);
  t.after(() => opened.page.context().close());
  await opened.page.goto(url);
  await opened.page.waitForSelector("a.row");
  return opened;
}

async function idsOf(page: Page): Promise<string[]> {
  const links = await page.locator("a.row").evaluateAll((links) =>
    links.map((link) => link.getAttribute("href") ?? "")
  );
  return links.map((link) => link.split("/").at(-1) ?? "");
}

/** Goes to a view and waits until it is shown. */
async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate((hash) => {
    document.querySelector("#view h1")?.setAttribute("data-old", "");
    location.hash = hash;
  }, hash);
  await page.waitForSelector("#view h1:not([data-old])");
}

/** The usual entries, the newest one first: a stream, a tool conversation, two short ones. */
const USUAL = () => [
  chat("Name three rivers of Europe.", "The Danube, the Rhine and the Loire.", {
    recorded_at: "2026-11-20T08:00:00.000Z",
  }),
  chat("Name three rivers of Asia.", "The Yangtze, the Ganges and the Mekong.", { model: "gpt-5" }),
  toolConversation(),
  thinkingStream(),
];

const LOOKS = [
  { viewport: { width: 1280, height: 800 }, colorScheme: "light" },
  { viewport: { width: 390, height: 844 }, colorScheme: "dark" },
] as const;

for (const look of LOOKS) {
  const { viewport: { width } } = look;
  pageTest(`axe finds nothing in any view in light and dark, ${width} pixels wide`, async (t) => {
    const { page, faults } = await visit(t, await serve(t, fileOf(t, USUAL())), {
      ...look,
      reducedMotion: "reduce", // no transition between the colors
    });
    const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
    const [stream, tool, a, b] = await idsOf(page);
    const views = [
      `/`,
      `/entry/${stream}`,
      `/entry/${tool}`,
      `/compare/${a}`,
      `/compare/${a}/${b}`,
      `/charts`,
      `/misses`,
    ];
    for (const view of views) {
      if (view !== "/") await go(page, `#${view}`);
      if (view.startsWith("/entry")) {
        await page.locator("details").evaluateAll((all) => all.forEach((details) => details.setAttribute("open", "")));
      }
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        const found = await page.evaluate(`${axe};axe.run(document, { resultTypes: ["violations"] })`) as {
          violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
        };
        const findings = found.violations.map((
          { id, nodes },
        ) => [id, ...nodes.map(({ html, failureSummary }) => html.slice(0, 200) + failureSummary)]);
        assert.deepEqual(findings, [], `${view}, ${colorScheme}`);
      }
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${view} is too wide`);
    }
    assert.deepEqual(faults, []);
  });
}

pageTest("a person reads, plays, compares and counts by keyboard alone", async (t) => {
  const { page, faults } = await visit(t, await serve(t, fileOf(t, USUAL())), LOOKS[0]);
  const press = (...keys: string[]) =>
    keys.reduce((done, key) => done.then(() => page.keyboard.press(key)), Promise.resolve());
  const focused = () => page.evaluate(() => (document.activeElement as HTMLElement | null)?.innerText ?? "");
  const tabTo = async (label: RegExp) => {
    for (let at = 0; at < 40 && !label.test(await focused()); at++) await press("Tab");
    assert.match(await focused(), label);
  };
  await tabTo(/^claude-haiku-4-5/);
  await press("ArrowDown", "ArrowDown");
  await page.waitForFunction(() => /rivers of Asia/.test((document.activeElement as HTMLElement).innerText));
  await press("Enter");
  await page.waitForFunction(() => document.activeElement?.tagName === "H1" && document.title.startsWith("gpt-5 "));
  await tabTo(/^Compare$/);
  await press("Enter");
  await page.waitForFunction(() => document.title.startsWith("Compare"));
  await page.locator("a.row").last().focus();
  await press("Enter");
  await page.waitForSelector(".pair mark");
  assert.deepEqual(await page.locator(".pair mark").allInnerTexts(), [
    "Asia",
    "Europe",
    "Yangtze, the Ganges and the Mekong",
    "Danube, the Rhine and the Loire",
  ]);
  await press("/");
  await page.keyboard.type("sky");
  await page.waitForFunction(() => /^1 entry found/.test(document.querySelector(".count")?.textContent ?? ""));
  await tabTo(/^claude-haiku-4-5/);
  await press("Enter");
  await tabTo(/^Replay$/);
  await press("Enter");
  await page.waitForFunction(() => document.querySelector(".clock")?.textContent !== "0 ms");
  await press("Space");
  assert.equal(await focused(), "Continue");
  await press("Tab", "Tab", "Home");
  assert.equal(await page.locator(".clock").innerText(), "0 ms");
  assert.match(await page.locator(".answer").textContent() ?? "", /Waiting for the first text/);
  await press("End");
  assert.match(await page.locator(".answer").textContent() ?? "", /the sun itself looks slightly yellow\.$/);
  await page.locator("#go-charts").focus();
  await press("Enter");
  await tabTo(/^Cost/);
  await press("Enter");
  assert.equal(await page.locator(".tile[aria-pressed=true] span").innerText(), "Cost");
  assert.match(await page.locator("#charts .sub").innerText(), /^Not counted.* no price: claude-haiku-4-5\.$/);
  assert.equal(await page.locator(".columns g > title").last().textContent(), "2026-11-24: $0.00060");
  assert.deepEqual(faults, []);
});

pageTest("images are shown, sounds can be played, thoughts are folded", async (t) => {
  const { page, faults } = await visit(t, await serve(t, fileOf(t, USUAL())), LOOKS[0]);
  const [stream, tool] = await idsOf(page);
  await go(page, `#/entry/${tool}`);
  await page.waitForFunction(() => document.querySelector("img")?.naturalWidth === 160);
  await page.waitForFunction(() => (document.querySelector("audio")?.duration ?? 0) === 1);
  await go(page, `#/entry/${stream}`);
  assert.equal(await page.locator(".thinking").getAttribute("open"), null);
  assert.equal(
    await page.locator(".answer pre").innerText(),
    "ratio = (700 / 450) ** 4\nprint(round(ratio, 1))  # 5.9",
  );
  assert.deepEqual(faults, []);
});

const EVIL = [
  `<script>document.title="hacked"</script>`,
  `<img src=x onerror="document.title='hacked'">`,
  `<svg onload="document.title='hacked'">`,
  `</script><style>*{background:url(http://127.0.0.1:9/css)}</style>`,
  `javascript:document.title="hacked"`,
  `{{constructor.constructor("document.title='hacked'")()}}`,
].join(" ");

/** Script in every field, 10 MB texts, broken UTF-8, SVG and HTML instead of images. */
function hostileEntries(): Entry[] {
  const svg = utf8(
    `<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:9/svg"/><script>alert(1)</script></svg>`,
  );
  const files = [svg, utf8(EVIL)].map((bytes) => `data:image/png;base64,${encodeBase64(bytes)}`);
  const images = [...files, "http://127.0.0.1:9/image.png", `javascript:alert(1)`, `data:text/html,${EVIL}`]
    .map((url) => ({ type: "image_url", image_url: { url } }));
  const content = [{ type: "text", text: EVIL }, ...images, {
    type: "input_audio",
    input_audio: { data: encodeBase64(utf8(EVIL)), format: "wav" },
  }];
  const call = { id: EVIL, type: "function", function: { name: EVIL, arguments: EVIL } };
  const sources = [`javascript:alert(1)`, "http://127.0.0.1:9/source", EVIL].map((url) => ({
    type: "url_citation",
    url_citation: { url, title: EVIL },
  }));
  const message = { role: EVIL, content: EVIL, reasoning_content: EVIL, tool_calls: [call], annotations: sources };
  const evil = {
    headers: { "content-type": "application/json", [EVIL]: EVIL },
    recorded_at: EVIL,
    url: `https://api.openai.com/v1/chat/completions?${EVIL}`,
    body: { model: EVIL, [EVIL]: EVIL, temperature: EVIL, messages: [{ role: EVIL, content }] },
    response: JSON.stringify({ model: EVIL, choices: [{ index: 0, message, finish_reason: EVIL }] }),
  };
  return [
    entryWith(evil),
    chat("Long?", "x<b>".repeat(2_500_000)),
    entryWith({ headers: { "content-type": "text/html" }, response: `<html>${EVIL}`, body: EVIL }),
    entryWith({ headers: { "content-type": "image/svg+xml" }, binary: true, response: encodeBase64(svg), body: EVIL }),
    entryWith({
      headers: { "content-type": "text/plain" },
      binary: true,
      response: encodeBase64(new Uint8Array([0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80])),
      body: "\ud800",
    }),
    streamWith(
      [
        `event: ${EVIL}\ndata: ${EVIL}\n\n`,
        `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: EVIL } }] })}\n\n`,
        "data: [DONE]\n\n",
      ],
      5,
      { body: { model: EVIL, messages: [] } },
    ),
  ].map((entry, at) => at === 0 ? { ...entry, request: { ...entry.request!, method: EVIL, namespace: EVIL } } : entry);
}

/** Visits all views, and opens everything that is folded. */
async function readAll(page: Page, hasMisses: boolean): Promise<void> {
  const ids = await idsOf(page);
  const compared = ids.slice(1, 3).map((id, at) => `/compare/${ids[at]}/${id}`);
  for (
    const view of [
      ...ids.map((id) => `/entry/${id}`),
      ...compared,
      "/charts",
      ...(hasMisses ? ["/misses"] : []),
      `/entry/${EVIL}`,
    ]
  ) {
    await go(page, `#${view}`);
    await page.locator("details").evaluateAll((all) => all.forEach((details) => details.setAttribute("open", "")));
    for (const button of await page.locator("#view button.primary, #view button.more").all()) await button.click();
  }
}

pageTest("hostile entries run nothing and load nothing, served and in a report", async (t) => {
  const file = fileOf(t, hostileEntries());
  const served = await serve(t, file, [{ request: EVIL, explanation: EVIL }]);
  const live = await visit(t, served, LOOKS[1]);
  await readAll(live.page, true);
  assert.ok(
    live.requests.length > 10 && live.requests.every((url) => url.startsWith(served)),
    live.requests.join("\n"),
  );
  const out = join(temporaryFolder(t), "report.html");
  assert.equal((await cachyOn(file, "view", "--out", out)).code, 0);
  const report = await visit(t, pathToFileURL(out).href, LOOKS[0]);
  await readAll(report.page, false);
  assert.deepEqual([...new Set(report.requests)], [pathToFileURL(out).href]);
  for (const { page, faults } of [live, report]) {
    // On a narrow screen, the list is only shown without an entry.
    await page.evaluate(() => location.hash = "#/");
    await page.locator("a.row").first().waitFor();
    const overhangs = await page.locator("a.row > *").evaluateAll((lines) =>
      lines.map((line) => line.getBoundingClientRect().right - (line.parentElement?.getBoundingClientRect().right ?? 0))
    );
    assert.ok(overhangs.length > 20 && Math.max(...overhangs) <= 0, "a line of the list is wider than its row");
    assert.deepEqual(faults.filter((fault) => !/status of 404/.test(fault)), []);
    assert.notEqual(await page.title(), "hacked");
    assert.equal(
      await page.locator("iframe, object, embed, link[rel=stylesheet], main script, main style, img[src^=http]")
        .count(),
      0,
    );
    assert.equal(await page.locator("a:not([href^='#']):not([href^='http'])").count(), 0);
  }
});

pageTest("the policy reports a violation, if a script is added all the same", async (t) => {
  const { page, faults } = await visit(t, await serve(t, fileOf(t, USUAL())), LOOKS[0]);
  const isRefused = await page.evaluate(() => {
    try {
      document.body.innerHTML = "<img src=x>";
      return false;
    } catch {
      return true;
    }
  });
  assert.ok(isRefused);
  await page.evaluate(() =>
    document.body.append(Object.assign(document.createElement("img"), { src: "http://127.0.0.1:9/" }))
  );
  await page.waitForFunction(() => document.querySelector("body > img"));
  assert.match(faults.join("\n"), /violation: require-trusted-types-for/);
  assert.match(faults.join("\n"), /img-src|Content Security Policy/i);
});

pageTest("20,000 entries are paged: the first rows come from one request, and the last row is reached", async (t) => {
  const entries = Array.from({ length: 20_000 }, (_, at) => chat(`Question ${at}?`, "Answer."));
  const { page, requests } = await visit(t, await serve(t, fileOf(t, entries)), LOOKS[0]);
  assert.match(await page.locator("a.row").first().innerText(), /Question 19999\?/);
  assert.ok(await page.locator("a.row").count() < 40);
  await page.waitForFunction(() => document.querySelector(".count")?.textContent === "20,000 entries");
  const before = requests.filter((url) => /entries\?/.test(url) && !/most=0/.test(url)).length;
  assert.ok(before <= 2);
  await page.locator("a.row").first().focus();
  await page.keyboard.press("End");
  await page.waitForFunction(() => /Question 0\?/.test((document.activeElement as HTMLElement).innerText));
  assert.ok(await page.locator("a.row").count() < 40);
});

pageTest("a report shows its entries without a server, and finds text in them", async (t) => {
  const file = fileOf(t, USUAL());
  const out = join(temporaryFolder(t), "report.html");
  await cachyOn(file, "view", "--out", out);
  const { page, faults } = await visit(t, pathToFileURL(out).href, LOOKS[0]);
  const [stream, tool] = await idsOf(page);
  await go(page, `#/entry/${tool}`);
  await page.waitForFunction(() => document.querySelector("img")?.naturalWidth === 160);
  await go(page, `#/entry/${stream}`);
  await page.locator(".track input").fill("400");
  assert.doesNotMatch(await page.locator(".answer").textContent() ?? "", /slightly yellow/);
  await page.fill("#search", "rain jacket");
  await page.waitForFunction(() => document.querySelector(".count")?.textContent === "1 entry found");
  await go(page, "#/charts");
  assert.equal(await page.locator("#go-misses").isVisible(), false);
  assert.deepEqual(faults, []);
});
