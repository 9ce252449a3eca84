import assert from "node:assert/strict";
import fc from "fast-check";
import type { Entry, Store } from "../mod.ts";
import { type EventParser, type Framing, framingOf, streamParser } from "../src/lib/framing.ts";
import { terseParser } from "../src/lib/repetitions.ts";
import { joinedTexts } from "../src/record/joined_texts.ts";
import { readAnswer } from "../src/cli/read/reading.ts";
import { timedEvents } from "../src/cli/show/timed_events.ts";
import { concatBytes, utf8 } from "../src/lib/bytes.ts";
import { encodeBody } from "../src/store/entry.ts";
import { EXAMPLES } from "./cli_reading_examples.ts";
import { eventFrame } from "./provider/aws_frame.ts";
import { rounds, seed, slowTest, test } from "./suite.ts";
import { CHAT_URL, chatEvents, checkByPieces, jsonPost, network, streamAnswer, testCachy } from "./testing.ts";

const EVENTS = chatEvents("Hé").join("");
const ANTHROPIC = `event: message_start\ndata: {}\n\nevent: message_stop\ndata: {}\n\n`;
const LINES = `{"model":"m","message":{"content":"Hé"},"done":false}\n{"model":"m","done":true}\n`;

/** What may precede the first event. */
const STARTS = ["", "\n", "\r\n\r\n", "\r", "\uFEFF", "\uFEFF\n", ": comment\n\n", "\n: comment\r\n", "retry: 1\n\n"];
/** The same body in other spellings. */
const SPELLINGS: Readonly<Record<string, (body: string) => string>> = {
  "line feeds": (body) => body,
  "CR LF": (body) => body.replaceAll("\n", "\r\n"),
  "CR": (body) => body.replaceAll("\n", "\r"),
  "no space": (body) => body.replaceAll(/^(data|event): /gm, "$1:"),
  "multi-line data": (body) => body.replaceAll(/^data: \{/gm, "data: {\ndata: "),
};
const EVENT_TYPES = ["text/event-stream", "Text/Event-Stream;charset=UTF-8", "text/plain", "application/json", ""];
const LINE_TYPES = ["application/x-ndjson", "Application/JSONL; charset=utf-8", "application/json", "text/plain", ""];

/** Every body that is a stream, by its difference from the usual form. */
function* variants(): Generator<{ name: string; type: string; body: string; framing: Framing }, void> {
  for (const [spelling, spell] of Object.entries(SPELLINGS)) {
    for (const start of STARTS) {
      for (const type of EVENT_TYPES) {
        for (const body of [EVENTS, ANTHROPIC]) {
          const name = JSON.stringify([spelling, start, type, body.slice(0, 9)]);
          yield { name, type, body: start + spell(body), framing: "events" };
        }
      }
    }
  }
  for (const end of ["\n", "\r\n", "\r", "\n\n"]) {
    for (const start of ["", "\n", "\r\n\r\n", "\uFEFF", "\uFEFF\n", " \n"]) {
      for (const type of LINE_TYPES) {
        const name = JSON.stringify([end, start, type]);
        yield { name, type, body: start + LINES.replaceAll("\n", end), framing: "lines" };
      }
    }
  }
}

/** The problem of a body that arrives in pieces of this length, and whether recording saw the terminal event. */
function judge(type: string, body: Uint8Array, length = body.length || 1): { reason: string; isMarked: boolean } {
  const headers = new Headers({ "content-type": type });
  const check = checkByPieces({ method: "POST", url: new URL(CHAT_URL), status: 200, headers });
  let isMarked = false;
  for (let at = 0; at < body.length; at += length) isMarked = check.push(body.subarray(at, at + length)) || isMarked;
  return { reason: check.end(body)?.reason ?? "whole", isMarked };
}

test("framingOf() detects streams with each content type, start and spelling", () => {
  for (const { name, type, body, framing } of variants()) {
    assert.equal(framingOf(type, () => body), framing, name);
    assert.equal(framingOf(type, () => utf8(body)), framing, `${name} as bytes`);
  }
});

test("framingOf() distinguishes JSON, text and binary bodies from streams", () => {
  const bodies: [type: string, body: string, framing: Framing][] = [
    ["application/json", `{"a":1}\n`, "json"],
    ["application/json", `{\n  "a": {\n    "b": 1 }\n}`, "json"],
    ["application/json", `{"cut":`, "json"],
    ["application/json", "", "json"],
    ["text/event-stream", "", "events"],
    ["text/event-stream", " unknown: field\n\ndata: x\n\n", "events"],
    ["text/event-stream", `{"error":"bare"}\n`, "json"],
    ["text/event-stream", `{\n  "error": "indented"\n}`, "json"],
    ["text/event-stream", `{"error":`, "json"],
    ["text/event-stream", LINES, "lines"],
    ["text/event-stream", `{"error":"bare"}\ndata: x\n\n`, "events"],
    ["application/x-ndjson", EVENTS, "events"],
    ["application/x-ndjson", `"text"\n[1]\n`, "lines"],
    ["text/plain", `{"a":1}`, "json"],
    ["text/plain", `{"cut":`, "json"],
    ["text/plain", `\uFEFF"text"`, "json"],
    ["text/plain", `"Hello," she said.`, "plain"],
    ["text/plain", "[inaudible] Hello.", "plain"],
    ["text/plain", "{#if}\n{/if}", "plain"],
    ["text/plain", "database: text", "plain"],
    ["text/plain", " data: text", "plain"],
    ["", "", "plain"],
    ["text/html", "<!doctype html>", "plain"],
    ["application/octet-stream", EVENTS, "plain"],
    ["audio/mpeg", "data: x", "plain"],
    ["application/vnd.amazon.eventstream", EVENTS, "frames"],
    ["Application/Vnd.Amazon.EventStream", "", "frames"],
  ];
  for (const [type, body, framing] of bodies) assert.equal(framingOf(type, () => body), framing, `${type}: ${body}`);
});

test("framingOf() does not read the body if the content type names a binary format", () => {
  const never = () => assert.fail("the body was read");
  assert.equal(framingOf("audio/mpeg", never), "plain");
  assert.equal(framingOf("application/vnd.amazon.eventstream", never), "frames");
});

test("streamParser() returns the same events for each start, also if the body arrives byte by byte", () => {
  for (const { name, body, framing } of variants()) {
    const texts = (pieces: readonly (string | Uint8Array)[]) => {
      const parser = streamParser(framing);
      const events = [...pieces.flatMap((piece) => parser?.push(piece) ?? []), ...parser?.end() ?? []];
      return events.map(({ name, text, data }) => [name, data ?? text]);
    };
    const expected = texts([framing === "lines" ? LINES : body.includes("message_stop") ? ANTHROPIC : EVENTS]);
    assert.deepEqual(texts([body]), expected, name);
    assert.deepEqual(texts([...utf8(body)].map((byte) => Uint8Array.of(byte))), expected, `${name} byte by byte`);
  }
});

test("checkCompleteness() accepts each variant and its terminal event, for any chunk borders", () => {
  for (const { name, type, body } of variants()) {
    for (const length of [1, 7, 5000]) {
      assert.deepEqual(judge(type, utf8(body), length), { reason: "whole", isMarked: true }, `${name} by ${length}`);
    }
  }
});

/** Plain text of a few characters may be complete. In bytes, after blank lines and a byte order mark. */
const SHORTEST_START = "event:".length;

function checkCuts(step: number): void {
  for (const { name, type, body } of variants()) {
    const start = utf8(/^\s*/.exec(body)?.[0] ?? "").length + SHORTEST_START;
    const bytes = utf8(body);
    // In a chat, a finish reason counts as the end, because not all of these APIs send [DONE].
    const end = utf8(body.slice(0, body.lastIndexOf("}") + 1)).length;
    for (let length = start; length < end; length += step) {
      assert.notEqual(judge(type, bytes.subarray(0, length)).reason, "whole", `${name} cut after ${length}`);
    }
    assert.equal(judge(type, bytes.subarray(0, end)).reason, "whole", name);
  }
}

test("checkCompleteness() rejects a stream that is cut before its end, at every 13th byte", () => checkCuts(13));

slowTest(
  "checkCompleteness() rejects a stream that is cut before its end, at every byte",
  () => checkCuts(1),
);

test("fetch() records the chunks of a stream with a wrong content type, and none of JSON", async () => {
  const lines = LINES.split(/(?<=\n)/);
  const chunksOf = async (pieces: string[], type: string) => {
    const entries: Entry[] = [];
    const store: Store = { name: "list", find: () => undefined, append: (entry) => void entries.push(entry) };
    const cachy = testCachy({ store, fetch: network(() => streamAnswer(pieces, { type })).fetch });
    await (await cachy.fetch(CHAT_URL, jsonPost({}))).text();
    assert.equal(entries.length > 0, true, `${type} is recorded`);
    return entries.at(-1)?.chunks?.length;
  };
  for (const type of LINE_TYPES) assert.equal(await chunksOf(lines, type), lines.length, type);
  for (const type of ["text/event-stream", "text/plain"]) {
    assert.equal(await chunksOf([`{"a":`, "1}"], type), undefined, type);
  }
});

test("show and show --events agree on each variant", () => {
  for (const { name, type, body } of variants()) {
    const entry = { key: "5ece2360", v: 1, headers: { "Content-Type": type }, ...encodeBody(utf8(body), type) };
    const shown = readAnswer(entry, undefined);
    assert.ok(shown.isStream, name);
    const expected = body.includes("message_stop") ? 2 : body.includes(`"model"`) ? 2 : 3;
    assert.equal(timedEvents(entry).length, expected, name);
    if (expected === 3) assert.deepEqual(shown.messages[0]?.parts, [{ kind: "text", text: "Hé" }], name);
  }
});

test("show and show --events agree on JSON with the content type of an event stream", () => {
  for (const response of [`{"choices":[]}`, `{\n  "error": "indented"\n}`]) {
    const entry = { key: "5ece2360", v: 1, headers: { "content-type": "text/event-stream" }, response };
    assert.deepEqual([readAnswer(entry, undefined).isStream, timedEvents(entry).length], [false, 0], response);
  }
});

test("show and show --events agree on Gemini's list", () => {
  const items = ["Hel", "lo"].map((text) => ({ candidates: [{ content: { parts: [{ text }] } }] }));
  const entry = { key: "5ece2360", headers: { "content-type": "application/json" }, response: JSON.stringify(items) };
  assert.ok(readAnswer(entry, undefined).isStream);
  assert.deepEqual(timedEvents(entry).map(({ text }) => JSON.parse(text)), items);
});

test("show and show --events agree on AWS frames, for any spelling of the header", () => {
  const frames = concatBytes(["Hel", "lo"].map((text) => eventFrame("contentBlockDelta", { delta: { text } })));
  const type = "application/vnd.amazon.eventstream";
  const entry = { key: "5ece2360", headers: { "CONTENT-TYPE": ` ${type}` }, ...encodeBody(frames, type) };
  assert.deepEqual([readAnswer(entry, undefined).isStream, timedEvents(entry).length], [true, 2]);
});

test("terseParser() leaves out events that differ from one before only in texts and numbers", () => {
  const delta = (content: unknown, rest: object = {}) =>
    `data: ${JSON.stringify({ id: "a", choices: [{ index: 0, delta: { content }, ...rest }] })}\n\n`;
  const events = [
    delta("one"),
    delta(""),
    delta('"two" \\ \n{"error":1}\u2028'),
    ": comment\n\n",
    delta("three", { finish_reason: "stop" }),
    delta("four", { error: { code: 1 } }),
    delta("five", { error: { code: 1 } }),
    delta(null),
    delta(["six"]),
    `data: {"type":"x","sequence_number":1,"delta":"a"}\n\n`,
    `data: {"type":"x","sequence_number":22,"delta":"b"}\n\n`,
    `data: {"type":"y","sequence_number":23,"delta":"b"}\n\n`,
    `event: z\ndata: {"type":"y","sequence_number":23,"delta":"b"}\n\n`,
    `data: {"content":"cut off\n\n`,
    "data: [DONE]\n\n",
    "data: [DONE]\n\n",
  ];
  const kept = events.filter((_, at) => ![1, 2, 6, 10].includes(at)).join("");
  const read = (parser: EventParser, pieces: readonly (string | Uint8Array)[]) => [
    ...pieces.flatMap((piece) => parser.push(piece)),
    ...parser.end(),
  ];
  const all = events.join("");
  const bytes = new TextEncoder().encode(all);
  const expected = read(streamParser("events"), [kept]);
  for (let at = 0; at <= all.length; at++) {
    assert.deepEqual(read(terseParser("events"), [all.slice(0, at), all.slice(at)]), expected, `cut at ${at}`);
    const pieces = [bytes.subarray(0, at), bytes.subarray(at)];
    assert.deepEqual(read(terseParser("events"), pieces), expected, `bytes, cut at ${at}`);
  }
  const crlf = all.replaceAll("\n", "\r\n");
  assert.deepEqual(read(terseParser("events"), [crlf]), read(streamParser("events"), [crlf]));
  const lines = `{"response":"a","done":false}\n{"response":"b","done":false}\n{"response":"","done":true}\n`;
  assert.deepEqual(read(terseParser("lines"), [lines]).map(({ text }) => text), [
    `{"response":"a","done":false}`,
    `{"response":"","done":true}`,
  ]);
});

test("terseParser() returns what differs from the many repetitions around it, wherever a piece ends", () => {
  const delta = (at: number) => `data: {"id":"a","delta":{"content":"${at} \\"é\\""},"created":${at}}\n\n`;
  const run = Array.from({ length: 300 }, (_, at) => delta(at)).join("");
  const error = `data: {"id":"a","error":{"message":"overloaded"}}\n\n`;
  const invalid = delta(1).replace("é", "\t");
  const all = run + error + run + invalid + run + "data: [DONE]\n\n";
  // The event after one that is not JSON is parsed, too.
  const kept = [delta(0), error, invalid, delta(0), "data: [DONE]\n\n"].map((event) => event.slice(6, -2));
  for (let cut = run.length - 100; cut < run.length + 200; cut += 7) {
    const parser = terseParser("events");
    const events = [...parser.push(all.slice(0, cut)), ...parser.push(all.slice(cut)), ...parser.end()];
    assert.deepEqual(events.map(({ text }) => text), kept, `cut at ${cut}`);
  }
});

test("a damaged stream has the same texts and the same problem, whether its events repeat one another or not", () => {
  const damage = fc.record({
    at: fc.nat(),
    removed: fc.integer({ min: 0, max: 2 }),
    added: fc.constantFrom("", '"', "\\", "\\u12", "\t", "\0", "{", "}", "0", "\u2028", "é", " ", "data: "),
  });
  const bodies = fc.record({
    example: fc.constantFrom(...EXAMPLES),
    times: fc.integer({ min: 1, max: 12 }),
    damages: fc.array(damage, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(bodies, ({ example: { stream, streamType, url }, times, damages }) => {
      const isRepeated = (event: string) => /delta|candidates|choices/.test(event);
      const events = stream.map((event) => event.replaceAll("\r", "").repeat(isRepeated(event) ? times : 1));
      let body = events.join("");
      for (const { at, removed, added } of damages) {
        const place = at % body.length;
        body = body.slice(0, place) + added + body.slice(place + removed);
      }
      const type = streamType ?? "text/event-stream";
      const head = { method: "POST", url: new URL(url), status: 200, headers: new Headers({ "content-type": type }) };
      const result = (body: string) => {
        const check = checkByPieces(head);
        const bytes = utf8(body);
        const isComplete = check.push(bytes);
        const problem = check.end(bytes);
        assert.deepEqual(checkByPieces(head).end(bytes, body), problem);
        return { isComplete, problem, texts: joinedTexts(type, body) };
      };
      // With other line ends, all events are parsed.
      assert.deepEqual(result(body), result(body.replaceAll("\n", "\r\n")), JSON.stringify(body));
    }),
    { numRuns: rounds(2000), seed },
  );
});
