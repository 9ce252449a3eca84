/** The server of `cachy view`, and its report. */
import assert from "node:assert/strict";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { openShelf } from "../src/cli/view/shelf.ts";
import { startServer } from "../src/cli/view/server.ts";
import { encodeBase64, utf8 } from "../src/lib/bytes.ts";
import { type Entry, formatEntry } from "../src/store/entry.ts";
import { cachyOn } from "./cli.ts";
import { startProgram } from "./processes.ts";
import { slowTest, test, type TestContext } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";
import { chat, entryWith, png, thinkingStream, toolConversation } from "./view_entries.ts";

function fileOf(t: TestContext, entries: readonly Entry[]): string {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  writeFileSync(file, entries.map(formatEntry).join(""));
  return file;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly text: string;
}

/** By `node:http`, because `fetch` sets the header Host itself. */
function get(url: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, method, agent: false }, (response) => {
      const pieces: Uint8Array[] = [];
      response.on("data", (piece) => pieces.push(piece));
      response.on("end", () => {
        const body = new Uint8Array(pieces.flatMap((piece) => [...piece]));
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body, text: new TextDecoder().decode(body) });
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** Serves entries until the end of the test. */
async function serve(t: TestContext, entries: readonly Entry[]) {
  const file = fileOf(t, entries);
  const shelf = await openShelf(file);
  const server = await startServer({ ...shelf, misses: () => [] }, 0);
  t.after(async () => {
    await server.close();
    shelf.close();
  });
  const json = async (path: string) => JSON.parse((await get(server.url + path)).text);
  return { file, url: server.url, json };
}

test("the page is served with a policy that allows its own script only", async (t) => {
  const { url } = await serve(t, [chat("Hi?", "Hello.")]);
  const { status, headers, text } = await get(url);
  assert.equal(status, 200);
  const policy = String(headers["content-security-policy"]);
  assert.match(policy, /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; /);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  assert.equal(headers["referrer-policy"], "no-referrer");
  assert.doesNotMatch(text.replaceAll("http://www.w3.org/", ""), /(?:src|href)="?(?:https?:)?\/\//);
});

test("the server answers nothing without the token, and no other host, page or method", async (t) => {
  const { url } = await serve(t, [chat("Hi?", "Hello.")]);
  const { port, origin } = new URL(url);
  const entries = `${url}entries?from=0&most=10`;
  assert.equal((await get(entries)).status, 200);
  assert.equal((await get(entries, { host: `localhost:${port}` })).status, 200);
  assert.equal((await get(`${origin}/`)).status, 404);
  assert.equal((await get(`${origin}/entries?from=0&most=10`)).status, 404);
  assert.equal((await get(`${origin}/${"0".repeat(32)}/entries`)).status, 404);
  for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1", "[::1]"]) {
    const { status, text } = await get(entries, { host });
    assert.equal(status, 403, host);
    assert.doesNotMatch(text, /Hello/);
  }
  assert.equal((await get(entries, { "sec-fetch-site": "cross-site" })).status, 403);
  assert.equal((await get(entries, { "sec-fetch-site": "same-site" })).status, 403);
  assert.equal((await get(entries, { "sec-fetch-site": "same-origin" })).status, 200);
  assert.equal((await get(entries, {}, "POST")).status, 405);
});

test("the list is paged, searched and sorted", async (t) => {
  const entries = Array.from(
    { length: 250 },
    (_, at) => chat(`Question ${at}?`, `Answer ${at}.`, { duration_ms: at % 7 === 0 ? 5000 + at : at }),
  );
  const { json } = await serve(t, entries);
  const first = await json("entries?from=0&most=100");
  assert.deepEqual([first.rows.length, first.rows[0].prompt], [100, "Question 249?"]);
  const last = await json("entries?from=200&most=100");
  assert.deepEqual([last.rows.length, last.rows.at(-1).prompt, last.total, last.isComplete], [
    50,
    "Question 0?",
    250,
    true,
  ]);
  const found = await json("entries?from=0&most=100&grep=answer+17.");
  assert.deepEqual(found.rows.map(({ answer }: { answer: string }) => answer), ["Answer 17."]);
  const slowest = await json("entries?from=0&most=2&sort=duration");
  assert.deepEqual(slowest.rows.map(({ durationMs }: { durationMs: number }) => durationMs), [5245, 5238]);
  assert.equal((await json("entries?from=0&most=10&model=gpt-4*")).total, 0);
});

test("an entry shows its conversation, and where an image and a sound are", async (t) => {
  const { url, json } = await serve(t, [toolConversation()]);
  const [{ id }] = (await json("entries?from=0&most=1")).rows;
  const { asked, answered } = await json(`entry?id=${id}`);
  assert.deepEqual(asked.map(({ role }: { role: string }) => role), ["system", "user", "assistant", "tool"]);
  assert.deepEqual(asked[1].parts.map(({ media }: { media?: string }) => media), [undefined, "image/png", "audio/wav"]);
  assert.deepEqual(answered[0].parts.map(({ kind }: { kind: string }) => kind), ["text", "citation"]);
  const image = await get(`${url}media?id=${id}&message=1&part=1`);
  assert.deepEqual([image.headers["content-type"], image.headers["x-content-type-options"]], ["image/png", "nosniff"]);
  assert.deepEqual(image.body, Uint8Array.from(png(160)));
  assert.equal((await get(`${url}media?id=${id}&message=1&part=0`)).status, 404);
});

test("SVG and HTML are never served as an image, whatever their label says", async (t) => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"></svg>`;
  const bodies = ["image/svg+xml", "image/png", "text/html"].map((type) =>
    `data:${type};base64,${encodeBase64(utf8(svg))}`
  );
  const content = bodies.map((url) => ({ type: "image_url", image_url: { url } }));
  const { url, json } = await serve(t, [
    entryWith({ body: { model: "m", messages: [{ role: "user", content }] } }),
    entryWith({
      headers: { "content-type": "image/png" },
      binary: true,
      response: encodeBase64(utf8(svg)),
      url: "https://api.openai.com/v1/images",
      body: {},
    }),
  ]);
  for (const { id } of (await json("entries?from=0&most=9")).rows) {
    const details = await json(`entry?id=${id}`);
    assert.doesNotMatch(JSON.stringify(details), /"media":"image/);
    for (const part of [0, 1, 2]) assert.equal((await get(`${url}media?id=${id}&message=0&part=${part}`)).status, 404);
  }
});

test("a text of 10 MB is cut, and loaded in pieces", async (t) => {
  const { json } = await serve(t, [chat("Long?", "ab".repeat(5_000_000))]);
  const [{ id }] = (await json("entries?from=0&most=1")).rows;
  const { answered: [{ parts: [part] }] } = await json(`entry?id=${id}`);
  assert.deepEqual([part.text.length, part.length], [20_000, 10_000_000]);
  const piece = await json(`text?id=${id}&message=2&part=0&from=9999999`);
  assert.deepEqual(piece, { text: "b", length: 10_000_000 });
});

test("a stream has frames whose last one is the whole response", async (t) => {
  const { json } = await serve(t, [thinkingStream()]);
  const [{ id }] = (await json("entries?from=0&most=1")).rows;
  const { timeline, answered, events, eventCount } = await json(`entry?id=${id}`);
  const lengths = answered.map(({ parts }: { parts: { text: string }[] }) => parts.map(({ text }) => text.length));
  assert.deepEqual(timeline.frames.at(-1).lengths, lengths);
  assert.ok(timeline.frames.length > 50 && timeline.frames[5].lengths[0][0] < lengths[0][0]);
  assert.equal(events.length, Math.min(100, eventCount));
});

test("totals are counted by model and day", async (t) => {
  const at = (recorded_at: string, model: string) => chat("Hi?", "Hello.", { recorded_at, model });
  const { json } = await serve(t, [
    at("2026-11-23T23:59:59.000Z", "a"),
    at("2026-11-24T00:00:00.000Z", "a"),
    at("2026-11-24T10:00:00.000Z", "a"),
    at("2026-11-24T10:00:00.000Z", "b"),
  ]);
  const counted = (await json("totals")).map(({ model, day, entries, tokens }: Record<string, unknown>) =>
    [model, day, entries, tokens].join(" ")
  );
  assert.deepEqual(counted.sort(), ["a 2026-11-23 1 29", "a 2026-11-24 2 58", "b 2026-11-24 1 29"]);
});

test("differences are those of the command diff", async (t) => {
  const { json } = await serve(t, [chat("Which?", "One."), chat("Which?", "Two.")]);
  const [a, b] = (await json("entries?from=0&most=2")).rows;
  assert.match((await json(`differences?a=${a.id}&b=${b.id}`)).join("\n"), /choices\[0\]\.message\.content/);
});

test("a reload of the page shows entries that were added", async (t) => {
  const { file, url, json } = await serve(t, [chat("Hi?", "Hello.")]);
  appendFileSync(file, formatEntry(chat("New?", "Yes.")));
  assert.equal((await json("entries?from=0&most=9")).total, 1);
  await get(url);
  const { rows } = await json("entries?from=0&most=9");
  assert.deepEqual(rows.map(({ prompt }: { prompt: string }) => prompt), ["New?", "Hi?"]);
});

test("ids that name no entry, and unknown paths, are not found", async (t) => {
  const { url } = await serve(t, [chat("Hi?", "Hello.")]);
  for (
    const path of ["entry?id=", "entry?id=1-5", "entry?id=0-99999999", "entry?id=../x", "text?id=0-1", "toString", "x"]
  ) {
    assert.equal((await get(url + path)).status, 404, path);
  }
});

test("view --out writes a file that contains no recorded text as HTML", async (t) => {
  const evil = `</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>\u2028`;
  const file = fileOf(t, [chat(evil, evil, { model: evil }), toolConversation()]);
  const out = join(temporaryFolder(t), "report.html");
  const { code, stdout } = await cachyOn(file, "view", "--out", out);
  assert.deepEqual([code, stdout.replace(/, .*/s, "")], [0, `2 entries written to ${out}`]);
  const html = readFileSync(out, "utf8");
  assert.equal(html.match(/<script/g)?.length, 6); // the page's own, the file, the rows, the totals, two entries
  assert.doesNotMatch(html, /alert\(1\)<|onerror=alert\(1\)>|https?:\/\/(?!www\.w3\.org)[^"\\]*"?>/);
  assert.match(html, /<meta http-equiv="content-security-policy" content="default-src 'none'; script-src 'sha256-/);
});

test("view --out chooses entries, and leaves out the oldest ones at its limit", async (t) => {
  const file = fileOf(t, [chat("One?", "1"), chat("Two?", "2"), chat("Three?", "3", { model: "other" })]);
  const out = join(temporaryFolder(t), "report.html");
  assert.match(
    (await cachyOn(file, "view", "--out", out, "--model", "gpt-*", "--limit", "1")).stdout,
    /^1 entry written/,
  );
  assert.match(readFileSync(out, "utf8"), /Two\?/);
  assert.doesNotMatch(readFileSync(out, "utf8"), /One\?|Three\?/);
});

test("a report contains the misses of the ledger that belong to its file, and costs", async (t) => {
  const file = fileOf(t, [chat("Hi?", "Hello.", { model: "gpt-5" })]);
  const [ledger, prices, out] = ["ledger.jsonl", "prices.json", "report.html"].map((name) =>
    join(temporaryFolder(t), name)
  );
  assert.ok(ledger && prices && out);
  const asked = (file: string, message: string, sha256: string) => {
    const miss = { key: sha256.slice(0, 8), method: "POST", url: "https://api.openai.com/v1/chat", message };
    return JSON.stringify({ at: "2026-11-28T10:00:00.000Z", kind: "asked", outcome: "miss", file, sha256, miss });
  };
  const lines = [asked(file, "old", "a"), asked(file, "This one differs.", "a"), asked(`${file}2`, "another", "b")];
  writeFileSync(ledger, lines.join("\n"));
  writeFileSync(prices, `{ "gpt-5": { "input": 2, "output": 8 } }`);
  await cachyOn(file, "view", "--out", out, "--ledger", ledger, "--prices", prices);
  const blockOf = (name: string) => {
    const json = readFileSync(out, "utf8").split(`data-name="${name}">`)[1]?.split("</script>")[0];
    return JSON.parse(json ?? "null");
  };
  assert.deepEqual(blockOf("file").misses, [{
    request: "POST https://api.openai.com/v1/chat",
    explanation: "This one differs.",
    time: "2026-11-28T10:00:00.000Z",
  }]);
  assert.equal(blockOf("rows")[0].cost.toFixed(8), ((23 * 2 + 6 * 8) / 1e6).toFixed(8));
  assert.equal(blockOf("totals")[0].cost, blockOf("rows")[0].cost);
  assert.match(
    (await cachyOn(file, "view", "--out", out, "--ledger", `${ledger}x`)).stderr,
    /Cannot read the ledger .*no such file/,
  );
});

test("view names the cure of wrong options", async (t) => {
  const file = fileOf(t, [chat("Hi?", "Hello.")]);
  const messages = [
    [["--port", "70000"], /^cachy: Cannot use --port 70000: expected a number from 0 to 65535\./],
    [["--port", "80", "--out", "x.html"], /Cannot use --port and --out together: /],
    [["--limit", "5"], /Cannot use --limit without --out: /],
  ] as const;
  for (const [args, message] of messages) {
    const { code, stderr } = await cachyOn(file, "view", ...args);
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
});

slowTest("cachy view prints its address and serves until it is stopped", async (t) => {
  const file = fileOf(t, [chat("Hi?", "Hello.")]);
  const program = startProgram("cli", ["view", "--file", file]);
  await program.printed("/\n");
  program.child.kill();
  const { stdout } = await program.exit;
  assert.match(stdout, /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/\n$/);
});
