import assert from "node:assert/strict";
import { type CachyEvent, memoryStore } from "../mod.ts";
import { createCounters } from "../src/report/stats.ts";
import { test } from "./suite.ts";
import { CHAT_URL, chatEvents, jsonAnswer, jsonPost, network, streamAnswer, testCachy } from "./testing.ts";

const usage = { prompt_tokens: 19, completion_tokens: 23 };
const request = { method: "POST", url: CHAT_URL, key: "5ece2360" };

test("stats start at zero, and are plain numbers that can be printed", () => {
  const { stats } = createCounters();
  assert.deepEqual(JSON.parse(JSON.stringify(stats)), {
    hits: 0,
    misses: 0,
    recorded: 0,
    dropped: 0,
    droppedBy: {},
    bytesReplayed: 0,
    bytesRecorded: 0,
    millisecondsSaved: 0,
    tokensSaved: { input: 0, output: 0 },
  });
});

test("stats count events, and drops by their reasons", () => {
  const { stats, count } = createCounters();
  const dropped = (reason: "status" | "broken"): CachyEvent => ({
    kind: "dropped",
    request,
    reason,
    detail: "…",
  });
  for (
    const event of [dropped("status"), dropped("broken"), dropped("status")]
  ) count(event);
  count({
    kind: "hit",
    request,
    ms: 1,
    bytes: 10,
    savedMs: 800,
    savedTokens: { input: 1, output: 2 },
  });
  count({ kind: "hit", request, ms: 1, bytes: 5 });
  count({ kind: "miss", request, ms: 1 });
  count({ kind: "recorded", request, ms: 1, bytes: 7 });
  count({ kind: "warning", message: "…" });
  assert.deepEqual({ ...stats }, {
    hits: 2,
    misses: 1,
    recorded: 1,
    dropped: 3,
    droppedBy: { status: 2, broken: 1 },
    bytesReplayed: 15,
    bytesRecorded: 7,
    millisecondsSaved: 800,
    tokensSaved: { input: 1, output: 2 },
  });
});

test("stats of a handle include what every hit has saved", async () => {
  const answer = { choices: [], usage, text: "Grüße" };
  const store = memoryStore();
  const cachy = testCachy({
    store,
    fetch: network(() => jsonAnswer(answer)).fetch,
  });
  const ask = async () => await (await cachy.fetch(CHAT_URL, jsonPost({}))).text();
  const bytes = new TextEncoder().encode(await ask()).byteLength;
  assert.deepEqual([cachy.stats.bytesRecorded, cachy.stats.bytesReplayed], [
    bytes,
    0,
  ]);
  const recorded = cachy.events.find((event) => event.kind === "recorded");
  assert.ok(recorded?.kind === "recorded");
  await ask();
  await ask();
  const { hits, bytesReplayed, millisecondsSaved, tokensSaved } = cachy.stats;
  assert.deepEqual([hits, bytesReplayed, millisecondsSaved], [
    2,
    2 * bytes,
    2 * recorded.ms,
  ]);
  assert.deepEqual(tokensSaved, { input: 38, output: 46 });
});

test("stats count the bytes of streams and of binary responses", async () => {
  for (
    const answer of [
      () => streamAnswer(chatEvents("é")),
      () => streamAnswer([new Uint8Array([0, 255, 128, 7])]),
    ]
  ) {
    const cachy = testCachy({ fetch: network(answer).fetch });
    const ask = async () =>
      (await (await cachy.fetch(CHAT_URL, jsonPost({ stream: true })))
        .arrayBuffer()).byteLength;
    assert.equal(await ask(), await ask());
    assert.equal(cachy.stats.bytesReplayed, cachy.stats.bytesRecorded);
  }
});

test("stats save no tokens if a response was fetched once more by its id", async () => {
  const cachy = testCachy({
    fetch: network(() => jsonAnswer({ id: "resp_1", status: "completed", usage })).fetch,
  });
  const url = "https://api.openai.com/v1/responses/resp_123456";
  await (await cachy.fetch(url)).text();
  const again = testCachy({
    mode: "replay",
    store: { name: "same", find: () => entry(), append() {} },
  });
  await (await again.fetch(url)).text();
  assert.deepEqual([again.stats.hits, again.stats.tokensSaved], [1, {
    input: 0,
    output: 0,
  }]);
});

/** A line that another program may have written. */
const entry = (members: object = {}) => ({
  key: "5ece2360",
  response: JSON.stringify({ usage }),
  ...members,
});

test("stats count a hit even if its entry has no figures or invalid ones", async () => {
  for (
    const members of [{}, { duration_ms: "fast", recorded_at: 5 }, {
      duration_ms: -1,
    }, { duration_ms: Infinity }]
  ) {
    const cachy = testCachy({
      store: { name: "odd", find: () => entry(members) as never, append() {} },
    });
    await (await cachy.fetch(CHAT_URL, jsonPost({}))).text();
    const { hits, millisecondsSaved, tokensSaved } = cachy.stats;
    assert.deepEqual([hits, millisecondsSaved, tokensSaved], [1, 0, {
      input: 19,
      output: 23,
    }]);
    const [hit] = cachy.events;
    assert.ok(hit?.kind === "hit");
    assert.deepEqual([hit.savedMs, hit.recordedAt], [undefined, undefined]);
  }
});

test("of identical requests at the same time, one claims the time and tokens that hits save", async () => {
  const cachy = testCachy({ fetch: network(() => jsonAnswer({ choices: [], usage })).fetch, store: memoryStore() });
  const call = async () => await (await cachy.fetch(CHAT_URL, jsonPost({}))).text();
  await Promise.all([call(), call(), call()]);
  assert.deepEqual([cachy.stats.hits, cachy.stats.tokensSaved.input], [2, 0], "they waited for the recording");
  await Promise.all([call(), call(), call()]);
  assert.deepEqual([cachy.stats.hits, cachy.stats.tokensSaved.input], [5, 19]);
  const claims = cachy.events.filter((event) => event.kind === "hit").map((event) => event.savedMs !== undefined);
  assert.equal(claims.filter(Boolean).length, 1);
});
