import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { CachyOptions, Entry, Store } from "../mod.ts";
import { type Finding, findingsOf } from "../src/cli/verify/findings.ts";
import { parseEntry } from "../src/store/entry.ts";
import { credentialsOf } from "../src/secrets/values.ts";
import { test } from "./suite.ts";
import { CHAT_URL, chatEvents, jsonAnswer, jsonPost, network, streamAnswer, testCachy } from "./testing.ts";

/** The entry of a recorded call, as it stands in a file. */
async function recorded(answer: () => Response, init = jsonPost({ input: "Hey!" }), options: CachyOptions = {}) {
  const entries: Entry[] = [];
  const store: Store = { name: "list", find: () => undefined, append: (entry) => void entries.push(entry) };
  const cachy = testCachy({ store, fetch: network(answer).fetch, ...options });
  await (await cachy.fetch(CHAT_URL, init)).arrayBuffer();
  return JSON.parse(JSON.stringify(entries[0])) as Entry;
}

const anthropicEvents = (...types: string[]) => types.map((type) => `event: ${type}\ndata: {"type":"${type}"}\n\n`);
const reasons = (findings: readonly Finding[]) => findings.map(({ kind, reason }) => `${kind}: ${reason}`);
const find = (entry: Entry) => findingsOf(entry, []);
/** The findings after some members of a good entry are replaced. */
const findWith = async (changes: object) => {
  return await find({ ...await recorded(() => jsonAnswer({ id: "x" })), ...changes } as Entry);
};

test("findingsOf() finds nothing in recordings: JSON, streams, bytes and no body", async () => {
  const form = new FormData();
  form.append("file", new Blob(["abc"]), "a.txt");
  const entries = [
    await recorded(() => jsonAnswer({ id: "x" })),
    await recorded(() => jsonAnswer({ id: "x" }), jsonPost({ a: "x".repeat(5000) })),
    await recorded(() => jsonAnswer({ id: "x" }), { method: "POST", body: form }, { namespace: "n" }),
    await recorded(() => streamAnswer(chatEvents("Hé")), jsonPost({ stream: true })),
    await recorded(() => streamAnswer(anthropicEvents("message_start", "message_stop"))),
    await recorded(() => streamAnswer([new Uint8Array([255, 0]), new Uint8Array([254])], { type: "audio/mpeg" })),
    await recorded(() => new Response(null, { status: 204 })),
    await recorded(() => jsonAnswer({ id: "x" }), undefined, { keepRequest: "none" }),
  ];
  assert.deepEqual((await Promise.all(entries.map(find))).flat(), []);
});

test("findingsOf() finds nothing in the golden entries", async () => {
  const lines = readFileSync(new URL("golden/v1.jsonl", import.meta.url), "utf8").trimEnd().split("\n");
  const findings = await Promise.all(lines.map((line) => find(parseEntry(line) as Entry)));
  assert.deepEqual(findings.flat(), []);
  assert.ok(findings.length >= 10);
});

const PYCACHY = fileURLToPath(new URL("../../shared/fixtures/pycachy-recorded.jsonl", import.meta.url));
const skip = existsSync(PYCACHY) ? undefined : `${PYCACHY} is missing.`;

test("findingsOf() finds nothing in recordings of pycachy, which have no content types", { skip }, async () => {
  const lines = readFileSync(PYCACHY, "utf8").trimEnd().split("\n");
  const findings = await Promise.all(lines.map((line) => find(parseEntry(line) as Entry)));
  assert.deepEqual(findings.flat(), []);
  assert.ok(findings.length >= 100);
});

test("findingsOf() reports a digest or a key that does not match the request", async () => {
  const entry = await recorded(() => jsonAnswer({ id: "x" }));
  const request = { ...entry.request, body: `{"input": "Ho!"}` } as Entry["request"];
  const [finding, ...others] = await find({ ...entry, request });
  assert.deepEqual(others, []);
  assert.deepEqual([finding?.kind, finding?.severity], ["digest", "error"]);
  assert.match(finding?.reason ?? "", new RegExp(`^the digest of its request is [0-9a-f]{8}…, not ${entry.key}…$`));
  assert.equal((await find({ ...entry, request, sha256: undefined })).length, 1);
  assert.deepEqual(await find({ ...entry, sha256: undefined }), []);
  const sha256 = `${entry.key}${"0".repeat(56)}`;
  assert.deepEqual(reasons(await find({ ...entry, sha256 })), [
    `digest: the digest of its request is ${entry.sha256}, not ${sha256}`,
  ]);
});

test("findingsOf() does not check the digest of a request that is not exact", async () => {
  const entry = await recorded(() => jsonAnswer({ id: "x" }));
  const request = { ...entry.request, body: "changed", exact: false } as Entry["request"];
  assert.deepEqual(await find({ ...entry, request }), []);
});

test("findingsOf() finds truncated responses", async () => {
  const stream = (events: string[]) => ({
    headers: { "content-type": "text/event-stream" },
    response: events.join(""),
  });
  assert.deepEqual(reasons(await findWith({ response: `{"id":` })), ["incomplete: the body is not whole JSON"]);
  assert.deepEqual(reasons(await findWith(stream(anthropicEvents("message_start")))), [
    "incomplete: the stream ended without message_stop",
  ]);
  assert.deepEqual(reasons(await findWith(stream([`data: {"choices":[{"index":0}]}\n\n`]))), [
    "incomplete: the stream ended without a finish_reason",
  ]);
});

test("findingsOf() finds responses that report a failure, and jobs that are still running", async () => {
  assert.deepEqual(reasons(await findWith({ response: `{"error":{"message":"no"}}` })), [
    "failed: the response reports an error",
  ]);
  const request = { method: "GET", url: CHAT_URL, body: "", exact: false };
  assert.deepEqual(reasons(await findWith({ request, response: `{"status":"queued"}` })), [
    "incomplete: the job is still running",
  ]);
  assert.deepEqual(reasons(await findWith({ request, status_code: 202 })), ["failed: status 202"]);
  assert.deepEqual(await findWith({ status_code: 202 }), []);
});

test("findingsOf() accepts a stream with its terminal event as complete, as recording does", async () => {
  // By its first character, it would be truncated JSON.
  const entry = await recorded(() => streamAnswer([`{"note":1}\n\n`, ...chatEvents("Hi")]));
  assert.match(entry.response, /^\{.*\[DONE\]\n\n$/s);
  assert.deepEqual(await find(entry), []);
});

test("findingsOf() guesses the content type of pycachy's lines, which have only key and response", async () => {
  const line = (response: string): Entry => ({ key: "00000000", response });
  assert.deepEqual(await find(line(`{"id":"x"}`)), []);
  assert.deepEqual(await find(line("just a text")), []);
  assert.deepEqual(reasons(await find(line(`{"error":{"message":"no"}}`))), ["failed: the response reports an error"]);
  assert.deepEqual(reasons(await find(line(anthropicEvents("message_start").join("")))), [
    "incomplete: the stream ended without message_stop",
  ]);
});

test("findingsOf() finds secrets by the given variables, or else by those of the environment", async (t) => {
  const entry = { key: "00000000", response: `"my s3cr3t-of-many-characters"` };
  const credentials = credentialsOf([["A_KEY", "s3cr3t-of-many-characters"]]);
  const [finding] = await findingsOf(entry, credentials);
  const reason = "the value of A_KEY in response: s3cr… (25 characters)";
  assert.deepEqual(finding, { kind: "secret", severity: "error", reason });
  assert.deepEqual(await findingsOf(entry), []);
  process.env.CACHY_TEST_API_KEY = "s3cr3t-of-many-characters";
  t.after(() => delete process.env.CACHY_TEST_API_KEY);
  assert.match((await findingsOf(entry))[0]?.reason ?? "", /^the value of CACHY_TEST_API_KEY in response/);
});

test("findingsOf() reports wrong members as notes if the line still answers requests", async () => {
  const wrong: readonly (readonly [changes: object, reason: string])[] = [
    [{ recorded_at: "yesterday" }, `"recorded_at" is not an ISO 8601 date in UTC`],
    [{ recorded_at: 5 }, `"recorded_at" is not an ISO 8601 date in UTC`],
    [{ recorded_at: "2026-13-22T08:00:00.000Z" }, `"recorded_at" is not an ISO 8601 date in UTC`],
    [{ duration_ms: -1 }, `"duration_ms" is not a number of at least 0`],
    [{ duration_ms: "1" }, `"duration_ms" is not a number of at least 0`],
    [{ chunks: [[1, 2], [2, 3]] }, `"chunks" add up to 5 bytes, but the body has 10`],
    [{ chunks: [[1, 10.5]] }, `"chunks" is not a list of [milliseconds, bytes]`],
    [{ chunks: {} }, `"chunks" is not a list of [milliseconds, bytes]`],
    [{ headers: { "content-type": "application/json", "x y": "1" } }, `the response header "x y" is invalid`],
    [{ headers: { "content-type": "application/json", x: 1 } }, `the response header "x" is invalid`],
    [{ request: null }, `"request" is not an object`],
    [{ request: { method: "POST", url: "nowhere", body: "", exact: false } }, `"request.url" is not a URL`],
    [{ request: { method: "POST", url: CHAT_URL, exact: false } }, `"request.body" is not a string`],
    [{ request: { method: "POST", url: CHAT_URL, body: "" } }, `"request.exact" is neither true nor false`],
  ];
  for (const [changes, reason] of wrong) {
    assert.deepEqual(await findWith(changes), [{ kind: "member", severity: "note", reason }], JSON.stringify(changes));
  }
});

test("findingsOf() reports an id that no request can have as an error", async () => {
  const entry = { key: "5ECE2360", sha256: `5ECE2360${"0".repeat(56)}`, response: "{}" };
  const findings = await find(entry);
  assert.deepEqual(findings.map(({ kind, severity }) => [kind, severity]), [["member", "error"], ["member", "error"]]);
  assert.match(findings[0]?.reason ?? "", /^"key" is not 8 hex digits in lower case: no request can find it$/);
});
