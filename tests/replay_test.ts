import assert from "node:assert/strict";
import type { Entry } from "../src/store/entry.ts";
import { replay } from "../src/replay/replay.ts";
import { test } from "./suite.ts";
import { CHAT_URL, chatEvents } from "./testing.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const lengthOf = (text: string) => utf8(text).byteLength;
const request = { url: new URL(CHAT_URL) };

function entryOf(members: Partial<Entry> = {}): Entry {
  const headers = { "content-type": "text/event-stream", "x-request-id": "req_1" };
  return {
    key: "5ece2360",
    sha256: `5ece2360${"0".repeat(56)}`,
    v: 1,
    status_code: 200,
    headers,
    response: "",
    ...members,
  };
}

async function chunksOf(response: Response): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  const reader = response.body?.getReader();
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) chunks.push(read.value);
  return chunks;
}

test("replay() returns status, headers and body as they were recorded", async () => {
  const response = replay(entryOf({ status_code: 201, response: "Hé\uFEFF\0" }), request);
  assert.ok(response instanceof Response);
  assert.deepEqual([response.status, response.ok], [201, true]);
  assert.deepEqual([...response.headers], [["content-type", "text/event-stream"], ["x-request-id", "req_1"]]);
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), utf8("Hé\uFEFF\0"));
});

test("replay() keeps a BOM at the start of the body", async () => {
  const bytes = await replay(entryOf({ response: "\uFEFF{}" }), request).arrayBuffer();
  assert.deepEqual([...new Uint8Array(bytes)], [0xef, 0xbb, 0xbf, 0x7b, 0x7d]);
});

test("replay() returns the recorded chunks, also borders inside a character and empty chunks", async () => {
  const text = chatEvents("é€👩‍🚀").join("");
  const inside = lengthOf(text.slice(0, text.indexOf("é"))) + 1;
  const lengths = [inside, 0, 2, 1, lengthOf(text) - inside - 3];
  const chunks = lengths.map((length, at) => [at * 10, length] as const);
  const received = await chunksOf(replay(entryOf({ response: text, chunks }), request));
  assert.deepEqual(received.map(({ byteLength }) => byteLength).filter(Boolean), lengths.filter(Boolean));
  assert.deepEqual(new Uint8Array(received.flatMap((chunk) => [...chunk])), utf8(text));
  assert.equal(await replay(entryOf({ response: text, chunks }), request).text(), text);
});

test("replay() returns the chunks of a binary body", async () => {
  const received = await chunksOf(
    replay(entryOf({ binary: true, response: "AAECAwQ=", chunks: [[0, 2], [5, 3]] }), request),
  );
  assert.deepEqual(received.map((chunk) => [...chunk]), [[0, 1], [2, 3, 4]]);
});

test("replay() returns one chunk if the recorded ones do not describe the body", async () => {
  const borders = [
    [[0, 4]],
    [[0, 2], [0, 4]],
    [[0, -1], [0, 6]],
    [[0, 2.5], [0, 2.5]],
    [["a", "b"]],
    [5],
    [null],
    "12345",
  ];
  for (const chunks of borders) {
    const received = await chunksOf(
      replay(entryOf({ response: "12345", chunks: chunks as unknown as Entry["chunks"] }), request),
    );
    assert.deepEqual(received.map((chunk) => [...chunk]), [[...utf8("12345")]], JSON.stringify(chunks));
  }
});

test("replay() returns bytes that the caller may overwrite", async () => {
  const entry = entryOf({ response: "aabbcc", chunks: [[0, 2], [0, 2], [0, 2]] });
  const binary = { ...entry, binary: true, response: "YWFiYmNj" };
  for (const replayed of [entry, binary]) {
    for (const _ of [1, 2]) {
      const reader = replay(replayed, request).body?.getReader();
      const texts: string[] = [];
      for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
        texts.push(new TextDecoder().decode(read.value));
        new Uint8Array(read.value.buffer).fill(0);
      }
      assert.deepEqual(texts, ["aa", "bb", "cc"]);
    }
  }
});

test("replay() returns a binary body, with and without a content type", async () => {
  for (const type of ["audio/mpeg", null]) {
    const headers: Record<string, string> = type ? { "content-type": type } : {};
    const response = replay(entryOf({ headers, binary: true, response: "AP+A" }), request);
    assert.equal(response.headers.get("content-type"), type);
    assert.deepEqual([...new Uint8Array(await response.arrayBuffer())], [0, 255, 128]);
  }
});

test("replay() adds no content type to a line of this package that has none", () => {
  for (const members of [{}, { chunks: [[0, 4]] as [number, number][] }, { binary: true, response: "AAAA" }]) {
    const response = replay(entryOf({ headers: {}, response: "text", ...members }), request);
    assert.equal(response.headers.get("content-type"), null);
  }
});

test("replay() returns no body if the status allows none", async () => {
  for (const status_code of [204, 205]) {
    for (const response of ["", "unexpected"]) {
      const replayed = replay(entryOf({ status_code, response, chunks: [[0, response.length]] }), request);
      assert.deepEqual([replayed.status, replayed.body, await replayed.text()], [status_code, null, ""]);
    }
  }
});

test("replay() keeps the status of an error in a clone, also after its body was used", async () => {
  const replayed = replay(entryOf({ status_code: 429, error: 1, response: "{}" }), request);
  assert.equal(replayed.body?.locked, false);
  const clone = replayed.clone();
  assert.deepEqual([clone.status, clone.ok, await clone.text(), await replayed.text()], [429, false, "{}", "{}"]);
});

test("replay() returns an empty body if an empty one was recorded", async () => {
  for (const chunks of [undefined, [], [[0, 0]] as [number, number][]]) {
    for (const binary of [false, true]) {
      assert.equal(await replay(entryOf({ binary, chunks }), request).text(), "");
    }
  }
});

test("replay() names the URL of the request without its fragment, also in clones", async () => {
  const url = new URL(`${CHAT_URL}?a=1#part`);
  const response = replay(entryOf({ response: "text" }), { url });
  const clone = response.clone();
  for (const one of [response, clone, clone.clone()]) {
    assert.deepEqual([one.url, one.redirected, await one.text()], [`${CHAT_URL}?a=1`, false, "text"]);
  }
});

test("replay() drops headers that must not be replayed or cannot be sent", () => {
  const headers = {
    "content-type": "application/json",
    "Set-Cookie": "session=1",
    "content-encoding": "gzip",
    "Content-Length": "5",
    "transfer-encoding": "chunked",
    "bad name": "x",
    "": "x",
    "x-line": "a\nb",
    "x-unicode": "€",
    "x-number": 7,
    "x-good": "kept",
  };
  const replayed = replay(entryOf({ headers: headers as unknown as Entry["headers"], response: "{}" }), request);
  assert.deepEqual([...replayed.headers], [["content-type", "application/json"], ["x-good", "kept"]]);
});

test("replay() returns JSON that starts with a byte order mark as the network does", async () => {
  const headers = { "content-type": "application/json" };
  assert.deepEqual(await replay({ key: "5ece2360", v: 1, headers, response: `\uFEFF{"a":1}` }, request).json(), {
    a: 1,
  });
});

test("replay() guesses the content type of pycachy's lines from the text", async () => {
  const guesses: [string, string][] = [
    [chatEvents("x").join(""), "text/event-stream"],
    ["event: message_start\ndata: {}\n\n", "text/event-stream"],
    [": comment\n\ndata: {}\n\n", "text/event-stream"],
    ["id: 1\ndata: {}\n\n", "text/event-stream"],
    ["\uFEFF\r\n\ndata: {}\n\n", "text/event-stream"],
    [`{"done":false}\n{"done":true}\n`, "application/x-ndjson"],
    [`\uFEFF\n{"done":false}\r\r{"done":true}`, "application/x-ndjson"],
    [`\uFEFF{}`, "application/json"],
    [`{ "cut": `, "application/json"],
    ["{#if}\n{/if}", "text/plain; charset=utf-8"],
    [`{"a":1}`, "application/json"],
    [` \n[{"a":1}]\n`, "application/json"],
    [`"text"`, "application/json"],
    ["", "text/plain; charset=utf-8"],
    ["Hello.", "text/plain; charset=utf-8"],
    ["database: text", "text/plain; charset=utf-8"],
    ["[inaudible] Hello.", "text/plain; charset=utf-8"],
    [`"Hello," she said.`, "text/plain; charset=utf-8"],
  ];
  for (const [response, type] of guesses) {
    for (const headers of [undefined, null, {}]) {
      const replayed = replay({ key: "5ece2360", response, headers } as Entry, request);
      assert.equal(replayed.headers.get("content-type"), type, response);
      assert.equal(replayed.status, 200);
      assert.deepEqual(new Uint8Array(await replayed.arrayBuffer()), new TextEncoder().encode(response));
    }
  }
  const known = replay({ key: "5ece2360", response: "{}", headers: { "Content-Type": "text/x-own" } }, request);
  assert.equal(known.headers.get("content-type"), "text/x-own");
});

test("replay() ends the body with the signal's reason if it is aborted between two chunks", async () => {
  const controller = new AbortController();
  const reason = new Error("changed my mind");
  const entry = entryOf({ response: "aabb", chunks: [[0, 2], [0, 2]] });
  const reader = replay(entry, { ...request, signal: controller.signal }).body?.getReader();
  assert.equal(new TextDecoder().decode((await reader?.read())?.value), "aa");
  controller.abort(reason);
  await assert.rejects(async () => await reader?.read(), (error) => error === reason);
});

test("replay() lets the caller stop in the middle", async () => {
  const response = replay(entryOf({ response: "aabb", chunks: [[0, 2], [0, 2]] }), request);
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  assert.equal((await reader?.read())?.done, true);
});
