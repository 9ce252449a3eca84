/** A response of cachy is like the runtime's own: live while it is recorded, and replayed. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { memoryStore } from "../mod.ts";
import { after, before, test } from "./suite.ts";
import { chatEvents, jsonPost, testCachy } from "./testing.ts";

const EVENTS = chatEvents("é");
const JSON_BODY = JSON.stringify({ id: "chatcmpl-1", text: "é".repeat(2000) });

let server: Server;
let base = "";
before(async () => {
  server = createServer(async (request, response) => {
    request.resume();
    const kind = request.url?.split("/")[1];
    if (kind === "stream") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const event of EVENTS) {
        response.write(event);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      return response.end();
    }
    if (kind === "empty") return response.writeHead(200, { "content-type": "application/json" }).end();
    if (kind === "none") return response.writeHead(204).end();
    const body = kind === "gzip" ? gzipSync(JSON_BODY) : JSON_BODY;
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      ...kind === "gzip" && { "content-encoding": "gzip" },
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

const KINDS = ["json", "stream", "gzip", "empty", "none"];
const urlOf = (kind: string) => `${base}/${kind}/chat/completions`;
const cached = () => testCachy({ domains: [base], store: memoryStore() });

/** What a caller can ask of a response. An error is its name. */
const QUESTIONS: Readonly<Record<string, (response: Response) => unknown>> = {
  status: (
    { status, statusText, ok, redirected, url, bodyUsed },
  ) => [status, statusText, ok, redirected, url, bodyUsed],
  isResponse: (response) => [response instanceof Response, Object.prototype.toString.call(response)],
  contentType: ({ headers }) => headers.get("content-type"),
  body: ({ body }) => body === null ? null : [body instanceof ReadableStream, body.locked],
  text: (response) => response.text(),
  json: (response) => response.json(),
  arrayBuffer: async (response) => (await response.arrayBuffer()).byteLength,
  type: ({ type }) => type,
  blob: async (response) => {
    const { size, type } = await response.blob();
    return [size, type];
  },
  formData: (response) => response.formData(),
  secondRead: async (response) => [await response.text(), response.bodyUsed, await response.text()],
  clone: async (response) => {
    const clone = response.clone();
    return [clone.url, clone.status, await clone.text() === await response.text(), response.bodyUsed, clone.bodyUsed];
  },
  cloneAfterRead: async (response) => [await response.text(), response.clone().status],
  reader: async ({ body }) => {
    const chunks: number[] = [];
    const reader = body?.getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) chunks.push(...part.value);
    return [chunks.length, body?.locked];
  },
  byob: async ({ body }) => {
    const reader = body?.getReader({ mode: "byob" });
    let size = 0;
    for (
      let part = await reader?.read(new Uint8Array(7));
      part && !part.done;
      part = await reader?.read(new Uint8Array(7))
    ) {
      size += part.value.byteLength;
    }
    return size;
  },
  iteration: async ({ body }) => {
    let size = 0;
    for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) size += chunk.byteLength;
    return size;
  },
  tee: async ({ body }) => {
    const branches = body?.tee().map((branch) => new Response(branch).text()) ?? [];
    return await Promise.all(branches);
  },
  pipeThrough: async ({ body }) => body && await new Response(body.pipeThrough(new TransformStream())).text(),
  cancel: async ({ body }) => [await body?.cancel(), body?.locked],
  cancelThenRead: async (response) => {
    await response.body?.cancel();
    return await response.text();
  },
};

async function answerOf(question: (response: Response) => unknown, response: Response): Promise<unknown> {
  try {
    return await question(response);
  } catch (error) {
    return (error as Error).name;
  }
}

const skipOf = (name: string) =>
  name === "byob" && "Bun" in globalThis ? "On Bun, responses from the network have no BYOB reader." : undefined;

for (const [name, question] of Object.entries(QUESTIONS)) {
  test(`a response of cachy equals the runtime's own: ${name}`, { skip: skipOf(name) }, async () => {
    for (const kind of KINDS) {
      // Bun gives null for an empty body from the network, and an error for any other empty body.
      if (name === "json" && kind === "empty" && "Bun" in globalThis) continue;
      const expected = await answerOf(question, await fetch(urlOf(kind), jsonPost({})));
      const cachy = cached();
      assert.deepEqual(
        await answerOf(question, await cachy.fetch(urlOf(kind), jsonPost({}))),
        expected,
        `live ${kind}`,
      );
      await cachy.flush();
      const recording = cached();
      await (await recording.fetch(urlOf(kind), jsonPost({}))).text();
      // On Deno, the body of a response that is made from a text has no BYOB reader.
      if (name === "byob" && kind !== "stream" && "Deno" in globalThis) continue;
      const replayed = await recording.fetch(urlOf(kind), jsonPost({}));
      assert.equal(recording.stats.hits, 1, `${kind} is recorded`);
      assert.deepEqual(await answerOf(question, replayed), expected, `replayed ${kind}`);
    }
  });
}

test("a server can pass on a response that was compressed, live and replayed", async () => {
  const cachy = cached();
  for (const from of ["live", "the file"]) {
    const passed = await cachy.fetch(urlOf("gzip"), jsonPost({}));
    const [encoding, length] = ["content-encoding", "content-length"].map((name) => passed.headers.get(name));
    assert.deepEqual([encoding, await passed.text()], [null, JSON_BODY], from);
    assert.ok(length === null || Number(length) === Buffer.byteLength(JSON_BODY), from);
  }
});
