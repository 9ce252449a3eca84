/** The option `recordErrors`. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import OpenAI from "openai";
import { type CachyOptions, createCachy, memoryStore } from "../mod.ts";
import { findingsOf } from "../src/cli/verify/findings.ts";
import { parseEntry } from "../src/store/entry.ts";
import { type Provider, startProvider } from "./provider/provider.ts";
import { after, before, test } from "./suite.ts";
import { CHAT_URL, jsonAnswer, jsonPost, network, temporaryFolder, testCachy } from "./testing.ts";

const ASK = jsonPost({ model: "gpt-5-mini", messages: [{ role: "user", content: "Hi" }] });
const busy = () =>
  jsonAnswer({ error: { message: "busy" } }, {
    status: 429,
    headers: { "content-type": "a/json", "retry-after": "7" },
  });
const failing = (status: number) => () => jsonAnswer({ error: { message: `status ${status}` } }, { status });
const success = () => jsonAnswer({ ok: true });

const statusesOf = async (fetch: typeof globalThis.fetch, count: number): Promise<number[]> => {
  const statuses = [];
  for (let n = 0; n < count; n++) {
    const response = await fetch(CHAT_URL, ASK);
    await response.text();
    statuses.push(response.status);
  }
  return statuses;
};

test("createCachy() with recordErrors replays an error with its status, body and retry-after", async () => {
  const store = memoryStore();
  const live = testCachy({ store, recordErrors: true, fetch: network(busy).fetch });
  await (await live.fetch(CHAT_URL, ASK)).text();
  const response = await testCachy({ store, recordErrors: true, mode: "replay" }).fetch(CHAT_URL, ASK);
  assert.deepEqual(
    [response.status, response.statusText, response.headers.get("retry-after"), await response.text()],
    [429, "Too Many Requests", "7", '{"error":{"message":"busy"}}'],
  );
});

test("createCachy() without recordErrors neither records errors nor replays recorded ones", async () => {
  const store = memoryStore();
  const plain = testCachy({ store, fetch: network(busy).fetch });
  await statusesOf(plain.fetch, 1);
  assert.equal(store.size, 0);
  await statusesOf(testCachy({ store, recordErrors: true, fetch: network(busy).fetch }).fetch, 1);
  assert.equal(store.size, 1);
  assert.deepEqual(await statusesOf(testCachy({ store, mode: "replay" }).fetch, 1), [406]);
});

test("createCachy() with a list in recordErrors records only these statuses", async () => {
  const store = memoryStore();
  const { fetch } = network(failing(404), failing(500), success);
  assert.deepEqual(await statusesOf(testCachy({ store, recordErrors: [404], fetch }).fetch, 3), [404, 500, 200]);
  assert.deepEqual(await statusesOf(testCachy({ store, recordErrors: [404], mode: "replay" }).fetch, 3), [
    404,
    200,
    200,
  ]);
});

test("createCachy() replays the errors of a request in their order, and then its success", async () => {
  const store = memoryStore();
  const live = network(failing(429), failing(503), success);
  assert.deepEqual(
    await statusesOf(testCachy({ store, recordErrors: true, fetch: live.fetch }).fetch, 4),
    [429, 503, 200, 200],
  );
  assert.equal(live.calls.length, 3);
  for (const mode of ["auto", "replay"] as const) {
    const replayed = network(success);
    const cachy = testCachy({ store, recordErrors: true, mode, fetch: replayed.fetch });
    assert.deepEqual(await statusesOf(cachy.fetch, 4), [429, 503, 200, 200], mode);
    assert.equal(replayed.calls.length, 0);
  }
});

test("createCachy() in mode replay repeats the last error of a request without a success", async () => {
  const store = memoryStore();
  await statusesOf(testCachy({ store, recordErrors: true, fetch: network(failing(400)).fetch }).fetch, 1);
  const cachy = testCachy({ store, recordErrors: true, mode: "replay" });
  assert.deepEqual(await statusesOf(cachy.fetch, 3), [400, 400, 400]);
});

test("createCachy() in mode auto asks the network when the recorded errors are used up", async () => {
  const store = memoryStore();
  await statusesOf(testCachy({ store, recordErrors: true, fetch: network(failing(500)).fetch }).fetch, 1);
  const again = network(success);
  const cachy = testCachy({ store, recordErrors: true, fetch: again.fetch });
  assert.deepEqual(await statusesOf(cachy.fetch, 3), [500, 200, 200]);
  assert.equal(again.calls.length, 1);
});

test("createCachy() in mode refresh replaces errors by the success that comes now", async () => {
  const store = memoryStore();
  await statusesOf(testCachy({ store, recordErrors: true, fetch: network(failing(500), success).fetch }).fetch, 2);
  const refreshing = testCachy({ store, recordErrors: true, mode: "refresh", fetch: network(success).fetch });
  assert.deepEqual(await statusesOf(refreshing.fetch, 2), [200, 200]);
  assert.deepEqual(await statusesOf(testCachy({ store, recordErrors: true, mode: "replay" }).fetch, 1), [200]);
});

test("createCachy() records an error of a stateful request, and its next try has the same number", async () => {
  const store = memoryStore();
  const url = "https://api.openai.com/v1/files";
  const ask = async (fetch: typeof globalThis.fetch) => (await fetch(url)).status;
  const all = async ({ fetch }: { readonly fetch: typeof globalThis.fetch }) => {
    return [await ask(fetch), await ask(fetch), await ask(fetch)];
  };
  const options: CachyOptions = { store, recordErrors: true };
  const { fetch } = network(success, failing(503), success);
  const live = testCachy({ ...options, fetch });
  assert.deepEqual(await all(live), [200, 503, 200]);
  await live.flush();
  assert.deepEqual(await all(testCachy({ ...options, mode: "replay" })), [200, 503, 200]);
});

test("createCachy() records an error whose body the caller cancels, as SDKs do before they retry", async () => {
  const store = memoryStore();
  const live = testCachy({ store, recordErrors: true, fetch: network(busy, success).fetch });
  await (await live.fetch(CHAT_URL, ASK)).body?.cancel();
  await live.flush();
  assert.deepEqual(await statusesOf(live.fetch, 1), [200]);
  assert.deepEqual(await statusesOf(testCachy({ store, recordErrors: true, mode: "replay" }).fetch, 2), [429, 200]);
});

test("createCachy() drops an error that is shorter than its content-length", async () => {
  const cut = () => new Response("{", { status: 500, headers: { "content-length": "9" } });
  const live = testCachy({ recordErrors: true, fetch: network(cut).fetch });
  await (await live.fetch(CHAT_URL, ASK)).text();
  assert.deepEqual(live.stats.droppedBy, { truncated: 1 });
});

test("an error in the file has its own key, and verify finds nothing wrong with it", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  await statusesOf(testCachy({ file, recordErrors: true, fetch: network(busy, success).fetch }).fetch, 2);
  const [error, answer] = readFileSync(file, "utf8").trim().split("\n").map(parseEntry);
  assert.ok(typeof error === "object" && typeof answer === "object");
  assert.deepEqual([error.status_code, error.error, error.after_errors], [429, 1, undefined]);
  assert.deepEqual([answer.status_code, answer.error, answer.after_errors], [200, undefined, 1]);
  assert.notEqual(error.key, answer.key);
  assert.deepEqual([...await findingsOf(error), ...await findingsOf(answer)], []);
  assert.equal((await createCachy({ file, mode: "replay" }).fetch(CHAT_URL, ASK)).status, 200);
  assert.equal(typeof parseEntry(JSON.stringify({ ...error, error: 0 })), "string");
  assert.equal(typeof parseEntry(JSON.stringify({ ...error, error: undefined })), "string");
  assert.equal(typeof parseEntry(JSON.stringify({ ...answer, error: 1 })), "string");
});

let provider: Provider;
before(async () => void (provider = await startProvider()));
after(() => provider.stop());

test("openai retries a recorded status 429 as it retried the live one", async () => {
  const options: CachyOptions = { store: memoryStore(), domains: [new URL(provider.url).host], recordErrors: true };
  const ask = async (fetch: typeof globalThis.fetch) => {
    const client = new OpenAI({ apiKey: "sk-test", baseURL: `${provider.url}/v1`, fetch, maxRetries: 1 });
    const { choices } = await client.chat.completions.create({
      model: "gpt-5-mini",
      messages: [{ role: "user", content: "Hi" }],
    });
    return choices[0]?.message.content;
  };
  provider.fault = "429";
  const once: typeof fetch = async (...call) => {
    const response = await fetch(...call);
    provider.fault = undefined;
    return response;
  };
  const live = testCachy({ ...options, fetch: once });
  const answer = await ask(live.fetch);
  const replayed = testCachy({ ...options, mode: "replay" });
  assert.equal(await ask(replayed.fetch), answer);
  assert.equal(replayed.stats.hits, 2);
});
