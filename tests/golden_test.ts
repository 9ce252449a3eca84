import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { CachyOptions } from "../mod.ts";
import { formatEntry, parseEntry } from "../src/store/entry.ts";
import { test } from "./suite.ts";
import { CHAT_URL, jsonPost, network, testCachy } from "./testing.ts";

/** Lines in the first version of the format, and in each shape that pycachy has written. Never change them. */
const GOLDEN = new URL("golden/v1.jsonl", import.meta.url);
/** Lines whose digests leave out what is not the meaning of a request. Never change them. */
const IDENTITY = new URL("golden/v1_identity.jsonl", import.meta.url);
const IDENTITY_SHA256 = "0befdadc53eb823e0a6ce7de3a28869ba987012703310a0575a35b2242715ca2";
/** A line without the version of the AI SDK in its digest. Never change it. */
const GATEWAY = new URL("golden/v1_gateway.jsonl", import.meta.url);
const GATEWAY_SHA256 = "7abe9d13331ff832e8e3997b839667786eebb5932f712a022d29c6c06c36a5be";
const SHA256 = "5d091964e7872229a4b4eb20c6ace32f6f43cf1795d600bb73f89c823eb48731";

const RESPONSES_URL = "https://api.openai.com/v1/responses";
const SPEECH_URL = "https://api.openai.com/v1/audio/speech";
const CONVERSATIONS_URL = "https://api.openai.com/v1/conversations";
const MESSAGES_URL = "https://api.anthropic.com/v1/messages";

function goldenCachy(options: CachyOptions = {}) {
  const { fetch } = network(() => assert.fail("the network was asked"));
  return testCachy({ file: GOLDEN, mode: "replay", fetch, ...options });
}

/** The responses of the golden file. */
async function answerTo(url: string, init: RequestInit, options?: CachyOptions) {
  const { fetch, misses } = goldenCachy(options);
  const response = await fetch(url, init);
  const chunks: number[][] = [];
  for await (const chunk of response.body ?? []) chunks.push([...chunk]);
  assert.deepEqual(misses, []);
  const { status, headers } = response;
  return { status, chunks, text: new TextDecoder().decode(new Uint8Array(chunks.flat())), headers: [...headers] };
}

const JSON_TYPE = [["content-type", "application/json"]];

test("the golden files are unchanged", () => {
  const hashOf = (file: URL) => createHash("sha256").update(readFileSync(file)).digest("hex");
  const hashes = [SHA256, IDENTITY_SHA256, GATEWAY_SHA256];
  assert.deepEqual([GOLDEN, IDENTITY, GATEWAY].map(hashOf), hashes);
});

test("parseEntry() reads every golden line, and formatEntry() writes ours byte for byte", () => {
  const lines = readFileSync(GOLDEN, "utf8").split("\n").slice(0, -1);
  assert.equal(lines.length, 16);
  for (const line of lines) {
    const entry = parseEntry(line);
    if (typeof entry === "string") assert.fail(`${entry}: ${line}`);
    if (entry.v === 1) assert.equal(formatEntry(entry), `${line}\n`);
  }
});

test("fetch() replays golden JSON", async () => {
  const answer = await answerTo(RESPONSES_URL, jsonPost({ model: "gpt-4.1", input: "Hey!" }));
  assert.deepEqual([answer.status, answer.text], [200, `{"id":"resp_1","output":"Hi, ☃!"}`]);
  assert.deepEqual(answer.headers, [...JSON_TYPE, ["x-request-id", "req_1"]]);
});

test("fetch() replays a golden stream in its chunks, one of which ends inside a character", async () => {
  const request = { model: "gpt-4.1", stream: true, messages: [{ role: "user", content: "Hé" }] };
  const { chunks, text, headers } = await answerTo(CHAT_URL, jsonPost(request));
  assert.deepEqual([chunks.length, chunks[0]?.at(-1), chunks[1]?.at(0)], [4, 0xc3, 0xa9]);
  assert.deepEqual(new TextDecoder().decode(new Uint8Array(chunks[3] ?? [])), "data: [DONE]\n\n");
  assert.ok(text.startsWith(`data: {"choices":[{"index":0,"delta":{"content":"Hé"}`));
  assert.deepEqual(headers, [["content-type", "text/event-stream; charset=utf-8"]]);
});

test("fetch() replays golden audio", async () => {
  const answer = await answerTo(SPEECH_URL, jsonPost({ model: "tts-1", voice: "alloy", input: "Hey" }));
  assert.deepEqual(answer.chunks, [[255, 251, 16], [0, 0, 195, 128, 254]]);
  assert.deepEqual(answer.headers, [["content-type", "audio/mpeg"]]);
});

test("fetch() replays a golden empty body, and a response without a body", async () => {
  const empty = await answerTo("https://api.openai.com/v1/moderations", jsonPost({ input: "" }));
  assert.deepEqual([empty.status, empty.text, empty.headers], [200, "", []]);
  const none = await answerTo("https://api.openai.com/v1/files/file-1", { method: "DELETE" });
  assert.deepEqual([none.status, none.text, none.headers], [204, "", []]);
});

test("fetch() replays from the golden namespace", async () => {
  const init = jsonPost({ model: "gpt-4.1", input: "Say a number." });
  assert.match((await answerTo(RESPONSES_URL, init)).text, /seven/);
  assert.match((await answerTo(RESPONSES_URL, init, { namespace: "second" })).text, /eight/);
});

test("fetch() replays the first and the second golden response for the same stateful request", async () => {
  const { fetch } = goldenCachy();
  const texts: string[] = [];
  for (let at = 0; at < 3; at++) {
    texts.push(await (await fetch(CONVERSATIONS_URL, jsonPost({}))).text());
  }
  assert.deepEqual(texts, [`{"id":"conv_1"}`, `{"id":"conv_2"}`, `{"id":"conv_2"}`]);
});

test("fetch() replays by a golden header that is part of the key", async () => {
  const headers = { "anthropic-beta": "files-api-2025-04-14" };
  const answer = await answerTo(MESSAGES_URL, jsonPost(`{"model":"claude","messages":[],"max_tokens":1.50}`, headers));
  assert.deepEqual([answer.text, answer.headers], [`{"id":"msg_1"}`, [...JSON_TYPE, ["request-id", "req_2"]]]);
});

test("fetch() replays the last golden line of a digest", async () => {
  const answer = await answerTo(RESPONSES_URL, jsonPost({ input: "Which one?", model: "gpt-4.1" }));
  assert.equal(answer.text, `{"output":"the newer one"}`);
});

test("fetch() replays each form of line that pycachy has written", async () => {
  const oldest = await answerTo(RESPONSES_URL, jsonPost({ input: "old" }));
  assert.deepEqual([oldest.status, oldest.text, oldest.headers], [200, `{"output": "hé"}`, JSON_TYPE]);
  const stream = await answerTo(RESPONSES_URL, jsonPost({ input: "old", stream: true }));
  assert.deepEqual(stream.headers, [["content-type", "text/event-stream"]]);
  assert.match(stream.text, /^event: response\.created\n[^]*"response\.completed"\}\n\n$/);
  const audio = await answerTo(SPEECH_URL, jsonPost({ input: "old", model: "tts-1" }));
  assert.deepEqual([audio.status, audio.chunks.flat(), audio.headers], [200, [255, 0, 128], []]);
  const newest = await answerTo(RESPONSES_URL, jsonPost({ input: "newer" }));
  assert.deepEqual(
    [newest.text, newest.headers],
    [`{"output": "with a type"}`, [...JSON_TYPE, ["x-request-id", "req_3"]]],
  );
});

test("fetch() answers by golden digests that leave out ids, credentials, clocks and omitted members", async () => {
  const textOf = async (url: string, init: RequestInit, options?: CachyOptions) =>
    (await answerTo(url, init, { file: IDENTITY, ...options })).text;
  const loop = (id: string) => [
    { role: "assistant", tool_calls: [{ id, type: "function", function: { name: "weather", arguments: "{}" } }] },
    { role: "tool", tool_call_id: id, content: "sun" },
  ];
  assert.match(await textOf(CHAT_URL, jsonPost({ model: "m", messages: loop("another id") })), /Sunny/);
  const mcp = { model: "m", input: "https://a.example/?token=two", tools: [{ type: "mcp", authorization: "two" }] };
  assert.match(await textOf(RESPONSES_URL, jsonPost(mcp)), /without the credential/);
  const form = new FormData();
  form.append("purpose", "vision");
  form.append("file", new Blob(["abc"]), "buffer_1799999999999");
  const upload = new Request("https://api.openai.com/v1/files", { method: "POST", body: form });
  const serialized = { method: "POST", headers: upload.headers, body: await upload.arrayBuffer() };
  assert.match(await textOf(upload.url, serialized), /file-1/);
  const seeded = jsonPost({ model: "m", input: "a", seed: 2 });
  assert.match(await textOf(RESPONSES_URL, seeded, { omit: ["seed"] }), /without the seed/, "not the older line below");
});

test("fetch() answers by the golden digest of a gateway's request, whatever the version of the SDK", async () => {
  const prompt = [{ role: "user", content: [{ type: "text", text: "Hi" }] }];
  const body = { prompt, headers: { "user-agent": "ai/7.1.0", "x-trace": "2" } };
  const headers = { "ai-language-model-id": "openai/gpt-5-mini", "ai-language-model-streaming": "false" };
  const url = "https://ai-gateway.vercel.sh/v4/ai/language-model";
  assert.match((await answerTo(url, jsonPost(body, headers), { file: GATEWAY })).text, /Hello\./);
});
