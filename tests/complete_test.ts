import assert from "node:assert/strict";
import { headProblem } from "../src/record/completeness.ts";
import type { AnswerHead } from "../src/record/json_answer.ts";
import { test } from "./suite.ts";
import { CHAT_URL, chatEvents, checkByPieces } from "./testing.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

function head(headers: Record<string, string>, { method = "POST", status = 200 } = {}): AnswerHead {
  return { method, url: new URL(CHAT_URL), status, headers: new Headers(headers) };
}

/** The reason why a body that arrives in these pieces is not recorded, or "whole". */
function verdict(of: AnswerHead, pieces: readonly Uint8Array[]): string {
  const judge = checkByPieces(of);
  for (const piece of pieces) judge.push(piece);
  const body = new Uint8Array(pieces.flatMap((piece) => [...piece]));
  return judge.end(body)?.reason ?? "whole";
}

const CHAT = chatEvents("Hé").join("");

test("headProblem() accepts successful responses only", () => {
  for (const status of [200, 201, 202, 203, 204, 205, 207, 299]) {
    assert.equal(headProblem(head({}, { status })), undefined, `${status}`);
  }
  for (const status of [101, 206, 300, 301, 304, 400, 401, 404, 408, 429, 500, 503]) {
    assert.equal(headProblem(head({}, { status }))?.reason, "status", `${status}`);
  }
});

test("headProblem() rejects 202 for a GET, because the result is not ready", () => {
  assert.equal(headProblem(head({}, { status: 202, method: "GET" }))?.reason, "status");
  assert.equal(headProblem(head({}, { status: 202, method: "POST" })), undefined);
  assert.equal(headProblem(head({}, { status: 200, method: "GET" })), undefined);
});

test("judgeBody() rejects a body whose length differs from content-length", () => {
  const body = utf8("plain tëxt");
  const at = (length: number | string, type = "text/plain") =>
    verdict(head({ "content-type": type, "content-length": `${length}` }), [body]);
  assert.equal(at(body.byteLength), "whole");
  for (const length of [0, body.byteLength - 1, body.byteLength + 1, 9999]) {
    assert.equal(at(length), "truncated", `${length}`);
    assert.equal(at(length, "audio/mpeg"), "truncated", `${length}`);
  }
});

test("judgeBody() rejects a stream that is shorter than announced, even with its terminal event", () => {
  const headers = { "content-type": "text/event-stream", "content-length": `${utf8(CHAT).byteLength + 1}` };
  assert.equal(verdict(head(headers), [utf8(CHAT)]), "truncated");
});

test("judgeBody() ignores content-length if it does not count the bytes of the body", () => {
  const type = { "content-type": "text/plain" };
  const encoded = { ...type, "content-length": "3", "content-encoding": "gzip" };
  assert.equal(verdict(head(encoded), [utf8("longer than that")]), "whole");
  assert.equal(verdict(head({ ...type, "content-length": "300" }, { method: "HEAD" }), []), "whole");
});

test("judgeBody() ignores content-length if it is not a number", () => {
  for (const length of ["", "abc", "5, 5"]) {
    assert.equal(verdict(head({ "content-type": "text/plain", "content-length": length }), [utf8("hello")]), "whole");
  }
});

test("judgeBody() accepts an empty body that is not a stream", () => {
  for (const type of ["", "application/json", "text/plain", "audio/mpeg"]) {
    assert.equal(verdict(head(type ? { "content-type": type } : {}), []), "whole", type);
  }
});

test("judgeBody() accepts other text and binary bodies when they end", () => {
  const bodies: [string, Uint8Array][] = [
    ["text/plain", utf8("data science, and no event stream")],
    ["text/csv", utf8("id,name\n1,x")],
    ["audio/mpeg", new Uint8Array([0xff, 0xfb, 0, 1])],
    ["application/octet-stream", utf8(`data: {"error":"no event stream by its type"}\n\n`)],
    ["image/png", new Uint8Array([0x89])],
  ];
  for (const [type, body] of bodies) {
    assert.equal(verdict(head({ "content-type": type }), [body]), "whole", type);
  }
});

test("judgeBody() detects an event stream with the content type of text or of JSON, or with none", () => {
  for (const type of ["text/plain", "text/plain; charset=utf-8", "application/json", "text/html", ""]) {
    for (
      const text of [CHAT, `: comment\n\n${CHAT}`, `id: 1\n${CHAT}`, `event: message\n${CHAT}`, `retry: 5\n${CHAT}`]
    ) {
      const of = head(type ? { "content-type": type } : {});
      const bytes = utf8(text);
      assert.equal(verdict(of, [bytes]), "whole", `${type}: ${text.slice(0, 9)}`);
      assert.equal(verdict(of, [bytes.subarray(0, bytes.byteLength / 2)]), "truncated", `${type}: ${text.slice(0, 9)}`);
    }
  }
});

test("judgeBody() detects an event stream in text that starts with small or empty chunks", () => {
  const [first = "", ...rest] = chatEvents("x");
  const cut = utf8(first);
  for (let at = 0; at < 8; at++) {
    const of = head({ "content-type": "text/plain" });
    assert.equal(verdict(of, [cut.subarray(0, at), cut.subarray(at)]), "truncated", `cut after ${at} bytes`);
    const judge = checkByPieces(of);
    const pieces = [cut.subarray(0, at), cut.subarray(at), ...rest.map(utf8)];
    assert.equal(pieces.map((piece) => judge.push(piece)).at(-1), true, `marker, cut after ${at} bytes`);
  }
});

test("judgeBody() detects an event stream in text that starts with a BOM or blank lines", () => {
  for (const start of ["\uFEFF", "\n", "\r\n\r\n"]) {
    const of = head({ "content-type": "text/plain" });
    assert.equal(verdict(of, [utf8(start + chatEvents("x")[0])]), "truncated", JSON.stringify(start));
    assert.equal(verdict(of, [utf8(start + CHAT)]), "whole", JSON.stringify(start));
  }
});

test("judgeBody() judges JSON with the content type of an event stream as JSON", () => {
  const of = head({ "content-type": "text/event-stream" });
  for (const indent of [0, 2]) {
    const error = JSON.stringify({ error: { message: "overloaded" } }, null, indent);
    assert.equal(verdict(of, [utf8(error)]), "error", `indented by ${indent}`);
  }
});

test("judgeBody() accepts the content type in any case and with parameters", () => {
  const types = ["Text/Event-Stream", "text/event-stream;charset=UTF-8", "TEXT/EVENT-STREAM; x=y"];
  for (const type of types) {
    assert.equal(verdict(head({ "content-type": type }), [utf8(chatEvents("x")[0] ?? "")]), "truncated", type);
  }
  assert.equal(verdict(head({ "content-type": "Application/JSON; charset=utf-8" }), [utf8(`{"a":`)]), "truncated");
});

const EVENT_STREAM = head({ "content-type": "text/event-stream" });

test("judgeBody() rejects an event stream without events", () => {
  for (
    const text of ["", ": OPENROUTER PROCESSING\n\n", "\n\n", `event: ping\ndata: {"type":"ping"}\n\n`, "retry: 1\n\n"]
  ) {
    assert.equal(verdict(EVENT_STREAM, [utf8(text)]), "truncated", JSON.stringify(text));
  }
});

test("judgeBody() rejects an event stream with an error, at any place before the terminal event", () => {
  const errors = [
    `data: {"error":{"message":"overloaded"}}\n\n`,
    `data: {"error":"overloaded"}\n\n`,
    `event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n`,
    `event: error\ndata: plain text\n\n`,
    `event: error\n\n`,
    `event: error\ndata: {"type":"overloaded","message":"x"}\n\n`,
    `data: {"type":"error","message":"x"}\n\n`,
    `event: response.failed\ndata: {"type":"response.failed"}\n\n`,
    `data: {"type":"response.cancelled"}\n\n`,
    `{"error":{"message":"bare"}}\n`,
    `{"error":{"message":"bare"}}\n\n`,
    `data: {"choices":[{"index":0,"error":{"code":502}}]}\n\n`,
    `data: {"choices":[{"index":0,"finish_reason":"error"}]}\n\n`,
  ];
  const starts = [
    chatEvents("x"),
    [`data: {"type":"response.created"}\n\n`, `data: {"type":"response.completed"}\n\n`],
    [`data: {"type":"message_start"}\n\n`, `data: {"type":"message_stop"}\n\n`],
    [`data: {"candidates":[{"finishReason":"STOP"}]}\n\n`],
    [`event: output\ndata: x\n\n`, `event: done\ndata: {}\n\n`],
    [`data: some other\n\n`],
  ];
  for (const error of errors) {
    for (const events of starts) {
      for (let at = 0; at < events.length; at++) {
        const judge = checkByPieces(EVENT_STREAM);
        const pieces = [...events.slice(0, at), error, ...events.slice(at)].map(utf8);
        assert.ok(!pieces.map((piece) => judge.push(piece)).includes(true), `${error} in ${events}`);
        const body = utf8([...events.slice(0, at), error, ...events.slice(at)].join(""));
        assert.equal(judge.end(body)?.reason, "error", `${error} in ${events}`);
      }
      assert.equal(verdict(EVENT_STREAM, [utf8(events.join("") + error)]), "error", `${error} at the end of ${events}`);
    }
  }
});

test("judgeBody() accepts an event stream in which an error is null or only quoted", () => {
  const [first = "", ...rest] = chatEvents(`{\\"error\\":1}`);
  for (
    const event of [first, `data: {"choices":[],"error":null}\n\n`, `data: {"choices":[{"index":0,"error":null}]}\n\n`]
  ) {
    assert.equal(verdict(EVENT_STREAM, [utf8(event + rest.join(""))]), "whole", event);
  }
});

test("judgeBody() accepts an event stream of an unknown family that ends after an event", () => {
  for (
    const events of [[`data: {"token":"a"}\n\n`, `data: {"token":"b"}\n\n`], ["event: x\ndata: a\n\n", "data: b\n\n"]]
  ) {
    assert.equal(verdict(EVENT_STREAM, [utf8(events.join(""))]), "whole", events.join(""));
    assert.equal(verdict(EVENT_STREAM, [utf8(events[0] ?? "")]), "whole", "without a marker, the end is unknown");
  }
  const judge = checkByPieces(EVENT_STREAM);
  assert.deepEqual(
    [`data: {"token":"a"}\n\n`, "data: [DONE]\n\n"].map((event) => judge.push(utf8(event))),
    [false, true],
  );
});

test("judgeBody() accepts JSON Lines of an unknown family if the last line is complete", () => {
  for (
    const type of ["application/jsonl", "application/x-ndjson", "application/x-jsonlines", "application/stream+json"]
  ) {
    const of = head({ "content-type": type });
    const commented = `{"text":"a"}\n: keep-alive\n{"text":"b"}\n`;
    const texts = [`{"a":1}`, `{"a":1}\n`, `{"status":"pulling"}\n{"status":"success"}\n`, `[1]\r\n\r\n"x"\r\n`];
    for (const text of [...texts, commented]) {
      assert.equal(verdict(of, [utf8(text)]), "whole", `${type} ${text}`);
    }
    assert.equal(verdict(of, [utf8(`{"a":1}\n{"b":`)]), "truncated", type);
    assert.equal(verdict(of, [utf8(`{"a":1}\n{"error":"model not found"}\n`)]), "error", type);
    assert.equal(verdict(of, [utf8(`{"error":"model not found"}`)]), "error", type);
  }
});

test("judgeBody() rejects Ollama's stream if an error precedes done", () => {
  const of = head({ "content-type": "application/x-ndjson" });
  const lines = [`{"done":false}\n`, `{"error":"out of memory"}\n`, `{"done":true}\n`];
  assert.equal(verdict(of, lines.map(utf8)), "error");
  assert.equal(verdict(of, lines.slice(0, 2).map(utf8)), "error");
});

test("judgeBody() sees the terminal event at the end of a chunk with many events, also if short events follow", () => {
  const [first = "", ...rest] = chatEvents("word ");
  const completed = `event: response.completed\ndata: {"type":"response.completed","x":"${"y".repeat(5000)}"}\n\n`;
  const created = `data: {"type":"response.created"}\n\n`;
  const ends: [start: string, end: string, isSeen: boolean][] = [
    [first, rest.join(""), true],
    [first, `${rest.join("")}: ping\n\n${"\n".repeat(100)}`, true],
    [created, completed, true],
    [created, `event: done\ndata: {"type":"response.completed"}\n\n${created.repeat(100)}`, false],
  ];
  for (const [start, end, isSeen] of ends) {
    const judge = checkByPieces(EVENT_STREAM);
    const body = utf8(start.repeat(2000) + end);
    assert.equal(judge.push(body), isSeen, end.slice(0, 200));
    assert.equal(judge.end(body), undefined, end.slice(0, 200));
  }
});
