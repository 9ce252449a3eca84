import assert from "node:assert/strict";
import process from "node:process";
import { debugLine, type RequestEvent } from "../src/report/reporter.ts";
import { test } from "./suite.ts";
import { jsonAnswer, jsonPost, network, testCachy } from "./testing.ts";

const request = {
  method: "POST",
  url: "https://api.openai.com/v1/responses",
  key: "5ece2360",
};

test("debugLine() shows all parts of an event in one line", () => {
  const lines: [RequestEvent, string][] = [
    [
      { kind: "hit", request, ms: 0.42, bytes: 1234, savedMs: 848 },
      "cachy HIT      5ece2360 POST api.openai.com/v1/responses 1.2 kB 0.4 ms, saved 848 ms",
    ],
    [
      { kind: "hit", request, ms: 12.4, bytes: 5 },
      "cachy HIT      5ece2360 POST api.openai.com/v1/responses 5 B 12 ms",
    ],
    [
      { kind: "miss", request, ms: 2.13 },
      "cachy MISS     5ece2360 POST api.openai.com/v1/responses 2.1 ms",
    ],
    [
      { kind: "recorded", request, ms: 1848, bytes: 7_029_000 },
      "cachy RECORDED 5ece2360 POST api.openai.com/v1/responses 7.0 MB in 1.8 s",
    ],
    [
      { kind: "dropped", request, reason: "status", detail: "status 500" },
      "cachy DROPPED  5ece2360 POST api.openai.com/v1/responses status 500",
    ],
    [
      { kind: "fault", request, detail: "status 429" },
      "cachy FAULT    5ece2360 POST api.openai.com/v1/responses status 429",
    ],
  ];
  for (const [event, line] of lines) {
    assert.equal(debugLine(event, false), line);
  }
});

test("debugLine() colors only the word, and only in a terminal", () => {
  const line = debugLine({ kind: "miss", request, ms: 1 }, true);
  assert.ok(line.startsWith("cachy \x1b[33mMISS\x1b[39m     5ece2360 "), line);
});

/** What the function prints to stderr. */
async function printed(use: () => Promise<void>): Promise<string[]> {
  const lines: string[] = [];
  const { error } = console;
  console.error = (line: string) => void lines.push(line);
  try {
    await use();
  } finally {
    console.error = error;
  }
  return lines;
}

test(`debug: "miss" prints misses only`, async () => {
  const lines = await printed(async () => {
    const cachy = testCachy({
      debug: "miss",
      fetch: network(() => jsonAnswer({})).fetch,
    });
    for (const _ of [1, 2]) {
      await (await cachy.fetch(request.url, jsonPost({}))).text();
    }
  });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /^cachy MISS /);
});

test("debug prints no credential if a failed connection reports the URL", async () => {
  const fail = () =>
    Promise.reject(
      new Error(
        `error sending request for url (${request.url}?key=PRIVATE): refused`,
      ),
    );
  const lines = await printed(async () => {
    const cachy = testCachy({ debug: true, fetch: network(fail).fetch });
    await assert.rejects(
      cachy.fetch(`${request.url}?key=PRIVATE`, jsonPost({})),
      /PRIVATE/,
    );
  });
  assert.match(
    lines.at(-1) ?? "",
    /^cachy DROPPED .* broken: error sending request/,
  );
  assert.doesNotMatch(lines.join("\n"), /PRIVATE/);
});

test("a debug line contains no credential from the path of a URL", async (t) => {
  process.env.TESTED_BOT_TOKEN = "123456:a-quite-ordinary-value";
  t.after(() => delete process.env.TESTED_BOT_TOKEN);
  const lines = t.mock.method(console, "error", () => {});
  const cachy = testCachy({ debug: true, domains: ["bots.example"], fetch: network(() => jsonAnswer({})).fetch });
  const url = `https://bots.example/bot${process.env.TESTED_BOT_TOKEN}/send/sk-${"a1b2c3d4e5".repeat(3)}`;
  await (await cachy.fetch(url, jsonPost({}))).text();
  const printed = lines.mock.calls.map(({ arguments: [line] }) => String(line));
  assert.equal(printed.length, 2);
  for (const line of printed) assert.match(line, /POST bots\.example\/bot\[redacted\]\/send\/\[redacted\] /);
});
