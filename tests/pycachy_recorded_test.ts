import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeBody, type Entry, parseEntry } from "../src/store/entry.ts";
import { replay } from "../src/replay/replay.ts";
import { jsonlStore } from "../src/store/jsonl/store.ts";
import { test, type TestContext } from "./suite.ts";
import { checkByPieces, jsonPost, network, streamAnswer, temporaryFolder, testCachy } from "./testing.ts";

/** What pycachy and projects that use it recorded from the real APIs, line for line. It is not part of this repository. */
const RECORDED = fileURLToPath(new URL("../../shared/fixtures/pycachy-recorded.jsonl", import.meta.url));
const skip = existsSync(RECORDED) ? undefined : "The recordings of pycachy are missing.";
const URL_OF_LINE = "https://api.anthropic.com/v1/messages";

/** A test over all recorded lines. */
function recordedTest(title: string, check: (lines: readonly string[], t: TestContext) => Promise<void> | void): void {
  test(title, { skip }, (t) => check(readFileSync(RECORDED, "utf8").trimEnd().split("\n"), t));
}

function entryOf(line: string): Entry {
  const entry = parseEntry(line);
  return typeof entry === "string" ? assert.fail(`${entry}: ${line.slice(0, 100)}`) : entry;
}

function bytesOf(entry: Entry): Uint8Array {
  const body = decodeBody(entry);
  return typeof body === "string" ? new TextEncoder().encode(body) : body;
}

/** The content type that the API must have sent. */
function typeOf({ binary, response }: Entry): string {
  if (binary) return "audio/mpeg";
  return /^(?:event|data):/.test(response) ? "text/event-stream; charset=utf-8" : "application/json";
}

const bodyOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

/** Pseudo-random numbers from 0 to `limit`, exclusive, the same in every run. */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** Splits bytes into pieces of random lengths, mostly short ones. */
function randomPieces(bytes: Uint8Array, seed: number): Uint8Array[] {
  const random = randomNumbers(seed);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const length = 1 + random(random(2) ? 9 : 900);
    pieces.push(bytes.slice(at, at + length));
    at += length;
  }
  return pieces;
}

recordedTest("parseEntry() reads every line that pycachy recorded", (lines) => {
  assert.equal(lines.length, 110);
  for (const line of lines) assert.match(entryOf(line).key, /^[0-9a-f]{8}$/);
});

recordedTest("replay() returns the bytes, and a content type that SDKs can use", async (lines) => {
  for (const line of lines) {
    const entry = entryOf(line);
    const response = replay(entry, { url: new URL(URL_OF_LINE) });
    const { response: text, binary, headers } = JSON.parse(line);
    const type = response.headers.get("content-type");
    if (binary) assert.equal(type, null);
    else if (text === "") assert.match(type ?? "", /^text\/plain/);
    else {
      assert.equal(type?.split(";")[0], headers?.["content-type"]?.split(";")[0] ?? typeOf(entry).split(";")[0]);
    }
    if (type === "application/json") {
      assert.deepEqual(await response.clone().json(), JSON.parse(text));
    }
    assert.equal(response.status, 200);
    assert.deepEqual(await bodyOf(response), bytesOf(entry));
  }
});

recordedTest("jsonlStore() finds the last line of a key", (lines) => {
  const store = jsonlStore(RECORDED);
  const last = new Map(lines.map((line) => [entryOf(line).key, entryOf(line)]));
  for (const [key, entry] of last) {
    for (const sha256 of [undefined, key.padEnd(64, "0")]) {
      assert.deepEqual(store.find(key, sha256), entry);
    }
  }
  assert.equal(store.size, lines.length);
});

recordedTest("judgeBody() accepts every recorded body in random pieces", (lines) => {
  lines.forEach((line, at) => {
    const entry = entryOf(line);
    const bytes = bytesOf(entry);
    const headers = new Headers({ "content-type": typeOf(entry) });
    for (let seed = 1; seed <= 5; seed++) {
      const judge = checkByPieces({ method: "POST", url: new URL(URL_OF_LINE), status: 200, headers });
      const marks = randomPieces(bytes, at * 10 + seed).map((piece) => judge.push(piece));
      assert.equal(judge.end(bytes), undefined, `line ${at + 1}`);
      const isMarked = /"type":"(?:message_stop|response\.completed)"|data: \[DONE\]/.test(entry.response);
      assert.equal(marks.filter(Boolean).length, isMarked ? 1 : 0, `line ${at + 1} brings its marker once`);
    }
  });
});

recordedTest("judgeBody() rejects every recorded stream without its second half", (lines) => {
  for (const entry of lines.map(entryOf).filter((entry) => typeOf(entry).startsWith("text/event-stream"))) {
    const bytes = bytesOf(entry);
    const half = bytes.subarray(0, bytes.byteLength / 2);
    const headers = new Headers({ "content-type": typeOf(entry) });
    const judge = checkByPieces({ method: "POST", url: new URL(URL_OF_LINE), status: 200, headers });
    assert.equal(judge.push(half), false);
    assert.equal(judge.end(half)?.reason, "truncated", entry.key);
  }
});

recordedTest("fetch() records and replays every recorded body byte for byte", async (lines, t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const entries = lines.map(entryOf);
  const answers = entries.map(
    (entry, at) => () => streamAnswer(randomPieces(bytesOf(entry), at), { type: typeOf(entry) }),
  );
  const { fetch: paid, calls } = network(...answers);
  const live = testCachy({ file, fetch: paid });
  const replayed = testCachy({ file, mode: "replay", fetch: paid });
  for (const [at, entry] of entries.entries()) {
    const request = jsonPost({ line: at, stream: typeOf(entry).startsWith("text/") });
    assert.deepEqual(await bodyOf(await live.fetch(URL_OF_LINE, request)), bytesOf(entry), `line ${at + 1}`);
    const response = await replayed.fetch(URL_OF_LINE, request);
    assert.equal(response.headers.get("content-type"), typeOf(entry));
    assert.deepEqual(await bodyOf(response), bytesOf(entry), `line ${at + 1}`);
  }
  const { recorded, dropped } = live.stats;
  assert.deepEqual(
    [calls.length, recorded, dropped, replayed.stats.hits],
    [entries.length, entries.length, 0, entries.length],
  );
});
