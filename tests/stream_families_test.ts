import assert from "node:assert/strict";
import { test } from "./suite.ts";
import { CHAT_URL, chatEvents, checkByPieces } from "./testing.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

/** A complete stream of a family. */
interface Example {
  readonly name: string;
  readonly type?: string;
  readonly events: readonly string[];
  /** The number of events after which a clean end completes the body; by default all. */
  readonly whole?: number;
  /** Whether the last event is a terminal event. */
  readonly marked: boolean;
}

const sse = (...data: unknown[]) =>
  data.map((item) => `data: ${typeof item === "string" ? item : JSON.stringify(item)}\n\n`);
const named = (...types: string[]) => types.map((type) => `event: ${type}\ndata: {"type":"${type}","text":"é€"}\n\n`);
const lines = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`);

const chunk = (index: number, finish_reason: string | null = null) => ({
  object: "chat.completion.chunk",
  choices: [{ index, delta: finish_reason ? {} : { content: "é" }, finish_reason }],
});
const usage = { object: "chat.completion.chunk", choices: [], usage: { total_tokens: 3 } };
const candidate = (index?: number, finishReason?: string) => ({
  candidates: [{ content: { parts: [{ text: "é" }] }, index, finishReason }],
});
const [ANTHROPIC, RESPONSES] = [
  ["message_start", "ping", "content_block_delta", "message_delta", "message_stop"],
  ["response.created", "response.output_text.delta"],
];
const NDJSON = "application/x-ndjson";

const EXAMPLES: readonly Example[] = [
  { name: "chat", marked: true, events: sse(chunk(0), chunk(0, "stop"), "[DONE]"), whole: 2 },
  { name: "chat with usage", marked: true, events: sse(chunk(0), chunk(0, "length"), usage, "[DONE]"), whole: 2 },
  {
    name: "chat with a comment",
    marked: true,
    events: [": PROCESSING\n\n", ...sse(chunk(0), chunk(0, "stop"), "[DONE]")],
    whole: 3,
  },
  { name: "chat without [DONE] (Perplexity)", marked: false, events: sse(chunk(0), chunk(0, "stop"), usage), whole: 2 },
  { name: "chat with two choices", marked: false, events: sse(chunk(0), chunk(1), chunk(0, "stop"), chunk(1, "stop")) },
  {
    name: "chat of Azure",
    marked: true,
    events: sse({ choices: [], prompt_filter_results: [] }, chunk(0), chunk(0, "stop"), chunk(0), "[DONE]"),
    whole: 3,
  },
  {
    name: "text completion",
    marked: true,
    events: sse({ object: "text_completion", choices: [{ index: 0, text: "a", finish_reason: null }] }, "[DONE]"),
  },
  { name: "Responses", marked: true, events: named(...RESPONSES, "response.completed") },
  { name: "Responses, cut by max_tokens", marked: true, events: named(...RESPONSES, "response.incomplete") },
  { name: "speech", marked: true, events: sse({ type: "speech.audio.delta" }, { type: "speech.audio.done" }) },
  { name: "transcript", marked: true, events: named("transcript.text.delta", "transcript.text.done") },
  { name: "image", marked: false, events: named("image_generation.partial_image", "image_generation.completed") },
  { name: "edited image", marked: false, events: named("image_edit.partial_image", "image_edit.completed") },
  { name: "Anthropic", marked: true, events: named(...ANTHROPIC) },
  { name: "Anthropic with a ping first", marked: true, events: named("ping", ...ANTHROPIC) },
  { name: "Gemini", marked: false, events: sse(candidate(), candidate(0, "STOP"), { usageMetadata: {} }), whole: 2 },
  {
    name: "Gemini with two candidates",
    marked: false,
    events: sse(candidate(0), candidate(1), candidate(0, "STOP"), candidate(1, "MAX_TOKENS")),
  },
  { name: "Gemini, usage first", marked: false, events: sse({ usageMetadata: {} }, candidate(), candidate(0, "STOP")) },
  { name: "Gemini, blocked", marked: false, events: sse({ promptFeedback: { blockReason: "SAFETY" } }) },
  { name: "Ollama", type: NDJSON, marked: true, events: lines({ done: false }, { done: false }, { done: true }) },
  { name: "Cohere", marked: true, events: named("message-start", "content-delta", "message-end") },
  {
    name: "Replicate",
    marked: true,
    events: ["event: output\nid: 1\ndata: some é\n\n", "event: output\ndata: text\n\n", "event: done\ndata: {}\n\n"],
  },
];
const inCrLf = (example: Example): Example => ({
  ...example,
  name: `${example.name}, CR LF`,
  events: example.events.map((event) => event.replaceAll("\n", "\r\n")),
});
const BOTH = [...EXAMPLES, ...EXAMPLES.map(inCrLf)];

function judgeOf(type = "text/event-stream"): ReturnType<typeof checkByPieces> {
  const headers = new Headers({ "content-type": type });
  return checkByPieces({ method: "POST", url: new URL(CHAT_URL), status: 200, headers });
}

function verdict(body: string | Uint8Array, type?: string): string {
  const bytes = typeof body === "string" ? utf8(body) : body;
  const judge = judgeOf(type);
  judge.push(bytes);
  return judge.end(bytes)?.reason ?? "whole";
}

/** Whether each piece contained the terminal event. */
function marks(pieces: readonly (string | Uint8Array)[], type?: string): boolean[] {
  const judge = judgeOf(type);
  return pieces.map((piece) => judge.push(typeof piece === "string" ? utf8(piece) : piece));
}

test("judgeBody() accepts a stream of each family, in one chunk and in chunks of every small size", () => {
  for (const { name, type, events } of BOTH) {
    const bytes = utf8(events.join(""));
    for (const size of [1, 2, 3, 7, 64, bytes.byteLength]) {
      const judge = judgeOf(type);
      for (let at = 0; at < bytes.byteLength; at += size) {
        judge.push(bytes.subarray(at, at + size));
      }
      assert.equal(judge.end(bytes), undefined, `${name}, chunks of ${size}`);
    }
  }
});

test("judgeBody() accepts a truncated stream of each family only after its last required event", () => {
  for (const { name, type, events, whole = events.length } of BOTH) {
    for (let count = 1; count <= events.length; count++) {
      const expected = count >= whole ? "whole" : "truncated";
      assert.equal(verdict(events.slice(0, count).join(""), type), expected, `${name}, cut after ${count} events`);
    }
  }
});

test("judgeBody() rejects a stream that is cut inside an event", () => {
  for (const { name, type, events } of BOTH) {
    const bytes = utf8(events.join(""));
    const borders = events.map((_, at) => utf8(events.slice(0, at + 1).join("")).byteLength);
    for (let length = 1; length < bytes.byteLength; length++) {
      const border = borders.find((border) => border >= length);
      const lacking = new TextDecoder().decode(bytes.subarray(length, border));
      if (lacking.trim() === "") continue; // only line ends, which no reader needs
      const cut = new TextDecoder().decode(bytes.subarray(0, length)).slice(-30);
      assert.equal(verdict(bytes.subarray(0, length), type), "truncated", `${name}, cut after ${JSON.stringify(cut)}`);
    }
  }
});

test("push() returns true with the terminal event, and with no other event", () => {
  for (const { name, type, events, marked } of BOTH) {
    assert.deepEqual(marks(events, type), events.map((_, at) => marked && at === events.length - 1), name);
    assert.deepEqual(marks([events.join("")], type), [marked], `${name}, in one chunk`);
  }
});

test("push() returns true with the chunk that completes the terminal event, if it arrives in two or three", () => {
  for (const { name, type, events } of EXAMPLES.filter(({ marked }) => marked)) {
    const [before, last] = [events.slice(0, -1).join(""), utf8(events.at(-1) ?? "")];
    for (let a = 1; a < last.byteLength; a++) {
      assert.deepEqual(marks([before, last.subarray(0, a), last.subarray(a)], type), [false, false, true], name);
      const b = Math.min(last.byteLength - 1, a + 2);
      const pieces = [before, last.subarray(0, a), last.subarray(a, b), last.subarray(b)];
      assert.deepEqual(marks(pieces, type), [false, false, false, true], name);
    }
  }
});

test("push() returns true once if the terminal event ends in CR LF and arrives in pieces", () => {
  for (const { name, type, events } of EXAMPLES.filter(({ marked }) => marked).map(inCrLf)) {
    const bytes = utf8(events.join(""));
    const all = marks(Array.from(bytes, (byte) => new Uint8Array([byte])), type);
    assert.equal(all.filter(Boolean).length, 1, name);
    assert.ok(all.indexOf(true) >= all.length - 2, `${name}: with the last blank line`);
  }
});

test("judgeBody() still accepts a stream if bytes follow its terminal event", () => {
  for (const { name, type, events } of BOTH.filter(({ marked }) => marked)) {
    for (const rest of ["\n", type ? "\n\n" : ": bye\n\n", type ? "\r\n" : "data: {}\n\n"]) {
      const judge = judgeOf(type);
      const body = utf8(events.join("") + rest);
      assert.equal(judge.push(utf8(events.join(""))), true, name);
      assert.equal(judge.push(utf8(rest)), false, name);
      assert.equal(judge.end(body), undefined, `${name} and ${JSON.stringify(rest)}`);
    }
  }
});

test("judgeBody() detects the family from a later event if the first one does not identify it", () => {
  const first = [
    'event: keepalive\ndata: {"type":"keepalive"}\n\n',
    "event: open\n\n",
    'data: {"id":"gen","usage":null}\n\n',
    "data: hello\n\n",
  ];
  const head = {
    method: "POST",
    url: new URL(CHAT_URL),
    status: 200,
    headers: new Headers({ "content-type": "text/event-stream" }),
  };
  const [start = "", ...rest] = chatEvents("Hi");
  for (const event of first) {
    for (const [text, reason] of [[event + start, "truncated"], [event + start + rest.join(""), undefined]] as const) {
      const judge = checkByPieces(head);
      const bytes = new TextEncoder().encode(text);
      judge.push(bytes);
      assert.equal(judge.end(bytes)?.reason, reason, text);
    }
  }
});
