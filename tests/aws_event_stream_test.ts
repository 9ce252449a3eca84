import assert from "node:assert/strict";
import { concatBytes, utf8 } from "../src/lib/bytes.ts";
import { eventFrame, exceptionFrame, frame, frameHeader } from "./provider/aws_frame.ts";
import { test } from "./suite.ts";
import { CHAT_URL, checkByPieces } from "./testing.ts";

const joined = (...parts: readonly Uint8Array[]) => concatBytes(parts);
const uint16 = (value: number) => new Uint8Array([value >> 8, value & 255]);
const uint32 = (value: number) => joined(uint16(value >>> 16), uint16(value & 0xffff));

/** A frame with these headers. No test reads its payload. */
const headed = (...headers: readonly Uint8Array[]) => frame(joined(...headers), utf8(`{"bytes":"e30="}`));
const textHeader = (name: string, value: string) => frameHeader(name, utf8(value));
const event = (payload: unknown = { bytes: "e30=" }) => eventFrame("chunk", payload);
const failure = (type: string) =>
  headed(textHeader(":exception-type", "throttlingException"), textHeader(":message-type", type));

/** One header of each type of value. */
const everyType = joined(
  frameHeader("yes", new Uint8Array(), 0),
  frameHeader("no", new Uint8Array(), 1),
  frameHeader("byte", new Uint8Array(1), 2),
  frameHeader("short", new Uint8Array(2), 3),
  frameHeader("int", new Uint8Array(4), 4),
  frameHeader("long", new Uint8Array(8), 5),
  frameHeader("bytes", new Uint8Array(300), 6),
  frameHeader("text", utf8("ünïcode"), 7),
  frameHeader("time", new Uint8Array(8), 8),
  frameHeader("uuid", new Uint8Array(16), 9),
);

function awsCheck() {
  const headers = new Headers({ "content-type": "application/vnd.amazon.eventstream" });
  return checkByPieces({ method: "POST", url: new URL(CHAT_URL), status: 200, headers });
}

const problemOf = (body: Uint8Array) => awsCheck().end(body)?.detail;

function judgeAws(body: Uint8Array, chunkLength = body.byteLength || 1): { reason: string; marked: boolean } {
  const judge = awsCheck();
  let marked = false;
  for (let at = 0; at < body.byteLength; at += chunkLength) {
    marked = judge.push(body.subarray(at, at + chunkLength)) || marked;
  }
  return { reason: judge.end(body)?.reason ?? "whole", marked };
}

test("checkCompleteness() of AWS frames finds nothing if every frame is complete", () => {
  for (
    const body of [
      new Uint8Array(),
      event(),
      frame(textHeader(":message-type", "event"), new Uint8Array()),
      joined(event(), event("{}"), event("x".repeat(70_000))),
    ]
  ) {
    assert.equal(problemOf(body), undefined);
  }
});

test("checkCompleteness() of AWS frames reads only its own part of a larger buffer", () => {
  const padded = joined(utf8("before"), event(), utf8("after"));
  assert.equal(problemOf(padded.subarray(6, padded.byteLength - 5)), undefined);
});

test("checkCompleteness() of AWS frames reports a body that is cut inside a frame", () => {
  const frames = [event("first"), event(), headed(everyType)];
  const body = joined(...frames);
  const borders = new Set(frames.map((_, at) => joined(...frames.slice(0, at)).byteLength));
  for (let length = 0; length < body.byteLength; length++) {
    const problem = problemOf(body.subarray(0, length));
    assert.equal(problem === undefined, borders.has(length), `${length} of ${body.byteLength} bytes: ${problem}`);
  }
});

test("checkCompleteness() of AWS frames finds exceptions and errors after headers of every type", () => {
  for (const type of ["exception", "error"]) {
    const behind = headed(everyType, textHeader(":message-type", type));
    for (const body of [failure(type), joined(event(), failure(type)), joined(behind, event())]) {
      assert.match(problemOf(body) ?? "", new RegExp(type));
    }
  }
  assert.equal(problemOf(headed(everyType, textHeader(":message-type", "event"))), undefined);
});

test("checkCompleteness() of AWS frames requires a messageStop event after a messageStart event", () => {
  const start = eventFrame("messageStart", { role: "assistant" });
  const delta = eventFrame("contentBlockDelta", { contentBlockIndex: 0, delta: { text: "Hé" } });
  const stop = eventFrame("messageStop", { stopReason: "end_turn" });
  const metadata = eventFrame("metadata", { usage: { inputTokens: 1 } });
  for (const frames of [[start, delta, stop], [start, delta, stop, metadata], [event(), delta], [metadata]]) {
    assert.equal(problemOf(joined(...frames)), undefined);
  }
  for (const frames of [[start], [start, delta, delta], [start, event()]]) {
    assert.match(problemOf(joined(...frames)) ?? "", /without messageStop/);
    assert.equal(judgeAws(joined(...frames)).reason, "truncated");
  }
  const failed = [start, delta, exceptionFrame("modelStreamErrorException", "failed")];
  assert.equal(judgeAws(joined(...failed)).reason, "error");
});

test("checkCompleteness() of AWS frames ignores other headers that look like the message type", () => {
  const quoted = joined(
    textHeader("quote", ":message-type exception"),
    frameHeader(":message-type", utf8("exception"), 6),
  );
  assert.equal(problemOf(headed(quoted)), undefined);
});

test("checkCompleteness() of AWS frames reports impossible lengths and does not throw", () => {
  const bodies = [
    joined(uint32(0), uint32(0), uint32(0), uint32(0)),
    joined(uint32(15), uint32(0), uint32(0), uint32(0)),
    joined(uint32(20), uint32(5), uint32(0), uint32(0), uint32(0)),
    joined(uint32(0xffffffff), uint32(0), uint32(0), uint32(0)),
    joined(uint32(16), uint32(0xffffffff), uint32(0), uint32(0)),
    headed(new Uint8Array([200, 1])),
    headed(new Uint8Array([1, 65])),
    headed(new Uint8Array([1, 65, 7, 0])),
    headed(new Uint8Array([1, 65, 7, 255, 255, 1])),
    utf8(`{"message":"no frames at all, but JSON"}`),
  ];
  for (const body of bodies) {
    assert.equal(typeof problemOf(body), "string", `${body.subarray(0, 20)}`);
  }
});

test("judgeBody() judges an AWS event stream at its end, for any chunk borders", () => {
  const body = joined(event(), event());
  for (const chunkLength of [1, 7, 50, body.byteLength]) {
    assert.deepEqual(judgeAws(body, chunkLength), { reason: "whole", marked: false });
  }
  assert.equal(judgeAws(body.subarray(0, -1)).reason, "truncated");
  assert.equal(judgeAws(joined(body, failure("exception"))).reason, "error");
  assert.equal(judgeAws(new Uint8Array()).reason, "whole");
});
