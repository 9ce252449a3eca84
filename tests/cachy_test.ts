import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type CachyEvent, createCachy } from "../mod.ts";
import { test } from "./suite.ts";
import {
  CHAT_URL,
  chatEvents,
  countingNetwork,
  jsonAnswer,
  jsonPost,
  network,
  streamAnswer,
  temporaryFolder,
  testCachy,
} from "./testing.ts";

test("createCachy() writes the line that FORMAT.md describes", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const answer = streamAnswer(chatEvents("Hé"));
  for (const name of ["set-cookie", "openai-organization", "x-request-id", "x-kept"]) answer.headers.set(name, name);
  const cachy = testCachy({ file, fetch: network(() => answer).fetch, keepHeaders: ["X-Kept"] });
  const headers = { authorization: "Bearer sk-secret" };
  await (await cachy.fetch(`${CHAT_URL}?api_key=secret`, jsonPost({ stream: true, n: 1.0 }, headers))).text();

  const text = readFileSync(file, "utf8");
  const { recorded_at, duration_ms, chunks, ...entry } = JSON.parse(text);
  assert.deepEqual(entry, {
    key: entry.sha256.slice(0, 8),
    sha256: entry.sha256,
    v: 1,
    status_code: 200,
    headers: { "content-type": "text/event-stream", "x-request-id": "x-request-id", "x-kept": "x-kept" },
    binary: false,
    response: chatEvents("Hé").join(""),
    request: { method: "POST", url: CHAT_URL, body: `{"n": 1, "stream": true}`, exact: true },
  });
  assert.match(recorded_at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.equal(typeof duration_ms, "number");
  const lengths = chatEvents("Hé").map((event) => new TextEncoder().encode(event).byteLength);
  assert.deepEqual(chunks.map(([, length]: [number, number]) => length), lengths);
  assert.match(text, /^\{"key":"[0-9a-f]{8}","sha256":"[0-9a-f]{64}","v":1,.*\}\n$/);
  assert.doesNotMatch(text, /secret|set-cookie|organization/);
});

test("createCachy() does not access the disk until the first matching request", async (t) => {
  const folder = join(temporaryFolder(t), "deep", "down");
  const cachy = testCachy({ cacheDir: pathToFileURL(folder), fetch: countingNetwork().fetch, store: undefined });
  await cachy.fetch("https://example.com/");
  assert.equal(existsSync(folder), false);
  await (await cachy.fetch(CHAT_URL, jsonPost({}))).text();
  assert.equal(cachy.file, join(folder, "cachy.jsonl"));
  assert.ok(existsSync(cachy.file));
});

test("createCachy() records again if the file was deleted", async (t) => {
  const { rmSync } = await import("node:fs");
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const { fetch: paid, calls } = countingNetwork();
  const cachy = testCachy({ file, fetch: paid });
  const ask = async () => await (await cachy.fetch(CHAT_URL, jsonPost({}))).json();
  assert.deepEqual([await ask(), await ask()], [{ count: 1 }, { count: 1 }]);
  rmSync(file);
  assert.deepEqual([await ask(), await ask(), calls.length], [{ count: 2 }, { count: 2 }, 2]);
});

test("createCachy() copies the caller's options", async () => {
  const { fetch: paid, calls } = countingNetwork();
  const options = { mode: "off" as "off" | "auto", fetch: paid, file: "unused.jsonl" };
  const cachy = createCachy(options);
  options.mode = "auto";
  await cachy.fetch(CHAT_URL, jsonPost({}));
  assert.deepEqual([calls.length, cachy.stats.misses], [1, 0]);
});

test("flush() waits for responses that are not read", async () => {
  const cachy = testCachy({ fetch: network(() => streamAnswer(chatEvents("unread"))).fetch });
  await cachy.fetch(CHAT_URL, jsonPost({ stream: true }));
  await cachy.flush();
  assert.equal(cachy.stats.recorded, 1);
});

test("disable() turns the handle's fetch into the plain one, also for code that captured it", async () => {
  const { fetch: paid, calls } = countingNetwork();
  const cachy = testCachy({ fetch: paid });
  const captured = cachy.fetch;
  await (await captured(CHAT_URL, jsonPost({}))).text();
  cachy.disable();
  assert.deepEqual(await (await captured(CHAT_URL, jsonPost({}))).json(), { count: 2 });
  assert.equal(calls.length, 2);
});

test("a handle is disposable, and asynchronous disposal waits for recordings", async () => {
  const { fetch: paid, calls } = network(() => streamAnswer(chatEvents("unread")));
  const cachy = testCachy({ fetch: paid });
  await cachy.fetch(CHAT_URL, jsonPost({ stream: true }));
  await cachy[Symbol.asyncDispose]();
  assert.equal(cachy.stats.recorded, 1);
  await cachy.fetch(CHAT_URL, jsonPost({ stream: true }));
  assert.equal(calls.length, 2);
  const other = testCachy({ fetch: paid });
  other[Symbol.dispose]();
  await other.fetch(CHAT_URL, jsonPost({ stream: true }));
  assert.equal(other.stats.misses, 0);
});

test("onEvent() cannot break a call if it throws", async () => {
  const cachy = testCachy({
    fetch: countingNetwork().fetch,
    onEvent: () => {
      throw new Error("my own bug");
    },
  });
  assert.deepEqual(await (await cachy.fetch(CHAT_URL, jsonPost({}))).json(), { count: 1 });
  assert.equal(cachy.stats.recorded, 1);
});

test("onEvent() cannot end the process if it is asynchronous and rejects", async () => {
  const cachy = testCachy({
    fetch: countingNetwork().fetch,
    onEvent: () => Promise.reject(new Error("my own bug")) as unknown as void,
  });
  assert.deepEqual(await (await cachy.fetch(CHAT_URL, jsonPost({}))).json(), { count: 1 });
});

test("a domain function cannot break a call if it throws", async () => {
  const domain = () => {
    throw new Error("my own bug");
  };
  const cachy = testCachy({ fetch: countingNetwork().fetch, domains: [domain] });
  assert.deepEqual(await (await cachy.fetch(CHAT_URL, jsonPost({}))).json(), { count: 1 });
  const [warning] = cachy.events.filter((event): event is CachyEvent & { kind: "warning" } => event.kind === "warning");
  assert.match(warning?.message ?? "", /my own bug/);
});

test("debug prints one line per request to stderr, without secrets and bodies", async () => {
  const lines: string[] = [];
  const { error } = console;
  console.error = (line: string) => void lines.push(line);
  try {
    const cachy = testCachy({ debug: true, fetch: network(() => jsonAnswer({ text: "PRIVATE" })).fetch });
    for (const _ of [1, 2]) {
      await (await cachy.fetch(`${CHAT_URL}?key=PRIVATE`, jsonPost({ prompt: "PRIVATE" }, { "x-api-key": "PRIVATE" })))
        .text();
    }
  } finally {
    console.error = error;
  }
  assert.equal(lines.length, 3);
  assert.match(lines[0] ?? "", /^cachy MISS +[0-9a-f]{8} POST api\.openai\.com\/v1\/chat\/completions [\d.]+ ms$/);
  assert.match(lines[1] ?? "", /^cachy RECORDED [0-9a-f]{8} .* 18 B in [\d.]+ m?s$/);
  assert.match(lines[2] ?? "", /^cachy HIT {6}[0-9a-f]{8} .* 18 B [\d.]+ ms, saved [\d.]+ m?s$/);
  assert.doesNotMatch(lines.join(), /PRIVATE/);
});
