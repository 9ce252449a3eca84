/** The advice of a miss: it offers an option only if the option prevents the miss, and the narrowest one. */
import assert from "node:assert/strict";
import { type CachyOptions, memoryStore } from "../mod.ts";
import { summaryOf } from "../src/miss/exit_summary.ts";
import { test } from "./suite.ts";
import { CHAT_URL, countingNetwork, jsonPost, testCachy } from "./testing.ts";

/** A call: a URL and an init. */
type Call = readonly [url: string, init: RequestInit];

const chat = (content: unknown, members: object = {}, url = CHAT_URL): Call => [
  url,
  jsonPost({ model: "gpt-4.1", messages: [{ role: "user", content }], ...members }),
];

async function missOf(recorded: Call, asked: Call, options: CachyOptions = {}) {
  const store = memoryStore();
  const recorder = testCachy({ ...options, store, fetch: countingNetwork().fetch });
  await (await recorder.fetch(...recorded)).text();
  await recorder.flush();
  const player = testCachy({ ...options, store, mode: "replay", domains: [/./] });
  const response = await player.fetch(...asked);
  const [miss] = player.misses;
  assert.ok(miss, "a miss");
  const body = await response.json();
  assert.equal(body.error.message, miss.message);
  return { ...miss, cause: miss.cause ?? "", statusText: response.statusText };
}

/** The options that a cause offers. */
function offered(cause: string): CachyOptions {
  const lines = cause.split("\n").filter((line) => /^ {2}(?:normalize|omit): \[/.test(line));
  return new Function(`return { ${lines.join(", ")} }`)() as CachyOptions;
}

/** Asserts that the offered options make one key of all calls of a list, and another key of each call of the other one. */
async function assertCures(cause: string, same: readonly Call[], different: readonly Call[] = []) {
  const options = offered(cause);
  assert.ok(options.normalize || options.omit, `no option: ${cause}`);
  assert.match(cause, /If this means nothing to the model/);
  const { fetch, stats } = testCachy({ ...options, domains: [/./], fetch: countingNetwork().fetch });
  for (const call of same) await (await fetch(...call)).text();
  assert.deepEqual([stats.recorded, stats.hits], [1, same.length - 1], cause);
  for (const call of different) await (await fetch(...call)).text();
  assert.deepEqual([stats.recorded, stats.hits], [1 + different.length, same.length - 1], cause);
}

const now = Date.UTC(2026, 10, 24, 10, 0, 0, 123);
const at = (days: number) => new Date(Date.now() - days * 86_400_000 - 3_600_000 * 5);
const UUIDS = ["0b5f1c1e-3a2b-4c5d-8e9f-001122334455", "9a8b7c6d-3a2b-4c5d-8e9f-aabbccddeeff"];

test("a miss offers an anchored pattern for a changing value in a prompt, and no other text is folded", async () => {
  const [a, b] = [at(9), at(1)];
  const cases: [what: RegExp, recorded: string, asked: string][] = [
    [/^a time \(/, `Now: ${a.toISOString()}.`, `Now: ${b.toISOString()}.`],
    [/^a time \(/, `It is ${a}.`, `It is ${b}.`],
    [/^a time \(/, `It is ${a.toUTCString()}.`, `It is ${b.toUTCString()}.`],
    [/^a time \(/, `It is ${a.toLocaleString("en-US")}, really`, `It is ${b.toLocaleString("en-US")}, really`],
    [/^a time \(/, `Es ist ${a.toLocaleString("de-DE")} Uhr`, `Es ist ${b.toLocaleString("de-DE")} Uhr`],
    [/^a (?:time|date) \(/, `On ${a.toDateString()} we write`, `On ${b.toDateString()} we write`],
    [/^a date \(/, `Today is ${a.toISOString().slice(0, 10)}.`, `Today is ${b.toISOString().slice(0, 10)}.`],
    [/^a date \(/, `Today is ${a.toLocaleDateString("en-US")}.`, `Today is ${b.toLocaleDateString("en-US")}.`],
    [/^a time \(/, "It is 10:15.", "It is 9:47."],
    [/^an id \(UUID\)/, `Run ${UUIDS[0]}`, `Run ${UUIDS[1]}`],
    [/^a time in/, `at ${now / 1000 | 0} s`, `at ${(now / 1000 | 0) + 1000} s`],
    [/^a time in/, `at ${now}`, `at ${now + 12345}`],
    [/^a random number/, "sample 0.7364518293645", "sample 0.19283746501928374"],
    [/^an id \(/, "use file file-AbC123dEfGh please", "use file file-ZyX987wVuTs please"],
    [/^an id \(/, "session k3j2h9xq1z ends", "session p8m4n1vb7q ends"],
    [/^an id \(/, "session id: kjhgfdsa, go on", "session id: qwertzui, go on"],
    [/^an id \(/, "session kJhGfDsAqWeR ends", "session pLmKzXcVbNqT ends"],
    [/^an id \(/, "use run_kjhgfdsq now", "use run_mnbvcxzl now"],
    [/^a temporary folder/, "in /tmp/run-ab/x", "in /tmp/run-cd/y"],
    [/^a local address/, "ask http://localhost:54321/v1", "ask http://localhost:49152/v1"],
    [/^a duration/, "took 12.5 ms", "took 7.25 ms"],
  ];
  for (const [what, recorded, asked] of cases) {
    const { cause, message } = await missOf(chat(recorded), chat(asked));
    assert.match(cause, what, message);
    const elsewhere = [`Other ${recorded}`, `Other ${asked}`].map((text) => chat(text.replace(/^Other \w+/, "Other")));
    await assertCures(cause, [chat(recorded), chat(asked)], elsewhere);
  }
});

test("a miss offers all options that several changing values need", async () => {
  const [a, b] = [at(9), at(1)];
  const body = (date: Date, id: string) =>
    chat(`Now ${date.toISOString()}, run ${id}: 0.${`${date.getTime()}`.repeat(2)}`, {
      metadata: { run: id, sent_at: date.getTime() },
      seedling: date.getTime(),
    }, `${CHAT_URL}?_=${date.getTime()}`);
  const calls = [body(a, UUIDS[0] ?? ""), body(b, UUIDS[1] ?? "")] as const;
  const { cause, message } = await missOf(...calls);
  assert.match(cause, /normalize: .*\n {2}omit: \["metadata\.run", "metadata\.sent_at", "seedling"\]$/, message);
  await assertCures(cause, calls);
});

test("a miss offers to omit members that only identify a call, whatever their values are", async () => {
  const cases: [path: string, recorded: object, asked: object][] = [
    ["metadata.run", { metadata: { run: "kjhgfdsa" } }, { metadata: { run: "qwertz" } }],
    ["user", { user: "ada" }, { user: "bob" }],
    ["metadata", { metadata: { a: 1 } }, {}],
    ["tools[*].cache_control", { tools: [{ cache_control: { type: "ephemeral" } }] }, { tools: [{}] }],
    ["extra.started_at", { extra: { started_at: 1 } }, { extra: { started_at: 2 } }],
    ["options.drawn", { options: { drawn: Math.random() / 3 } }, { options: { drawn: Math.random() / 7 } }],
    ["options.id", { options: { id: UUIDS[0] } }, { options: { id: UUIDS[1] } }],
  ];
  for (const [path, recorded, asked] of cases) {
    const calls = [chat("Hi", recorded), chat("Hi", asked)] as const;
    const { cause, message } = await missOf(...calls);
    if (path === "metadata") continue; // The name alone may be a member of the API.
    assert.match(cause, new RegExp(`omit: \\["${path.replace(/[[\].*]/g, "\\$&")}"\\]`), message);
    await assertCures(cause, calls, [chat("Ho", asked)]);
  }
});

test("a miss offers an option that cures a difference in the URL, and none for an API version", async () => {
  const vertex = (project: string) =>
    chat(
      "Hi",
      {},
      `https://aiplatform.googleapis.com/v1/projects/${project}/locations/global/models/m:generateContent`,
    );
  const { cause } = await missOf(vertex("alpha"), vertex("beta"));
  assert.match(cause, /^another project or account \(url\)/);
  await assertCures(cause, [vertex("alpha"), vertex("beta")]);
  const stamped = (stamp: number) => chat("Hi", {}, `${CHAT_URL}?a=b&_=${stamp}`);
  const { cause: query, message } = await missOf(stamped(now), stamped(now + 1));
  assert.match(query, /^a time in/, message);
  await assertCures(query, [stamped(now), stamped(now + 1)]);
  const run = (id = "") => chat("Hi", {}, `https://api.openai.com/v1/sessions/${id}/steps`);
  await assertCures((await missOf(run(UUIDS[0]), run(UUIDS[1]))).cause, [run(UUIDS[0]), run(UUIDS[1])]);
  const traced = (id = "") => chat("Hi", {}, `${CHAT_URL}?request_id=${id}`);
  assert.equal(
    (await missOf(traced(UUIDS[0]), traced(UUIDS[1]))).cause,
    "another value of a parameter of the URL (request_id).",
  );
  const azure = (version: string) => chat("Hi", {}, `https://a.openai.azure.com/openai/chat?api-version=${version}`);
  assert.equal(
    (await missOf(azure("2024-06-01"), azure("2024-10-21"))).cause,
    "another API version (api-version: 2024-06-01 → 2024-10-21).",
  );
  const gemini = (version: string) =>
    chat("Hi", {}, `https://generativelanguage.googleapis.com/${version}/models/gemini:generateContent`);
  assert.equal((await missOf(gemini("v1"), gemini("v1beta"))).cause, "another API version (v1 → v1beta).");
});

const form = (file: string, content: string, fields: Record<string, string> = {}): Call => {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  body.append("file", new File([content], file));
  return ["https://api.openai.com/v1/audio/transcriptions", { method: "POST", body }];
};

test("a miss tells a file name, the content of a file and a field of a form apart", async () => {
  const named = [form(`audio-${UUIDS[0]}.wav`, "x"), form(`audio-${UUIDS[1]}.wav`, "x")] as const;
  const name = await missOf(...named);
  assert.match(name.message, /form\.file\.file_name: "audio-0b5f/);
  await assertCures(name.cause, named, [form(`audio-${UUIDS[1]}.wav`, "y"), form("music.wav", "x")]);
  const content = await missOf(form("a.wav", "x"), form("a.wav", "y"));
  assert.equal(content.cause, "another content of a form field (form.file.content).");
  const field = [form("a.wav", "x", { request_id: "one" }), form("a.wav", "x", { request_id: "two" })] as const;
  const { cause, message } = await missOf(...field);
  assert.match(cause, /omit: \["request_id"\]/, message);
  const stamps = [1, 2].map((days) => form("a.wav", "x", { note: `Sent ${at(days).toISOString()}.` })) as [Call, Call];
  await assertCures((await missOf(...stamps, { keepRequest: "whole" })).cause, stamps);
  await assertCures(cause, field, [form("a.wav", "y")]);
});

test("a miss offers no option for what a prompt is about", async () => {
  const png = (byte: number) => `data:image/png;base64,${btoa(String.fromCharCode(...Array(60).fill(byte)))}`;
  const picture = (byte: number) => [{ type: "image_url", image_url: { url: png(byte) } }];
  const cases: [recorded: unknown, asked: unknown][] = [
    ["Where is order 10002001?", "Where is order 10002002?"],
    ["Order A1B2C3D4E5 please", "Order F6G7H8I9J0 please"],
    ["Invoice no. A1B2C3D4E5", "Invoice no. F6G7H8I9J0"],
    ["Where is order ORD-2024001?", "Where is order ORD-2024002?"],
    ["What is the status of order id: 48291023", "What is the status of order id: 48291024"],
    ["What happened on 1969-07-20?", "What happened on 1989-11-09?"],
    ["Describe July 20, 1969", "Describe November 9, 1989"],
    ["Write a poem", "Write a haiku"],
    ["2 apples", "3 pears"],
    ["Explain getUserById", "Explain getUserName"],
    ["Is 17 prime?", "Is 19 prime?"],
    [picture(1), picture(2)],
    [`iVBORw0KGgo${"A1b2".repeat(20)}`, `iVBORw0KGgo${"C3d4".repeat(20)}`],
    [new Date(now).toISOString(), new Date(now + 1e8).toISOString()],
    [UUIDS[0], UUIDS[1]],
  ];
  for (const [recorded, asked] of cases) {
    const { message } = await missOf(chat(recorded), chat(asked));
    assert.doesNotMatch(message, /normalize:|omit:/, message);
  }
  for (
    const [name, recorded, asked] of [["temperature", 0.1, 0.2], ["max_tokens", 100, 200], ["seed", 1, 2]] as const
  ) {
    const { message } = await missOf(chat("Hi", { [name]: recorded }), chat("Hi", { [name]: asked }));
    assert.doesNotMatch(message, /normalize:|omit:/, message);
  }
});

test("a miss names differences that are not seen, with code points", async () => {
  const cases: [what: RegExp, recorded: string, asked: string, shown: RegExp][] = [
    [/NFC and NFD/, "caf\u00e9", "cafe\u0301", /"caf\\u00e9" → "cafe\\u0301"/],
    [/spaces/, "10 km", "10\u00a0km", /"10 km" → "10\\u00a0km"/],
    [/spaces/, "10 km", "10\u202fkm", /\\u202f/],
    [/not seen/, "ab", "a\u200bb", /"ab" → "a\\u200bb"/],
    [/not seen/, "ab", "a\u00adb", /\\u00ad/],
    [/not seen/, "ab", "\ufeffab", /\\ufeff/],
    [/not seen/, "❤", "❤\ufe0f", /\\u2764\\ufe0f/],
    [/not seen/, "ab", "a\u200fb", /\\u200f/],
    [/not seen/, "ab", "a\u{e0041}b", /\\u\{e0041\}/],
    [/look alike/, "paypal", "p\u0430yp\u0430l", /\\u0430/],
    [/look alike/, "it's", "it’s", /\\u2019/],
    [/look alike/, "a - b", "a – b", /\\u2013/],
    [/look alike/, "ABC", "ＡＢＣ", /\\uff21/],
    [/line ends/, "a\nb", "a\r\nb", /\\r\\n/],
  ];
  for (const [what, recorded, asked, shown] of cases) {
    const { cause, message } = await missOf(chat(recorded), chat(asked));
    assert.match(cause, /^the texts look alike, but differ in .*messages\[0\]\.content, character \d+: /, message);
    assert.match(cause, what);
    assert.match(message, shown);
    assert.match(message, /^[^\u00ad\u200b-\u200f\ufe0f\ufeff]*$/);
  }
  const { cause } = await missOf(chat("a\nb"), chat("a\r\nb"));
  await assertCures(cause, [chat("a\nb"), chat("a\r\nb")]);
  const names = await missOf(chat("x", { "caf\u00e9": 1 }), chat("x", { "cafe\u0301": 1 }));
  assert.match(names.cause, /a name, character 4/, names.message);
});

test("a miss names the place of a redacted secret and of a long text", async () => {
  const secret = (token: string) =>
    chat("Hi", { extra: { database: { session_passphrase_keys: 1, deep_token: token } } });
  const hidden = await missOf(secret("first-secret"), secret("second-secret"));
  assert.match(hidden.message, /looks alike .*; what differs is redacted in the file \(extra\.database\.deep_token\)/);
  await assertCures(hidden.cause, [secret("first-secret"), secret("second-secret")]);
  const key = (end: string) => chat(`My key is sk-${"a1b2c3d4".repeat(4)}${end}`);
  const inText = await missOf(key("x1"), key("y2"));
  assert.match(inText.message, /redacted in the file \(messages\.content\)/);
  assert.doesNotMatch(inText.message, /omit:|a1b2c3/);
  const long = "long ".repeat(2000);
  const { cause } = await missOf(chat(`${long}a`), chat(`${long}b`));
  assert.match(cause, /^another long text or file \(messages\[0\]\.content\): .*keepRequest: "whole"/);
});

test("a miss names ids of an earlier response, and recordings that are older than an option", async () => {
  const step = (id: string) => chat("Hi", { previous_response_id: id });
  const { cause } = await missOf(step("resp_1"), step("resp_2"));
  assert.match(cause, /^another value from an earlier response \(previous_response_id\).*Record all requests/);
  const store = memoryStore();
  const [recorded, asked] = [chat("x", { note: 1 }), chat("x", { note: 2 })];
  await (await testCachy({ store, fetch: countingNetwork().fetch }).fetch(...recorded)).text();
  const player = testCachy({ store, mode: "replay", omit: ["note"] });
  await player.fetch(...asked);
  assert.match(
    player.misses[0]?.cause ?? "",
    /options normalize and omit leave out .* cachy rekey with them, or record it once more\.$/,
  );
});

test("the advice is in the body, in the summary at the end, and its status text has one line", async () => {
  const { statusText, ...miss } = await missOf(chat(`Run ${UUIDS[0]}`), chat(`Run ${UUIDS[1]}`));
  assert.match(miss.message, /Likely cause: an id \(UUID\) .*\n {2}normalize: \[\[\/.*\/, "ID"\]\]\n/);
  const summary = summaryOf(new Map([["a", { miss, why: miss.cause, cure: "run once", times: 1 }]]), false);
  assert.match(summary, /\n {4}an id \(UUID\) .*\n {6}normalize: \[\[/);
  assert.match(statusText, /^Cannot replay [^\n]*commit the file\.$/);
});
