/** What is part of the key, and what is not: tables of requests that are the same, and of requests that are not. */
import assert from "node:assert/strict";
import { parseOmitPath } from "../src/request/body_identity.ts";
import { canonicalRequest, type Normalization } from "../src/request/canonical.ts";
import { digestRequest } from "../src/request/identify.ts";
import { readHead, readRequest, urlOf } from "../src/request/request.ts";
import type { Entry } from "../mod.ts";
import { test } from "./suite.ts";
import { CHAT_URL, jsonAnswer, jsonPost, network, testCachy } from "./testing.ts";

const RESPONSES_URL = "https://api.openai.com/v1/responses";
const MESSAGES_URL = "https://api.anthropic.com/v1/messages";
const OLLAMA_URL = "http://127.0.0.1:11434/api/chat";
const GEMINI_URL = "https://generativelanguage.googleapis.com/v1beta/models/g:generateContent";
const BEDROCK_URL = "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse";
const FILES_URL = "https://api.replicate.com/v1/files";

interface Options {
  readonly normalize?: readonly Normalization[];
  readonly omit?: readonly string[];
}

async function canonicalOf(input: string | Request, init?: RequestInit, options: Options = {}, isEarlier = false) {
  const url = urlOf(input);
  const head = url && readHead(url, input, init);
  assert.ok(head);
  const omit = (options.omit ?? []).map((path) => parseOmitPath(path) ?? assert.fail(path));
  const rules = { keyHeaders: new Set<string>(), normalize: options.normalize ?? [], omit };
  return await canonicalRequest(await readRequest(head), rules, isEarlier);
}

async function keyOf(input: string | Request, init?: RequestInit, options?: Options): Promise<string> {
  return (await digestRequest(await canonicalOf(input, init, options))).sha256;
}

async function assertSame(url: string, bodies: readonly unknown[], options?: Options): Promise<void> {
  const keys = await Promise.all(bodies.map((body) => keyOf(url, jsonPost(body), options)));
  assert.equal(new Set(keys).size, 1, JSON.stringify(bodies));
}

async function assertDifferent(url: string, bodies: readonly unknown[], options?: Options): Promise<void> {
  const keys = await Promise.all(bodies.map((body) => keyOf(url, jsonPost(body), options)));
  assert.equal(new Set(keys).size, bodies.length, JSON.stringify(bodies));
}

/** A tool loop with two calls, as each API has it: the ids of the calls, and those of their results. */
type Loop = (calls: readonly [string, string], results: readonly [string, string]) => unknown;

const LOOPS: Readonly<Record<string, readonly [url: string, loop: Loop]>> = {
  "OpenAI chat, Cohere": [CHAT_URL, (calls, results) => ({
    messages: [
      { role: "assistant", tool_calls: calls.map((id) => ({ id, type: "function", function: { name: "f" } })) },
      ...results.map((id, at) => ({ role: "tool", tool_call_id: id, content: `${at}` })),
    ],
  })],
  "OpenAI Responses": [RESPONSES_URL, (calls, results) => ({
    input: [
      ...calls.map((id) => ({ type: "function_call", call_id: id, name: "f", arguments: "{}" })),
      ...results.map((id, at) => ({ type: "function_call_output", call_id: id, output: `${at}` })),
    ],
  })],
  Anthropic: [MESSAGES_URL, (calls, results) => ({
    messages: [
      { role: "assistant", content: calls.map((id) => ({ type: "tool_use", id, name: "f", input: {} })) },
      { role: "user", content: results.map((id, at) => ({ type: "tool_result", tool_use_id: id, content: `${at}` })) },
    ],
  })],
  Ollama: [OLLAMA_URL, (calls, results) => ({
    messages: [
      { role: "assistant", tool_calls: calls.map((id) => ({ id, function: { name: "f", arguments: {} } })) },
      ...results.map((id, at) => ({ role: "tool", tool_call_id: id, content: `${at}` })),
    ],
  })],
  Gemini: [GEMINI_URL, (calls, results) => ({
    contents: [
      { parts: calls.map((id) => ({ functionCall: { id, name: "f" } })) },
      { parts: results.map((id, at) => ({ functionResponse: { id, name: "f", response: { at } } })) },
    ],
  })],
  Bedrock: [BEDROCK_URL, (calls, results) => ({
    messages: [
      { role: "assistant", content: calls.map((id) => ({ toolUse: { toolUseId: id, name: "f", input: {} } })) },
      { role: "user", content: results.map((id, at) => ({ toolResult: { toolUseId: id, content: [{ json: at }] } })) },
    ],
  })],
};

const INVENTED = [
  ["8a3c1f0e-6f52-4c0e-9b39-0c8f5f5f9a11", "0d9a7f3e-0000-4c0e-9b39-0c8f5f5f9a11"],
  ["V1StGXR8Z5jdHi6B", "aZ9fKq0LmN3pRs7T"],
  ["call-2", "call-1"],
  ["z", "a"],
] as const;

for (const [name, [url, loop]] of Object.entries(LOOPS)) {
  test(`a tool loop has one key with all ids that no provider gave: ${name}`, async () => {
    await assertSame(url, INVENTED.map((ids) => loop(ids, ids)));
  });

  test(`a tool loop has another key if its results are swapped or unrelated: ${name}`, async () => {
    const [[a, b]] = INVENTED;
    await assertDifferent(url, [
      loop([a, b], [a, b]),
      loop([a, b], [b, a]),
      loop([a, b], [a, a]),
      loop([a, a], [a, a]),
    ]);
  });
}

test("ids that providers gave stay in the key, and so does pycachy's key", async () => {
  const given = [
    "call_a1",
    "toolu_01",
    "srvtoolu_01",
    "mcptoolu_1",
    "fc_1",
    "tooluse_x",
    "chatcmpl-tool-9",
    "functions.f:0",
  ];
  for (const [name, [url, loop]] of Object.entries(LOOPS)) {
    if (name === "Gemini") continue; // all of its ids have always been numbered
    for (const id of given) {
      const body = loop([id, "call_b"], [id, "call_b"]);
      const [now, earlier] = [await canonicalOf(url, jsonPost(body)), await canonicalOf(url, jsonPost(body), {}, true)];
      assert.equal(now.body, earlier.body, `${name} ${id}`);
    }
  }
});

test("ids stay in the key where they are not those of tool calls, or their call is not in the body", async () => {
  const alike = (make: (id: string) => unknown) => ["x1", "x2"].map(make);
  await assertDifferent(RESPONSES_URL, alike((id) => ({ previous_response_id: "r", input: [{ call_id: id }] })));
  await assertDifferent(RESPONSES_URL, alike((id) => ({ input: [{ type: "item_reference", id }] })));
  await assertDifferent(CHAT_URL, alike((id) => ({ messages: [{ role: "assistant", audio: { id } }] })));
  await assertDifferent(
    CHAT_URL,
    alike((id) => ({ metadata: { tool_call_id: id }, messages: [{ tool_call_id: "y" }] })),
  );
  await assertDifferent(MESSAGES_URL, alike((id) => ({ messages: [{ content: [{ type: "document", id }] }] })));
  const [, loop] = LOOPS["OpenAI chat, Cohere"] ?? assert.fail();
  const inText = alike((id) => ({ ...loop(["a", "b"], ["a", "b"]) as object, user: id }));
  await assertDifferent(CHAT_URL, inText);
});

test("an empty id is numbered like the one that an SDK invents in its place", async () => {
  const loop = (id: string) => ({
    messages: [{ role: "assistant", tool_calls: [{ id, function: {} }] }, { role: "tool", tool_call_id: id }],
  });
  await assertSame(CHAT_URL, [loop(""), loop("fSd3k9")]);
});

test("credentials in bodies are not part of the key", async () => {
  const bodies: ((secret: string) => unknown)[] = [
    (secret) => ({ tools: [{ type: "mcp", server_url: "https://m.example", authorization: secret }] }),
    (secret) => ({ tools: [{ type: "mcp", headers: { "X-Any": secret, Authorization: `Bearer ${secret}` } }] }),
    (secret) => ({ mcp_servers: [{ type: "url", name: "m", authorization_token: secret }] }),
    (secret) => ({ model: "m", api_key: secret, messages: [] }),
    (secret) => ({ data_sources: [{ parameters: { authentication: { type: "api_key", key: secret } } }] }),
    (secret) => ({ input: { prompt: "p", openai_api_key: secret, hf_token: secret } }),
  ];
  for (const body of bodies) await assertSame(RESPONSES_URL, [body("one"), body("two")]);
});

test("the version of the AI SDK in the headers that it repeats in a body is not part of the key", async () => {
  const body = (agent: string) => ({ prompt: [], headers: { "user-agent": agent } });
  await assertSame("https://ai-gateway.vercel.sh/v4/ai/language-model", [body("ai/7.0.1"), body("ai/7.0.2")]);
  const elsewhere = (agent: string) => ({ messages: [{ headers: { "user-agent": agent } }] });
  await assertDifferent(RESPONSES_URL, [elsewhere("one"), elsewhere("two")]);
});

test("signatures and tokens in URLs are not part of the key, wherever the URL stands", async () => {
  const urls: ((secret: string) => string)[] = [
    (s) => `https://b.s3.amazonaws.com/a.png?X-Amz-Date=${s}&X-Amz-Credential=${s}&X-Amz-Signature=${s}`,
    (s) => `https://storage.googleapis.com/b/a.png?X-Goog-Date=${s}&X-Goog-Signature=${s}`,
    (s) => `https://a.blob.core.windows.net/c/a.png?sv=2024-01-01&se=${s}&sig=${s}`,
    (s) => `https://files.example/a.png?token=${s}`,
    (s) => `https://d.cloudfront.net/a.png?Expires=${s}&Signature=${s}&Key-Pair-Id=${s}`,
  ];
  for (const url of urls) {
    const image = (s: string) => ({ messages: [{ content: [{ type: "image_url", image_url: { url: url(s) } }] }] });
    await assertSame(CHAT_URL, [image("one1"), image("two2")]);
    await assertSame(CHAT_URL, [{ input: `See ${url("one1")} now` }, { input: `See ${url("two2")} now` }]);
    const canonical = await canonicalOf(CHAT_URL, jsonPost(image("one1")));
    assert.ok(!String(canonical.body).includes("one1") && String(canonical.body).includes("=[redacted]"), url(""));
  }
});

test("what only looks like a credential stays in the key, because it may change the answer", async () => {
  const bodies: ((value: string) => unknown)[] = [
    (value) => ({ eos_token: value }),
    (value) => ({ page_token: value }),
    (value) => ({ prompt_cache_key: value }),
    (value) => ({ max_tokens: value }),
    (value) => ({ messages: [{ role: "user", content: `{"password":"${value}"}` }] }),
    (value) => ({ messages: [{ content: [{ type: "tool_use", name: "login", input: { password: value } }] }] }),
    (value) => ({ tools: [{ input_schema: { properties: { api_key: { description: value } } } }] }),
    (value) => ({ tools: [{ input_schema: { $defs: { Secret: { description: value } } } }] }),
    (value) => ({ tools: [{ headers: { Accept: value } }] }),
    (value) => ({ input: `https://shop.example/?q=${value}&se=${value}` }),
    (value) => ({ input: `https://maps.example/?key=${value}` }),
    (value) => ({ input: `token=${value}` }),
  ];
  for (const body of bodies) await assertDifferent(CHAT_URL, [body("one"), body("two")]);
});

function formOf(parts: readonly (readonly [name: string, value: string | Blob, filename?: string])[]): FormData {
  const form = new FormData();
  for (const [name, value, filename] of parts) {
    typeof value === "string" ? form.append(name, value) : form.append(name, value, filename);
  }
  return form;
}

function uploadKey(filename: string, options?: Options): Promise<string> {
  return keyOf(FILES_URL, { method: "POST", body: formOf([["content", new Blob(["abc"]), filename]]) }, options);
}

test("the clock in the name of an upload is not part of the key", async () => {
  const pairs = [
    ["buffer_1732442400123", "buffer_1799999999999"],
    ["blob_1732442400123", "blob_1732442400124"],
    ["1732442400123.png", "1732442400999.png"],
  ] as const;
  for (const [one, two] of pairs) {
    assert.equal(await uploadKey(one), await uploadKey(two));
    await assertSame("https://rest.fal.ai/storage/upload/initiate", [
      { content_type: "image/png", file_name: one },
      { content_type: "image/png", file_name: two },
    ]);
  }
  const names = [
    "buffer_1732442400123",
    "blob_1732442400123",
    "1.png",
    "2.png",
    "page 1732442400123.png",
    "a-12",
    "a-13",
  ];
  assert.equal(new Set(await Promise.all(names.map((name) => uploadKey(name)))).size, names.length);
});

test("credentials in form fields are not part of the key", async () => {
  const form = (key: string) => keyOf(FILES_URL, { method: "POST", body: formOf([["api_key", key], ["a", "1"]]) });
  assert.equal(await form("one"), await form("two"));
  const pairs = (text: string) => keyOf(FILES_URL, { method: "POST", body: new URLSearchParams(text) });
  assert.equal(await pairs("a=1&api_key=one"), await pairs("a=1&api_key=two"));
  assert.notEqual(await pairs("a=1&api_key=one"), await pairs("a=2&api_key=one"));
});

test("a form has one key in init, in a Request and as raw text and bytes", async () => {
  const parts = [
    ["model", "whisper-1"],
    ['od"d\r\n', "wé\nline\r\nend"],
    ["empty", ""],
    ["file", new Blob([Uint8Array.of(0, 13, 10, 45, 45, 255)], { type: "audio/wav" }), 'a "b" é.wav'],
    ["nothing", new Blob([]), "blob"],
  ] as const;
  const init = () => ({ method: "POST", body: formOf(parts) });
  const expected = await canonicalOf(FILES_URL, init());
  const request = new Request(FILES_URL, init());
  const type = request.headers.get("content-type") ?? "";
  const bytes = new Uint8Array(await request.clone().arrayBuffer());
  const headers = { "content-type": type };
  const end = new TextEncoder().encode("\r\n");
  const withEnd = new Uint8Array([...bytes, ...bytes.at(-1) === 10 ? [] : end]);
  const withoutEnd = withEnd.subarray(0, -2);
  assert.deepEqual((await canonicalOf(request)).body, expected.body);
  for (const body of [bytes, withEnd, withoutEnd, withEnd.buffer]) {
    assert.deepEqual((await canonicalOf(FILES_URL, { method: "POST", headers, body })).body, expected.body);
  }
  const raw = '--B-1\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B-1--';
  const text = await keyOf(FILES_URL, {
    method: "POST",
    headers: { "content-type": "multipart/form-data; boundary=B-1" },
    body: raw,
  });
  assert.equal(text, await keyOf(FILES_URL, { method: "POST", body: formOf([["a", "1"]]) }));
});

test("a multipart body that is not written as a form keeps its text in the key", async () => {
  const headers = { "content-type": "multipart/form-data; boundary=B" };
  const part = 'Content-Disposition: form-data; name="a"';
  const bodies = [
    `--B\r\n${part}\r\n\r\n1\r\n--B\r\n`,
    `--B\r\n${part}\r\n\r\n1\r\n--B--\r\nmore`,
    `preamble\r\n--B\r\n${part}\r\n\r\n1\r\n--B--\r\n`,
    `--B\r\n${part}\r\nContent-Transfer-Encoding: base64\r\n\r\nMQ==\r\n--B--\r\n`,
    `--B\r\nContent-Type: text/plain\r\n\r\n1\r\n--B--\r\n`,
  ];
  for (const body of bodies) {
    assert.equal((await canonicalOf(FILES_URL, { method: "POST", headers, body })).format, "binary", body);
  }
});

test("normalize reaches everything that is hashed", async () => {
  const normalize: Normalization[] = [[/run \d+|run-\d+/, "RUN"]];
  const same = async (one: Promise<string>, two: Promise<string>) => assert.equal(await one, await two);
  const get = (url: string) => keyOf(url, {}, { normalize });
  await same(get(`${CHAT_URL}/run-1/x`), get(`${CHAT_URL}/run-2/x`));
  await same(get(`${CHAT_URL}?q=run%201&b=c`), get(`${CHAT_URL}?q=run+2&b=c`));
  assert.notEqual(await get(`${CHAT_URL}?q=run+1&b=c`), await get(`${CHAT_URL}?q=run+1&b=d`));
  const post = (body: BodyInit) => keyOf(CHAT_URL, { method: "POST", body }, { normalize });
  await same(post("run 1"), post("run 2"));
  await same(post(new URLSearchParams({ a: "run 1" })), post(new URLSearchParams({ a: "run 2" })));
  await same(post(formOf([["a", "run 1"]])), post(formOf([["a", "run 2"]])));
  await same(post(formOf([["a", new Blob(), "run-1.txt"]])), post(formOf([["a", new Blob(), "run-2.txt"]])));
  const json = (text: string) => keyOf(CHAT_URL, jsonPost({ a: [text] }), { normalize });
  await same(json("run 1"), json("run 2"));
  const beta = (value: string) => keyOf(CHAT_URL, { headers: { "openai-beta": value } }, { normalize });
  await same(beta("run-1"), beta("run-2"));
  assert.ok((await canonicalOf("https://run-1.example/a", {}, { normalize })).url.startsWith("https://run-1.example/"));
});

test("omit leaves members out of the key: numbers, names and whole members", async () => {
  const cases: [path: string, one: unknown, two: unknown, other: unknown][] = [
    ["seed", { a: 1, seed: 1 }, { a: 1, seed: 2.5 }, { a: 2, seed: 1 }],
    ["metadata.timestamp", { metadata: { timestamp: 1, a: 1 } }, { metadata: { a: 1 } }, {
      metadata: { timestamp: 1 },
    }],
    ["tools[*].cache_control", { tools: [{ a: 1, cache_control: { x: 1 } }] }, { tools: [{ a: 1 }] }, { tools: [{}] }],
    ["metadata", { metadata: { [`run-1`]: true } }, { metadata: { [`run-2`]: true } }, { other: { "run-1": true } }],
    ["a.*.id", { a: { b: { id: 1 } } }, { a: { b: { id: 2 } } }, { a: { c: { id: 1 } } }],
    ['a["b.c"]', { a: { "b.c": 1 } }, { a: {} }, { a: { b: { c: 1 } } }],
  ];
  for (const [path, one, two, other] of cases) {
    await assertSame(CHAT_URL, [one, two], { omit: [path] });
    await assertDifferent(CHAT_URL, [one, other], { omit: [path] });
    await assertDifferent(CHAT_URL, [one, two]);
  }
  const form = (time: string) => ({ method: "POST", body: formOf([["timestamp", time], ["a", "1"]]) });
  const pairs = (time: string) => ({ method: "POST", body: new URLSearchParams({ timestamp: time, a: "1" }) });
  for (const body of [form, pairs]) {
    assert.equal(
      await keyOf(FILES_URL, body("1"), { omit: ["timestamp"] }),
      await keyOf(FILES_URL, body("2"), { omit: ["timestamp"] }),
    );
  }
});

test("omit changes nothing of what is sent, and `stream` decides about the key all the same", async () => {
  const { fetch, calls } = network(() => jsonAnswer({}));
  const cachy = testCachy({ fetch, omit: ["stream", "seed"] });
  await (await cachy.fetch(CHAT_URL, jsonPost({ seed: 1 }))).text();
  await (await cachy.fetch(CHAT_URL, jsonPost({ seed: 2 }))).text();
  assert.deepEqual(calls.map(([, init]) => init?.body), ['{"seed":1}']);
  assert.equal((await canonicalOf(CHAT_URL, jsonPost({ stream: true }), { omit: ["stream"] })).streaming, true);
});

test("recordings by the earlier rules are found, and pycachy's", async () => {
  const [, loop] = LOOPS["OpenAI chat, Cohere"] ?? assert.fail();
  const uuids = INVENTED[0];
  const raw = { method: "POST", headers: { "content-type": "multipart/form-data; boundary=B-1" }, body: "" };
  const cases: [url: string, init: RequestInit, options?: Options][] = [
    [CHAT_URL, jsonPost(loop(uuids, uuids))],
    [CHAT_URL, jsonPost({ api_key: "one", messages: [] })],
    [CHAT_URL, jsonPost({ input: "https://files.example/?token=one" }, { "openai-beta": "b" })],
    [FILES_URL, { method: "POST", body: formOf([["content", new Blob(["abc"]), "buffer_1732442400123"]]) }],
    [CHAT_URL, { ...raw, body: '--B-1\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B-1--\r\n' }],
    [`${CHAT_URL}?d=2026-11-22`, jsonPost({}), { normalize: [[/\d{4}-\d\d-\d\d/, "DATE"]] }],
    [CHAT_URL, jsonPost({ seed: 1 }), { omit: ["seed"] }],
  ];
  for (const [url, init, options] of cases) {
    const earlier = await digestRequest(await canonicalOf(url, init, options, true));
    assert.notEqual(earlier.sha256, await keyOf(url, init, options));
    const stored: Entry[] = [{ ...earlier, response: "ours" }];
    const store = {
      name: "earlier",
      find: (key: string, sha256?: string) => stored.find((entry) => entry.key === key && entry.sha256 === sha256),
      append() {},
    };
    const { fetch, misses } = testCachy({ mode: "replay", store, ...options });
    assert.equal(await (await fetch(url, init)).text(), "ours", misses[0]?.message ?? "");
    stored[0] = { key: earlier.key, response: "pycachy's" };
    const find = (key: string, sha256?: string) =>
      stored.find((entry) => entry.key === key && (entry.sha256 === sha256 || entry.sha256 === undefined));
    const python = testCachy({ mode: "replay", store: { ...store, find }, ...options });
    assert.equal(await (await python.fetch(url, init)).text(), "pycachy's");
  }
});
