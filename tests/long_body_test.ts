import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type CachyOptions, memoryStore } from "../mod.ts";
import { blockCollector } from "../src/lib/blocks.ts";
import { utf8 } from "../src/lib/bytes.ts";
import { LONG_BODY, withLongBody } from "../src/record/long_body.ts";
import { encodeBody, type Entry, entryBytes, formatEntry, parseEntry } from "../src/store/entry.ts";
import { slowTest, test } from "./suite.ts";
import { CHAT_URL, chatEvents, jsonPost, network, streamAnswer, temporaryFolder, testCachy } from "./testing.ts";

const ENTRY: Entry = { key: "5ece2360", v: 1, headers: { "x-a": "é" }, binary: false, response: "", duration_ms: 3 };
const PIECE = 1 << 16;

function blocksOf(bytes: Uint8Array, size: number) {
  const collector = blockCollector();
  for (let at = 0; at < bytes.length; at += size) collector.add(bytes.subarray(at, at + size));
  return collector.collected();
}

/** An entry with a body, as a short one and as a long one. */
function both(bytes: Uint8Array, type: string, size = 1000): { short: Entry; long: Entry } {
  const encoded = encodeBody(bytes, type);
  return {
    short: { ...ENTRY, ...encoded },
    long: withLongBody({ ...ENTRY, binary: encoded.binary }, blocksOf(bytes, size)),
  };
}

function checkLine(bytes: Uint8Array, type: string, name: string): void {
  const { short, long } = both(bytes, type);
  // Comparing bytes first: assert.equal() of long texts takes seconds to explain a difference.
  assert.ok(new TextDecoder().decode(entryBytes(long)) === formatEntry(short), name);
}

test("withLongBody() gives an entry the line of formatEntry(), for each character at each place", () => {
  const characters = [...Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)), "\u2027", "\u2028"];
  const all = [...characters, "\u2029", "\u202a", "—", "字", "😀", "\ud7ff", "\uffff"];
  // Each character after each other one, at even and odd places.
  const pairs = all.flatMap((first) => all.map((second) => first + second));
  for (const shift of ["", "x"]) checkLine(utf8(shift + pairs.join("")), "text/plain", `pairs after "${shift}"`);
  // At the border of two pieces.
  for (const character of ['"', "\n", "\0", "é", "\u0085", "\u2028", "😀"]) {
    for (let before = PIECE - 5; before <= PIECE; before++) {
      const text = `${"a".repeat(before)}${character}${character}b`;
      checkLine(utf8(text), "text/plain", `${JSON.stringify(character)} after ${before} bytes`);
    }
  }
  checkLine(utf8("\0".repeat(3 * PIECE)), "text/plain", "six times as long");
});

test("withLongBody() gives an entry the line of formatEntry() for bytes of any length", () => {
  for (const length of [1, 2, 3, 49_151, 49_152, 49_153, 200_000]) {
    checkLine(new Uint8Array(length).map((_, at) => at * 7), "application/octet-stream", `${length} bytes`);
  }
});

test("withLongBody() computes the response when it is read, and the line stays the same", () => {
  for (const type of ["text/plain", "application/octet-stream"]) {
    const { short, long } = both(utf8("Hé \u2028\n"), type);
    assert.deepEqual(Object.keys(long), Object.keys(short));
    assert.deepEqual(JSON.parse(JSON.stringify(long)), JSON.parse(JSON.stringify(short)));
    assert.equal(long.response, short.response);
    assert.deepEqual([{ ...long }, structuredClone(long)], [short, short]);
    assert.equal(new TextDecoder().decode(entryBytes(long)), formatEntry(short));
  }
  const { long } = both(utf8("before"), "text/plain");
  (long as { response: string }).response = "after";
  assert.equal(new TextDecoder().decode(entryBytes(long)), formatEntry({ ...ENTRY, response: "after" }));
});

test("withLongBody() gives an entry that a store may freeze, or whose response it may replace", () => {
  for (const protect of [Object.freeze, Object.seal]) {
    const { short, long } = both(utf8("Hé"), "text/plain");
    protect(long);
    assert.deepEqual([long.response, long.response], [short.response, short.response]);
    assert.equal(new TextDecoder().decode(entryBytes(long)), formatEntry(short));
  }
  const { long } = both(utf8("secret"), "text/plain");
  Object.defineProperty(long, "response", { value: "hidden" });
  assert.equal(new TextDecoder().decode(entryBytes(long)), formatEntry({ ...ENTRY, response: "hidden" }));
});

const EVENT = (chatEvents("Hello")[0] ?? "").replace("Hello", "Hé \\u2028\u2028");
const DONE = "data: [DONE]\n\n";
const EVENTS = EVENT.repeat(Math.ceil(1e6 / utf8(EVENT).length));

/** A stream that is longer than LONG_BODY, with other bytes before its last events. */
function longStream(inside: string | Uint8Array = EVENT, end: readonly string[] = [DONE]) {
  const count = Math.ceil(LONG_BODY / utf8(EVENTS).length);
  return [...Array.from({ length: count }, () => EVENTS), inside, EVENTS, ...end];
}

async function recordLong(
  t: TestContext,
  pieces: readonly (string | Uint8Array)[],
  options: CachyOptions = {},
  headers = {},
) {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const { fetch } = network(() => streamAnswer(pieces), () => new Response("not recorded", { status: 500 }));
  const cachy = testCachy({ fetch, ...(options.store ? {} : { file }), maxBodyBytes: 100_000_000, ...options });
  const bytes = async () => {
    const response = await cachy.fetch(CHAT_URL, jsonPost({ stream: true }, headers));
    return Buffer.from(await response.arrayBuffer());
  };
  const isSame = (await bytes()).equals(Buffer.concat(pieces.map((piece) => Buffer.from(piece))));
  return { file, bytes, isSame, events: cachy.events };
}

slowTest(
  "cachy records and replays a body that is longer than LONG_BODY, and bytes after its terminal event",
  async (t) => {
    const { file, bytes, isSame, events } = await recordLong(t, longStream(EVENT, [DONE, "\n"]));
    assert.deepEqual([isSame, events.map(({ kind }) => kind)], [true, ["miss", "recorded"]]);
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    assert.deepEqual(lines.map((line) => typeof parseEntry(line)), ["object", "object"]);
    assert.ok((await bytes()).equals(Buffer.concat(longStream(EVENT, [DONE, "\n"]).map((text) => Buffer.from(text)))));
  },
);

slowTest("cachy records a long body that is not UTF-8 as base64", async (t) => {
  const { file, isSame } = await recordLong(t, longStream(new Uint8Array([0x3a, 0xff, 0x0a, 0x0a])));
  const entry = parseEntry(readFileSync(file, "utf8"));
  assert.deepEqual([isSame, typeof entry === "object" && entry.binary], [true, true]);
});

slowTest("cachy passes a long body to `redact`, and to a store of the user", async (t) => {
  const shorter = (text: string) => text.replaceAll("Hé", "He");
  const redact = (entry: Entry) => ({ ...entry, response: shorter(entry.response) });
  const { bytes } = await recordLong(t, longStream(), { redact, store: memoryStore() });
  assert.ok((await bytes()).equals(Buffer.from(shorter(longStream().join("")))));
});

slowTest("cachy records a binary body of any bytes that continue a character", async (t) => {
  const headers = { "content-type": "audio/wav" };
  const silence = new Uint8Array(300_000).fill(0x80);
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const { fetch } = network(() => new Response(silence, { headers }));
  const cachy = testCachy({ fetch, file });
  for (const _ of ["live", "replayed"]) {
    const response = await cachy.fetch(CHAT_URL, jsonPost({}));
    assert.ok(Buffer.from(await response.arrayBuffer()).equals(silence));
  }
  assert.deepEqual(cachy.events.map(({ kind }) => kind), ["miss", "recorded", "hit"]);
});

slowTest("cachy does not record a long body with a credential, and warns of a key", async (t) => {
  const secret = "sesame-open-1234567890";
  // The body of the first one is not UTF-8.
  for (const place of [0xff, 0x61]) {
    const pieces = longStream(Buffer.from([0x3a, place, ...utf8(` ${secret}\n\n`)]));
    const { events } = await recordLong(t, pieces, {}, { authorization: `Bearer ${secret}` });
    const told = events.map((event) => event.kind === "warning" ? event.message : event.kind);
    assert.deepEqual([told.length, told[0], told[2]], [3, "miss", "dropped"]);
    assert.match(told[1] ?? "", /contains the value of the header authorization of the request/);
  }
  const { events } = await recordLong(t, longStream(`: sk-proj-${"a1B2".repeat(10)}\n\n`));
  const told = events.map((event) => event.kind === "warning" ? event.message : event.kind);
  assert.deepEqual([told.length, told[0], told[2]], [3, "miss", "recorded"]);
  assert.match(told[1] ?? "", /what looks like an API key/);
});
