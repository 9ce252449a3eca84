import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Cachy, type CachyOptions, createCachy, type Entry, memoryStore, type Redact } from "../mod.ts";
import { findingsOf } from "../src/cli/verify/findings.ts";
import { bodyLength } from "../src/store/entry.ts";
import { test, type TestContext } from "./suite.ts";
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

const MAIL = "ada@example.com";
const hide = (text: string) => text.replaceAll(MAIL, "[email]");
const redact: Redact = (entry) => ({
  ...entry,
  response: hide(entry.response),
  request: entry.request && { ...entry.request, body: hide(entry.request.body) },
});
const answer = () => jsonAnswer({ choices: [{ message: { content: `Write to ${MAIL}.` } }] });
const ask = async ({ fetch }: Cachy, prompt = `Who is ${MAIL}?`, body: object = {}) =>
  await (await fetch(CHAT_URL, jsonPost({ prompt, ...body }))).text();

function recorder(t: TestContext, options: CachyOptions) {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const cachy = testCachy({ file, fetch: network(answer).fetch, ...options });
  const warnings = () => cachy.events.flatMap((event) => event.kind === "warning" ? [event.message] : []);
  const entries = () => readFileSync(file, "utf8").trim().split("\n").map((line): Entry => JSON.parse(line));
  return { cachy, file, warnings, entries };
}

test("redact gives the file and the replay the redacted entry, and the caller the original response", async (t) => {
  for (const given of [redact, async (entry: Entry) => await Promise.resolve(redact(entry))]) {
    const { cachy, file, entries } = recorder(t, { redact: given });
    assert.ok((await ask(cachy)).includes(MAIL));
    assert.ok((await ask(cachy)).includes("Write to [email]."));
    assert.ok(!readFileSync(file, "utf8").includes(MAIL));
    const [entry] = entries();
    assert.deepEqual([Object.keys(entry ?? {})[0], entry?.request?.exact], ["key", false]);
    assert.deepEqual(await findingsOf(entry as Entry), []);
  }
});

test("redact changes no key: the same request has the same key without it", async (t) => {
  const [plain, redacted] = [recorder(t, {}), recorder(t, { redact })];
  for (const { cachy } of [plain, redacted]) await ask(cachy);
  assert.equal(plain.entries()[0]?.sha256, redacted.entries()[0]?.sha256);
});

test("redact may change the copy itself, and the file starts with the key all the same", async (t) => {
  const { cachy, entries } = recorder(t, {
    redact({ key, ...rest }) {
      if (rest.request) (rest.request as { body: string }).body = "";
      return { ...rest, response: hide(rest.response), key };
    },
  });
  await ask(cachy);
  assert.deepEqual([Object.keys(entries()[0] ?? {})[0], entries()[0]?.request?.body], ["key", ""]);
});

test("redact keeps the chunks of a stream, also if the text becomes shorter or longer", async (t) => {
  for (const replacement of ["", "[the address of a person who is not to be named]"]) {
    const { cachy, entries } = recorder(t, {
      fetch: network(() => streamAnswer(chatEvents(`Write to ${MAIL}.`))).fetch,
      redact: (entry) => ({ ...entry, response: entry.response.replace(MAIL, replacement) }),
    });
    const live = await ask(cachy, "x", { stream: true });
    assert.equal(await ask(cachy, "x", { stream: true }), live.replace(MAIL, replacement));
    const [entry] = entries();
    assert.equal(entry?.chunks?.length, 3);
    assert.equal(entry?.chunks?.reduce((sum, [, bytes]) => sum + bytes, 0), bodyLength(entry as Entry));
  }
});

test("redact stores nothing if it throws or returns something else, warns, and answers the call", async (t) => {
  const wrong: [RegExp, unknown][] = [
    [/failed: down/, () => {
      throw new Error("down");
    }],
    [/failed: down/, () => Promise.reject(new Error("down"))],
    [/did not return an entry: not a JSON object/, () => undefined],
    [/did not return an entry: not a JSON object/, () => "text"],
    [/did not return an entry: "key" is missing/, () => ({})],
    [/did not return an entry: "response" is 7/, (entry: Entry) => ({ ...entry, response: 7 })],
    [/changed "key"/, (entry: Entry) => ({ ...entry, key: entry.key.slice(0, 7), sha256: undefined })],
    [/changed "sha256"/, (entry: Entry) => ({ ...entry, sha256: `${entry.key}${"0".repeat(56)}` })],
    [/changed "v"/, (entry: Entry) => ({ ...entry, v: undefined })],
    [/"request.body" is not a string/, (entry: Entry) => ({ ...entry, request: { ...entry.request, body: 1 } })],
    [/damaged the response/, (entry: Entry) => ({ ...entry, response: entry.response.slice(1) })],
  ];
  for (const [expected, given] of wrong) {
    const { cachy, file, warnings } = recorder(t, { redact: given as Redact });
    assert.ok((await ask(cachy)).includes(MAIL));
    assert.deepEqual([cachy.stats.droppedBy, existsSync(file), warnings().length], [{ redact: 1 }, false, 1]);
    assert.match(warnings()[0] ?? "", expected);
    assert.match(warnings()[0] ?? "", /^Cannot record POST .*option "redact".*\n.*Nothing is stored\.$/);
  }
});

test("redact also applies to recorded errors", async (t) => {
  const failed = () => jsonAnswer({ error: { message: `${MAIL} has no credit` } }, { status: 402 });
  const { cachy, file } = recorder(t, { redact, recordErrors: true, fetch: network(failed).fetch });
  assert.ok((await ask(cachy)).includes(MAIL));
  const text = readFileSync(file, "utf8");
  assert.ok(text.includes("[email] has no credit") && !text.includes(MAIL));
});

test("a response with a secret is stored if redact removes the secret", async (t) => {
  const token = () => jsonAnswer({ access_token: "abcdef-123456" });
  const options = { fetch: network(token).fetch };
  const { cachy, entries } = recorder(t, {
    ...options,
    redact: (entry) => ({ ...entry, response: entry.response.replace("abcdef-123456", "") }),
  });
  await ask(cachy);
  assert.deepEqual([cachy.stats.recorded, entries()[0]?.response], [1, '{"access_token":""}']);
});

test("a miss shows the request as redact stores it", async () => {
  const store = memoryStore();
  await ask(testCachy({ store, redact, fetch: network(answer).fetch }));
  const player = testCachy({ store, redact, mode: "replay" });
  await ask(player, `Who was ${MAIL}?`);
  const [miss] = player.misses;
  assert.deepEqual(miss?.nearest?.differences, [{
    kind: "changed",
    path: "prompt",
    recorded: "Who is [email]?",
    asked: "Who was [email]?",
  }]);
  assert.ok(!miss?.message.includes(MAIL));
});

test("the example of docs/secrets.md hides e-mail addresses", async (t) => {
  const page = readFileSync(new URL("../docs/secrets.md", import.meta.url), "utf8");
  const [, source = ""] = /^ {2}redact: (\(entry\) => \(\{.*?^ {2}\}\)),$/ms.exec(page) ?? [];
  const [, pattern = ""] = /text\.replace\(\/(.*)\/g, "\[email\]"\)/.exec(page) ?? [];
  const hideEmails = (text: string) => text.replace(new RegExp(pattern, "g"), "[email]");
  const example = new Function("hideEmails", `return ${source}`)(hideEmails) as Redact;
  const { cachy, file } = recorder(t, { redact: example });
  await ask(cachy);
  assert.ok(!readFileSync(file, "utf8").includes("ada@"));
  assert.ok((await ask(cachy)).includes("Write to [email]."));
  assert.ok(createCachy({ redact: example }));
});
