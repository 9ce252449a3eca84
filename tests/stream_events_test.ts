import assert from "node:assert/strict";
import { type EventParser, streamParser } from "../src/lib/framing.ts";
import { test } from "./suite.ts";

/** Name and text of the events of a text that arrives in these pieces. */
function eventsOf(parser: EventParser, ...pieces: readonly string[]): [string, string][] {
  const events = [...pieces.flatMap((piece) => parser.push(piece)), ...parser.end()];
  return events.map(({ name, text }) => [name, text]);
}

/** A stream with everything that a stream may contain. */
const LINES = [
  ": comment",
  "",
  "data: one",
  "",
  "event: named",
  "data:two",
  "data:  three",
  "id: 7",
  "retry: 1000",
  "",
  "",
  `{"error":"bare"}`,
  "data",
  "unknown: field",
  "",
  "event: lonely",
  "",
  "data: last",
  "",
  "",
];
const EVENTS = [
  ["", "one"],
  ["named", "two\n three"],
  ["", `{"error":"bare"}`],
  ["", ""],
  ["lonely", ""],
  ["", "last"],
];

test("streamParser() of events splits events at each kind of line end", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    assert.deepEqual(eventsOf(streamParser("events"), LINES.join(end)), EVENTS, JSON.stringify(end));
  }
});

test("streamParser() of events returns the same events if the text arrives in two or three pieces", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = LINES.join(end);
    for (let a = 0; a <= text.length; a++) {
      assert.deepEqual(eventsOf(streamParser("events"), text.slice(0, a), text.slice(a)), EVENTS, `${a}`);
      for (let b = a; b <= Math.min(text.length, a + 3); b++) {
        const pieces = [text.slice(0, a), text.slice(a, b), "", text.slice(b)];
        assert.deepEqual(eventsOf(streamParser("events"), ...pieces), EVENTS, `${a}, ${b}`);
      }
    }
    assert.deepEqual(eventsOf(streamParser("events"), ...text), EVENTS, "character by character");
  }
});

test("streamParser() of events returns an event with the piece that completes it, and not before", () => {
  const parser = streamParser("events");
  const counts = ["event: a\n", "data: 1\n", "\n", "data: 2", "\n", "\ndata: 3\n\n"].map(
    (piece) => parser.push(piece).length,
  );
  assert.deepEqual(counts, [0, 0, 1, 0, 0, 2]);
  assert.deepEqual(parser.end(), []);
});

test("streamParser() of events returns data as JSON, or undefined if it is not JSON", () => {
  const text = `data: {"a":[1]}\n\ndata: [DONE]\n\ndata: {"a":\ndata: 1}\n\ndata: null\n\ndata: {"a"\n\n`;
  assert.deepEqual(
    streamParser("events")
      .push(text)
      .map(({ data }) => data),
    [{ a: [1] }, undefined, { a: 1 }, null, undefined],
  );
});

test("streamParser() of events returns the rest at the end if no line feed arrived", () => {
  assert.deepEqual(eventsOf(streamParser("events"), "event: done\ndata: x"), [["done", "x"]]);
  assert.deepEqual(eventsOf(streamParser("events"), "data: x\n"), [["", "x"]]);
  assert.deepEqual(eventsOf(streamParser("events"), `{"error":1}`), [["", `{"error":1}`]]);
  assert.deepEqual(eventsOf(streamParser("events"), ": comment"), []);
  assert.deepEqual(eventsOf(streamParser("events"), ""), []);
});

test("streamParser() of events treats bare JSON inside an event as a separate event", () => {
  assert.deepEqual(eventsOf(streamParser("events"), `event: a\ndata: 1\n{"error":2}\ndata: 3\n\n`), [
    ["", `{"error":2}`],
    ["a", "1\n3"],
  ]);
});

test("streamParser() of events reads a long event in many pieces", () => {
  const parser = streamParser("events");
  const long = "x".repeat(1000);
  assert.equal(parser.push("data: ").length, 0);
  for (let at = 0; at < 2000; at++) assert.equal(parser.push(long).length, 0);
  assert.equal(parser.push("\n\n")[0]?.text.length, 2_000_000);
});

test("streamParser() of lines splits lines and skips blank ones, for any pieces of the text", () => {
  const lines = [`{"a":1}`, "", " ", `{"b":"\u2028"}`, `[1]`, `{"c":3}`];
  const expected = [`{"a":1}`, `{"b":"\u2028"}`, `[1]`, `{"c":3}`].map((line) => ["", line]);
  for (const end of ["\n", "\r\n"]) {
    for (const text of [lines.join(end), lines.join(end) + end]) {
      for (let at = 0; at <= text.length; at++) {
        assert.deepEqual(eventsOf(streamParser("lines"), text.slice(0, at), text.slice(at)), expected, `${at}`);
      }
      assert.deepEqual(eventsOf(streamParser("lines"), ...text), expected);
    }
  }
});

test("streamParser() of lines reads JSON text sequences, whose records start with a record separator", () => {
  const events = streamParser("lines").push(`\x1e{"a":1}\n\x1e{"b":2}\n`);
  assert.deepEqual(events.map(({ data }) => data), [{ a: 1 }, { b: 2 }]);
});
