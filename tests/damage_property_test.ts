/** Random damage to random files: the store must answer like a simple reader of FORMAT.md. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type Entry, jsonlStore, type Store } from "../mod.ts";
import { formatEntry } from "../src/store/entry.ts";
import { compactAt } from "../src/store/jsonl/compact.ts";
import { digestOf, entryOf } from "./store_contract.ts";
import { after, rounds, seed, test, type TestContext } from "./suite.ts";

const folder = mkdtempSync(join(tmpdir(), "cachy-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "cachy.jsonl");

// The reference reader

interface Question {
  readonly key: string;
  readonly sha256?: string;
}

const LINE_FEED = 0x0a;
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The entries of a file in their order, read as simply as FORMAT.md permits. */
function entriesIn(bytes: Uint8Array): Entry[] {
  const entries: Entry[] = [];
  for (let start = 0; start <= bytes.length;) {
    const lf = bytes.indexOf(LINE_FEED, start);
    const end = lf === -1 ? bytes.length : lf;
    const entry = entryIn(bytes.subarray(start, end));
    if (entry) entries.push(entry);
    start = end + 1;
  }
  return entries;
}

function entryIn(line: Uint8Array): Entry | undefined {
  try {
    const text = decoder.decode(line);
    const value = JSON.parse(text);
    return isEntry(value) && !namesTwoKeys(text, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The rules of the table of members. */
// deno-lint-ignore no-explicit-any -- it may be anything
function isEntry(value: any): value is Entry {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { key, sha256, v, status_code: status, headers, binary, response } = value;
  const isMissing = (member: unknown) => member === undefined || member === null;
  return (v === undefined || v === 1) &&
    typeof key === "string" && typeof response === "string" &&
    (sha256 === undefined || (typeof sha256 === "string" && sha256.startsWith(key))) &&
    (isMissing(status) || (Number.isInteger(status) && status >= 200 && status <= 299 && status !== 206)) &&
    (isMissing(headers) || (typeof headers === "object" && !Array.isArray(headers))) &&
    (isMissing(binary) || typeof binary === "boolean") &&
    (!binary || /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(response));
}

/** A line that starts with a key and repeats the member with another key is not an entry. */
function namesTwoKeys(text: string, { key }: Entry): boolean {
  const first = /^\s*\{\s*"key"\s*:\s*"([0-9a-f]{8})"/.exec(text)?.[1];
  return first !== undefined && first !== key;
}

/** "Which entry answers". */
function answerOf(entries: readonly Entry[], { key, sha256 }: Question): Entry | undefined {
  const ofKey = entries.filter((entry) => entry.key === key);
  return ofKey.findLast((entry) => sha256 !== undefined && entry.sha256 === sha256) ??
    ofKey.findLast((entry) => entry.sha256 === undefined);
}

// Random files

const DIGESTS = ["5ece2360", "0badcafe", "ffffffff"].flatMap((key) => [digestOf(key), digestOf(key, "1")]);
const TEXTS = ["", "x", "Hé €", "👩‍🚀\u2028\n", `"}\n{"key": "5ece2360"`, "\\", "<<<<<<< HEAD", "\0\r"];

/** The spellings of our lines and those of other programs. `at` makes the responses differ. */
const KINDS: readonly ((digest: Required<Question>, text: string, at: number) => string)[] = [
  (digest, text, at) => formatEntry(entryOf(`${at} ${text}`, digest)),
  (digest, text, at) => formatEntry(entryOf(`${at} ${text}`, digest)),
  (digest, _, at) => formatEntry({ ...entryOf(Buffer.from(`${at}`).toString("base64"), digest), binary: true }),
  ({ key }, text, at) => `{"key": "${key}", "response": ${JSON.stringify(`${at} ${text}`)}}\n`,
  ({ key }, text, at) =>
    `{"key": "${key}", "response": ${
      JSON.stringify(`${at} ${text}`)
    }, "headers": {}, "status_code": 200, "binary": false}\n`,
  ({ key }, _, at) =>
    `{"key": "${key}", "response": "busy ${at}", "headers": {}, "status_code": 500, "binary": false}\n`,
  ({ key, sha256 }, _, at) => `{"key":"${key}","sha256":"${sha256}","v":2,"response":"newer ${at}"}\n`,
  ({ key, sha256 }, text, at) =>
    ` {"response":${JSON.stringify(`${at} ${text}`)},"sha256":"${sha256}","key":"${key}"}\r\n`,
  ({ key }, _, at) => `{"key":"${key}","response":"${at}","key":"0badcafe"}\n`,
];

const lines = fc.array(fc.tuple(fc.constantFrom(...KINDS), fc.constantFrom(...DIGESTS), fc.constantFrom(...TEXTS)), {
  maxLength: 7,
  size: "max",
}).map((drawn) => drawn.map(([kind, digest, text], at) => kind(digest, text, at)));

const GARBAGE = [
  ...["\n", "\r\n", " \n", "\0\0\n", "{}\n", "[]\n", "null\n", "7\n", "\uFEFF", "\uFEFF\n", "\r", "\n\n\n", "{", "}\n"],
  ...[
    "<<<<<<< HEAD\n",
    "=======\n",
    ">>>>>>> branch\n",
    `{"key":"5ece2360"}\n`,
    `{"key": "5ece2360", "response": 7}\n`,
  ],
  ...[" ".repeat(30), `{"key":"5ece2360","response":"`, `"}\n`, "\u0085\n", "\u2028"],
].map((text) => Buffer.from(text));

/** A change to a file. Positions are drawn from a wide range, and used modulo the length. */
type Damage = (bytes: Buffer) => Uint8Array;

const place = fc.nat(1 << 20);
const replaced = (bytes: Buffer, at: number, length: number, ...by: readonly Uint8Array[]) => {
  const from = at % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, from), ...by, bytes.subarray(from + length)]);
};
const partsOf = (bytes: Buffer) => bytes.toString("latin1").split(/(?<=\n)/).map((part) => Buffer.from(part, "latin1"));

const damage: fc.Arbitrary<Damage> = fc.oneof(
  place.map((at): Damage => (bytes) => bytes.subarray(0, at % (bytes.length + 1))), // cut
  fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 4 }))
    .map(([at, inserted]): Damage => (bytes) => replaced(bytes, at, 0, inserted)),
  fc.tuple(place, fc.nat(7)).map(([at, bit]): Damage => (bytes) => // flip a bit
    replaced(bytes, at, 1, new Uint8Array([(bytes[at % (bytes.length + 1)] ?? 0) ^ (1 << bit)]))
  ),
  fc.tuple(place, fc.integer({ min: 1, max: 300 })).map(([at, length]): Damage => (bytes) =>
    replaced(bytes, at, length)
  ),
  fc.tuple(place, fc.constantFrom("\r", "\n", "\r\n")).map(([at, text]): Damage => (bytes) =>
    replaced(bytes, at, 0, Buffer.from(text))
  ),
  fc.tuple(place, place, fc.constantFrom("swap", "copy", "splice", "garbage"), fc.constantFrom(...GARBAGE))
    .map(([a, b, what, garbage]): Damage => (bytes) => {
      const parts = partsOf(bytes);
      const [from, to] = [a % parts.length, b % parts.length];
      const [first, second] = [parts[from] ?? garbage, parts[to] ?? garbage];
      if (what === "swap") [parts[from], parts[to]] = [second, first];
      if (what === "copy") parts.splice(to, 0, first);
      if (what === "splice") parts[from] = first.subarray(0, -1);
      if (what === "garbage") parts.splice(to, 0, garbage);
      return Buffer.concat(parts);
    }),
);

/** The bytes of a file as Latin-1, so that a failed case is readable. */
const files: fc.Arbitrary<string> = fc.tuple(lines, fc.array(damage, { maxLength: 4 })).map(([lines, damages]) =>
  damages.reduce<Buffer>((bytes, change) => Buffer.from(change(bytes)), Buffer.from(lines.join(""))).toString("latin1")
);
const bytesOf = (latin1: string) => Buffer.from(latin1, "latin1");

// The properties

/** Creates the file again, because some file systems slowly flush a file that is overwritten. */
function makeFile(latin1: string): Buffer {
  const bytes = bytesOf(latin1);
  rmSync(file, { force: true });
  writeFileSync(file, bytes);
  return bytes;
}

function quietStore(): Store {
  const store = jsonlStore(file);
  store.warnTo?.(() => {});
  return store;
}

/** All lookups that a file might answer: those of good lines, and those that damage creates. */
function questionsTo(...files: readonly (readonly Entry[])[]): Question[] {
  const keys = new Map<string, Set<string | undefined>>();
  for (const { key, sha256 } of [...DIGESTS, ...files.flat()]) {
    if (!/^[0-9a-f]{8}$/.test(key)) continue;
    const digests = keys.get(key) ?? new Set([undefined]);
    keys.set(key, digests.add(sha256));
  }
  return [...keys].flatMap(([key, digests]) => [...digests].map((sha256) => ({ key, sha256 })));
}

const answer = (store: Store, { key, sha256 }: Question) => store.find(key, sha256) as Entry | undefined;

/** Compares the answers of a store with the reference reader. */
function checkAnswers(store: Store, bytes: Uint8Array): void {
  const entries = entriesIn(bytes);
  for (const question of questionsTo(entries)) {
    const [found, expected] = [answer(store, question), answerOf(entries, question)];
    // Much faster than `deepEqual()`, which then reports the difference.
    if (JSON.stringify(found) === JSON.stringify(expected)) continue;
    assert.deepEqual({ question, found }, { question, found: expected });
  }
}

/** Checks a property, and shrinks a failure to a small one. */
function check<Values extends [unknown, ...unknown[]]>(
  runs: number,
  values: { [At in keyof Values]: fc.Arbitrary<Values[At]> },
  predicate: (...values: Values) => void,
): void {
  fc.assert(fc.property(...values, predicate), { numRuns: rounds(runs), seed });
}

/** No other process writes into the file, so nothing changes while `append()` waits for the rest of a torn line. */
function withoutWaits(t: TestContext): void {
  const { mock } = t.mock.method(Atomics, "wait", () => "timed-out");
  t.after(() => mock.restore());
}

test("find() answers like the reference reader from a randomly damaged file", () => {
  check(5000, [files], (content) => {
    const bytes = makeFile(content);
    checkAnswers(quietStore(), bytes);
  });
});

/** A change of the file between two reads. */
type Step = (bytes: Buffer) => Buffer;

let seconds = 0;
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(files, place).map(([more, length]): Step => (bytes) => {
      const part = bytesOf(more.slice(0, length % (more.length + 1)));
      appendFileSync(file, part);
      return Buffer.concat([bytes, part]);
    }),
  },
  {
    weight: 1,
    arbitrary: files.map((other): Step => () => {
      writeFileSync(`${file}.new`, bytesOf(other));
      renameSync(`${file}.new`, file);
      return bytesOf(other);
    }),
  },
  {
    weight: 1,
    arbitrary: damage.map((change): Step => (bytes) => {
      const other = Buffer.from(change(bytes));
      writeFileSync(file, other);
      // A change is invisible if the file system counts time coarsely and the size stays the same.
      utimesSync(file, ++seconds, seconds);
      return other;
    }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...DIGESTS), place).map(([digest, at]): Step => () => {
      quietStore().append(entryOf(`of another process ${at}`, digest));
      return readFileSync(file);
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constant((): Buffer => {
      rmSync(file, { force: true });
      return Buffer.alloc(0);
    }),
  },
);

test("find() answers like the reference reader while the file grows and is edited, replaced and deleted", (t) => {
  withoutWaits(t);
  check(2000, [files, fc.array(steps, { minLength: 1, maxLength: 5 })], (content, steps) => {
    let bytes = makeFile(content);
    const store = quietStore();
    checkAnswers(store, bytes);
    for (const step of steps) checkAnswers(store, bytes = step(bytes));
  });
});

test("append() adds an entry and keeps every other one in a randomly damaged file", (t) => {
  withoutWaits(t);
  check(2000, [files, fc.constantFrom(...DIGESTS), fc.boolean()], (content, digest, isKnown) => {
    const bytes = makeFile(content);
    const store = quietStore();
    if (isKnown) answer(store, digest);
    store.append(entryOf("appended", digest));
    assert.deepEqual(answer(store, digest), entryOf("appended", digest));
    const [before, after] = [entriesIn(bytes), readFileSync(file)];
    for (const question of questionsTo(before).filter(({ sha256 }) => sha256 !== digest.sha256)) {
      assert.deepEqual(answer(store, question), answerOf(before, question));
    }
    checkAnswers(store, after);
    checkAnswers(quietStore(), after);
  });
});

test("compactAt() keeps every entry of a randomly damaged file, and leaves only valid lines", () => {
  check(1000, [files, fc.boolean()], (content, sort) => {
    const bytes = makeFile(content);
    const store = quietStore();
    answer(store, { key: "5ece2360" });
    let report;
    try {
      report = compactAt(file, { sort, onProgress() {} });
    } catch (error) {
      assert.match(String(error), /no line is an entry/);
      assert.deepEqual([entriesIn(bytes).length, readFileSync(file).equals(bytes)], [0, true]);
      return;
    }
    const { kept, bytesAfter } = report;
    const compacted = readFileSync(file);
    const [before, after] = [entriesIn(bytes), entriesIn(compacted)];
    for (const question of questionsTo(before, after)) {
      const expected = answerOf(before, question);
      assert.deepEqual([answer(store, question), answerOf(after, question)], [expected, expected]);
    }
    const lines = compacted.toString().split("\n").filter((line, at, all) => line !== "" || at < all.length - 1);
    for (const line of lines) assert.equal(typeof JSON.parse(line).key, "string");
    assert.deepEqual([lines.length, bytesAfter], [kept, compacted.length]);
  });
});
