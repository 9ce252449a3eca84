import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import {
  type FetchInit,
  type FetchInput,
  readHead,
  readRequest,
  type RequestData,
  urlOf,
} from "../src/request/request.ts";
import { test } from "./suite.ts";
import { CHAT_URL } from "./testing.ts";

const HELLO = new TextEncoder().encode("hello");
const POST = { method: "POST" } as const;

function head(input: FetchInput, init?: FetchInit) {
  const url = urlOf(input);
  return url && readHead(url, input, init);
}

async function read(input: FetchInput, init?: FetchInit): Promise<RequestData> {
  const read = head(input, init);
  assert.ok(read, "the call was refused");
  return await readRequest(read);
}

/** What `fetch` would send for this call, as the runtime itself sees it. */
async function sentBy([input, init]: RequestData["call"]): Promise<{ method: string; body: string; headers: Headers }> {
  const request = new Request(input, init);
  const headers = new Headers(request.headers); // Bun drops the derived content type once the body is read.
  return { method: request.method, body: await request.text(), headers };
}

function text(body: RequestData["body"]): string {
  assert.ok(typeof body === "string" || body instanceof Uint8Array);
  return typeof body === "string" ? body : new TextDecoder().decode(body);
}

function streamOf(...chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
  });
}

function iterate<T>(...chunks: T[]): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]: () => {
      const rest = chunks.values();
      return { next: () => Promise.resolve(rest.next() as IteratorResult<T>) };
    },
  };
}

/** An init that only some runtimes accept, or that the types do not allow. */
function loose(init: Record<string, unknown>): RequestInit {
  return init as RequestInit;
}

test("urlOf() reads the URL of every input, and leaves relative and invalid URLs to fetch", () => {
  assert.equal(urlOf("https://API.example/a b?c#d")?.href, "https://api.example/a%20b?c#d");
  assert.equal(urlOf(new URL("https://a.example/x"))?.href, "https://a.example/x");
  assert.equal(urlOf(new Request("https://a.example/x"))?.href, "https://a.example/x");
  assert.equal(urlOf("data:,")?.protocol, "data:");
  for (const input of ["/v1/responses", "", "https://", undefined, {}, null]) {
    assert.equal(urlOf(input as string), undefined, String(input));
  }
});

test("readHead() reads method, headers and signal of a string, a URL, and a Request with and without init", () => {
  const [first, second] = [new AbortController().signal, new AbortController().signal];
  const request = new Request(CHAT_URL, { method: "PUT", headers: { "X-A": "1" }, body: "a", signal: first });
  const init = { method: "post", headers: { "X-B": "2" }, signal: second };
  for (const input of [CHAT_URL, new URL(CHAT_URL), request]) {
    const read = head(input, init);
    assert.equal(read?.url.href, CHAT_URL);
    assert.equal(read?.method, "POST");
    assert.equal(read?.headers.has("x-a"), false, "the headers of init take the place of the Request's");
    assert.equal(read?.headers.get("x-b"), "2");
    assert.equal(read?.signal, second);
  }
  const plain = head(request);
  assert.equal(plain?.method, "PUT");
  assert.equal(plain?.headers.get("x-a"), "1");
  assert.equal(plain?.signal, request.signal);
  assert.equal(head(CHAT_URL)?.method, "GET");
  assert.equal(head(CHAT_URL)?.signal, undefined);
});

test("readHead() reads the method that the runtime sends", () => {
  for (const method of ["get", "post", "put", "delete", "head", "options"]) {
    assert.equal(head(CHAT_URL, { method })?.method, method.toUpperCase());
  }
  for (const method of ["Post", "pUT", "PATCH", "patch", "Query"]) {
    assert.equal(head(CHAT_URL, { method })?.method, new Request(CHAT_URL, { method }).method, method);
  }
});

test("readRequest() treats `signal: null` as no signal, as fetch does", async () => {
  const request = new Request(CHAT_URL, { ...POST, body: "a", signal: AbortSignal.abort() });
  assert.equal(text((await read(request, { signal: null })).body), "a");
  assert.equal(text((await read(CHAT_URL, { ...POST, body: "a", signal: null })).body), "a");
});

test("readRequest() reads a Request given as init", async () => {
  const init = new Request("https://other.example/", {
    ...POST,
    headers: { "content-type": "text/a" },
    body: "from init",
  });
  const data = await read(CHAT_URL, init as RequestInit);
  assert.equal(data.method, "POST");
  assert.equal(data.url.href, CHAT_URL);
  assert.equal(data.contentType, "text/a");
  assert.equal(text(data.body), "from init");
  assert.equal((await sentBy(data.call)).body, "from init", "it can still be sent");
});

test("readRequest() reads every kind of body, and derives the content type that fetch derives", async () => {
  const padded = new TextEncoder().encode("--hello--");
  const bodies: [name: string, body: unknown, type: string][] = [
    ["string", "hello", "text/plain;charset=UTF-8"],
    ["Uint8Array", HELLO, ""],
    ["subarray", padded.subarray(2, 7), ""],
    ["Buffer", Buffer.from("hello"), ""],
    ["subarray of a Buffer", Buffer.from("--hello--").subarray(2, 7), ""],
    ["DataView", new DataView(padded.buffer, 2, 5), ""],
    ["Int8Array", new Int8Array(padded.buffer, 2, 5), ""],
    ["ArrayBuffer", HELLO.slice().buffer, ""],
    ["Blob", new Blob(["hel", "lo"]), ""],
    ["Blob with a type", new Blob(["hello"], { type: "application/x-custom" }), "application/x-custom"],
    ["File", new File(["hello"], "a.bin", { type: "audio/wav" }), "audio/wav"],
    ["ReadableStream", streamOf(HELLO.subarray(0, 2), HELLO.subarray(2)), ""],
    ["async iterable", iterate(HELLO.subarray(0, 2), HELLO.subarray(2)), ""],
  ];
  const derives = new Request(CHAT_URL, { ...POST, body: "" }).headers.has("content-type"); // not shown by Bun
  for (const [name, body, type] of bodies) {
    const data = await read(CHAT_URL, loose({ ...POST, body, duplex: "half" }));
    assert.equal(text(data.body), "hello", name);
    assert.equal(data.contentType, type, name);
    const sent = await sentBy(data.call);
    assert.equal(sent.body, "hello", name);
    if (derives) assert.equal((sent.headers.get("content-type") ?? "").split(";")[0], type.split(";")[0], name);
  }
});

test("readRequest() keeps the text chunks of an async iterable", async () => {
  const data = await read(CHAT_URL, loose({ ...POST, body: iterate("hel", "lö"), duplex: "half" }));
  assert.equal(text(data.body), "hellö");
  assert.equal((await sentBy(data.call)).body, "hellö");
});

test("readRequest() reads URLSearchParams and FormData", async () => {
  const search = await read(CHAT_URL, { ...POST, body: new URLSearchParams({ a: "1 2", b: "é" }) });
  assert.equal(search.body, "a=1+2&b=%C3%A9");
  assert.match(search.contentType, /^application\/x-www-form-urlencoded/);

  const form = new FormData();
  form.append("model", "whisper");
  form.append("file", new Blob(["hello"], { type: "audio/wav" }), "a.wav");
  form.append("model", "again");
  const data = await read(CHAT_URL, { ...POST, body: form });
  assert.match(data.contentType, /^multipart\/form-data/);
  assert.deepEqual(data.body, [
    { name: "model", value: "whisper" },
    { name: "file", filename: "a.wav", value: HELLO },
    { name: "model", value: "again" },
  ]);
});

test("readRequest() returns no body for a request without one", async () => {
  for (const init of [undefined, POST, { ...POST, body: null }, { ...POST, body: undefined }]) {
    const data = await read(CHAT_URL, init);
    assert.equal(data.body, undefined);
    assert.equal(data.contentType, "");
  }
  for (const init of [{}, POST]) assert.equal((await read(new Request(CHAT_URL, init))).body, undefined);
});

test("readRequest() prefers the caller's content type, and init to the Request", async () => {
  const headers = { "Content-Type": "application/json" };
  for (const body of ["{}", HELLO, new Blob(["{}"], { type: "text/csv" })]) {
    assert.equal((await read(CHAT_URL, { ...POST, headers, body })).contentType, "application/json");
    assert.equal((await read(new Request(CHAT_URL, { ...POST, headers, body }))).contentType, "application/json");
  }
  const request = new Request(CHAT_URL, { ...POST, headers: { "content-type": "text/a" }, body: "old" });
  const replaced = await read(request, { body: "new" });
  assert.equal(replaced.body, "new");
  assert.equal(replaced.contentType, "text/a");
  const kept = await read(request, { headers: { "x-b": "2" }, body: null });
  assert.equal(text(kept.body), "old");
  assert.equal(kept.contentType, "");
});

test("readRequest() leaves a Request unread, so that this same object is sent", async () => {
  const server = createServer((incoming, outgoing) => {
    const chunks: Uint8Array[] = [];
    incoming.on("data", (chunk) => chunks.push(chunk));
    incoming.on("end", () => {
      outgoing.setHeader("connection", "close");
      outgoing.end(`${incoming.method} ${incoming.headers["x-a"]} ${Buffer.concat(chunks)}`);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    for (const body of ["hello", HELLO, new Blob(["hello"]), undefined]) {
      const request = new Request(url, { ...POST, headers: { "x-a": "1" }, body });
      const data = await read(request);
      assert.equal(data.call[0], request);
      assert.equal(request.bodyUsed, false);
      assert.equal(await (await fetch(...data.call)).text(), body ? "POST 1 hello" : "POST 1 ");
    }
  } finally {
    server.close();
  }
});

test("readHead() returns the size of a body that knows its size", () => {
  const form = new FormData();
  form.append("a", "12345");
  form.append("f", new Blob(["123"]), "f");
  const sizes: [unknown, number][] = [
    ["12345", 5],
    [HELLO.subarray(1), 4],
    [new ArrayBuffer(7), 7],
    [new DataView(new ArrayBuffer(9), 2), 7],
    [new Blob(["123"]), 3],
    [form, 8],
    [streamOf(HELLO), 0],
    [undefined, 0],
  ];
  for (const [body, size] of sizes) {
    assert.equal(head(CHAT_URL, loose({ ...POST, body, duplex: "half" }))?.knownSize, size);
  }
});

test("readHead() passes a call that fetch will reject to fetch", async () => {
  const refused = [
    { headers: { "bad name": "x" } },
    { headers: { "x-a": "line\nbreak" } },
    { headers: [["x"]] },
    { method: Symbol("POST") },
  ];
  for (const init of refused) assert.equal(head(CHAT_URL, loose(init)), undefined);
  const used = new Request(CHAT_URL, { ...POST, body: "x" });
  await used.text();
  assert.equal(head(used), undefined);
  assert.equal((await read(used, { body: "new" })).body, "new", "with another body it is fine");
});

test("readRequest() sends the caller's own objects if nothing has to be replaced", async () => {
  const { signal } = new AbortController();
  const dispatcher = { dispatch() {} };
  for (const body of ["x", new Blob(["x"]), new File(["x"], "x")]) {
    const { call: [input, init] } = await read(CHAT_URL, loose({ ...POST, body, signal, dispatcher }));
    assert.equal(input, CHAT_URL);
    assert.equal(init?.body, body);
    assert.equal(init?.signal, signal);
    assert.equal((init as { dispatcher?: unknown }).dispatcher, dispatcher);
  }
  assert.deepEqual((await read(CHAT_URL)).call, [CHAT_URL, undefined]);
});

test("readRequest() keeps unknown members of init, also if it replaces the body", async () => {
  const unknown = { dispatcher: {}, proxy: "http://p.example", tls: {}, client: {}, next: { revalidate: 1 } };
  for (const body of ["x", HELLO, streamOf(HELLO), iterate(HELLO)]) {
    const { call: [, init] } = await read(CHAT_URL, loose({ ...POST, body, duplex: "half", ...unknown }));
    const { body: _, ...rest } = init as Record<string, unknown>;
    assert.deepEqual(rest, { ...POST, duplex: "half", ...unknown });
    for (const name of ["dispatcher", "tls", "client"] as const) assert.equal(rest[name], unknown[name], name);
  }
});

test("readRequest() keeps the members of an init with a class, also if it replaces the body", async () => {
  class Options {
    body = HELLO;
    get method() {
      return "POST";
    }
    get headers() {
      return { "x-a": "1" };
    }
  }
  const data = await read(CHAT_URL, new Options());
  assert.equal(text(data.body), "hello");
  const sent = await sentBy(data.call);
  assert.equal(sent.method, "POST");
  assert.equal(sent.headers.get("x-a"), "1");
  assert.equal(sent.body, "hello");
});

test("readRequest() ignores changes of the caller in its init and buffer after the call", async () => {
  for (const prototype of [Object.prototype, null]) {
    const body = HELLO.slice();
    const init = Object.assign(Object.create(prototype), { method: "POST", headers: { "x-a": "1" }, body });
    const read = head(CHAT_URL, init);
    body.fill(0x78);
    Object.assign(init, { method: "PUT", headers: { "x-a": "2" }, body: "changed" });
    assert.ok(read);
    const data = await readRequest(read);
    const sent = await sentBy(data.call);
    assert.equal(text(data.body), "hello");
    assert.equal(sent.body, "hello");
    assert.equal(sent.method, "POST");
    assert.equal(sent.headers.get("x-a"), "1");
  }
});

test("readRequest() sends the headers of the key, also if the caller changes them after the call", async () => {
  const plain: Record<string, string> = { "anthropic-beta": "a" };
  const pairs: [string, string][] = [["anthropic-beta", "a"]];
  const headers = new Headers(plain);
  const changes: [HeadersInit, () => void][] = [
    [plain, () => plain["anthropic-beta"] = "b"],
    [pairs, () => pairs.splice(0, 1, ["anthropic-beta", "b"])],
    [headers, () => headers.set("anthropic-beta", "b")],
  ];
  for (const [given, change] of changes) {
    const read = head(CHAT_URL, { ...POST, headers: given, body: "x" });
    change();
    assert.ok(read);
    const data = await readRequest(read);
    assert.equal(data.headers.get("anthropic-beta"), "a");
    assert.equal((await sentBy(data.call)).headers.get("anthropic-beta"), "a");
  }
});

test("readRequest() sends the form and the URL of the key, also if the caller changes them", async () => {
  const search = new URLSearchParams({ prompt: "a" });
  const form = new FormData();
  form.set("prompt", "a");
  for (const body of [search, form]) {
    const read = head(CHAT_URL, { ...POST, body });
    body.set("prompt", "b");
    assert.ok(read);
    const sent = new Request(...(await readRequest(read)).call);
    assert.equal((await sent.formData()).get("prompt"), "a", body.constructor.name);
  }
  const url = new URL("https://a.example/a");
  const read = head(url);
  url.pathname = "/b";
  assert.ok(read);
  const { call, url: inKey } = await readRequest(read);
  assert.equal(inKey.pathname, "/a");
  assert.equal(new Request(...call).url, "https://a.example/a");
});

/** A stream that delivers one chunk and then stalls. It reports when it is waiting and when it is cancelled. */
function stalledStream() {
  let isWaiting = () => {}, isCancelled = (_reason: unknown) => {}, pulls = 0;
  const waiting = new Promise<void>((resolve) => isWaiting = resolve);
  const cancelled = new Promise<unknown>((resolve) => isCancelled = resolve);
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (pulls++ === 0) controller.enqueue(HELLO);
      else isWaiting();
    },
    cancel: (reason) => isCancelled(reason),
  }, { highWaterMark: 0 });
  return { stream, waiting, cancelled };
}

test("readRequest() stops with the signal's reason while it reads a stream, and cancels the stream", async () => {
  const { stream, waiting, cancelled } = stalledStream();
  const controller = new AbortController(), reason = new Error("changed my mind");
  const reading = read(CHAT_URL, loose({ ...POST, body: stream, duplex: "half", signal: controller.signal }));
  await waiting;
  controller.abort(reason);
  await assert.rejects(reading, (error) => error === reason);
  const cancelledWith = await Promise.race([
    cancelled,
    new Promise((resolve) => setImmediate(resolve, "still reading")),
  ]);
  assert.deepEqual(cancelledWith, [reason, reason], "both branches of tee()");
});

test("readRequest() cancels a stream, as fetch does, if the signal was aborted before", async () => {
  const { stream, cancelled } = stalledStream();
  const init = { ...POST, body: stream, duplex: "half", signal: AbortSignal.abort(new Error("aborted before")) };
  await assert.rejects(read(CHAT_URL, loose(init)), /aborted before/);
  assert.ok(await Promise.race([cancelled, new Promise((resolve) => setTimeout(resolve, 5000, false))]));
});

test("readRequest() leaves no rejection unhandled if the signal was aborted before a stream breaks", async () => {
  const unhandled: unknown[] = [];
  const listener = (error: unknown) => void unhandled.push(error);
  process.on("unhandledRejection", listener);
  try {
    const reason = new Error("aborted before");
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error("broken")) });
    const init = { ...POST, body, duplex: "half", signal: AbortSignal.abort(reason) };
    await assert.rejects(read(CHAT_URL, loose(init)), (error) => error === reason);
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(unhandled, []);
  } finally {
    process.off("unhandledRejection", listener);
  }
});

test("readRequest() passes on the error of a body that breaks", async () => {
  const broken = new Error("disk gone");
  const chunks = [HELLO];
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk) controller.enqueue(chunk);
      else controller.error(broken);
    },
  });
  const reading = read(CHAT_URL, loose({ ...POST, body: stream, duplex: "half" }));
  await assert.rejects(reading, (error) => error === broken);
});

test("readHead() reads headers of plain objects and lists as Headers does", () => {
  const lists: (Record<string, string> | [string, string][])[] = [
    {},
    { "X-B": "2", "x-a": "1" },
    { "x-a": "1", "X-A": "2" },
    { "x-a": " padded\t", "x-b": "" },
    { "x-a": "caf\u00e9", "x!b": "2" },
    { "x-a": 1 as unknown as string },
    [],
    [["X-B", "2"], ["x-a", "1"]],
    [["x-a", "1"], ["X-A", "2"]],
  ];
  for (const headers of lists) {
    const head = readHead(new URL(CHAT_URL), CHAT_URL, { method: "POST", headers });
    assert.deepEqual([...head?.headers ?? []], [...new Headers(headers)]);
  }
  const cookies = new Headers([["set-cookie", "a=1"], ["set-cookie", "b=2"]]);
  for (const headers of [cookies, [...cookies]]) {
    const head = readHead(new URL(CHAT_URL), CHAT_URL, { method: "POST", headers });
    assert.deepEqual([...head?.headers ?? []], [...cookies]);
  }
  for (const headers of ["", 0, false]) {
    assert.equal(readHead(new URL(CHAT_URL), CHAT_URL, loose({ headers })), undefined, `headers: ${headers}`);
  }
  const list = [["x-a", "1", "2"]] as unknown as [string, string][];
  assert.equal(readHead(new URL(CHAT_URL), CHAT_URL, { headers: list }), undefined);
  for (const [name, value] of [["x a", "1"], ["x-a", "1\n2"], ["x-a", "\u20ac"]] as const) {
    assert.equal(readHead(new URL(CHAT_URL), CHAT_URL, { headers: { [name]: value } }), undefined);
  }
});
