/** A request reaches the network as the caller made it: cachy's fetch against the plain one, at a real server. */
import { AbortController as PolyfilledController } from "abort-controller";
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { memoryStore } from "../mod.ts";
import { after, before, test } from "./suite.ts";
import { jsonPost, temporaryFolder, testCachy } from "./testing.ts";

let server: Server;
let url = "";
before(async () => {
  server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

/** Says what has arrived. It fails if the upload breaks off. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
  const path = request.url ?? "";
  if (path.startsWith("/moved")) return response.writeHead(307, { location: "/v1/chat/completions" }).end();
  if (path.startsWith("/early")) return response.end(String(await lengthOf(request)));
  const body = await bodyOf(request);
  const boundary = /boundary=(.*)$/.exec(request.headers["content-type"] ?? "")?.[1];
  const comparable = (text: string) => boundary ? text.replaceAll(boundary, "BOUNDARY") : text;
  // The boundaries of Deno differ in length.
  const isComparable = (name: string) => !boundary || !/^content-length$/i.test(name);
  response.writeHead(200, { "content-type": "application/json" });
  return response.end(JSON.stringify({
    method: request.method,
    path,
    headers: request.rawHeaders.flatMap((name, at, all) =>
      at % 2 === 0 && isComparable(name) ? [[name, comparable(all[at + 1] ?? "")]] : []
    ),
    body: comparable(body.toString("latin1")),
  }));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

let isArriving = () => {};
/** Tells when more than 100,000 bytes have arrived. */
async function lengthOf(request: IncomingMessage): Promise<number> {
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > 100_000) isArriving();
  }
  return size;
}

interface BunFiles {
  file(path: string): File;
}
const { Bun, Deno } = globalThis as { Bun?: BunFiles; Deno?: { createHttpClient(options: object): object } };

const cached = (options = {}) => testCachy({ domains: [url], store: memoryStore(), ...options });

/** What arrives at the server, or why nothing does. */
async function arrival(client: typeof fetch, call: Parameters<typeof fetch>): Promise<unknown> {
  try {
    return await (await client(...call)).json();
  } catch (error) {
    const { message, cause } = error as Error;
    return `failed: ${cause instanceof Error ? cause.message : message}`;
  }
}

/** Sends a call by plain fetch and by cachy, and compares what arrived. The call is made anew each time. */
async function bothWays(make: () => Parameters<typeof fetch>): Promise<void> {
  const plain = await arrival(fetch, make());
  const store = memoryStore();
  assert.deepEqual(await arrival(cached({ store }).fetch, make()), plain);
  if (typeof plain === "string") return;
  const replayed = cached({ store, mode: "replay" });
  assert.deepEqual(await arrival(replayed.fetch, make()), plain);
  assert.equal(replayed.stats.hits, 1, "the same request has the same key");
}

/** An init with members that only some runtimes know. */
const loose = (init: object) => init as RequestInit;

function formOf(t: Parameters<typeof temporaryFolder>[0]): FormData {
  const form = new FormData();
  form.append("file", new File(["abc"], "orig.txt", { type: "text/plain" }), "renamed.txt");
  form.append("quoted", new File(["abc"], 'a "b" é.txt'));
  form.append("blob", new Blob(["abc"]));
  form.append("text", "é\r\n☕");
  if (Bun) {
    const path = join(temporaryFolder(t), "secret-folder.txt");
    writeFileSync(path, "abc");
    form.append("path", Bun.file(path), "given.txt");
  }
  return form;
}

test("a form arrives with its file names and types", async (t) => {
  await bothWays(() => [url, { method: "POST", body: formOf(t) }]);
  await bothWays(() => [url, { method: "POST", headers: { "X-Case": "1" }, body: formOf(t) }]);
  await bothWays(() => [new Request(url, { method: "POST", body: formOf(t) })]);
});

test("a form that the caller changes after the call arrives as it was", async () => {
  const form = new FormData();
  form.append("a", "1");
  const sent = cached().fetch(url, { method: "POST", body: form });
  form.append("b", "2");
  assert.doesNotMatch((await (await sent).json()).body, /name="b"/);
});

test(
  "the names that Bun invents for files are not in the key",
  { skip: Bun ? undefined : "only on Bun" },
  async (t) => {
    const keyOf = async (file: Blob, ...name: string[]) => {
      const form = new FormData();
      if (name[0] === undefined) form.append("file", file);
      else form.append("file", file, name[0]);
      const cachy = cached();
      await (await cachy.fetch(url, { method: "POST", body: form })).text();
      const [miss] = cachy.events;
      return miss?.kind === "miss" ? miss.request.key : assert.fail("no miss");
    };
    const [first, second] = [0, 1].map(() => join(temporaryFolder(t), "audio.txt")) as [string, string];
    for (const path of [first, second]) writeFileSync(path, "abc");
    assert.ok(Bun);
    assert.equal(await keyOf(Bun.file(first)), await keyOf(Bun.file(second)), "the folder");
    assert.equal(await keyOf(Bun.file(first)), await keyOf(new Blob(["abc"]), "audio.txt"));
    assert.notEqual(await keyOf(Bun.file(first)), await keyOf(Bun.file(first), "other.txt"));
    assert.equal(await keyOf(new Blob(["abc"])), await keyOf(new Blob(["abc"]), "blob"), "as on Node and Deno");
  },
);

/** The members of an object, as getters of a class. */
function gettersOf(members: object): object {
  class Init {}
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(Init.prototype, name, { get: () => value });
  }
  class Derived extends Init {}
  return new Derived();
}

const FORMS: Record<string, (init: RequestInit) => object> = {
  plain: (init) => init,
  frozen: (init) => Object.freeze(init),
  "without prototype": (init) => Object.assign(Object.create(null), init),
  inherited: (init) => Object.create(init),
  getters: gettersOf,
};

test("an init arrives in whatever form it is given", async () => {
  const inits: (() => object)[] = [
    () => jsonPost({}),
    () => ({ ...jsonPost({}), method: "post" }),
    () => ({ ...jsonPost({}), method: "pOsT" }),
    () => ({ method: "delete" }),
    () => ({ method: "Query" }),
    () => ({ ...jsonPost({}), cache: "no-store", credentials: "include", mode: "cors", keepalive: true, window: null }),
    () => ({ ...jsonPost({}), referrer: "http://referrer.example/a", referrerPolicy: "unsafe-url", priority: "high" }),
    () => ({ ...jsonPost({}), integrity: "sha256-AAAA" }),
    () => ({ ...jsonPost({}), redirect: "unknown" }),
    () => ({ ...jsonPost({}), dispatcher: { dispatch: () => assert.fail("dispatched") } }),
    () => ({ ...jsonPost({}), proxy: "http://127.0.0.1:1" }),
    () => ({ ...jsonPost({}), unix: "/nowhere" }),
    () => Deno ? { ...jsonPost({}), client: Deno.createHttpClient({ proxy: { url: "http://127.0.0.1:1" } }) } : {},
  ];
  for (const form of Object.values(FORMS)) {
    for (const init of inits) await bothWays(() => [url, form(init())]);
  }
});

test("a Request arrives, alone, with an init, and as an init", async () => {
  const request = () => new Request(url, jsonPost({}, { "X-Case": "1" }));
  await bothWays(() => [new URL(url), jsonPost({})]);
  await bothWays(() => [request()]);
  await bothWays(() => [new (class extends Request {})(url, jsonPost({}))]);
  await bothWays(() => [request(), { headers: { "x-other": "1" } }]);
  await bothWays(() => [request(), { method: "PUT", body: "other" }]);
  await bothWays(() => [request(), loose({ dispatcher: { dispatch: () => assert.fail("dispatched") } })]);
  await bothWays(() => [url, request()]);
  const members = { dispatcher: { dispatch: () => assert.fail("dispatched") }, proxy: "http://127.0.0.1:1" };
  await bothWays(() => [url, Object.assign(request(), members)]);
});

test("headers arrive in whatever form they are given", async () => {
  const pairs = [["X-Case", "1"], ["x-cAse", "2"], ["X-B", "ü"]] as [string, string][];
  const headers: (() => unknown)[] = [
    () => pairs,
    () => new Headers(pairs),
    () => new (class extends Headers {})(pairs),
    () => new Map(pairs),
    () => pairs.values(),
    () => Object.fromEntries(pairs),
    () => Object.assign(Object.create(null), Object.fromEntries(pairs)),
    () => Object.assign(new (class {})(), Object.fromEntries(pairs)),
  ];
  for (const make of headers) await bothWays(() => [url, loose({ method: "POST", body: "{}", headers: make() })]);
  await bothWays(() => {
    let reads = 0;
    return [url, {
      method: "POST",
      body: "{}",
      get headers() { // a second read gives something else
        return { "x-read": String(++reads) };
      },
    }];
  });
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
  const iterate = async function* () {
    yield bytes;
    yield bytes;
  };
  await bothWays(() => [url, loose({ method: "POST", body: stream(), duplex: "half" })]);
  await bothWays(() => [url, loose({ method: "POST", body: iterate(), duplex: "half" })]);
  await bothWays(() => [url, loose({ method: "POST", body: stream() })]);
  await bothWays(() => [new Request(url, loose({ method: "POST", body: stream(), duplex: "half" }))]);
});

test("a stream with chunks that cannot be sent is refused, as by fetch", async () => {
  const body = () => ReadableStream.from([5]);
  const cachy = cached();
  for (const client of [fetch, cachy.fetch]) {
    await assert.rejects(client(url, loose({ method: "POST", body: body(), duplex: "half" })), TypeError);
  }
  assert.equal(cachy.stats.recorded, 0);
});

test("what is not cached arrives, too, even if its parts can be read only once", async () => {
  const pairs = [["x-a", "1"], ["range", "bytes=0-"]] as [string, string][];
  const stream = () => new Blob(["abc"]).stream();
  const calls: (() => Parameters<typeof fetch>)[] = [
    () => [url, loose({ method: "POST", body: stream(), duplex: "half", headers: pairs.values() })],
    () => [url, new Request(url, { method: "POST", body: "abc", headers: pairs })],
    () => [new Request(url, loose({ method: "POST", body: stream(), duplex: "half", headers: pairs }))],
  ];
  for (const call of calls) {
    assert.deepEqual(await arrival(cached({ mode: "replay" }).fetch, call()), await arrival(fetch, call()));
  }
});

test("a body that is longer than maxBodyBytes streams to the network and is not cached", async () => {
  const early = new URL("/early/chat/completions", url);
  for (const kind of ["init", "Request"]) {
    const arriving = new Promise<void>((resolve) => isArriving = resolve);
    let given = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (++given === 20) await arriving; // the second half follows when the first one has arrived
        controller.enqueue(new Uint8Array(10_000));
        if (given === 40) controller.close();
      },
    }, { highWaterMark: 0 });
    const init = loose({ method: "POST", body, duplex: "half" });
    const cachy = cached({ maxBodyBytes: 50_000, domains: [early.origin] });
    const response = await (kind === "init" ? cachy.fetch(early, init) : cachy.fetch(new Request(early, init)));
    assert.equal(await response.text(), "400000", kind);
    assert.deepEqual([cachy.stats.recorded, cachy.events.length], [0, 1]);
    assert.match(JSON.stringify(cachy.events), /longer than 50000 bytes/);
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

/** A signal with as little as Node asks for. */
function smallSignal() {
  const listeners: (() => void)[] = [];
  const signal = {
    aborted: false,
    addEventListener: (_type: string, listener: () => void) => void listeners.push(listener),
  };
  const abort = () => {
    signal.aborted = true;
    listeners.forEach((listener) => listener());
  };
  return { signal: signal as unknown as AbortSignal, listeners, abort };
}

test("a signal with few members ends a replayed call, and gets one listener", async () => {
  const store = memoryStore();
  await (await cached({ store }).fetch(url, jsonPost({}))).text();
  const slow = { ...store, name: "slow", find: () => new Promise<undefined>(() => {}) };
  const { signal, listeners, abort } = smallSignal();
  const failures: unknown[] = [];
  const listen = (error: unknown) => void failures.push(error);
  process.on("unhandledRejection", listen);
  for (let n = 0; n < 20; n++) await (await cached({ store }).fetch(url, { ...jsonPost({}), signal })).text();
  const waiting = cached({ store: slow }).fetch(url, { ...jsonPost({}), signal });
  abort();
  await assert.rejects(waiting, { name: "AbortError" });
  await assert.rejects(cached({ store }).fetch(url, { ...jsonPost({}), signal }), { name: "AbortError" });
  await new Promise((resolve) => setTimeout(resolve, 10));
  process.off("unhandledRejection", listen);
  assert.deepEqual([failures, listeners.length], [[], 1]);
});

test("what is no signal is refused by fetch itself", async () => {
  for (const signal of [{}, "signal", 1]) await bothWays(() => [url, loose({ ...jsonPost({}), signal })]);
});

test("a signal of many calls prints no warning about listeners", async () => {
  const warnings: string[] = [];
  const listen = (warning: Error) => void warnings.push(warning.name);
  process.on("warning", listen);
  const bodies = [(n: number) => String(n % 2), (n: number) => new Blob([String(n)]).stream()];
  for (const body of bodies) {
    const { signal } = new AbortController();
    const cachy = cached();
    const init = (n: number) => loose({ method: "POST", body: body(n), duplex: "half", signal });
    const calls = Array.from({ length: 30 }, (_, n) => cachy.fetch(url, init(n)));
    await Promise.all(calls.map(async (call) => await (await call).text()));
  }
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
