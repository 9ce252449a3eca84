/** One file, two languages: pycachy reads what is recorded here, and rewrites the file without loss. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Cachy, type CachyOptions, compactFile } from "../mod.ts";
import { slowTest, test, type TestContext } from "./suite.ts";
import {
  CHAT_URL,
  chatEvents,
  jsonAnswer,
  jsonPost,
  network,
  streamAnswer,
  temporaryFolder,
  testCachy,
} from "./testing.ts";

const skip = spawnSync("python3", ["--version"]).status === 0 ? undefined : "python3 is missing.";

/** Runs a program in Python. @returns What it printed. */
function python(name: string, ...args: readonly string[]): string {
  const program = fileURLToPath(new URL(`programs/${name}.py`, import.meta.url));
  const { status, stdout, stderr } = spawnSync("python3", [program, ...args], { encoding: "utf8", maxBuffer: 1 << 28 });
  assert.equal(status, 0, stderr);
  return stdout;
}

// What is recorded

const SPEECH_URL = "https://api.openai.com/v1/audio/speech";
const CONVERSATIONS_URL = "https://api.openai.com/v1/conversations";
const FILE_URL = "https://api.openai.com/v1/files/file-1";

/** What some reader treats as a line end, a byte order mark, and edge cases of UTF-8 and base64. */
const HOSTILE = `\u2028\u2029\x85\v\f\x1c\x1d\x1e\r\n\r\0\x7f\x1a\uFEFF"\\é👩‍🚀`;
/** Bytes whose base64 has no, one and two padding characters, and all digits. */
const BINARIES = [48, 47, 46].map((length) => Uint8Array.from({ length }, (_, at) => at * 4 + (at % 4) * 65));

interface Call {
  readonly url: string;
  readonly init: RequestInit;
  readonly options?: CachyOptions;
  readonly answer: () => Response;
}

const text = (body: BodyInit | null, type: string) => () => new Response(body, { headers: { "content-type": type } });

/** Every kind of entry. */
const CALLS: readonly Call[] = [
  { url: CHAT_URL, init: jsonPost({ input: "JSON" }), answer: () => jsonAnswer({ text: HOSTILE, half: "\ud800" }) },
  { url: CHAT_URL, init: jsonPost({ input: HOSTILE, half: "\udc00" }), answer: () => jsonAnswer({ text: "as asked" }) },
  { url: CHAT_URL, init: jsonPost({ input: 1, stream: true }), answer: () => streamAnswer(chatEvents("in chunks é")) },
  { url: SPEECH_URL, init: jsonPost({ input: "text" }), answer: text(HOSTILE, "text/plain; charset=utf-8") },
  { url: SPEECH_URL, init: jsonPost({ input: "a BOM" }), answer: text("\uFEFF{}", "text/plain") },
  {
    url: SPEECH_URL,
    init: jsonPost({ input: "no text" }),
    answer: text(new Uint8Array([0xed, 0xa0, 0x80]), "text/plain"),
  },
  { url: SPEECH_URL, init: jsonPost({ input: "empty" }), answer: text("", "text/plain") },
  ...BINARIES.map((bytes, at): Call => ({
    url: SPEECH_URL,
    init: jsonPost({ input: `binary ${at}` }),
    answer: () => streamAnswer([bytes.subarray(0, 9), bytes.subarray(9)], { type: "audio/mpeg" }),
  })),
  { url: FILE_URL, init: { method: "DELETE" }, answer: () => new Response(null, { status: 204 }) },
  { url: CONVERSATIONS_URL, init: jsonPost({}), answer: () => jsonAnswer({ id: "conv_1" }) },
  { url: CONVERSATIONS_URL, init: jsonPost({}), answer: () => jsonAnswer({ id: "conv_2" }) },
  {
    url: CHAT_URL,
    init: jsonPost({ input: "JSON" }),
    options: { namespace: `\ud800${HOSTILE}` },
    answer: () => jsonAnswer({ named: true }),
  },
  {
    url: CHAT_URL,
    init: jsonPost({ input: "whole" }),
    options: { keepRequest: "whole" },
    answer: () => jsonAnswer({}),
  },
  { url: CHAT_URL, init: jsonPost({ input: "none" }), options: { keepRequest: "none" }, answer: () => jsonAnswer({}) },
  {
    url: CHAT_URL,
    init: jsonPost({ input: "headers" }, { "openai-beta": "a=é" }),
    options: { keepHeaders: ["x-kept"] },
    answer: () =>
      jsonAnswer({}, { headers: { "content-type": "application/json", "x-kept": "ü\x85", "x-request-id": "req_1" } }),
  },
];

/** Makes all calls. Calls with the same options share a handle. */
async function answersTo(
  calls: readonly Call[],
  makeCachy: (options: CachyOptions, answers: readonly (() => Response)[]) => Cachy,
) {
  const handles = new Map<CachyOptions | undefined, Cachy>();
  const answers: unknown[] = [];
  for (const { url, init, options } of calls) {
    const answersOfHandle = calls.filter((call) => call.options === options).map(({ answer }) => answer);
    const cachy = handles.get(options) ?? makeCachy(options ?? {}, answersOfHandle);
    handles.set(options, cachy);
    answers.push(await seen(await cachy.fetch(url, init)));
    await cachy.flush();
  }
  return { answers, handles: [...handles.values()] };
}

/** The parts of a response that a program sees. */
async function seen(response: Response) {
  const chunks: string[] = [];
  for await (const chunk of response.body ?? []) chunks.push(Buffer.from(chunk).toString("latin1"));
  return { status: response.status, headers: [...response.headers], chunks };
}

/** A file with all kinds of entries, and their responses. */
async function recordedFile(t: TestContext) {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const { handles } = await answersTo(
    CALLS,
    (options, answers) => testCachy({ file, ...options, fetch: network(...answers).fetch }),
  );
  for (const { stats } of handles) assert.deepEqual([stats.dropped, stats.hits], [0, 0]);
  return { file, answers: await replayed(file) };
}

/** The responses of the file to all calls, in new handles. */
async function replayed(file: string) {
  const { answers, handles } = await answersTo(CALLS, (options) => {
    const { fetch } = network(() => assert.fail("the network was asked"));
    return testCachy({ file, mode: "replay", ...options, fetch });
  });
  for (const { misses } of handles) assert.deepEqual(misses, []);
  return answers;
}

const linesOf = (file: string) => readFileSync(file, "utf8").split("\n").slice(0, -1);
/** The entries of a file by key. */
const entriesOf = (file: string): Map<string, Record<string, unknown>> =>
  new Map(linesOf(file).map((line) => [JSON.parse(line).key, JSON.parse(line)]));

// What pycachy reads

/** Everything that ends a line for Python's `str.splitlines()`, which knows more line ends than other readers. */
// deno-lint-ignore no-control-regex -- these are what is looked for
const LINE_ENDS = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;

test("fetch() writes lines that pycachy can read, for every recording", async (t) => {
  const { file } = await recordedFile(t);
  const content = readFileSync(file, "utf8");
  const lines = linesOf(file);
  assert.equal(lines.length, CALLS.length);
  assert.deepEqual(content.split(LINE_ENDS), [...lines, ""]);
  assert.ok(content.startsWith("{") && !content.includes("\uFFFD"));
  for (const line of lines) {
    const { key, sha256, status_code, headers, binary, response } = JSON.parse(line);
    assert.match(key, /^[0-9a-f]{8}$/);
    assert.ok(sha256.startsWith(key) && sha256.length === 64);
    assert.deepEqual([typeof status_code, typeof binary, typeof response], ["number", "boolean", "string"], line);
    assert.ok(Object.values(headers).every((value) => typeof value === "string") && !Array.isArray(headers), line);
    if (binary) assert.equal(Buffer.from(response, "base64").toString("base64"), response);
  }
  const members = new Set(lines.flatMap((line) => Object.keys(JSON.parse(line))));
  const all = ["binary", "chunks", "duration_ms", "headers", "key", "recorded_at", "request", "response", "sha256"];
  assert.deepEqual([...members].sort(), [...all, "status_code", "v"]);
});

slowTest("Python reads the lines that fetch() writes, with the same values", { skip }, async (t) => {
  const { file } = await recordedFile(t);
  assert.deepEqual(JSON.parse(python("read_like_pycachy", file)), linesOf(file).map((line) => JSON.parse(line)));
});

// What pycachy writes

/** An entry that pycachy makes for this POST to CHAT_URL. */
function entryByPycachy(input: string): string {
  const canonical = `{"input": ${JSON.stringify(input)}}`;
  const key = createHash("sha256").update(`${CHAT_URL}False${canonical}`).digest("hex").slice(0, 8);
  const response = `{"text": "by pycachy for ${input}"}`;
  return JSON.stringify({
    key,
    response,
    headers: { "Content-Type": "application/json" },
    status_code: 200,
    binary: false,
  });
}

slowTest("a file that pycachy rewrites keeps every member and every entry", { skip }, async (t) => {
  const { file, answers } = await recordedFile(t);
  const before = entriesOf(file);
  python("rewrite_like_pycachy", file, entryByPycachy("new"));
  const after = entriesOf(file);
  assert.deepEqual(linesOf(file).map((line) => JSON.parse(line).key), [...after.keys()].sort(), "it was written anew");
  assert.equal(after.size, before.size + 1);
  for (const [key, entry] of before) assert.deepEqual(after.get(key), entry);
  assert.deepEqual(await replayed(file), answers);
});

slowTest("fetch() continues after pycachy has replaced the file in use", { skip }, async (t) => {
  const { file, answers } = await recordedFile(t);
  const { fetch: paid, calls } = network((_, init) => jsonAnswer({ live: JSON.parse(String(init?.body)).input }));
  const cachy = testCachy({ file, fetch: paid });
  const ask = async (input: string) => await (await cachy.fetch(CHAT_URL, jsonPost({ input }))).json();
  const expected: Record<string, unknown> = {};
  for (let round = 0; round < 4; round++) {
    // Two at a time: the second new file may get the inode number of the first.
    const added = Array.from({ length: round % 2 + 1 }, (_, at) => `pycachy ${round} ${at}`);
    python("rewrite_like_pycachy", file, ...added.map(entryByPycachy));
    for (const input of added) expected[input] = { text: `by pycachy for ${input}` };
    expected[`live ${round}`] = { live: `live ${round}` };
    for (const [input, answer] of Object.entries(expected)) assert.deepEqual(await ask(input), answer);
    await cachy.flush();
    assert.equal(calls.length, round + 1, "only the new one");
  }
  assert.deepEqual(cachy.events.filter(({ kind }) => kind === "warning" || kind === "dropped"), []);
  assert.equal(linesOf(file).length, CALLS.length + Object.keys(expected).length);
  assert.deepEqual(await replayed(file), answers);
});

slowTest("pycachy keeps the newest entry of a compacted file", { skip }, async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const ask = async (fetch: typeof globalThis.fetch, mode: CachyOptions["mode"]) =>
    await (await testCachy({ file, mode, fetch }).fetch(CHAT_URL, jsonPost({ input: "twice" }))).json();
  await ask(network(() => jsonAnswer({ text: "old" })).fetch, "auto");
  appendFileSync(file, readFileSync(file, "utf8").replace("old", "new"));
  await compactFile(file);
  python("rewrite_like_pycachy", file, entryByPycachy("another"));
  assert.deepEqual(await ask(network(() => assert.fail("the network was asked")).fetch, "replay"), { text: "new" });
  assert.equal(linesOf(file).length, 2);
});

// What pycachy has written

/** What pycachy and projects that use it recorded from the real APIs. It is not part of this repository. */
const RECORDED = fileURLToPath(new URL("../../shared/fixtures/pycachy-recorded.jsonl", import.meta.url));
const skipRecorded = existsSync(RECORDED) ? undefined : `${RECORDED} is missing.`;

test("fetch() replays lines of each age that pycachy has written", { skip: skipRecorded }, async (t) => {
  const ages = new Map<string, Record<string, unknown>>();
  for (const line of linesOf(RECORDED)) ages.set(Object.keys(JSON.parse(line)).join(), JSON.parse(line));
  assert.deepEqual([...ages.keys()].sort(), [
    "key,response",
    "key,response,headers",
    "key,response,headers,status_code,binary",
  ]);
  for (const [age, entry] of ages) {
    const file = join(temporaryFolder(t), "cachy.jsonl");
    writeFileSync(file, `${JSON.stringify({ ...entry, key: JSON.parse(entryByPycachy(age)).key })}\n`);
    const { fetch } = network(() => assert.fail("the network was asked"));
    const response = await testCachy({ file, mode: "replay", fetch }).fetch(CHAT_URL, jsonPost({ input: age }));
    const body = Buffer.from(await response.arrayBuffer());
    assert.equal(response.status, 200, age);
    assert.ok(body.equals(Buffer.from(String(entry.response), entry.binary ? "base64" : "utf8")), age);
  }
});
