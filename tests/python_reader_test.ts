/** A reader in Python, written from FORMAT.md. It must answer like this package, for every request and every file. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { createCachy } from "../mod.ts";
import { decodeBody, type Entry } from "../src/store/entry.ts";
import { canonicalRequest } from "../src/request/canonical.ts";
import { digestRequest } from "../src/request/identify.ts";
import { readHead, readRequest } from "../src/request/request.ts";
import { slowTest, type TestContext } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

const skip = spawnSync("python3", ["--version"]).status === 0 ? undefined : "python3 is missing.";

const READER = fileURLToPath(new URL("programs/reader.py", import.meta.url));
const ASK_READER = fileURLToPath(new URL("programs/ask_reader.py", import.meta.url));
/** A short one, for people to start with. */
const EXAMPLE = fileURLToPath(new URL("../examples/read.py", import.meta.url));
const GOLDEN = fileURLToPath(new URL("golden/v1.jsonl", import.meta.url));

const RESPONSES_URL = "https://api.openai.com/v1/responses";
const SPEECH_URL = "https://api.openai.com/v1/audio/speech";
const GEMINI_URL = "https://generativelanguage.googleapis.com/v1beta/models/g:generateContent";

interface Request {
  readonly method: string;
  readonly url: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly n?: number;
  readonly namespace?: string;
}

type Answer = readonly [status: number, headers: readonly (readonly [string, string])[], base64: string] | null;

interface Reading {
  readonly digests: readonly string[];
  readonly answers: readonly Answer[];
  readonly problems: readonly number[];
}

const JSON_TYPE = ["content-type", "application/json"] as const;

function post(url: string, body: unknown, more: Partial<Request> = {}): Request {
  return { method: "POST", url, body: JSON.stringify(body), headers: [JSON_TYPE], ...more };
}

/** Asks the reader in Python about several files, in one process. Without a file, it only computes digests. */
function askReader(t: TestContext, questions: readonly (readonly [file: string, requests: readonly Request[]])[]) {
  const asked = questions.map(([file, requests]) => {
    const sent = requests.map(({ body, ...request }) => ({ ...request, body: Buffer.from(body).toString("base64") }));
    return `${JSON.stringify([file, sent])}\n`;
  });
  const path = join(temporaryFolder(t), "questions.jsonl");
  writeFileSync(path, asked.join(""));
  const options = { encoding: "utf8", maxBuffer: 1 << 28 } as const;
  const { status, stdout, stderr } = spawnSync("python3", [ASK_READER, path], options);
  assert.equal(status, 0, stderr);
  const readings: Reading[] = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(readings.length, questions.length);
  return readings;
}

/** The answer of this package from a file. */
async function ourAnswer(file: string, { method, url, body, headers, n = 1, namespace }: Request): Promise<Answer> {
  const { fetch, misses } = createCachy({ file, mode: "replay", namespace, onEvent: () => {} });
  const init = { method, headers: headers.map(([name, value]): [string, string] => [name, value]), body: body || null };
  for (let earlier = 1; earlier < n; earlier++) await (await fetch(url, init)).bytes();
  const response = await fetch(url, init);
  const bytes = Buffer.from(await response.arrayBuffer());
  return misses.length > 0 ? null : [response.status, [...response.headers].sort(), bytes.toString("base64")];
}

async function ourDigest({ method, url, body, headers, n, namespace }: Request): Promise<string> {
  const list = headers.map(([name, value]): [string, string] => [name, value]);
  const head = readHead(new URL(url), url, { method, headers: list, body: body || null });
  assert.ok(head);
  const canonical = await canonicalRequest(await readRequest(head), { keyHeaders: new Set(), normalize: [] });
  return (await digestRequest(canonical, { n, namespace })).sha256;
}

const GOLDEN_REQUESTS: readonly Request[] = [
  post(RESPONSES_URL, { model: "gpt-4.1", input: "Hey!" }),
  post("https://api.openai.com/v1/chat/completions", {
    model: "gpt-4.1",
    stream: true,
    messages: [{ role: "user", content: "Hé" }],
  }),
  post(SPEECH_URL, { model: "tts-1", voice: "alloy", input: "Hey" }),
  post("https://api.openai.com/v1/moderations", { input: "" }),
  { method: "DELETE", url: "https://api.openai.com/v1/files/file-1", body: "", headers: [] },
  post(RESPONSES_URL, { model: "gpt-4.1", input: "Say a number." }),
  post(RESPONSES_URL, { model: "gpt-4.1", input: "Say a number." }, { namespace: "second" }),
  post("https://api.openai.com/v1/conversations", {}),
  post("https://api.openai.com/v1/conversations", {}, { n: 2 }),
  post("https://api.anthropic.com/v1/messages", {}, {
    body: `{"model":"claude","messages":[],"max_tokens":1.50}`,
    headers: [JSON_TYPE, ["Anthropic-Beta", " files-api-2025-04-14 "], ["x-api-key", "sk-any"]],
  }),
  post(RESPONSES_URL, { input: "Which one?", model: "gpt-4.1" }),
  post(RESPONSES_URL, { input: "old" }),
  post(RESPONSES_URL, { input: "old", stream: true }),
  post(SPEECH_URL, { input: "old", model: "tts-1" }),
  post(RESPONSES_URL, { input: "newer" }),
];
const MISSING = post(RESPONSES_URL, { input: "never asked" });

slowTest("read.py answers every golden request like this package", { skip }, async (t) => {
  const requests = [...GOLDEN_REQUESTS, MISSING];
  const [reading] = askReader(t, [[GOLDEN, requests]]);
  const ours = await Promise.all(requests.map((request) => ourAnswer(GOLDEN, request)));
  assert.deepEqual(reading?.answers, ours);
  assert.deepEqual(ours.map((answer) => answer !== null), [...GOLDEN_REQUESTS.map(() => true), false]);
  assert.deepEqual(reading?.problems, []);
});

slowTest("read.py lists the entries, and answers on its command line", { skip }, (t) => {
  const run = (...args: string[]) => spawnSync("python3", [READER, ...args], { encoding: "utf8" });
  const list = run(GOLDEN);
  assert.equal(list.status, 0, list.stderr);
  assert.equal(list.stdout.trimEnd().split(/\r?\n/).length, 15);
  assert.match(
    list.stdout,
    /^5ece2360 2026-11-22T08:00:00\.000Z POST https:\/\/api\.openai\.com\/v1\/responses 35 bytes/,
  );
  const body = join(temporaryFolder(t), "body.json");
  writeFileSync(body, `{"input":"Say a number.","model":"gpt-4.1"}`);
  const answer = run(GOLDEN, "POST", RESPONSES_URL, body, "--namespace", "second");
  assert.deepEqual([answer.status, answer.stdout], [0, `{"id":"resp_3","output":"eight"}`]);
  assert.deepEqual(JSON.parse(answer.stderr), [200, { "content-type": "application/json" }]);
  const missing = run(GOLDEN, "POST", RESPONSES_URL, body, "--namespace", "third");
  assert.deepEqual([missing.status, missing.stdout], [1, ""]);
});

// Digests

const URLS = [
  RESPONSES_URL,
  "https://API.openai.com:443/v1/responses?b=2&a=%20&api_key=sk-1#part",
  "https://user:word@a.example/?X-Amz-Date=1&key=2",
  "https://a.example?&&x=1&",
  ...["key", "api_key", "x-api-key", "x-goog-api-key", "subscription-key", "ocp-apim-subscription-key", "token"]
    .concat(["access_token", "api_token", "auth_token", "refresh_token", "client_secret", "password", "authorization"])
    .concat(["sig", "signature", "X-Goog-Signature", "X-Goog-Credential", "X-Amz-Any", "keys", "tokens", "xgoog"])
    .map((name) => `https://a.example/?a=1&${name}=2`),
  "http://127.0.0.1:8080/a/../b?Ocp-Apim-Subscription%2DKey=1&token_count=1",
  "https://a.example/v1?",
  GEMINI_URL,
  `${GEMINI_URL.replace("generateContent", "streamGenerateContent")}?alt=sse&key=AIza`,
];
const TYPES = ["application/json", "text/JSON;charset=utf-8", "application/vnd.api+json", "text/plain", ""];
const deep = (levels: number) => `{"stream":true,"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
const GEMINI_CALLS = {
  contents: [
    { functionResponse: { response: { id: "kept", functionCall: { id: "kept too" } }, id: "b" } },
    { functionCall: { id: "b", args: { id: "kept" } }, function_call: [{ id: "a" }], FunctionCall: { id: 1 } },
    { functionCall: { id: "a" }, call: { id: "c" } },
  ],
};

const BODIES: readonly (string | Uint8Array<ArrayBuffer>)[] = [
  "",
  "{}",
  ` { "b" : [ 1 , 1.0, 1e2, -0, -0.0, 1e-7, 1e16, 123456789012345678901234567890, 9007199254740993, 1E400, -1e400 ],\t"a":null}`,
  `[0.1, 5e-324, 1.7976931348623157e308, 0.0001, 0.00001, 123456789.125, 1e15, 1e21, 2.5e+5, 100000000000000000000000.0]`,
  `{"é":1,"e\u0301":2,"\u{1F600}":3,"\uFF5E":4,"a":5,"ab":6,"a b":7,"":8,"a\\u0062":9,"\\ud800":10,"\\"":11,"\\\\":12}`,
  `{"x":"\\u2028\u2028\\/\x7f\\u00e9é\\ud83d\\ude00\u{1F600}\\ud83d \\b\\f\\n\\r\\t\\u0001"}`,
  `{"a":{"stream":true},"a":1,"stream":false,"stream":true}`,
  `{"stream":"true"}`,
  `[{"stream":true}]`,
  `{"stream":true`,
  `{"stream":true,"a":NaN}`,
  `\uFEFF{"stream":true}`,
  `{"a":"\t"}`,
  `{"a":01}`,
  `"text"`,
  `"half \\ud800"`,
  deep(900),
  deep(901),
  `[ ${"9".repeat(5000)}]`,
  JSON.stringify(GEMINI_CALLS),
  JSON.stringify({ functionCall: { id: "x", functionCall: { id: "y" } }, contents: { functionResponse: { id: "x" } } }),
  "a=1&b=é",
  new Uint8Array([0xff, 0x7b, 0x7d, 0x0a]),
];
const EXTRAS: readonly Partial<Request>[] = [
  {},
  { n: 2 },
  { namespace: 'second é\u2028"' },
  { n: 12, namespace: "" },
  {
    headers: [
      ...[["OpenAI-Beta", "a"], ["openai-beta", "b\t"], ["AI-Embedding-Model-Id", "é"], ["ai-model-id", "m"]] as const,
      ...[["accept", "audio/mpeg"], ["x-amzn-bedrock-trace", "1"], ["authorization", "Bearer 1"]] as const,
      ...[["Groq-Model-Version", "latest"], ["anthropic-version", "2023-01-01"], ["x-litellm-tags", "a"]] as const,
      ...[["x-portkey-config", "pc-1"], ["x-portkey-trace-id", "1"], ["Helicone-Auth", "Bearer 1"]] as const,
      ...[["Helicone-Target-URL", "https://a.example/v1"], ["x-openrouter-metadata", "enabled"]] as const,
      ...[["prefer", "wait"], ["x-dashscope-sse", "enable"], ["azureml-model-deployment", "blue"]] as const,
      ...[["x-goog-upload-command", "start"], ["x-goog-upload-offset", "0"], [
        "ai-language-model-streaming",
        "1",
      ]] as const,
    ],
  },
  { headers: [["anthropic-version", "2023-06-01"], ["x-openrouter-metadata", "disabled"], ["cf-aig-metadata", "{}"]] },
  { headers: [["accept", "application/json, audio/mpeg"], ["x-amzn-bedrock-", "1"], ["ai--model-id", "1"]], n: 3 },
];

/** As a URL parser writes it, which FORMAT.md requires. */
const written = (url: string) => new URL(url).href;

async function assertSameDigests(t: TestContext, requests: readonly Request[]) {
  const [reading] = askReader(t, [["", requests]]);
  for (const [index, request] of requests.entries()) {
    assert.equal(reading?.digests[index], await ourDigest(request), JSON.stringify(request).slice(0, 500));
  }
}

slowTest("read.py computes the same digests for all kinds of URLs, bodies, types and extras", { skip }, async (t) => {
  const requests = BODIES.flatMap((body) =>
    TYPES.flatMap((type) => [
      ...URLS.map((url) => ({ method: "POST", url: written(url), body, headers: [["content-type", type]] as const })),
    ])
  );
  const extras = EXTRAS.map(({ headers = [], ...extra }) =>
    post(RESPONSES_URL, { input: 1 }, { ...extra, headers: [JSON_TYPE, ...headers] })
  );
  const methods = ["GET", "DELETE", "PUT", "PATCH"].map((method) => ({
    method,
    url: RESPONSES_URL,
    body: "",
    headers: [],
  }));
  const form = "--b-1\r\n\r\nb-1 and text\r\n--b-1--";
  const multipart = [`multipart/form-data; boundary=b-1`, `Multipart/Mixed; a=1; BOUNDARY="b-1"; z`, `multipart/x`]
    .map((type) => ({ method: "POST", url: RESPONSES_URL, body: form, headers: [["content-type", type]] as const }));
  await assertSameDigests(t, [...requests, ...extras, ...methods, ...multipart]);
});

slowTest(
  "read.py computes the same digests for bodies with members that are not part of the key",
  { skip },
  async (t) => {
    const uuid = "8a3c1f0e-6f52-4c0e-9b39-0c8f5f5f9a11";
    const call = (id: string) => ({ role: "assistant", tool_calls: [{ id, function: { name: "f" } }] });
    const bodies = [
      { messages: [call(uuid), { role: "tool", tool_call_id: uuid }, call("call_1"), call("")] },
      { messages: [{ content: [{ type: "tool_use", id: uuid }] }, { content: [{ tool_use_id: uuid }, { id: "z" }] }] },
      { messages: [{ content: [{ toolUse: { toolUseId: "b" } }, { toolUse: { toolUseId: "a" } }] }] },
      { input: [{ call_id: "x" }, { call_id: "x" }, { call_id: "alone" }, { id: "x" }] },
      { contents: [{ parts: [{ functionCall: { id: "call_1", args: { id: "a" } } }] }] },
      { headers: { "user-agent": "ai/7" }, a: { headers: { "user-agent": 1 } } },
      { api_key: "k", eos_token: "e", a: { headers: { "X-B": "c", Accept: "d" }, "hf_token": [1] } },
      {
        messages: [{ password: "p" }],
        tools: [{ properties: { secret: {} } }],
        input: { api_key: 1, a: { api_key: 2 } },
      },
      { a: `see https://a.example/?X-Amz-Date=1&se=2&sig=3;token=4#access_token=5 and https://b.example/?se=1&key=2.` },
      { file_name: "1732442400123.png", fileName: "blob_1732442400123", a: { filename: "blob_1732442400123" } },
    ];
    const part = (head: string, value: string) =>
      `--b-1\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n`;
    const forms = [
      part('name="a%22"', "1\r\n2\n3") + part('name="api_key"', "k") +
      part('name="f"; filename="buffer_1732442400123"', "é"),
      part('name="a"', "https://a.example/?token=1"),
      part('filename="a"', "1"),
      part("name=a", "1"),
      part(`name="a"; filename*=UTF-8''a`, "1"),
      part('name="a"\r\nContent-Transfer-Encoding: base64', "MQ=="),
    ];
    const texts = ["a=1&api_key=k+k&b=https%3A%2F%2Fa.example%2F%3Ftoken%3D1&c=%zz", "https://a.example/?token=1 é"];
    const sent = (body: string, type: string) => ({
      method: "POST",
      url: SPEECH_URL,
      body,
      headers: [["content-type", type]] as const,
    });
    await assertSameDigests(t, [
      ...[SPEECH_URL, GEMINI_URL].flatMap((url) => bodies.map((body) => post(url, body))),
      ...forms.map((form) => sent(`${form}--b-1--\r\n`, "multipart/form-data; boundary=b-1")),
      ...texts.flatMap((text) => ["application/x-www-form-urlencoded", "text/plain"].map((type) => sent(text, type))),
    ]);
  },
);

slowTest("read.py computes the same digests for random JSON", { skip }, async (t) => {
  const bodies = fc.sample(fc.json({ stringUnit: "binary", maxDepth: 6 }), { numRuns: 300, seed: 1 });
  const doubles = fc.sample(fc.double({ noNaN: true, noDefaultInfinity: true }), { numRuns: 500, seed: 2 });
  await assertSameDigests(t, [
    ...bodies.map((body) => post(RESPONSES_URL, {}, { body })),
    ...bodies.map((body) => post(GEMINI_URL, {}, { body: `{"functionCall":{"id":"b","args":${body}},"a":${body}}` })),
    post(RESPONSES_URL, { doubles }),
  ]);
});

// Damage

const utf8 = (text: string) => new TextEncoder().encode(text);
const goldenLines = readFileSync(GOLDEN, "utf8").split("\n").slice(0, -1);
const [first = "", second = ""] = goldenLines;
const newest = goldenLines.slice(2);
/** The first golden line with other members. */
const changed = (members: object) => JSON.stringify({ ...JSON.parse(first), response: "changed", ...members });
const oldest = (response: string, members: object = {}) => JSON.stringify({ key: "5ece2360", response, ...members });

/** Possible contents of a file, and the lines of it that are not entries. */
const DAMAGED: readonly (readonly [what: string, bytes: string | Uint8Array, problems: readonly number[]])[] = [
  ["nothing", "", []],
  ["a line feed", "\n", [1]],
  ["a whole last line without its line feed", first, []],
  ["a torn last line", `${second}\n${first.slice(0, -1)}`, [2]],
  ["a torn line before others", `${first.slice(0, 90)}\n${first}\n${second}\n`, [1]],
  ["two lines in one", `${first}${second}\n${second}\n`, [1]],
  ["carriage returns", `${goldenLines.join("\r\n")}\r\n`, []],
  ["a byte order mark", `\uFEFF${first}\n\uFEFF${second}\n`, []],
  ["two byte order marks", `\uFEFF\uFEFF${first}\n`, [1]],
  ["white space", ` \t${first} \r\n\t\n \n`, [2, 3]],
  ["a no-break space", `\u00a0${first}\n`, [1]],
  ["conflict markers", `<<<<<<< ours\n${first}\n=======\n${second}\n>>>>>>> theirs\n`, [1, 3, 5]],
  ["NULs", new Uint8Array([...utf8(`${first}\n`), 0, 0, 0, 10, ...utf8(`${second}\n`)]), [2]],
  ["bytes that are not UTF-8", Buffer.concat([utf8(first.slice(0, -2)), Buffer.from([0xff]), utf8(`"}\n${second}`)]), [
    1,
  ]],
  ["a surrogate in UTF-8", Buffer.concat([utf8(first.replace("Hi", "")), Buffer.from([0xed, 0xa0, 0x80, 10])]), [1]],
  ["other JSON", `1\nnull\n[]\n"text"\n{}\nNaN\n${first}\n`, [1, 2, 3, 4, 5, 6]],
  ["a value that is no JSON", `${first}\n${first.replace("848}", "NaN}")}\n${first.replace("848}", "-Infinity}")}`, [
    2,
    3,
  ]],
  ["a newer version", `${first}\n${changed({ v: 2 })}\n`, [2]],
  ["other versions", [0, null, "1", true, 1.5, [1]].map((v) => `${changed({ v })}\n`).join(""), [1, 2, 3, 4, 5, 6]],
  ["a version in another spelling", first.replace(`"v":1`, `"v":1.0`).replace("200", "2e2"), []],
  [
    "a failure",
    [199, 206, 300, 404, "200", true, 200.5, -1].map((code) => `${changed({ status_code: code })}\n`).join(""),
    [
      ...[1, 2, 3, 4, 5, 6, 7, 8],
    ],
  ],
  ["other successes", `${changed({ status_code: 299 })}\n`, []],
  ["no status", `${changed({ status_code: null, headers: null, binary: null })}\n`, []],
  ["statuses without a body", `${changed({ status_code: 205 })}\n`, []],
  ["wrong headers", [[], "text", 1, true].map((headers) => `${changed({ headers })}\n`).join(""), [1, 2, 3, 4]],
  ["wrong binary", [0, 1, "true", {}].map((binary) => `${changed({ binary })}\n`).join(""), [1, 2, 3, 4]],
  ["a wrong response", [null, 1, {}, undefined].map((response) => `${changed({ response })}\n`).join(""), [1, 2, 3, 4]],
  [
    "what is no base64",
    ["A", "AA", "AAA", "AA=A", "AAA-", "AAAA\n", "=AAA", "A==="].map((response) =>
      `${changed({ binary: true, response })}\n`
    ).join(""),
    [1, 2, 3, 4, 5, 6, 7, 8],
  ],
  ["base64 with spare bits", `${changed({ binary: true, response: "//9=" })}\n`, []],
  ["a digest of another key", `${changed({ sha256: "0".repeat(64) })}\n${changed({ sha256: null })}\n`, [1, 2]],
  ["a digest with the same key", `${first}\n${changed({ sha256: `5ece2360${"0".repeat(56)}` })}\n`, []],
  ["a key twice", `${first.slice(0, -1)},"key":"00000000"}\n${first.slice(0, -1)},"key":"5ece2360"}\n`, [1]],
  ["pycachy's key twice", `{"key":"00000000",${oldest("hidden").slice(1)}\n`, [1]],
  ["members twice", `${first.slice(0, -1)},"response":"the last one"}\n`, []],
  ["members in another order", JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(first)).reverse())), []],
  ["escaped names", first.replace(`"key"`, `"k\\u0065y"`).replace(`"response"`, `"\\u0072esponse"`), []],
  ["keys that no request can have", `{"key":"","response":""}\n{"key":"5ECE2360","response":""}\n${first}\n`, []],
  ["a key of pycachy before ours", `${oldest("older")}\n${first}\n${oldest("no newer")}\n`, []],
  ["keys of pycachy alone", `${oldest("older")}\n${oldest("newer")}\n`, []],
  ["pycachy's text", `${oldest(`  [1]`)}\n`, []],
  ["pycachy's number", `${oldest(`1`)}\n`, []],
  ["pycachy's half of JSON", `${oldest(`{"a":`)}\n`, []],
  ["pycachy's NaN", `${oldest(`[NaN]`)}\n`, []],
  ["pycachy's events", `${oldest(`: a comment\n\ndata: 1\n\n`)}\n`, []],
  ["pycachy's indented events", `${oldest(` data: 1\n\n`)}\n`, []],
  ["pycachy's own type", `${oldest(`{}`, { headers: { "Content-Type": "text/x" } })}\n`, []],
  ["pycachy's bytes", `${oldest("/wCA", { binary: true })}\n`, []],
  [
    "headers that cannot be sent",
    changed({ headers: { "a b": "1", "X-A": " 1\t", "x-n": 1, "x-l": "a\nb", "x-u": "\u0100", "x-e": "é", "": "1" } }),
    [],
  ],
  ["headers twice", changed({ headers: { "X-A": "1", "x-a": "2", "Set-Cookie": "1", "Content-Length": "1" } }), []],
  ["half a character", first.replace("Hi", "\\ud800 \\ud83d\\ude00 \\udc00"), []],
  ["other members of any kind", changed({ request: 1, recorded_at: [], duration_ms: "x", chunks: { a: 1 } }), []],
];

slowTest(
  "read.py finds recordings by the earlier rules, and the newest one of a digest, like this package",
  { skip },
  async (t) => {
    const file = join(temporaryFolder(t), "cachy.jsonl");
    const asked = post(SPEECH_URL, { api_key: "k", input: "a" });
    const [sha256, other] = ['{"api_key": "k", "input": "a"}', '{"input": "b"}'].map((body) =>
      createHash("sha256").update(`${SPEECH_URL}False${body}`).digest("hex")
    );
    const line = (digest: string | undefined, response: string, time: number) =>
      `${
        JSON.stringify({ key: digest?.slice(0, 8), sha256: digest, v: 1, response, recorded_at: `2026-11-${time}` })
      }\n`;
    writeFileSync(file, line(sha256, "earlier", 20) + line(other, "new", 22) + line(other, "old", 21));
    const requests = [asked, post(SPEECH_URL, { input: "b" })];
    const [reading] = askReader(t, [[file, requests]]);
    const ours = await Promise.all(requests.map((request) => ourAnswer(file, request)));
    assert.deepEqual(reading?.answers, ours);
    assert.deepEqual(ours.map((answer) => answer && atob(answer[2])), ["earlier", "new"]);
  },
);

slowTest("read.py answers from the rest of a damaged file like this package", { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const requests = [...GOLDEN_REQUESTS, MISSING];
  const files = DAMAGED.map(([, bytes], index) => {
    const file = join(folder, `${index}.jsonl`);
    writeFileSync(file, bytes);
    return file;
  });
  const readings = askReader(t, files.map((file) => [file, requests]));
  for (const [index, [what, , problems]] of DAMAGED.entries()) {
    const ours = await Promise.all(requests.map((request) => ourAnswer(files[index] ?? "", request)));
    assert.deepEqual(readings[index]?.answers, ours, what);
    assert.deepEqual(readings[index]?.problems, problems, what);
  }
});

slowTest("read.py answers like this package from a file whose last line is torn at any byte", { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const bytes = utf8([...newest, second, first].map((line) => `${line}\n`).join(""));
  const start = bytes.length - utf8(first).length - 1;
  const cuts = Array.from({ length: bytes.length - start + 1 }, (_, at) => start + at);
  const files = cuts.map((cut) => {
    const file = join(folder, `${cut}.jsonl`);
    writeFileSync(file, bytes.subarray(0, cut));
    return file;
  });
  const requests = GOLDEN_REQUESTS.slice(0, 2);
  const readings = askReader(t, files.map((file) => [file, requests]));
  for (const [index, file] of files.entries()) {
    const ours = await Promise.all(requests.map((request) => ourAnswer(file, request)));
    assert.deepEqual(readings[index]?.answers, ours, `cut at ${cuts[index]}`);
  }
  assert.deepEqual(readings.map(({ answers }) => answers[0] !== null).lastIndexOf(false), cuts.length - 3);
});

slowTest("read.py finds a line of pycachy without the headers that only this package hashes", { skip }, async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  writeFileSync(file, `${oldest("of pycachy")}\n`);
  const headers = [JSON_TYPE, ["openai-beta", "a"]] as const;
  const request = post(RESPONSES_URL, { model: "gpt-4.1", input: "Hey!" }, { headers });
  const requests = [request, { ...request, namespace: "second" }];
  const [reading] = askReader(t, [[file, requests]]);
  const ours = await Promise.all(requests.map((request) => ourAnswer(file, request)));
  assert.deepEqual(reading?.answers, ours);
  assert.deepEqual(ours.map((answer) => answer !== null), [true, false]);
});

/** Asks the reader of `examples` for requests that the golden file contains. */
const ASK_EXAMPLE = `
import base64, json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import read
answers = read.read(sys.argv[2])
for line in open(sys.argv[2], "rb"):
    entry = json.loads(line)
    if "request" in entry:
        asked = entry["request"]
        headers = [[name, value] for name, value in sorted(asked.get("headers", {}).items())]
        extras = {"headers": headers or None, "n": asked.get("n"), "namespace": asked.get("namespace")}
        given = {name: value for name, value in extras.items() if value is not None}
        sha256 = read.digest(asked["method"], asked["url"], asked["body"].encode(), **given)
        print(json.dumps([sha256, base64.b64encode(answers[sha256][1]).decode()]))
`;

slowTest("examples/read.py computes the digest of every golden request, and finds its response", { skip }, () => {
  const folder = fileURLToPath(new URL("../examples", import.meta.url));
  const { status, stdout, stderr } = spawnSync("python3", ["-c", ASK_EXAMPLE, folder, GOLDEN], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  const entries: Entry[] = readFileSync(GOLDEN, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
  const recorded = entries.filter(({ request }) => request !== undefined);
  const newest = new Map(recorded.map((entry) => [entry.sha256, Buffer.from(decodeBody(entry)).toString("base64")]));
  const expected = recorded.map(({ sha256 }) => [sha256, newest.get(sha256)]);
  assert.equal(expected.length, 12);
  assert.deepEqual(stdout.trimEnd().split("\n").map((line) => JSON.parse(line)), expected);
});

slowTest("examples/read.py answers a request of the command line, and accepts damaged files", { skip }, (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, "cachy.jsonl");
  const body = join(folder, "body.json");
  writeFileSync(file, `\uFEFF<<<<<<< HEAD\n\n${readFileSync(GOLDEN, "utf8")}{"key":"5ece2360","resp`);
  writeFileSync(body, `{ "model": "gpt-4.1", "input": "Hey!" }`);
  const run = (...args: string[]) => spawnSync("python3", [EXAMPLE, file, ...args], { encoding: "utf8" });
  const { status, stdout, stderr } = run("POST", `${RESPONSES_URL}?api_key=secret`, body);
  assert.deepEqual([status, stdout, stderr], [
    0,
    `{"id":"resp_1","output":"Hi, ☃!"}`,
    "line 1 is no entry\nline 19 is no entry\n",
  ]);
  assert.match(run().stdout, /^5ece2360 2026-11-22T08:00:00\.000Z https:\/\/api\.openai\.com\/v1\/responses 35\n/);
  const missing = run("POST", "https://api.openai.com/v1/models");
  assert.deepEqual([missing.status, missing.stdout], [1, ""]);
  assert.match(missing.stderr, /[0-9a-f]{64} is not recorded/);
});
