import assert from "node:assert/strict";
import { test } from "node:test";
import { awsStreamProblem } from "../src/aws_event_stream.ts";
import { judgeBody } from "../src/complete.ts";
import { CHAT_URL } from "./testing.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const joined = (...parts: readonly Uint8Array[]) => new Uint8Array(parts.flatMap((part) => [...part]));
const uint16 = (value: number) => new Uint8Array([value >> 8, value & 255]);
const uint32 = (value: number) => joined(uint16(value >>> 16), uint16(value & 0xffff));

/** One header: its name, the type of its value and the value's bytes, with their length if the type has one. */
function header(name: string, type: number, value: Uint8Array): Uint8Array {
  const length = type === 6 || type === 7 ? uint16(value.byteLength) : new Uint8Array();
  return joined(new Uint8Array([utf8(name).byteLength]), utf8(name), new Uint8Array([type]), length, value);
}

/** A frame with right lengths; its checksums are zero. */
function frame(headers: Uint8Array, payload = `{"bytes":"e30="}`): Uint8Array {
  const body = utf8(payload);
  const length = 12 + headers.byteLength + body.byteLength + 4;
  return joined(uint32(length), uint32(headers.byteLength), uint32(0), headers, body, uint32(0));
}

const textHeader = (name: string, value: string) => header(name, 7, utf8(value));
const event = (payload?: string) =>
  frame(
    joined(
      textHeader(":event-type", "chunk"),
      textHeader(":content-type", "application/json"),
      textHeader(":message-type", "event"),
    ),
    payload,
  );
const failure = (type: string) =>
  frame(joined(textHeader(":exception-type", "throttlingException"), textHeader(":message-type", type)));

/** One header of each type of value. */
const everyType = joined(
  header("yes", 0, new Uint8Array()),
  header("no", 1, new Uint8Array()),
  header("byte", 2, new Uint8Array(1)),
  header("short", 3, new Uint8Array(2)),
  header("int", 4, new Uint8Array(4)),
  header("long", 5, new Uint8Array(8)),
  header("bytes", 6, new Uint8Array(300)),
  header("text", 7, utf8("ünïcode")),
  header("time", 8, new Uint8Array(8)),
  header("uuid", 9, new Uint8Array(16)),
);

function judgeAws(body: Uint8Array, chunkLength = body.byteLength || 1): { reason: string; marked: boolean } {
  const headers = new Headers({ "content-type": "application/vnd.amazon.eventstream" });
  const judge = judgeBody({ method: "POST", url: new URL(CHAT_URL), status: 200, headers });
  let marked = false;
  for (let at = 0; at < body.byteLength; at += chunkLength) {
    marked = judge.push(body.subarray(at, at + chunkLength)) || marked;
  }
  return { reason: judge.end(body)?.reason ?? "whole", marked };
}

test("awsStreamProblem() finds nothing, when every frame is whole", () => {
  for (const body of [new Uint8Array(), event(), event(""), joined(event(), event("{}"), event("x".repeat(70_000)))]) {
    assert.equal(awsStreamProblem(body), undefined);
  }
});

test("awsStreamProblem() reads a part of a larger buffer, when it is given one", () => {
  const padded = joined(utf8("before"), event(), utf8("after"));
  assert.equal(awsStreamProblem(padded.subarray(6, padded.byteLength - 5)), undefined);
});

test("awsStreamProblem() finds a cut, after any byte but the last of a frame", () => {
  const frames = [event("first"), event(), frame(everyType)];
  const body = joined(...frames);
  const borders = new Set(frames.map((_, at) => joined(...frames.slice(0, at)).byteLength));
  for (let length = 0; length < body.byteLength; length++) {
    const problem = awsStreamProblem(body.subarray(0, length));
    assert.equal(problem === undefined, borders.has(length), `${length} of ${body.byteLength} bytes: ${problem}`);
  }
});

test("awsStreamProblem() finds exceptions and errors, behind headers of every type", () => {
  for (const type of ["exception", "error"]) {
    const behind = frame(joined(everyType, textHeader(":message-type", type)));
    for (const body of [failure(type), joined(event(), failure(type)), joined(behind, event())]) {
      assert.match(awsStreamProblem(body) ?? "", new RegExp(type));
    }
  }
  assert.equal(awsStreamProblem(frame(joined(everyType, textHeader(":message-type", "event")))), undefined);
});

test("awsStreamProblem() takes no other header for the message type", () => {
  const quoted = joined(textHeader("quote", ":message-type exception"), header(":message-type", 6, utf8("exception")));
  assert.equal(awsStreamProblem(frame(quoted)), undefined);
});

test("awsStreamProblem() says what is wrong instead of throwing, when lengths are impossible", () => {
  const bodies = [
    joined(uint32(0), uint32(0), uint32(0), uint32(0)),
    joined(uint32(15), uint32(0), uint32(0), uint32(0)),
    joined(uint32(20), uint32(5), uint32(0), uint32(0), uint32(0)),
    joined(uint32(0xffffffff), uint32(0), uint32(0), uint32(0)),
    joined(uint32(16), uint32(0xffffffff), uint32(0), uint32(0)),
    frame(new Uint8Array([200, 1])),
    frame(new Uint8Array([1, 65])),
    frame(new Uint8Array([1, 65, 7, 0])),
    frame(new Uint8Array([1, 65, 7, 255, 255, 1])),
    utf8(`{"message":"no frames at all, but JSON"}`),
  ];
  for (const body of bodies) {
    assert.equal(typeof awsStreamProblem(body), "string", `${body.subarray(0, 20)}`);
  }
});

test("judgeBody() judges an AWS event stream at its end, however it was cut into chunks", () => {
  const body = joined(event(), event());
  for (const chunkLength of [1, 7, 50, body.byteLength]) {
    assert.deepEqual(judgeAws(body, chunkLength), { reason: "whole", marked: false });
  }
  assert.equal(judgeAws(body.subarray(0, -1)).reason, "truncated");
  assert.equal(judgeAws(joined(body, failure("exception"))).reason, "error");
  assert.equal(judgeAws(new Uint8Array()).reason, "whole");
});
