import assert from "node:assert/strict";
import fc from "fast-check";
import { rowOf } from "../src/cli/file/entry_row.ts";
import { readingsOf } from "../src/cli/file/lazy_reading.ts";
import { parseCutJson } from "../src/cli/read/body/cut_json.ts";
import { readEntry, type Reading } from "../src/cli/read/reading.ts";
import { encodeBase64 } from "../src/lib/bytes.ts";
import type { Entry } from "../src/store/entry.ts";
import { entryOf, EXAMPLES } from "./cli_reading_examples.ts";
import { rounds, seed, slowTest, test } from "./suite.ts";

const URLS = [
  "/v1/chat/completions",
  "/v1/responses",
  "/v1/messages",
  "/v1beta/models/g:generateContent",
  "/v2/chat",
  "/v1/chat",
  "/api/chat",
  "/api/generate",
  "/v1/completions",
  "/v1/embeddings",
  "/v1/images/generations",
  "/v1/audio/speech",
  "/v1/audio/transcriptions",
  "/v1/moderations",
  "/v2/rerank",
  "/v1/messages/count_tokens",
  "/v1/files",
  "/v1/batches",
  "/v1/models",
  "/model/m/converse",
  "/unheard",
].map((path) => `https://llm.example${path}`);
const TYPES = [
  "application/json",
  "text/event-stream",
  "application/x-ndjson",
  "application/vnd.amazon.eventstream",
  "audio/mpeg",
  "",
];

/** All names in the examples: any value gets a name that the reader knows. */
const NAMES = [...new Set(JSON.stringify(EXAMPLES).match(/(?<=\\?")[A-Za-z_]+(?=\\?":)/g))];

const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.double(),
      fc.string(),
      fc.constantFrom("__proto__", "toString", "text", "message", ...NAMES),
    ),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom(...NAMES, "__proto__", "toString", "valueOf", "constructor"), fc.string()),
      tie("value"),
      { maxKeys: 5 },
    ),
  ),
})).value;

/** Fails with the type error of the reader, if it throws one. */
function check(entry: Entry): Reading {
  const reading = readEntry(entry);
  for (const { role, parts } of [...reading.asked, ...reading.answered]) {
    assert.equal(typeof role, "string");
    assert.ok(parts.length > 0);
    for (const part of parts) {
      assert.ok(part.kind !== "text" || part.text.length > 0);
      assert.ok(part.kind !== "call" || typeof part.arguments === "string" && part.name.length > 0);
      assert.ok(part.kind !== "result" || typeof part.text === "string");
    }
  }
  for (const [, value] of reading.settings) assert.equal(typeof value, "string");
  for (const word of [reading.provider, reading.model, reading.finish]) {
    assert.ok(word === undefined || word.length > 0);
  }
  return reading;
}

const place = { url: fc.constantFrom(...URLS), type: fc.constantFrom(...TYPES) };

test("readEntry() never throws for JSON, on any path", () => {
  fc.assert(
    fc.property(fc.record({ ...place, request: json, response: json }), (members) => void check(entryOf(members))),
    { numRuns: rounds(1000), seed },
  );
});

test("readEntry() never throws for texts and bytes", () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.json());
  const bodies = fc.oneof(
    fc.record({ ...place, request: text, response: text }),
    fc.record({
      ...place,
      request: text,
      response: fc.oneof(fc.uint8Array({ maxLength: 300 }).map(encodeBase64), fc.string()),
      binary: fc.constant(true),
    }),
  );
  fc.assert(fc.property(bodies, (members) => void check(entryOf(members))), { numRuns: rounds(300), seed });
});

test("readEntry() never throws for an entry of another shape", () => {
  const odd = fc.record({ request: json, headers: json, response: fc.string() }, { requiredKeys: ["response"] });
  fc.assert(fc.property(odd, (members) => void check({ key: "5ece2360", ...members } as Entry)), {
    numRuns: rounds(500),
    seed,
  });
});

/** Replaces one of the values in it, at any depth. */
function mutated(value: unknown, path: readonly number[], other: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== "object" || value === null) return other;
  const entries = Object.entries(value);
  const chosen = entries[step % Math.max(1, entries.length)];
  if (!chosen) return other;
  const [name, inner] = chosen;
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  copy[name] = mutated(inner, rest, other);
  return copy;
}

test("readEntry() ignores values that are not texts where a stream appends to a text", () => {
  const start = { type: "content_block_start", index: 0, content_block: { type: "text", text: { toString: null } } };
  const delta = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello" } };
  const response = [start, delta].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
  const { answered } = readEntry({ key: "5ece2360", response });
  assert.deepEqual(answered, [{ role: "assistant", parts: [{ kind: "text", text: "Hello" }] }]);
});

const mutation = fc.record({
  example: fc.constantFrom(...EXAMPLES),
  path: fc.array(fc.nat(20), { maxLength: 7 }),
  event: fc.nat(),
  other: json,
});

test("readEntry() never throws for a damaged request or response of a provider", () => {
  fc.assert(
    fc.property(mutation, ({ example: { url, request, whole, stream }, path, event, other }) => {
      check(entryOf({ url, request: mutated(request, path, other), response: mutated(whole, path, other) }));
      const events = stream.map((text, at) => at === event % stream.length ? mutatedEvent(text, path, other) : text);
      check(entryOf({ url, request, response: events.join(""), type: "text/event-stream" }));
    }),
    { numRuns: rounds(1000), seed },
  );
});

function mutatedEvent(text: string, path: readonly number[], other: unknown): string {
  return text.replace(/\{.*\}/, (data) => JSON.stringify(mutated(JSON.parse(data), path, other)));
}

slowTest("readEntry() accepts values that are nested too deeply for JSON.stringify()", () => {
  const deep = `${"[".repeat(60_000)}${"]".repeat(60_000)}`;
  const url = "https://llm.example/unheard";
  const { answered } = check(entryOf({ url, response: `{"a":${deep}}` }));
  assert.equal(answered[0]?.parts[0]?.kind, "json");
});

test("readEntry() accepts blocks inside blocks at any depth", () => {
  const nested = (start: string, end: string) => `${start.repeat(8000)}1${end.repeat(8000)}`;
  const cases = [
    ["/v1/messages", nested('[{"type":"search_result","content":', "}]")],
    ["/v1/messages", nested('[{"type":"document","source":{"content":', "}}]")],
    ["/v1/messages", nested('[{"type":"tool_result","content":', "}]")],
    ["/model/m/converse", nested('[{"toolResult":{"content":', "}}]")],
    ["/v1/chat/completions", nested('[{"type":"thinking","thinking":', "}]")],
  ] as const;
  for (const [path, content] of cases) {
    const request = `{"messages":[{"role":"user","content":${content}}]}`;
    check(entryOf({ url: `https://llm.example${path}`, request, response: "{}" }));
  }
});

test("a row of a stream's first events is the row of the whole stream", () => {
  const streams = EXAMPLES.flatMap((example) =>
    example.stream.flatMap((text, at) => /delta|candidates|choices|"done":false/.test(text) ? [{ example, at }] : [])
  );
  const words = (text: string) => text.slice(0, 60);
  fc.assert(
    fc.property(fc.constantFrom(...streams), fc.integer({ min: 2, max: 200 }), ({ example, at }, times) => {
      const { url, request, stream, streamType: type = "text/event-stream" } = example;
      const repeated = stream.map((text, index) => index === at ? text.repeat(times) : text).join("");
      const entry = entryOf({ url, request, response: repeated.slice(0, 1 << 14), type });
      const whole = rowOf(entry, readEntry(entry));
      assert.deepEqual(rowOf(entry, readingsOf(entry).start()), whole);
      const { answer, ...row } = rowOf(entry, readingsOf(entry, (text) => text.trim().length > 60).start());
      assert.deepEqual({ ...row, answer: words(answer) }, { ...whole, answer: words(whole.answer) });
    }),
    { numRuns: rounds(300), seed },
  );
});

test("parseCutJson() returns exactly what stands before the cut", () => {
  const contains = (whole: unknown, part: unknown): boolean => {
    if (typeof whole === "string" && typeof part === "string") return whole.startsWith(part);
    if (typeof whole !== "object" || whole === null) return Object.is(whole, part);
    if (typeof part !== "object" || part === null || Array.isArray(whole) !== Array.isArray(part)) return false;
    return Object.entries(part).every(([name, value]) => contains((whole as Record<string, unknown>)[name], value));
  };
  const lists = fc.oneof(
    fc.array(fc.jsonValue({ maxDepth: 4 })),
    fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })),
  );
  fc.assert(
    fc.property(lists, fc.nat(), fc.boolean(), (value, at, isPretty) => {
      const text = JSON.stringify(value, null, isPretty ? 2 : 0);
      const whole = JSON.parse(text);
      assert.deepEqual(parseCutJson(text), whole);
      const cut = text.slice(0, 1 + at % text.length);
      const part = parseCutJson(cut);
      assert.ok(part !== undefined && contains(whole, part), `${cut} → ${JSON.stringify(part)}`);
    }),
    { numRuns: rounds(1000), seed },
  );
});

test("parseCutJson() returns nothing for a text that is not JSON", () => {
  for (const text of ["", "Hello.", "<html>", "Infinity", "}", '"cut']) {
    assert.equal(parseCutJson(text), undefined, text);
  }
});

test("a row shows the same prompt, whether all turns of a chat are read or the last ones", () => {
  const chats = EXAMPLES.filter(({ request }) => Array.isArray(request.messages));
  const turn = fc.record({ role: fc.constantFrom("system", "user", "assistant", "tool", 1), content: json });
  const place = fc.record({
    example: fc.constantFrom(...chats),
    turns: fc.array(turn, { maxLength: 4 }),
    at: fc.nat(),
  });
  fc.assert(
    fc.property(place, mutation, ({ example: { url, request, whole }, turns, at }, { path, other }) => {
      const messages = [...request.messages as unknown[]];
      messages.splice(at % (messages.length + 1), 0, ...turns);
      for (const given of [{ ...request, messages }, mutated({ ...request, messages }, path, other)]) {
        const entry = entryOf({ url, request: given, response: whole });
        assert.equal(rowOf(entry, readingsOf(entry).start()).prompt, rowOf(entry, readEntry(entry)).prompt);
      }
    }),
    { numRuns: rounds(1000), seed },
  );
});
