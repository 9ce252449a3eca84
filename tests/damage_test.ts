/** Damage by a crash, an editor, git, another program or a person: no call fails, and no response is wrong. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { compactFile, type Entry, jsonlStore } from "../mod.ts";
import { formatEntry } from "../src/store/entry.ts";
import { digestOf, entryOf } from "./store_contract.ts";
import { slowTest, test, type TestContext } from "./suite.ts";
import { CHAT_URL, jsonPost, network, temporaryFolder, testCachy } from "./testing.ts";

type Bytes = string | Uint8Array;
type Digest = ReturnType<typeof digestOf>;

const utf8 = (text: string) => new TextEncoder().encode(text);
const joined = (...parts: readonly Bytes[]) =>
  Buffer.concat(parts.map((part) => typeof part === "string" ? utf8(part) : part));

/** The digest of a POST of `{ n }`, as FORMAT.md describes it. */
function digestOfRequest(n: number): Digest {
  const sha256 = createHash("sha256").update(`${CHAT_URL}False{"n": ${n}}`)
    .digest("hex");
  return { key: sha256.slice(0, 8), sha256 };
}

/** The requests whose line is damaged, and those whose good lines surround it. */
const [ASKED, BEFORE, BEHIND] = [1, 2, 3] as const;
const [asked, askedBefore, askedBehind] = [ASKED, BEFORE, BEHIND].map(digestOfRequest) as [Digest, Digest, Digest];
const lost = digestOf("0badcafe");
const line = (response: string, digest: Digest, members: Partial<Entry> = {}) =>
  formatEntry({ ...entryOf(response, digest), ...members });
const before = line("before", askedBefore);
const behind = line("behind", askedBehind);

/** A store over a file with this content, its entries for digests, and its warnings. */
function damagedStore(t: TestContext, content: Bytes, file = join(temporaryFolder(t), "cachy.jsonl")) {
  writeFileSync(file, content);
  const warnings: string[] = [];
  const store = jsonlStore(file);
  store.warnTo?.((message) => void warnings.push(message));
  const answers = (...digests: readonly Digest[]) =>
    digests.map(({ key, sha256 }) => (store.find(key, sha256) as Entry | undefined)?.response);
  return { file, store, warnings, answers };
}

/** A handle in mode `replay` over a file with this content: its responses to requests, and its warnings. */
function damagedCachy(t: TestContext, ...parts: readonly Bytes[]) {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  for (const part of parts) appendFileSync(file, part);
  const { fetch } = network(() => assert.fail("the network was asked"));
  const cachy = testCachy({ file, mode: "replay", fetch });
  const ask = async (n: number) => {
    const response = await cachy.fetch(CHAT_URL, jsonPost({ n }));
    const text = await response.text();
    const isMiss = response.status === 406 && text.includes(`"cachy_miss"`);
    return { response, text: isMiss ? undefined : text };
  };
  const texts = async () => [await ask(BEFORE), await ask(ASKED), await ask(BEHIND)].map(({ text }) => text);
  const reported = () =>
    cachy.events.flatMap((event) =>
      event.kind === "warning" ? [/: (line .*?)\. Delete them/.exec(event.message)?.[1]] : []
    );
  return { ask, texts, reported };
}

/**
 * Skips the waits in which `append()` lets another process complete a torn line. No other process writes into the files
 * of these tests, which would wait hundreds of times.
 */
function withoutWaits(t: TestContext): void {
  const { mock } = t.mock.method(Atomics, "wait", () => "timed-out");
  t.after(() => mock.restore());
}

const unhandled: unknown[] = [];
process.on("unhandledRejection", (reason) => void unhandled.push(reason));

// Torn lines

const tornAnswer = "Hé €, 👩‍🚀\u2028\n";
/** With characters of one to four bytes, also in the headers and the request. */
const torn = line(tornAnswer, asked, {
  headers: { "content-type": "text/plain", "x-é": "ü" },
  request: { method: "POST", url: CHAT_URL, body: `{"n": 1}`, exact: true },
});
const tornBytes = utf8(torn);
/** The length of the line without its line feed. */
const WHOLE = tornBytes.length - 1;
/** All ways to truncate the line. */
const cuts = Array.from({ length: WHOLE + 1 }, (_, cut) => ({ cut, part: tornBytes.subarray(0, cut) }));

test("find() and append() lose no intact line if the last line is torn at any byte", (t) => {
  withoutWaits(t);
  const file = join(temporaryFolder(t), "cachy.jsonl");
  for (const { cut, part } of cuts) {
    const { store, answers, warnings } = damagedStore(t, joined(before, part), file);
    const found = ["before", cut === WHOLE ? tornAnswer : undefined];
    assert.deepEqual(answers(askedBefore, asked), found, `cut at ${cut}`);
    assert.deepEqual(warnings, [], "it may still be written");
    store.append(entryOf("next", lost));
    for (const _ of ["once", "twice"]) {
      assert.deepEqual(answers(askedBefore, asked, lost), [...found, "next"], `cut at ${cut}`);
    }
    const named = warnings.map((warning) => /line \d+ \(.*?\)/.exec(warning)?.[0]);
    assert.deepEqual(named, cut === 0 || cut === WHOLE ? [] : ["line 2 (not JSON)"], `cut at ${cut}`);
  }
});

test("find() skips and reports a line once if it is torn at any byte and others follow", (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  for (const { cut, part } of cuts.slice(1, -1)) {
    for (const older of ["", line("older", asked)]) {
      const { answers, warnings } = damagedStore(t, joined(before, older, part, "\n", behind), file);
      for (const _ of ["once", "twice"]) {
        const found = answers(askedBefore, asked, askedBehind);
        assert.deepEqual(found, ["before", older ? "older" : undefined, "behind"], `cut at ${cut}`);
      }
      assert.equal(warnings.length, 1, `cut at ${cut}`);
      assert.ok(warnings[0]?.includes(`line ${older ? 3 : 2} (not JSON)`), `cut at ${cut}`);
    }
  }
});

test("find() ignores both lines if the first is torn at any byte and the second follows directly", (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  for (const { cut, part } of cuts.slice(1)) {
    const { answers, warnings } = damagedStore(t, joined(before, part, line("lost", lost), behind), file);
    for (const _ of ["once", "twice"]) {
      const found = answers(askedBefore, asked, lost, askedBehind);
      assert.deepEqual(found, ["before", undefined, undefined, "behind"], `cut at ${cut}`);
    }
    assert.equal(warnings.length, 1, `cut at ${cut}`);
    assert.match(warnings[0] ?? "", /line 2 \((?:not JSON|not UTF-8)\)/);
  }
});

test("find() reads a line from its last byte on while the file grows byte by byte", (t) => {
  const { file, answers, warnings } = damagedStore(t, before);
  joined(torn.trimEnd(), " \r\n", behind).forEach((byte, at) => {
    appendFileSync(file, new Uint8Array([byte]));
    assert.deepEqual(answers(asked, askedBefore), [at + 1 >= WHOLE ? tornAnswer : undefined, "before"]);
  });
  assert.deepEqual([answers(askedBehind), warnings], [["behind"], []]);
});

test("find() drops a last line to which more than a line feed was appended", (t) => {
  const { file, store, answers, warnings } = damagedStore(t, before + line("older", asked) + torn.trimEnd());
  assert.deepEqual([answers(asked), store.size], [[tornAnswer], 3]);
  for (const rest of ["x", ` "y": 1}`]) {
    appendFileSync(file, rest);
    assert.deepEqual([answers(asked, askedBefore), store.size], [["older", "before"], 2]);
  }
  appendFileSync(file, `\n${behind}`);
  assert.deepEqual(answers(asked, askedBehind), ["older", "behind"]);
  assert.deepEqual(warnings.map((warning) => warning.match(/line \d+ \(.*?\)/g)), [["line 3 (not JSON)"]]);
});

test("size counts an unreadable last line once after something was appended to it", (t) => {
  const { file, store, answers, warnings } = damagedStore(t, before + `{"key":"no hex","response":""}`);
  assert.deepEqual([answers(asked), store.size], [[undefined], 2]);
  appendFileSync(file, "\r\n");
  assert.deepEqual([answers(asked), store.size], [[undefined], 2]);
  appendFileSync(file, "x\n");
  assert.deepEqual([answers(asked), store.size, warnings.length], [[undefined], 2, 1]);
});

// Invalid lines

/** The subject of a failed check. */
const labelOf = (damaged: Bytes) =>
  typeof damaged === "string" ? damaged.slice(0, 200) : damaged.subarray(0, 50).join();

/** Reads files in which a line stands between good ones. The line is reported once if there is a reason. */
async function checkSkipped(t: TestContext, damaged: Bytes, reason?: string): Promise<void> {
  for (const older of ["", line("older", asked)]) {
    const { texts, reported } = damagedCachy(t, before, older, damaged, "\n", behind);
    for (const _ of ["once", "twice"]) {
      assert.deepEqual(await texts(), ["before", older ? "older" : undefined, "behind"], labelOf(damaged));
    }
    const number = older ? 3 : 2;
    assert.deepEqual(reported(), reason === undefined ? [] : [`line ${number} (${reason})`], labelOf(damaged));
  }
}

test("fetch() reports a line that is not a JSON object once, and answers from the other lines", async (t) => {
  const whole = torn.trimEnd();
  const noJson = [
    ...["not JSON", "\0", "\0".repeat(5000), `\0${whole}`, `${whole}\0`, whole.replace("Hé", "H\0")],
    ...[`\uFEFF\uFEFF${whole}`, `${whole}\uFEFF`, `${whole},`, `${whole}${whole}`, `[${whole}]`],
    ...[whole.replaceAll(`"`, `'`), whole.replace("{", "{,"), whole.replace("}", ",}")],
    ...["[".repeat(100_000), `{"a":${"[".repeat(100_000)}}`, "{".repeat(100_000), "}".repeat(100_000)],
  ];
  const noObjects = ["[]", "[{}]", "7", "-1e400", "null", "true", `"${asked.key}"`, `"${"long".repeat(100)}"`];
  const noKeys = ["{}", `{"entry":${whole}}`, `{"__proto__":${whole}}`, `{"constructor":${whole}}`];
  const markers = [
    "<<<<<<< HEAD",
    `<<<<<<< ${"a long name ".repeat(9)}`,
    "||||||| 1234",
    "=======",
    ">>>>>>> branch\r",
  ];
  for (const damaged of ["", " \t", "\r", "\uFEFF"]) {
    await checkSkipped(t, damaged, "blank line");
  }
  for (const damaged of noJson) await checkSkipped(t, damaged, "not JSON");
  for (const damaged of noObjects) {
    await checkSkipped(t, damaged, "not a JSON object");
  }
  for (const damaged of noKeys) {
    await checkSkipped(t, damaged, `"key" is missing`);
  }
  for (const damaged of markers) {
    await checkSkipped(t, damaged, "git conflict marker");
  }
});

/** A line for the request, with members (JSON texts) that extend or replace the usual ones. */
function lineWith(members: Readonly<Record<string, string>>): string {
  const usual = { key: `"${asked.key}"`, sha256: `"${asked.sha256}"`, v: "1", response: `"damaged"` };
  return `{${Object.entries({ ...usual, ...members }).map(([name, json]) => `"${name}":${json}`).join()}}`;
}

test("fetch() reports a line that is not UTF-8 once, and answers from the other lines", async (t) => {
  const [start = "", end = ""] = lineWith({}).split("damaged");
  for (const bytes of ["ff", "80", "c3", "c080", "eda080", "f5808080", "e282"]) {
    await checkSkipped(t, joined(start, Buffer.from(bytes, "hex"), end), "not UTF-8");
  }
  // The first bytes already rule out JSON.
  await checkSkipped(t, joined(new Uint8Array([0xff, 0xfe]), lineWith({})), "not JSON");
  await checkSkipped(t, Buffer.from(`\uFEFF${lineWith({})}`, "utf16le"), "not JSON");
});

/** Too deep for readers that visit each member. */
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

slowTest("fetch() reports a line with a member of a wrong type once, and answers from the other lines", async (t) => {
  const failures = [..."0 -1 99 100 101 199 206 300 304 404 500 600 700 200.5 -200 4294967496".split(" ")];
  const values: Record<string, readonly string[]> = {
    key: ["null", "7", "true", "[]", "{}"],
    v: ["null", `"1"`, "0", "-1", "[1]", "{}", "true", `"${"long".repeat(1000)}"`],
    response: ["null", "7", "false", `["damaged"]`, "{}"],
    headers: ["7", `"a: b"`, "true", `[["a","b"]]`, `"${"long".repeat(1000)}"`],
    binary: ["1", "0", `"true"`, "{}", "[]", `"${"long".repeat(1000)}"`],
    status_code: [...failures, "true", `"200"`, "[200]", "{}", `"${"long".repeat(1000)}"`],
  };
  for (const [member, wrong] of Object.entries(values)) {
    for (const json of [...wrong, nested(1000), nested(10_000), nested(200_000)]) {
      const shown = json.startsWith("[") ? "a list" : json.startsWith("{") ? "an object" : json;
      const shortened = shown.replace(/^"(.{12}).+"$/, `"$1…"`);
      await checkSkipped(t, lineWith({ [member]: json }), `"${member}" is ${shortened}`);
    }
  }
});

test("fetch() reports a line with contradictory members once, and answers from the other lines", async (t) => {
  for (const json of ["null", "7", "{}", "[]", nested(10_000), `""`, `"${"f".repeat(64)}"`, `"x${asked.sha256}"`]) {
    await checkSkipped(t, lineWith({ sha256: json }), `"sha256" does not start with "key"`);
  }
  for (const json of ["2", "99", "1.5"]) {
    await checkSkipped(t, lineWith({ v: json }), `format ${json} needs a newer version of cachy`);
  }
  for (const text of ["a", "abc", "ab=c", "====", "=abc", "ab c", "abcd\\n", "ab-_", "äbcd", "not base64!"]) {
    await checkSkipped(t, lineWith({ binary: "true", response: `"${text}"` }), `"response" is not base64`);
  }
  const twoKeys = `{"key":"${asked.key}","response":"damaged","key":"0badcafe"}`;
  await checkSkipped(t, twoKeys, `duplicate "key"`);
});

test("fetch() ignores a line that belongs to another request or to none", async (t) => {
  const { key, sha256 } = asked;
  const twin = `${sha256.slice(0, -1)}${sha256.endsWith("0") ? "1" : "0"}`;
  for (const digest of [key, sha256.slice(0, -1), `${sha256}0`, `${sha256} `, twin]) {
    await checkSkipped(t, lineWith({ sha256: `"${digest}"` }));
  }
  const noKeys = ["", "0", key.slice(1), `${key}0`, ` ${key}`, `${key}\\n`, key.toUpperCase(), sha256, "no hex, é"];
  for (const other of [...noKeys, "__proto__", "constructor", "toString", "../../etc", "0badcafe"]) {
    await checkSkipped(t, `{"key":"${other}","response":"damaged"}`);
    await checkSkipped(t, `{"response":"damaged","key":"${other}"}`);
  }
  // Lines inside of strings do not count.
  await checkSkipped(t, lineWith({ key: `"0badcafe"`, sha256: `"0badcafe"`, request: lineWith({}) }));
  await checkSkipped(t, lineWith({ key: `"0badcafe"`, sha256: `"0badcafe"`, response: JSON.stringify(lineWith({})) }));
});

// Valid lines in unusual form

/** Reads a file in which a line stands between good ones, and after an older entry. Nothing is reported. */
async function checkAnswered(t: TestContext, odd: string, expected: { text?: string; status?: number } = {}) {
  const older = `{"key":"${asked.key}","response":"older"}\n`;
  const { ask, texts, reported } = damagedCachy(t, before, older, odd, "\n", behind);
  const { text = "damaged", status = 200 } = expected;
  for (const _ of ["once", "twice"]) {
    assert.deepEqual(await texts(), ["before", text, "behind"], labelOf(odd));
  }
  const { response } = await ask(ASKED);
  assert.deepEqual([response.status, reported()], [status, []], labelOf(odd));
  return response;
}

test("fetch() answers from a line that is surrounded by white space, a BOM or carriage returns", async (t) => {
  for (const length of [0, 1, 10, 20, 23, 24, 25, 47, 48, 49, 100, 5000]) {
    for (const space of [" ", "\t", "\r"].map((one) => one.repeat(length))) {
      await checkAnswered(t, `${space}${lineWith({})}`);
      await checkAnswered(t, `${lineWith({})}${space}`);
      await checkAnswered(t, `${space}{"key":"${asked.key}","response":""}${space}`, { text: "" });
    }
    await checkAnswered(t, `\uFEFF${" ".repeat(length)}${lineWith({})}\r`);
  }
  const { texts, reported } = damagedCachy(t, `\uFEFF${before}${lineWith({})}\r\n\uFEFF${behind}`);
  assert.deepEqual([await texts(), reported()], [["before", "damaged", "behind"], []]);
});

slowTest(
  "fetch() answers from a line with repeated, reordered or unknown members",
  async (t) => {
    const { key, sha256 } = asked;
    await checkAnswered(t, lineWith({}).replace(`"response"`, `"response":7,"response":"first","response"`));
    await checkAnswered(t, `{"sha256":"${sha256}","key":"0badcafe","response":"damaged","key":"${key}"}`);
    await checkAnswered(t, `{"key":"${key}","response":"damaged","key":"${key}"}`);
    const escaped = key.replace(/./g, (digit) => `\\u00${digit.charCodeAt(0).toString(16)}`);
    await checkAnswered(t, `{"r\\u0065sponse":"damaged","\\u006bey":"${escaped}"}`);
    const values = ["null", "7", `"text"`, "[]", lineWith({ response: `"other"`, binary: "true" }), nested(200_000)];
    for (const name of ["__proto__", "constructor", "toString", "valueOf", "toJSON", "then", "", "length"]) {
      for (const json of values) {
        await checkAnswered(t, `{"${name}":${json},${lineWith({}).slice(1)}`);
      }
    }
    assert.deepEqual([Object.keys(Object.prototype), "response" in {}], [[], false]);
  },
);

test("fetch() answers from a line with invalid values in the informational members", async (t) => {
  const values = ["null", "7", "1e400", `"text"`, "true", "[]", "{}", "[null]", `{"toString":7,"valueOf":7}`];
  for (const member of ["request", "recorded_at", "duration_ms"]) {
    for (const json of [...values, nested(200_000)]) {
      await checkAnswered(t, lineWith({ [member]: json }));
    }
  }
});

slowTest("fetch() answers with the complete body if the chunks are invalid", async (t) => {
  const chunks = [ // of a body of 7 bytes
    ...["null", "7", `"text"`, "true", "{}", `{"length":1}`, `{"0":[0,7],"length":1}`, "[]", "[null]", "[[]]", "[7]"],
    ...["[[0,7]]", "[[0,6]]", "[[0,8]]", "[[0,-7]]", "[[0,-1],[0,8]]", "[[0,1e308]]", "[[0,1e400],[0,-1e400]]"],
    ...[`[[0,"NaN"]]`, "[[0,null]]", `[[0,"7"]]`, "[[0,[7]]]", `[[0,{"valueOf":7}]]`, "[[0,6.5],[0,0.5]]"],
    ...["[[0,9007199254740993],[0,-9007199254740985]]", "[[0,4294967303]]", "[[0,3],[0,4],[0,0]]", "[[0,3,9],[0,4]]"],
    ...["[[null,7]]", `[["a",3],[{},4]]`, "[[-1,3],[1e400,4]]", "[[5,3],[1,4]]", "[[0,7],[0,null]]"],
    ...[`[[0,3],[0,${nested(1000)}]]`, nested(200_000), `[${"[0,0],".repeat(50_000)}[0,7]]`],
  ];
  for (const json of chunks) await checkAnswered(t, lineWith({ chunks: json }));
  // The borders are in bytes, and may stand inside a character.
  for (const json of ["[[0,2],[0,2]]", "[[0,1],[0,1],[0,2]]", "[[0,2]]"]) {
    await checkAnswered(t, lineWith({ chunks: json, response: `"éé"` }), { text: "éé" });
  }
  for (const json of ["[[0,12]]", "[[0,3],[0,4]]"]) {
    await checkAnswered(t, lineWith({ binary: "true", response: `"ZGFtYWdlZA=="`, chunks: json }));
  }
});

test("fetch() answers with the valid headers, and skips the others", async (t) => {
  const values = { "line-feed": "a\nset-cookie: b", return: "a\rb", zero: "a\0b", euro: "€", surrogate: "\ud800" };
  const types = { number: 7, nothing: null, list: ["a"], object: { toString: 7 } };
  const names = { "": "a", "a space": "a", "a:colon": "a", "a\nline": "a", "é": "a", "Content-Length": "5" };
  const json = JSON.stringify({ ...values, ...types, ...names, "X-Good": "kept", constructor: "kept" });
  const headers = json.replace("{", `{"__proto__":{"inherited":"a"},`);
  const response = await checkAnswered(t, lineWith({ headers }));
  assert.deepEqual([...response.headers], [["constructor", "kept"], ["x-good", "kept"]]);
  for (const value of ["7", "null", "[]", `"a\\nb"`, `"€"`, nested(100_000)]) {
    const { headers } = await checkAnswered(t, lineWith({ headers: `{"content-type":${value}}` }));
    assert.deepEqual([...headers], []);
  }
  const many = Array.from({ length: 5000 }, (_, at) => `"x-${at}":"${at}"`)
    .join();
  assert.equal((await checkAnswered(t, lineWith({ headers: `{${many}}` }))).headers.get("x-4999"), "4999");
});

test("fetch() answers with the status and a body that the status allows", async (t) => {
  for (const status of [200, 201, 202, 203, 207, 226, 299]) {
    await checkAnswered(t, lineWith({ status_code: `${status}` }), { status });
  }
  await checkAnswered(t, lineWith({ status_code: "200.0", headers: "null", binary: "null" }));
  await checkAnswered(t, lineWith({ status_code: "null" }));
  for (const status of [204, 205]) {
    for (const chunks of ["null", "[[0,7]]", "[[0,3],[0,4]]"]) {
      await checkAnswered(t, lineWith({ status_code: `${status}`, chunks }), { status, text: "" });
    }
  }
});

// Long lines and many lines

/** The line of a body that exceeds the default size limit of recordings. */
const LENGTH = 100_000_000;

slowTest("fetch() answers from the other lines if one is 100 MB long and invalid", async (t) => {
  for (
    const [text, reason] of [["x", "not JSON"], ["\0", "not JSON"], [" ", "blank line"], ["{}", "not JSON"]] as const
  ) {
    const { texts, reported } = damagedCachy(t, before, Buffer.alloc(LENGTH, text), "\n", behind);
    assert.deepEqual(await texts(), ["before", undefined, "behind"]);
    assert.deepEqual(reported(), [`line 2 (${reason})`]);
  }
});

slowTest("fetch() answers with 100 MB, and from the other lines", async (t) => {
  const body = Buffer.alloc(LENGTH, "a long answer, ");
  const [start = "", end = ""] = lineWith({}).split("damaged");
  const { texts, reported } = damagedCachy(t, before, start, body, end, "\n", behind);
  const [first, text = "", last] = await texts();
  assert.ok(text.length === LENGTH && text === body.toString("latin1"));
  assert.deepEqual([first, last, reported()], ["before", "behind", []]);
});

slowTest("fetch() answers from the other lines if a million blank ones precede", async (t) => {
  const { texts, reported } = damagedCachy(t, before, Buffer.alloc(1_000_000, "\n"), behind);
  assert.deepEqual(await texts(), ["before", undefined, "behind"]);
  assert.deepEqual(
    reported().map((text) => /^line 2 .* and \d+ more$/.exec(text ?? "")?.[0].slice(-15)),
    ["and 999990 more"],
  );
});

// All kinds of damage together

test("append() and compactFile() keep every entry of a file that is damaged in many ways", async (t) => {
  withoutWaits(t);
  const garbage = ["\n", "\0\n", "[]\n", "<<<<<<< HEAD\n", "\uFEFF\n", `${lineWith({ key: nested(10_000) })}\n`];
  const parts = ["\uFEFF", before, ...garbage, torn.trimEnd(), "\r\r\n", new Uint8Array([0xff, 0x0a]), behind];
  const { file, store, answers } = damagedStore(t, joined(...parts, torn.slice(0, -5)));
  const digests = [askedBefore, asked, askedBehind, lost];
  assert.deepEqual(answers(...digests), ["before", tornAnswer, "behind", undefined]);
  store.append(entryOf("next", lost));
  assert.deepEqual(answers(...digests), ["before", tornAnswer, "behind", "next"]);
  const { kept, damaged } = await compactFile(file);
  assert.deepEqual([kept, damaged], [4, garbage.length + 2]);
  assert.deepEqual(answers(...digests), ["before", tornAnswer, "behind", "next"]);
  assert.equal(readFileSync(file, "utf8"), before + torn + behind + line("next", lost));
});

test("fetch() leaves no rejection unhandled, whatever is in the file", async () => {
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(unhandled, []);
});
