/** A response of cachy is like the runtime's own: live while it is recorded, and replayed. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { memoryStore } from "../mod.ts";
import { answer, KINDS, listen, listenRaw, serve } from "./response_servers.ts";
import { after, before, test } from "./suite.ts";
import { jsonPost, testCachy } from "./testing.ts";

let base = "";
let stop = () => {};
before(async () => void ({ url: base, stop } = await listen(answer)));
after(() => stop());

const urlOf = (kind: string) => `${base}/${kind}/chat/completions`;
const cached = () => testCachy({ domains: [base], store: memoryStore() });
const errorOf = async (ask: () => unknown): Promise<string> => {
  try {
    return `no error: ${await ask()}`;
  } catch (error) {
    return (error as Error).name;
  }
};
const chunksOf = async (body: ReadableStream<Uint8Array> | null) => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString("latin1");
};

/** What a caller can ask of a response. The answer to a question that throws is the name of the error. */
const QUESTIONS: Readonly<Record<string, (response: Response, aborter: AbortController) => unknown>> = {
  members: (
    { status, statusText, ok, type, redirected, url, bodyUsed },
  ) => [status, statusText, ok, type, redirected, url, bodyUsed],
  isResponse: (response) => [
    response instanceof Response,
    response.constructor === Response,
    Object.prototype.toString.call(response),
  ],
  properties: (response) => {
    const names: string[] = [];
    for (const name in response) names.push(name);
    const own = [Object.getOwnPropertyNames(response), Object.getOwnPropertySymbols(response).map(String)];
    return [names.sort(), own, Object.keys({ ...response }), JSON.stringify(response), "url" in response];
  },
  contentType: ({ headers }) => [headers.get("content-type"), headers.get("x-none"), headers instanceof Headers],
  headers: (response) => {
    const names: string[] = [];
    for (const name in response.headers) names.push(name);
    const { headers } = response;
    return [names.sort(), response.headers === headers, new Headers(headers).get("content-type"), String(headers)];
  },
  changedHeaders: async ({ headers }) => [
    await errorOf(() => headers.set("x-a", "1")),
    await errorOf(() => headers.append("x-b", "1")),
    await errorOf(() => headers.delete("content-type")),
    [headers.get("x-a"), headers.get("x-b"), headers.get("content-type")],
  ],
  printed: (response) => inspect(response).replace(/headers: Headers \{[^}]*\}/, "headers"),
  body: (response) => {
    const { body } = response;
    return body && [body instanceof ReadableStream, body.locked, body === response.body, response.bodyUsed];
  },
  text: (response) => response.text(),
  json: (response) => response.json(),
  arrayBuffer: async (response) => (await response.arrayBuffer()).byteLength,
  bytes: async (response) => "bytes" in response ? (await response.bytes()).byteLength : undefined,
  blob: async (response) => {
    const blob = await response.blob();
    return [blob.size, blob.type];
  },
  formData: async (response) => [...await response.formData()],
  secondRead: async (response) => [await response.text(), response.bodyUsed, await errorOf(() => response.text())],
  whileReading: async (response) => {
    const text = response.text();
    return [response.bodyUsed, response.body?.locked, await errorOf(() => response.json()), await text];
  },
  readsAfterJson: async (response) => {
    const errors = [await errorOf(() => response.json())];
    const names = ["text", "json", "arrayBuffer", "blob", "formData", "clone"] as const;
    for (const name of names) errors.push(await errorOf(() => response[name]()));
    return [errors.map((error) => error.replace(/^no error: .*/s, "no error")), response.bodyUsed];
  },
  methodOfPrototype: (response) => Response.prototype.text.call(response),
  bodyAfterRead: async (response) => {
    await response.text();
    return [response.body?.locked, await errorOf(() => response.body?.cancel()), response.bodyUsed];
  },
  textAfterChunk: async (response) => {
    const reader = response.body?.getReader();
    await reader?.read();
    reader?.releaseLock();
    return [response.bodyUsed, response.body?.locked, await errorOf(() => response.json())];
  },
  clone: async (response) => {
    const clone = response.clone();
    const { url, status, statusText, type, redirected } = clone.clone();
    const change = await errorOf(() => clone.headers.set("x-a", "1"));
    const bodies = [await clone.text() === await response.text(), response.bodyUsed, clone.bodyUsed];
    return [url, status, statusText, type, redirected, change, bodies, Object.getOwnPropertyNames(clone)];
  },
  cloneAfterRead: async (response) => [await response.text(), response.clone().status],
  cloneWhileLocked: (response) => response.body?.getReader() && response.clone().status,
  copy: async (response) => {
    const copy = new Response(response.body, response);
    copy.headers.set("x-a", "1");
    return [copy.status, copy.statusText, copy.headers.get("content-type"), await copy.text()];
  },
  reader: async (response) => {
    const chunks: number[] = [];
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) chunks.push(...part.value);
    await reader?.closed;
    return [chunks, response.body?.locked, response.bodyUsed];
  },
  byob: async (response) => {
    const reader = response.body?.getReader({ mode: "byob" });
    const read = async () => await reader?.read(new Uint8Array(7));
    let text = "";
    let part = await read();
    for (; part && !part.done; part = await read()) text += Buffer.from(part.value).toString("latin1");
    return [text, part?.value?.byteLength, response.bodyUsed];
  },
  byobCancel: async (response) => {
    const reader = response.body?.getReader({ mode: "byob" });
    await reader?.read(new Uint8Array(1));
    return [await reader?.cancel("enough"), response.bodyUsed, (await reader?.read(new Uint8Array(1)))?.done];
  },
  iteration: async (response) => [await chunksOf(response.body), response.body?.locked, response.bodyUsed],
  break: async (response) => {
    for await (const _ of response.body ?? []) break;
    return [response.body?.locked, response.bodyUsed, await errorOf(() => response.text())];
  },
  tee: async (response) => {
    const branches = response.body?.tee() ?? [];
    return [await Promise.all(branches.map(chunksOf)), response.body?.locked, response.bodyUsed];
  },
  pipeTo: async (response) => {
    let size = 0;
    const sink = new WritableStream<Uint8Array>({ write: (chunk) => void (size += chunk.byteLength) });
    return [await response.body?.pipeTo(sink), size, response.bodyUsed];
  },
  pipeThrough: async ({ body }) => body && await new Response(body.pipeThrough(new TransformStream())).text(),
  cancel: async (response) => [await response.body?.cancel("enough"), response.body?.locked, response.bodyUsed],
  cancelThenRead: async (response) => {
    await response.body?.cancel();
    return await response.text();
  },
  cancelWhileLocked: async (response) => {
    response.body?.getReader();
    return [await errorOf(() => response.body?.cancel()), await errorOf(() => response.text())];
  },
  abort: async (response, aborter) => {
    if (!response.url.includes("/stream/")) return "may be received already";
    const reader = response.body?.getReader();
    await reader?.read();
    const reason = new RangeError("changed my mind");
    aborter.abort(reason);
    return [await errorOf(() => reader?.read()), await errorOf(() => reader?.closed), response.bodyUsed];
  },
};

async function answerTo(question: string, fetch: typeof globalThis.fetch, kind: string): Promise<unknown> {
  const aborter = new AbortController();
  const response = await fetch(urlOf(kind), { ...jsonPost({}), signal: aborter.signal });
  try {
    return await QUESTIONS[question]?.(response, aborter);
  } catch (error) {
    return (error as Error).name;
  }
}

for (const question of Object.keys(QUESTIONS)) {
  test(`a response of cachy equals the runtime's own, live and replayed: ${question}`, async () => {
    for (const kind of KINDS) {
      const expected = await answerTo(question, fetch, kind);
      const live = cached();
      assert.deepEqual(await answerTo(question, live.fetch, kind), expected, `live ${kind}`);
      await live.flush();
      const { fetch: replayed, flush, stats } = cached();
      await (await replayed(urlOf(kind), jsonPost({}))).text();
      await flush();
      assert.deepEqual(await answerTo(question, replayed, kind), expected, `replayed ${kind}`);
      assert.equal(stats.hits, 1, `${kind} is recorded`);
    }
  });
}

test("a live response has the headers of the runtime's own, without those of a compressed body", async () => {
  const withoutDate = (response: Response) => [...response.headers].filter(([name]) => name !== "date");
  const ofBody = ["content-encoding", "content-length"];
  for (const kind of KINDS) {
    const native = await fetch(urlOf(kind), jsonPost({}));
    const cachy = cached();
    const live = await cachy.fetch(urlOf(kind), jsonPost({}));
    const expected = withoutDate(native).filter(([name]) => kind !== "gzip" || !ofBody.includes(name));
    assert.deepEqual([withoutDate(live), live.headers.getSetCookie()], [expected, native.headers.getSetCookie()], kind);
    await Promise.all([native.text(), live.text()]);
  }
});

test("a body with any content encoding is the one of the plain fetch; it is recorded if fetch decodes it", async (t) => {
  const text = JSON.stringify({ text: "Hello. ".repeat(20) });
  const encoders: Readonly<Record<string, (text: string) => Buffer>> = {
    gzip: (text) => gzipSync(text),
    br: (text) => brotliCompressSync(text),
    deflate: (text) => deflateSync(text),
    identity: (text) => Buffer.from(text),
    zstd,
    "utf-8": (text) => Buffer.from(text), // a mistake of some servers
  };
  for (const [encoding, encode] of Object.entries(encoders)) {
    const server = createServer((_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": encoding });
      response.end(encode(text));
    });
    t.after(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`;
    const plain = await fetch(url, jsonPost({}));
    const expected = await plain.text();
    const isDecoded = expected === text;
    const cachy = testCachy({ domains: [url], store: memoryStore() });
    for (const from of ["live", "replayed"]) {
      const response = await cachy.fetch(url, jsonPost({}));
      assert.equal(await response.text(), expected, `${encoding}, ${from}`);
      if (!isDecoded) assert.equal(response.headers.get("content-encoding"), encoding);
    }
    await cachy.flush();
    assert.deepEqual([cachy.stats.recorded, cachy.stats.hits], isDecoded ? [1, 1] : [0, 0], encoding);
  }
});

/** A Zstandard frame of one uncompressed block, for ASCII text of at most 255 characters. */
function zstd(text: string): Buffer {
  const block = text.length << 3 | 1;
  const head = [0x28, 0xb5, 0x2f, 0xfd, 0x20, text.length, block & 0xff, block >> 8, 0];
  return Buffer.concat([Buffer.from(head), Buffer.from(text)]);
}

test("a response with an empty body is recorded, read or cancelled", async (t) => {
  const head = ["HTTP/1.1 200 OK", "HTTP/1.1 201 Created", "HTTP/1.1 202 Accepted", "HTTP/1.1 204 No Content"];
  const framing = ["content-length: 0\r\n\r\n", "transfer-encoding: chunked\r\n\r\n0\r\n\r\n"];
  for (const status of head) {
    for (const type of ["", "content-type: application/json\r\n"]) {
      for (const end of status.includes("204") ? ["\r\n"] : framing) {
        const { url, stop } = await listenRaw(`${status}\r\n${type}${end}`);
        t.after(stop);
        for (const read of ["text", "cancel"]) {
          const cachy = testCachy({ domains: [url], store: memoryStore() });
          const response = await cachy.fetch(url, jsonPost({}));
          await (read === "text" ? response.text() : response.body?.cancel());
          await cachy.flush();
          assert.deepEqual([cachy.stats.recorded, cachy.stats.dropped], [1, 0], `${status}, ${type}${end}, ${read}`);
        }
      }
    }
  }
});

test("a server can pass on a response, live and replayed", async () => {
  for (const kind of KINDS) {
    const cachy = cached();
    const server = await serve(() => cachy.fetch(urlOf(kind), jsonPost({})));
    try {
      const expected = await fetch(urlOf(kind), jsonPost({}));
      const text = await expected.text();
      for (const from of ["live", "the file"]) {
        const passed = await fetch(server.url);
        const type = passed.headers.get("content-type");
        assert.deepEqual([passed.status, type], [expected.status, expected.headers.get("content-type")]);
        assert.deepEqual(
          [await passed.text(), passed.headers.get("content-encoding")],
          [text, null],
          `${kind}, ${from}`,
        );
      }
      assert.equal(cachy.stats.hits, 1, kind);
    } finally {
      server.stop();
    }
  }
});
