import assert from "node:assert/strict";
import type { CachyOptions, Entry, Store } from "../mod.ts";
import type { RecordedRequest } from "../src/store/entry.ts";
import { isStreaming, streamingDigests } from "../src/cli/verify/findings.ts";
import { test } from "./suite.ts";
import { CHAT_URL, chatEvents, jsonAnswer, jsonPost, network, streamAnswer, testCachy } from "./testing.ts";

const recomputedDigests = async (request: RecordedRequest) =>
  (await streamingDigests(request)).map(({ digest }) => digest);

const GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash";

/** Records one response for each call, and returns the entries. */
async function recordings(
  calls: readonly (readonly [url: string, init: RequestInit])[],
  options: CachyOptions = {},
  answer: () => Response = () => jsonAnswer({ id: "x" }),
): Promise<Entry[]> {
  const entries: Entry[] = [];
  const store: Store = {
    name: "list",
    find: () => undefined,
    append: (entry) => void entries.push(JSON.parse(JSON.stringify(entry))),
  };
  const cachy = testCachy({ fetch: network(answer).fetch, store, ...options });
  for (const [url, init] of calls) await (await cachy.fetch(url, init)).text();
  assert.equal(entries.length, calls.length);
  return entries;
}

async function assertRecomputed(entries: readonly Entry[]): Promise<void> {
  for (const { request, sha256, key } of entries) {
    assert.equal(request?.exact, true, JSON.stringify(request));
    const digests = await recomputedDigests(request);
    assert.equal(digests.find((digest) => digest.sha256 === sha256)?.key, key, JSON.stringify(request));
  }
}

test("streamingDigests() returns the digest of JSON, for any order, number and character", async () => {
  const bodies = [
    { model: "gpt", input: "Hey! 😀 é \u2028", temperature: 1.0 },
    `{"b": 9007199254740993, "a": [1.0, 1e-7, -0, "\\u00e9"], "\uFF5E": 1, "\u{1F600}": 2}`,
    "[]",
    `{"text":"lone \\ud800 surrogate"}`,
  ];
  await assertRecomputed(await recordings(bodies.map((body) => [CHAT_URL, jsonPost(body)])));
});

test("streamingDigests() returns the digest of streams, which the body or the path requests", async () => {
  const streams = await recordings([[CHAT_URL, jsonPost({ stream: true })]], {}, () => streamAnswer(chatEvents("Hi")));
  const gemini = await recordings(
    [[`${GEMINI}:streamGenerateContent?alt=sse&key=k`, jsonPost({ contents: [] })]],
    {},
    () => jsonAnswer([]),
  );
  await assertRecomputed([...streams, ...gemini]);
  for (const { request, sha256 } of [...streams, ...gemini]) {
    const [likely] = await recomputedDigests(request as RecordedRequest);
    assert.equal(likely?.sha256, sha256);
  }
});

test("streamingDigests() returns the digest of JSON that was sent as plain text, which never streams", async () => {
  const init = { method: "POST", headers: { "content-type": "text/plain" }, body: `{"stream": true}` };
  await assertRecomputed(await recordings([[CHAT_URL, init]]));
});

test("streamingDigests() returns the digest of forms, of all kinds of parts, and of an empty body", async () => {
  const form = new FormData();
  form.append("purpose", "assistants");
  form.append("file", new Blob([new Uint8Array([0, 255, 128])]), "training.bin");
  await assertRecomputed(
    await recordings([
      [CHAT_URL, { method: "POST", body: form }],
      [CHAT_URL, { method: "POST", body: new FormData() }],
      [CHAT_URL, { method: "POST", body: new URLSearchParams({ q: "a b&c", n: "é" }) }],
      [CHAT_URL, { method: "POST" }],
      ["https://api.openai.com/v1/models?limit=2&api_key=x#top", {}],
      ["https://api.openai.com/v1/models/m", { method: "DELETE" }],
    ]),
  );
});

test("streamingDigests() returns the digest of a multipart body that is not a form and was recorded completely", async () => {
  const body = `--b0undary\r\ncontent-type: text/plain\r\n\r\n1\r\n--b0undary--\r\n`;
  const init = { method: "POST", headers: { "content-type": "multipart/related; boundary=b0undary" }, body };
  await assertRecomputed(await recordings([[CHAT_URL, init]], { keepRequest: "whole" }));
  const [brief] = await recordings([[CHAT_URL, init]]);
  assert.equal(brief?.request?.exact, false);
});

test("streamingDigests() returns the digest of rewritten requests: Gemini's ids, the option normalize", async () => {
  const contents = [
    { parts: [{ functionCall: { id: "random-1", name: "f", args: { id: "mine" } } }] },
    { parts: [{ functionResponse: { id: "random-1", name: "f", response: {} } }] },
  ];
  const gemini = await recordings([[`${GEMINI}:generateContent`, jsonPost({ contents })]]);
  assert.match(gemini[0]?.request?.body ?? "", /call-1/);
  const normalize = [[/\d{4}-\d\d-\d\d/, "DATE"]] as const;
  const form = new FormData();
  form.append("prompt", "on 2026-11-22");
  const normalized = await recordings(
    [[CHAT_URL, jsonPost({ input: "on 2026-11-22" })], [CHAT_URL, { method: "POST", body: form }]],
    { normalize },
  );
  assert.match(normalized[0]?.request?.body ?? "", /DATE/);
  await assertRecomputed([...gemini, ...normalized]);
});

test("streamingDigests() returns the digest of requests with headers, namespace and number", async () => {
  const init = jsonPost({ input: "Hey!" }, { "x-tenant": "t", "Anthropic-Beta": "b", accept: "audio/mpeg" });
  const list = "https://api.openai.com/v1/files";
  const options = { keyHeaders: ["X-Tenant"], namespace: "second sample" };
  const entries = await recordings([[CHAT_URL, init], [list, {}], [list, {}], [list, {}]], options);
  assert.deepEqual(entries.map(({ request }) => request?.n), [undefined, undefined, 2, 3]);
  await assertRecomputed(entries);
});

test("streamingDigests() returns another digest if any part of the request changes", async () => {
  const [entry] = await recordings([[CHAT_URL, jsonPost({ input: "Hey!" }, { "anthropic-beta": "b" })]]);
  const request = entry?.request as RecordedRequest;
  const changes = [
    { method: "PUT" },
    { url: `${request.url}?a=1` },
    { body: `${request.body} ` },
    { headers: { "anthropic-beta": "c" } },
    { headers: undefined },
    { n: 2 },
    { namespace: "" },
  ];
  for (const change of changes) {
    const digests = await recomputedDigests({ ...request, ...change });
    assert.ok(digests.length > 0 && digests.every(({ sha256 }) => sha256 !== entry?.sha256), JSON.stringify(change));
  }
});

test("streamingDigests() does not depend on the order of the headers", async () => {
  const [entry] = await recordings([[CHAT_URL, jsonPost("{}", { "openai-beta": "a", "anthropic-beta": "b" })]]);
  const request = entry?.request as RecordedRequest;
  const turned = Object.fromEntries(Object.entries(request.headers ?? {}).reverse());
  assert.equal((await recomputedDigests({ ...request, headers: turned }))[0]?.sha256, entry?.sha256);
});

test("recordings say that they are not exact if they do not contain what was hashed", async () => {
  const entries = await recordings([
    [CHAT_URL, jsonPost({ input: "x".repeat(5000) })],
    [CHAT_URL, jsonPost({ messages: [{ content: '{"password":"abc"}' }] })],
    [CHAT_URL, { method: "POST", body: new Uint8Array([255, 254]) }],
    [CHAT_URL, { method: "POST", body: "no JSON" }],
  ]);
  assert.deepEqual(entries.map(({ request }) => request?.exact), [false, false, false, false]);
});

test("isStreaming() depends on the path and the top level of the body", () => {
  const ask = (body: string, url = CHAT_URL) => isStreaming({ method: "POST", url, body, exact: true });
  assert.equal(ask(`{"stream": true}`), true);
  assert.equal(ask("{}", `${GEMINI}:streamGenerateContent?alt=sse`), true);
  const areNot = [ask(`{"stream": false}`), ask(`{"a": {"stream": true}}`), ask("{}", `${GEMINI}:generateContent`)];
  assert.deepEqual(areNot, [false, false, false]);
});
