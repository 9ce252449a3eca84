/** A request reaches the network as the caller made it: cachy's fetch against the plain one, at a real server. */
import { AbortController as PolyfilledController } from "abort-controller";
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { memoryStore } from "../mod.ts";
import { after, before, test } from "./suite.ts";
import { jsonPost, temporaryFolder, testCachy } from "./testing.ts";

let server: Server;
let url = "";
before(async () => {
  server = createServer(async (request, response) => {
    const path = request.url ?? "";
    if (path.startsWith("/moved")) return response.writeHead(307, { location: "/v1/chat/completions" }).end();
    if (path.startsWith("/early")) return await answerEarly(request, () => response.end("{}"));
    const body = await bodyOf(request);
    const boundary = /boundary=(.*)$/.exec(request.headers["content-type"] ?? "")?.[1];
    const comparable = (text: string) => boundary ? text.replaceAll(boundary, "BOUNDARY") : text;
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({
      method: request.method,
      path,
      headers: request.rawHeaders.filter((_, at) => at % 2 === 0).map((name, at) => [
        name.toLowerCase(),
        comparable(request.rawHeaders[2 * at + 1] ?? ""),
      ]).filter(([name]) => !/^(?:host|connection|content-length|transfer-encoding)$/.test(name ?? "")).sort(),
      body: comparable(body.toString("latin1")),
    }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Answers after the first 300 kB of an upload that has no end. */
async function answerEarly(request: IncomingMessage, answer: () => void): Promise<void> {
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > 300_000) break;
  }
  answer();
}

const cached = (options = {}) => testCachy({ domains: [url], store: memoryStore(), ...options });

/** Sends a call by plain fetch and by cachy, and says what arrived. The call is made anew each time. */
async function bothWays(make: () => Parameters<typeof fetch>): Promise<void> {
  const plain = await (await fetch(...make())).json();
  const cachy = cached();
  assert.deepEqual(await (await cachy.fetch(...make())).json(), plain);
  assert.deepEqual(await (await cachy.fetch(...make())).json(), plain);
  assert.equal(cachy.stats.hits, 1, "the same request has the same key");
}

function formOf(t: Parameters<typeof temporaryFolder>[0]): FormData {
  const form = new FormData();
  form.append("file", new File(["abc"], "orig.txt", { type: "text/plain" }), "renamed.txt");
  form.append("quoted", new File(["abc"], 'a "b" é.txt'));
  form.append("blob", new Blob(["abc"]));
  form.append("text", "é\r\n☕");
  const { Bun } = globalThis as { Bun?: { file(path: string): Blob } };
  if (Bun) {
    const path = join(temporaryFolder(t), "secret-folder.txt");
    writeFileSync(path, "abc");
    form.append("path", Bun.file(path), "given.txt");
  }
  return form;
}

test("a form arrives with its file names and types", async (t) => {
  await bothWays(() => [url, { method: "POST", body: formOf(t) }]);
});

test("a form that the caller changes after the call arrives as it was", async () => {
  const form = new FormData();
  form.append("a", "1");
  const sent = cached().fetch(url, { method: "POST", body: form });
  form.append("b", "2");
  assert.doesNotMatch((await (await sent).json()).body, /name="b"/);
});

test("an init arrives in whatever form it is given", async () => {
  class Init {
    get method() {
      return "POST";
    }
    get body() {
      return "{}";
    }
    get headers() {
      return { "x-from": "a getter" };
    }
  }
  class Derived extends Init {}
  await bothWays(() => [url, new Derived() as RequestInit]);
  await bothWays(() => [url, Object.freeze({ ...jsonPost({}), redirect: "follow", cache: "no-store" })]);
  await bothWays(() => [url, Object.assign(Object.create(null), jsonPost({}))]);
  await bothWays(() => [url, Object.create(jsonPost({ inherited: true }))]);
  await bothWays(() => [new URL(url), jsonPost({})]);
  await bothWays(() => [new Request(url, jsonPost({}))]);
  await bothWays(() => [new Request(url, jsonPost({})), { headers: { "x-other": "1" } }]);
  await bothWays(() => [url, new Request(url, jsonPost({ a: "Request as init" }))]);
});

test("headers arrive in whatever form they are given", async () => {
  const post = { method: "pOsT".toUpperCase(), body: "{}" };
  await bothWays(() => [url, { ...post, headers: [["x-a", "1"], ["x-a", "2"], ["X-B", "ü"]] }]);
  await bothWays(() => [url, { ...post, headers: new Headers({ "x-a": "1" }) }]);
  await bothWays(() => [url, { ...post, headers: new Map([["x-a", "1"]]) as unknown as HeadersInit }]);
  await bothWays(() => [url, { ...post, headers: Object.assign(Object.create(null), { "x-a": "1" }) }]);
});

test("bodies of each kind arrive", async () => {
  const bytes = new Uint8Array([0, 1, 2, 255]);
  const stream = () => new Blob([bytes]).stream();
  for (
    const body of [
      () => "text é",
      () => bytes,
      () => bytes.buffer,
      () => new DataView(bytes.buffer, 1, 2),
      () => new Blob([bytes], { type: "audio/mpeg" }),
      () => new URLSearchParams({ a: "1 2" }),
    ]
  ) {
    await bothWays(() => [url, { method: "POST", body: body() }]);
    await bothWays(() => [new Request(url, { method: "POST", body: body() })]);
  }
  await bothWays(() => [url, { method: "POST", body: stream(), duplex: "half" } as RequestInit]);
});

test("a body that is longer than maxBodyBytes streams to the network and is not cached", async () => {
  const endless = () => {
    let sent = 0;
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        controller.enqueue(new Uint8Array(20_000).fill(97));
        if (++sent > 500) controller.close(); // the server answered long before
      },
    });
  };
  const early = new URL("/early/chat/completions", url);
  for (const kind of ["init", "Request"]) {
    const cachy = cached({ maxBodyBytes: 100_000, domains: [early.origin] });
    const init = { method: "POST", body: endless(), duplex: "half" } as RequestInit;
    const call: Parameters<typeof fetch> = kind === "init" ? [early, init] : [new Request(early, init)];
    const answer = await cachy.fetch(...call).then((response) => response.text(), String);
    if (kind === "init") assert.ok(answer === "{}" || /reset|closed|failed|terminated|broken/i.test(answer), answer);
    assert.equal(cachy.stats.recorded, 0);
    assert.match(JSON.stringify(cachy.events), /longer than maxBodyBytes \(100000\)/);
  }
});

test("signals of the package abort-controller end a call as they end a plain one", async () => {
  const cachy = cached();
  for (const when of ["never", "before"]) {
    const controller = new PolyfilledController();
    const signal = controller.signal as AbortSignal;
    if (when === "before") controller.abort();
    const outcome = async (client: typeof fetch) => {
      try {
        return (await client(url, { ...jsonPost({ when }), signal })).status;
      } catch (error) {
        return (error as Error).name;
      }
    };
    // Deno takes no such signal; an aborted one is refused by another error there.
    if (when === "never") assert.equal(await outcome(cachy.fetch), await outcome(fetch));
    else assert.equal(await outcome(cachy.fetch), "AbortError");
  }
});

test("a signal of many calls prints no warning about listeners", async () => {
  const warnings: string[] = [];
  const listen = (warning: Error) => void warnings.push(warning.name);
  process.on("warning", listen);
  const { signal } = new AbortController();
  const cachy = cached();
  const calls = Array.from({ length: 30 }, (_, n) => cachy.fetch(url, { ...jsonPost({ n: n % 2 }), signal }));
  await Promise.all(calls.map(async (call) => await (await call).text()));
  await new Promise((resolve) => setTimeout(resolve, 10));
  process.off("warning", listen);
  assert.deepEqual(warnings, []);
});

test("redirect modes are kept", async () => {
  const moved = new URL("/moved/chat/completions", url);
  const cachy = cached({ domains: [moved.origin] });
  const followed = await cachy.fetch(moved, jsonPost({}));
  assert.deepEqual([followed.status, followed.redirected, followed.url], [200, true, url]);
  await followed.text();
  const replayed = await cachy.fetch(moved, jsonPost({}));
  assert.deepEqual([cachy.stats.hits, replayed.redirected, replayed.url], [1, true, url]);
  await assert.rejects(cachy.fetch(moved, { ...jsonPost({}), redirect: "error" }), TypeError);
  const manual = async (client: typeof fetch) => {
    const { status, type, redirected } = await client(moved, { ...jsonPost({}), redirect: "manual" });
    return [status, type, redirected];
  };
  assert.deepEqual(await manual(cachy.fetch), await manual(fetch));
});
