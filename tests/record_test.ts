import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import process from "node:process";
import { joined, oneBlock } from "../src/lib/blocks.ts";
import type { Problem } from "../src/report/events.ts";
import type { CollectOptions, ReceivedBody } from "../src/record/collect.ts";
import { record } from "../src/record/record.ts";
import { labelled } from "../src/replay/labelled.ts";
import { test } from "./suite.ts";
import { CHAT_URL, chatEvents, jsonPost, network, streamAnswer, testCachy } from "./testing.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const EMPTY = { bytes: oneBlock(new Uint8Array()), binary: true, text: undefined, chunks: [] };
const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const nextTurn = () => new Promise((done) => setImmediate(done));
const EVENTS = chatEvents("Hé");

/** A body that the test sends piece by piece, and what happened to it. */
function source(type = "text/event-stream") {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let cancelBody = () => {};
  const cancelled = new Promise<void>((resolve) => (cancelBody = resolve));
  const body = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    cancel: () => cancelBody(),
  });
  return {
    response: new Response(body, { headers: { "content-type": type } }),
    cancelled,
    send: (...pieces: (string | Uint8Array)[]) => {
      for (const piece of pieces) {
        controller?.enqueue(typeof piece === "string" ? utf8(piece) : piece);
      }
    },
    end: () => controller?.close(),
    fail: (error: Error) => controller?.error(error),
  };
}

/** Records, and stores what was committed. */
function recorded(response: Response, options: Partial<CollectOptions> = {}) {
  const commits: ReceivedBody[] = [];
  let notify = () => {};
  const committed = new Promise<void>((resolve) => (notify = resolve));
  const commit = async (body: ReceivedBody): Promise<Problem | undefined> => {
    commits.push(body);
    notify();
    return await options.commit?.(body);
  };
  const head = { method: "POST", url: new URL(CHAT_URL), status: response.status, headers: response.headers };
  const recording = record(response, head, { maxBodyBytes: 1e6, now: () => 0, ...options, commit });
  const texts = () => commits.map(({ bytes }) => textOf(joined(bytes)));
  return { ...recording, commits, texts, committed };
}

const readerOf = (response: Response) => (response.body as ReadableStream<Uint8Array>).getReader();

test("record() passes on each chunk when it arrives, and commits all of them in the end", async () => {
  const { response, send, end } = source();
  let clock = 0;
  const recording = recorded(response, { now: () => clock });
  const reader = readerOf(recording.response);
  for (const event of EVENTS.slice(0, 2)) {
    clock += 10;
    send(event);
    assert.equal(textOf((await reader.read()).value), event, "before the next one exists");
    assert.equal(recording.commits.length, 0);
  }
  end();
  assert.equal((await reader.read()).done, true);
  assert.deepEqual(recording.texts(), [EVENTS.slice(0, 2).join("")]);
  const lengths = EVENTS.slice(0, 2).map((event) => utf8(event).byteLength);
  assert.deepEqual(recording.commits[0]?.chunks, [[10, lengths[0]], [20, lengths[1]]]);
  assert.equal(await recording.settled, undefined);
});

test("record() commits before it passes on the chunk with the terminal event", async () => {
  const { response, send } = source();
  let finishCommit = () => {};
  const hold = new Promise<undefined>((resolve) => (finishCommit = () => resolve(undefined)));
  const { response: live, committed, texts } = recorded(response, { commit: () => hold });
  const reader = readerOf(live);
  send(...EVENTS);
  for (const event of EVENTS.slice(0, -1)) {
    assert.equal(textOf((await reader.read()).value), event);
  }
  let isGiven = false;
  const last = reader.read().then(({ value }) => ((isGiven = true), textOf(value)));
  await committed;
  for (let turn = 0; turn < 5; turn++) await nextTurn();
  assert.equal(isGiven, false, "the commit is still under way");
  finishCommit();
  assert.equal(await last, EVENTS.at(-1));
  assert.deepEqual(texts(), [EVENTS.join("")], "though the body did not end");
});

test("record() commits before the caller sees the end if there is no terminal event", async () => {
  const { response, send, end } = source("application/json");
  let finishCommit = () => {};
  const hold = new Promise<undefined>((resolve) => (finishCommit = () => resolve(undefined)));
  const { response: live, committed, commits } = recorded(response, { commit: () => hold });
  const reader = readerOf(live);
  send(`{"a":1}`);
  assert.equal(textOf((await reader.read()).value), `{"a":1}`);
  assert.equal(commits.length, 0);
  end();
  let isEnded = false;
  const ended = reader.read().then(({ done }) => (isEnded = done));
  await committed;
  for (let turn = 0; turn < 5; turn++) await nextTurn();
  assert.equal(isEnded, false, "the commit is still under way");
  finishCommit();
  assert.equal(await ended, true);
});

test("record() commits again if bytes follow the terminal event", async () => {
  const { response, send, end } = source();
  const { response: live, texts, settled } = recorded(response);
  send(...EVENTS, ": bye\n\n");
  end();
  assert.equal(await live.text(), `${EVENTS.join("")}: bye\n\n`);
  assert.deepEqual(texts(), [EVENTS.join(""), `${EVENTS.join("")}: bye\n\n`]);
  assert.equal(await settled, undefined);
});

test("record() commits once if the body ends after the terminal event", async () => {
  const { response, send, end } = source();
  const { response: live, texts } = recorded(response);
  send(EVENTS.join(""));
  end();
  await live.text();
  assert.deepEqual(texts(), [EVENTS.join("")]);
});

test("record() lets the caller stop at once and cancels the source, even if it never ends", async () => {
  const { response, send, cancelled } = source();
  const { response: live, settled, commits } = recorded(response);
  send(EVENTS[0] ?? "");
  const received: string[] = [];
  for await (const chunk of live.body as ReadableStream<Uint8Array>) {
    received.push(textOf(chunk));
    break;
  }
  await cancelled;
  assert.equal((await settled)?.reason, "cancelled");
  assert.deepEqual([received, commits.length], [EVENTS.slice(0, 1), 0]);
});

test("record() lets the caller cancel before the first read", async () => {
  const { response, cancelled } = source();
  const { response: live, settled, commits } = recorded(response);
  await live.body?.cancel();
  await cancelled;
  assert.deepEqual([(await settled)?.reason, commits.length], ["cancelled", 0]);
});

test("record() keeps the commit if the caller stops after the terminal event", async () => {
  const { response, send, cancelled } = source();
  const { response: live, settled, texts } = recorded(response);
  send(...EVENTS);
  const reader = readerOf(live);
  for (const event of EVENTS) {
    assert.equal(textOf((await reader.read()).value), event);
  }
  await reader.cancel();
  await cancelled;
  assert.equal(await settled, undefined);
  assert.deepEqual(texts(), [EVENTS.join("")]);
});

test("record() keeps the commit if the caller stops earlier but the copy contained the terminal event", async () => {
  const { response, send, cancelled } = source();
  const { response: live, settled, texts, committed } = recorded(response);
  send(...EVENTS);
  const reader = readerOf(live);
  await reader.read();
  await committed;
  await reader.cancel();
  await cancelled;
  assert.equal(await settled, undefined);
  assert.deepEqual(texts(), [EVENTS.join("")]);
});

test("record() passes the error of the network itself to the caller, and commits nothing", async () => {
  const { response, send, fail } = source();
  const { response: live, settled, commits } = recorded(response);
  const reader = readerOf(live);
  send(EVENTS[0] ?? "");
  await reader.read();
  const reset = new TypeError("connection reset");
  fail(reset);
  await assert.rejects(reader.read(), (error) => error === reset);
  assert.deepEqual(await settled, { reason: "broken", detail: "connection reset" });
  assert.equal(commits.length, 0);
});

test("record() keeps the commit if the source fails after the terminal event", async () => {
  const { response, send, fail } = source();
  const { response: live, settled, texts } = recorded(response);
  const reader = readerOf(live);
  send(...EVENTS);
  for (const _ of EVENTS) await reader.read();
  const reset = new Error("connection reset");
  fail(reset);
  await assert.rejects(reader.read(), (error) => error === reset);
  assert.equal(await settled, undefined);
  assert.deepEqual(texts(), [EVENTS.join("")]);
});

test("record() records what was sent if the caller writes into its chunks", async () => {
  const { response, send, end } = source();
  const { response: live, texts } = recorded(response);
  const reader = readerOf(live);
  for (const event of EVENTS) {
    send(event);
    (await reader.read()).value?.fill(0);
  }
  end();
  await reader.read();
  assert.deepEqual(texts(), [EVENTS.join("")]);
});

test("record() fails like any body if the source sends text instead of bytes", async () => {
  const body = new ReadableStream<string>({
    start(controller) {
      controller.enqueue("text");
      controller.close();
    },
  });
  const original = new Response(body as unknown as BodyInit, { headers: { "content-type": "text/plain" } });
  const { response, settled, commits } = recorded(original);
  await assert.rejects(response.text(), TypeError);
  assert.deepEqual([(await settled)?.reason, commits.length], ["broken", 0]);
});

test("record() returns the original response if its headers say that the body exceeds maxBodyBytes", async () => {
  const responseOf = (headers: Record<string, string>) =>
    new Response("12345", { headers: { "content-type": "text/plain", "content-length": "5", ...headers } });
  const original = responseOf({});
  const { response, settled, commits } = recorded(original, { maxBodyBytes: 4 });
  assert.equal(response, original);
  assert.deepEqual([(await settled)?.reason, commits.length], ["too-large", 0]);
  assert.equal(await response.text(), "12345");
  // The header does not count the bytes of a decoded body.
  for (
    const [headers, maxBodyBytes] of [[{}, 5], [{ "content-encoding": "gzip", "content-length": "9" }, 5]] as const
  ) {
    const { response, settled, commits } = recorded(responseOf(headers), { maxBodyBytes });
    assert.equal(await response.text(), "12345");
    assert.deepEqual([await settled, commits.length], [undefined, 1]);
  }
});

test("record() passes everything to the caller and commits nothing if the body exceeds maxBodyBytes", async () => {
  const whole = EVENTS.join("");
  const size = utf8(whole).byteLength;
  for (const pieces of [EVENTS, [whole], [...EVENTS, ": bye\n\n"]]) {
    const { response, send, end } = source();
    const { response: live, settled, commits } = recorded(response, { maxBodyBytes: size - 1 });
    send(...pieces);
    end();
    assert.equal(await live.text(), pieces.join(""));
    assert.deepEqual([(await settled)?.reason, commits.length], ["too-large", 0], `${pieces.length} chunks`);
  }
  const { response, send, end } = source();
  const { response: live, settled } = recorded(response, { maxBodyBytes: size });
  send(...EVENTS);
  end();
  assert.equal(await live.text(), whole);
  assert.equal(await settled, undefined, "exactly maxBodyBytes");
});

test("record() reports no drop if more than maxBodyBytes follow the commit at the terminal event", async () => {
  const { response, send, end } = source();
  const { response: live, settled, texts } = recorded(response, { maxBodyBytes: utf8(EVENTS.join("")).byteLength });
  send(...EVENTS, ": bye\n\n");
  end();
  await live.text();
  assert.deepEqual([await settled, texts()], [undefined, [EVENTS.join("")]]);
});

test("record() commits an unread JSON body, and an unread stream on request", async () => {
  for (const type of ["application/json", "text/event-stream"]) {
    const { response, send, end } = source(type);
    const { settled, texts, start } = recorded(response);
    const body = type === "application/json" ? ['{"id":', "1}"] : EVENTS;
    send(...body);
    end();
    for (let turn = 0; turn < 5; turn++) await nextTurn();
    assert.equal(texts().length, type === "application/json" ? 1 : 0);
    start();
    assert.equal(await settled, undefined);
    assert.deepEqual(texts(), [body.join("")]);
  }
});

test("record() commits an empty body that the caller cancels unread, and drops any other", async () => {
  for (const body of ["", "{}"]) {
    const { response, send, end } = source("application/json");
    const { response: live, settled, texts } = recorded(response);
    await live.body?.cancel();
    if (body) send(body);
    end();
    assert.deepEqual([(await settled)?.reason, texts()], body ? ["cancelled", []] : [undefined, [""]]);
  }
});

test("record() ends the wait for a store that hangs if the caller aborts", async () => {
  const { response, send, end } = source();
  const aborter = new AbortController();
  const commit = () => new Promise<undefined>(() => aborter.abort(new Error("too long")));
  const { response: live } = recorded(response, { commit, signal: aborter.signal });
  send(...EVENTS);
  end();
  await assert.rejects(live.text(), /too long/);
});

test("record() passes on the reason why nothing was recorded", async () => {
  const notWritten: Problem = { reason: "not-written", detail: "disk full" };
  for (const events of [EVENTS, EVENTS.slice(0, 2)]) {
    const { response, send, end } = source();
    const { response: live, settled } = recorded(response, { commit: () => Promise.resolve(notWritten) });
    send(...events);
    end();
    assert.equal(await live.text(), events.join(""));
    assert.deepEqual(await settled, notWritten);
  }
});

test("record() commits an empty body, and does not change a response without a body", async () => {
  const { response, end } = source("application/json");
  const empty = recorded(response);
  end();
  assert.equal(await empty.response.text(), "");
  assert.deepEqual([await empty.settled, empty.texts()], [undefined, [""]]);
  for (const status of [200, 204, 205]) {
    const bodiless = new Response(null, { status, headers: { "x-request-id": "req_1" } });
    const { response: live, settled, commits } = recorded(bodiless);
    assert.deepEqual([live.status, live.body, live.headers.get("x-request-id")], [status, null, "req_1"]);
    assert.deepEqual([await settled, commits], [undefined, [EMPTY]]);
  }
});

test("fetch() has recorded a response without a body before the caller gets it", async () => {
  const { fetch: paid } = network(() => new Response(null, { status: 204 }));
  const cachy = testCachy({ fetch: paid });
  await cachy.fetch(CHAT_URL, jsonPost({ long: "x".repeat(10_000) }));
  assert.equal(cachy.stats.recorded, 1, "without flush()");
});

test("record() keeps the properties of the original response, also in clones", async () => {
  const { body } = streamAnswer(EVENTS);
  const headers = new Headers({ "content-type": "text/event-stream", "content-encoding": "gzip", "x-a": "ü" });
  headers.append("set-cookie", "a=1");
  headers.append("set-cookie", "b=2");
  const original = new Response(body, { status: 201, statusText: "Made", headers });
  const { response } = recorded(labelled(original, { url: `${CHAT_URL}?moved`, redirected: true }));
  assert.ok(response instanceof Response);
  const clone = response.clone();
  for (const one of [response, clone, clone.clone()]) {
    assert.deepEqual([one.url, one.redirected], [`${CHAT_URL}?moved`, true]);
    assert.deepEqual([one.status, one.statusText, one.ok], [201, "Made", true]);
    assert.deepEqual([...one.headers], [...headers].filter(([name]) => name !== "content-encoding"), "it is decoded");
    assert.deepEqual(one.headers.getSetCookie(), ["a=1", "b=2"]);
    assert.equal(await one.text(), EVENTS.join(""));
  }
});

test("record() leaves no rejection unhandled, for any failure and any reader", async () => {
  const unhandled: unknown[] = [];
  const listen = (reason: unknown) => void unhandled.push(reason);
  process.on("unhandledRejection", listen);
  try {
    for (const read of [0, 1]) {
      for (const ending of ["fail", "cancel", "cancel and fail"] as const) {
        for (const commit of [undefined, () => Promise.resolve<Problem>({ reason: "not-written", detail: "" })]) {
          const { response, send, fail } = source();
          const { response: live, settled, start } = recorded(response, { commit });
          const reader = readerOf(live);
          send(EVENTS[0] ?? "");
          if (read) await reader.read();
          else start();
          if (ending !== "fail") await reader.cancel(new Error("enough"));
          if (ending !== "cancel") fail(new Error("reset"));
          await settled;
        }
      }
    }
    for (let turn = 0; turn < 5; turn++) await nextTurn();
  } finally {
    process.off("unhandledRejection", listen);
  }
  assert.deepEqual(unhandled, []);
});

test("record() copies each chunk, because its owner may use the memory again", async () => {
  const pool = Buffer.alloc(1024);
  const { response, send, end } = source();
  const { response: live, settled, texts } = recorded(response);
  const reader = readerOf(live);
  for (const event of EVENTS) {
    const length = pool.write(event);
    send(pool.subarray(0, length));
    assert.equal(new TextDecoder().decode((await reader.read()).value), event);
    pool.fill(0, 0, length);
  }
  end();
  assert.deepEqual([await settled, texts(), pool.byteLength], [undefined, [EVENTS.join("")], 1024]);
});
