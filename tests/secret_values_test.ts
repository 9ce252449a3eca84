import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { CachyOptions, Entry } from "../mod.ts";
import { credentialsOf, isCredentialVariable } from "../src/secrets/values.ts";
import { hideSecretValues } from "../src/store/entry_request.ts";
import { searchTexts } from "../src/record/write_entry.ts";
import { labelled } from "../src/replay/labelled.ts";
import { eventFrame } from "./provider/aws_frame.ts";
import { slowTest, test, type TestContext } from "./suite.ts";
import { CHAT_URL, jsonAnswer, jsonPost, network, streamAnswer, temporaryFolder, testCachy } from "./testing.ts";

const SECRET = "s3cr3t/of+many&characters";
/** A name that no machine uses. */
const VARIABLE = "CACHY_TEST_API_KEY";

/** A file cache while the variable is set. */
function withSecret(t: TestContext, answer: () => Response, options: CachyOptions = {}) {
  process.env[VARIABLE] = SECRET;
  t.after(() => delete process.env[VARIABLE]);
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const cachy = testCachy({ file, fetch: network(answer).fetch, ...options });
  const warnings = () => cachy.events.flatMap((event) => event.kind === "warning" ? [event.message] : []);
  return { cachy, file, warnings };
}

const hide = (body: string, variables: readonly [string, string][] = []) =>
  hideSecretValues({ method: "POST", url: CHAT_URL, body, exact: true }, credentialsOf(variables));
const answerOf = (response: string): Entry => ({ key: "00000000", response });

test("isCredentialVariable() compares complete words, and ignores names of places", () => {
  const are = [
    "OPENAI_API_KEY",
    "OPENAIKEY",
    "GITHUB_TOKEN",
    "CLIENT_SECRET",
    "DB_PASSWORD",
    "openaiApiKey",
    "AWS_ACCESS_KEY_ID",
  ];
  assert.deepEqual(are.filter((name) => !isCredentialVariable(name)), []);
  const areNot = ["PATH", "KEYBOARD", "MONKEY", "TOKENIZERS_PARALLELISM", "SSH_KEY_FILE", "TLS_KEY_PATH", "PWD"];
  assert.deepEqual(areNot.filter(isCredentialVariable), []);
});

test("credentialsOf() ignores values under 12 characters, which may be words", () => {
  const found = credentialsOf([["A_KEY", "elevenchars"], ["B_KEY", "twelve-chars"], ["C", "twelve-chars"]]);
  assert.deepEqual(found.map(({ name }) => name), ["B_KEY"]);
});

test("hideSecretValues() redacts the values of credentials, plain and as JSON and URLs encode them", () => {
  const pem = `line one "quoted"\nline two`;
  const body = JSON.stringify({ a: `use ${SECRET} now`, b: encodeURIComponent(SECRET), c: pem, d: "stays" });
  const hidden = hide(body, [["X_SECRET", pem], ["Y_TOKEN", SECRET]]);
  assert.deepEqual(JSON.parse(hidden.body), { a: "use [redacted] now", b: "[redacted]", c: "[redacted]", d: "stays" });
  assert.equal(hidden.exact, false);
});

test("hideSecretValues() also redacts URLs, headers and the namespace", () => {
  const request = {
    method: "POST",
    url: `https://a.example/${encodeURIComponent(SECRET)}`,
    headers: { "x-tenant": `t ${SECRET}` },
    body: "",
    exact: true,
    namespace: SECRET,
  };
  const { url, headers, namespace, exact } = hideSecretValues(request, credentialsOf([["A_KEY", SECRET]]));
  assert.deepEqual([url, headers?.["x-tenant"], namespace, exact], [
    "https://a.example/[redacted]",
    "t [redacted]",
    "[redacted]",
    false,
  ]);
});

test("hideSecretValues() redacts a value in each encoding that a body can contain", () => {
  const value = `pässwörd "with" spaces+signs`;
  const json = JSON.stringify({ a: value });
  const bodies = [
    json,
    json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
    JSON.stringify({ arguments: json }),
    `a=${encodeURIComponent(value)}`,
    new URLSearchParams({ a: value }).toString(),
  ];
  for (const body of bodies) assert.doesNotMatch(hide(body, [["A_PASSWORD", value]]).body, /p.*ssw.*rd|spaces/, body);
});

test("hideSecretValues() leaves no part of a longer value that contains a shorter one", () => {
  assert.equal(
    hide("abcdefghijkl-and-more", [["A_KEY", "abcdefghijkl"], ["B_KEY", "abcdefghijkl-and-more"]]).body,
    REDACTED,
  );
});

const REDACTED = "[redacted]";
const PEM = `-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc+/=\n-----END RSA PRIVATE KEY-----`;
/** Joined here, so that secret scanners do not report this file. */
const KEYS = [
  `sk-${"a1b2c3d4e5".repeat(3)}`,
  `sk-ant-api03-${"aB3_".repeat(10)}`,
  `sk-${"abcdefghij".repeat(3)}`,
  `AIza${"Sy0-_".repeat(7)}`,
  `ghp_${"a1B2c3".repeat(6)}`,
  `github_pat_${"11A_".repeat(8)}`,
  `xoxb-${"1234567890-".repeat(2)}abc`,
  `AKIA${"ABCD2345".repeat(2)}`,
  `hf_${"aBcDe".repeat(6)}`,
  `gsk_${"aB1".repeat(14)}`,
  PEM,
];

test("hideSecretValues() redacts what looks like a key, and nothing around it", () => {
  for (const key of KEYS) {
    const body = JSON.stringify({ text: `before ${key} after`, alone: key });
    const hidden = hide(body);
    assert.deepEqual(JSON.parse(hidden.body), { text: `before ${REDACTED} after`, alone: REDACTED }, key);
    assert.equal(hidden.exact, false);
    assert.equal(typeof searchTexts([[answerOf(body).response]]).shape, "string", key);
  }
});

test("hideSecretValues() redacts a key at the start of a line, in JSON and in JSON inside JSON", () => {
  for (const key of KEYS) {
    for (const before of ["\n", "\t", "é\r\n", "\u2028", "\u0007"]) {
      const text = `keys:${before}${key}`;
      for (const body of [JSON.stringify({ text }), JSON.stringify({ text: JSON.stringify({ text }) })]) {
        const ascii = body.replace("\u2028", "\\u2028");
        assert.ok(!hide(ascii).body.includes(key.slice(0, 20)), ascii);
        assert.equal(typeof searchTexts([[answerOf(ascii).response]]).shape, "string", ascii);
      }
    }
  }
});

test("hideSecretValues() does not change names, JWTs and public keys", () => {
  const texts = [
    "sk-spinner-wandering-cubes",
    "task-1234567890123456789012345",
    "sk-short1",
    "AIzaShort",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghijklmnop",
    "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "-----BEGIN PRIVATE KEY----- is how such a file starts",
  ];
  for (const text of texts) {
    assert.deepEqual([hide(text).body, hide(text).exact], [text, true]);
    assert.equal(searchTexts([[answerOf(text).response]]).shape, undefined, text);
  }
});

test("hideSecretValues() takes time in proportion to the text", () => {
  const starts = ["sk-", "-----BEGIN A-----", "sk-a", "AIza", "xoxb-", "-----BEGIN "];
  for (const start of starts) assert.equal(hide(start.repeat(200_000)).method, "POST");
});

test("fetch() does not record a response with the value of a credential, and says which one and where", async (t) => {
  const text = `The key is ${SECRET}, keep it.`;
  const answers: [string, () => Response][] = [
    ["body", () => jsonAnswer({ choices: [{ message: { content: text } }] })],
    [
      "body",
      () => streamAnswer([`data: {"choices":[{"delta":{"content":${JSON.stringify(text)}}}]}\n\n`, "data: [DONE]\n\n"]),
    ],
    [
      "body",
      () => new Response(new TextEncoder().encode(`\x00\xff${text}`), { headers: { "content-type": "audio/mpeg" } }),
    ],
    [
      "header x-request-id",
      () => jsonAnswer({}, { headers: { "content-type": "application/json", "x-request-id": SECRET } }),
    ],
    ["final URL", () => labelled(jsonAnswer({}), { url: new URL(SECRET, CHAT_URL).href, redirected: true })],
  ];
  for (const [where, answer] of answers) {
    const { cachy, warnings, file } = withSecret(t, answer);
    for (const _ of [1, 2]) assert.ok((await (await cachy.fetch(CHAT_URL, jsonPost({}))).arrayBuffer()).byteLength > 0);
    const reasons = cachy.events.flatMap((event) => event.kind === "dropped" ? [event.reason] : []);
    assert.deepEqual([reasons, existsSync(file)], [["secret", "secret"], false]);
    const [message = "", ...others] = warnings();
    assert.ok(
      message.includes(`Cannot record POST ${CHAT_URL}: its response contains the value of the environment variable`),
    );
    assert.ok(message.includes(`${VARIABLE} (${where})`) && message.includes("{ allowSecrets: true }"), message);
    assert.ok(!message.includes(SECRET) && others.length === 0);
  }
});

test("fetch() does not record a stream that spells the value of a credential over several events", async (t) => {
  const pieces = ["s3cr", "3t/of", "+many", "&characters"];
  const chat = pieces.map((content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
  const responses = pieces.map((delta) => `data: ${JSON.stringify({ type: "response.output_text.delta", delta })}\n\n`);
  const lines = pieces.map((content, at) => `${JSON.stringify({ message: { content }, done: at === 3 })}\n`);
  const done = ["data: [DONE]\n\n"];
  const completed = [`data: {"type":"response.completed"}\n\n`];
  const streams: [string[], string][] = [[[...chat, ...done], "text/event-stream"], [lines, "application/x-ndjson"]];
  streams.push([[...responses, ...completed], "text/event-stream"]);
  for (const [stream, type] of streams) {
    const { cachy, warnings, file } = withSecret(t, () => streamAnswer(stream, { type }));
    assert.equal(await (await cachy.fetch(CHAT_URL, jsonPost({ stream: true }))).text(), stream.join(""));
    await cachy.flush();
    assert.deepEqual([cachy.stats.droppedBy, existsSync(file), warnings().length], [{ secret: 1 }, false, 1]);
  }
});

/** Streams that spell the secret in two pieces, by their difference from the usual form. */
function spellingStreams(): [what: string, body: (string | Uint8Array)[], type: string][] {
  const halves = [SECRET.slice(0, 9), SECRET.slice(9)];
  const chat = [
    ...halves.map((content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`),
    "data: [DONE]\n\n",
  ];
  const lines = [...halves.map((response) => JSON.stringify({ model: "m", response })), `{"done":true}`]
    .map((line) => `${line}\n`);
  const bare = [...halves.map((half) => `event: output\ndata: ${half}\n\n`), "event: done\ndata: {}\n\n"];
  const starts = ["\n", "\r\n", "\r", "\uFEFF", ": comment\n\n", "\uFEFF\r\n: comment\n", "unknown: field\n"];
  const types = ["text/plain", "application/json", "", "Text/Event-Stream; charset=utf-8"];
  const numbered = [SECRET.slice(0, 1), SECRET.slice(1, 2), SECRET.slice(2)]
    .map((piece) => `event: output\ndata: ${piece}\n\n`);
  const frames = halves.map((text) => eventFrame("contentBlockDelta", { delta: { text } }));
  const inner = (data: unknown) => eventFrame("chunk", { bytes: btoa(JSON.stringify(data)) });
  const aws = "application/vnd.amazon.eventstream";
  return [
    ...starts.map((start) => [`start ${JSON.stringify(start)}`, [start, ...chat], "text/event-stream"] as const),
    ...types.map((type) => [`type ${type}`, chat, type] as const),
    ...["application/json", "text/plain", ""].map((type) => [`lines as ${type}`, lines, type] as const),
    ...["\uFEFF", "\n\r\n"].map((
      start,
    ) => [`lines ${JSON.stringify(start)}`, [start, ...lines], "application/x-ndjson"]),
    ["CR", chat.map((event) => event.replaceAll("\n", "\r")), "text/event-stream"],
    ["lines that end with CR", lines.map((line) => line.replace("\n", "\r")), "application/x-ndjson"],
    ["no space", chat.map((event) => event.replace(": ", ":")), "text/event-stream"],
    ["data without JSON", bare, "text/event-stream"],
    ["data that is a number", [...numbered, bare[2]], "text/event-stream"],
    ["a byte that is not UTF-8", [": ", Uint8Array.of(0xff), "\n\n", ...chat], "text/event-stream"],
    ["AWS frames", frames, aws],
    ["AWS frames with events inside", halves.map((completion) => inner({ completion })), aws],
    ["one AWS frame with an event inside", [inner({ completion: SECRET })], aws],
  ] as [string, (string | Uint8Array)[], string][];
}

for (const [what, body, type] of spellingStreams()) {
  test(`fetch() does not record a stream that spells the value of a credential: ${what}`, async (t) => {
    const { cachy, warnings, file } = withSecret(t, () => streamAnswer(body, { type }));
    await (await cachy.fetch(CHAT_URL, jsonPost({ stream: true }))).arrayBuffer();
    await cachy.flush();
    assert.deepEqual([cachy.stats.droppedBy, existsSync(file), warnings().length], [{ secret: 1 }, false, 1]);
  });
}

test("fetch() warns of a key that a stream spells over several events", async (t) => {
  const key = KEYS[0] ?? "";
  const stream = [key.slice(0, 9), key.slice(9)].map((content) =>
    `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`
  );
  const { cachy, warnings } = withSecret(t, () => streamAnswer([...stream, "data: [DONE]\n\n"]));
  await (await cachy.fetch(CHAT_URL, jsonPost({ stream: true }))).text();
  assert.deepEqual([cachy.stats.recorded, warnings().length], [1, 1]);
});

slowTest("fetch() records a long text that starts like a PEM block and never ends", async (t) => {
  const text = `-----BEGIN X-----${"\n".repeat(20_000_000)}`;
  const { cachy } = withSecret(t, () => new Response(text, { headers: { "content-type": "text/plain" } }));
  await (await cachy.fetch(CHAT_URL, jsonPost({}))).text();
  assert.deepEqual([cachy.stats.recorded, cachy.stats.droppedBy], [1, {}]);
});

test("fetch() with the option allowSecrets records such a response, and still redacts the request", async (t) => {
  const { cachy, warnings, file } = withSecret(t, () => jsonAnswer({ echo: SECRET, key: KEYS[0] }), {
    allowSecrets: true,
  });
  for (const _ of [1, 2]) {
    const answer = await (await cachy.fetch(CHAT_URL, jsonPost({ input: `Say ${SECRET} and ${KEYS[1]}.` }))).json();
    assert.deepEqual(answer, { echo: SECRET, key: KEYS[0] });
  }
  assert.deepEqual([cachy.stats.recorded, cachy.stats.hits, warnings()], [1, 1, []]);
  const { request } = JSON.parse(readFileSync(file, "utf8"));
  assert.deepEqual([request.body, request.exact], [`{"input": "Say ${REDACTED} and ${REDACTED}."}`, false]);
});

test("fetch() records a response with what looks like a key, with one warning", async (t) => {
  const { cachy, warnings, file } = withSecret(t, () => jsonAnswer({ text: `An example: ${KEYS[0]}` }));
  for (const n of [1, 2]) await (await cachy.fetch(CHAT_URL, jsonPost({ n }))).text();
  assert.equal(cachy.stats.recorded, 2);
  assert.match(
    warnings().join(),
    /^The recorded response to POST \S+ contains what looks like an API key \(sk-…\)[^]*allowSecrets/,
  );
  assert.equal(warnings().length, 1);
  assert.ok(readFileSync(file, "utf8").includes(KEYS[0] ?? ""));
});

test("fetch() does not search base64 for keys", async (t) => {
  const { cachy, warnings } = withSecret(t, () => new Response(KEYS[0], { headers: { "content-type": "image/png" } }));
  await (await cachy.fetch(CHAT_URL, jsonPost({}))).arrayBuffer();
  assert.deepEqual([cachy.stats.recorded, warnings()], [1, []]);
});

test("fetch() detects a credential that was set after the handle was created", async (t) => {
  const { cachy } = withSecret(t, () => jsonAnswer({ echo: "set-afterwards-1" }));
  process.env.CACHY_TEST_TOKEN = "set-afterwards-1";
  t.after(() => delete process.env.CACHY_TEST_TOKEN);
  await (await cachy.fetch(CHAT_URL, jsonPost({}))).text();
  assert.equal(cachy.stats.recorded, 0);
});
