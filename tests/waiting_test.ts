/** Waits and their limits: stalled bodies, failures in a burst, hanging stores, fake timers, nested calls. */
import FakeTimers from "@sinonjs/fake-timers";
import assert from "node:assert/strict";
import { enableCachy, layeredStore, memoryStore, type Store, withCachy } from "../mod.ts";
import { deferred } from "../src/lib/wait.ts";
import { freshProcess } from "./fresh_process.ts";
import { runProgram } from "./processes.ts";
import { startProvider } from "./provider/provider.ts";
import { slowTest, test } from "./suite.ts";
import { CHAT_URL, chatEvents, countingNetwork, jsonAnswer, jsonPost, network, testCachy } from "./testing.ts";

const onNode = "Deno" in globalThis || "Bun" in globalThis
  ? undefined
  : "On Node, an unread response of the plain fetch also keeps the process alive.";
const OTHER = jsonPost({ other: 1 });
const encoder = new TextEncoder();

/** A stream that delivers some pieces and then stays open. */
function openStream(pieces: readonly string[]): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(encoder.encode(piece));
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

async function readChunk(response: Response): Promise<void> {
  await response.body?.getReader().read();
}

slowTest("a body that stalls delays neither identical calls nor flush() nor withCachy()", async (t) => {
  const paid = network(() => openStream(chatEvents("par").slice(0, 1)), () => jsonAnswer({ count: 2 }));
  const cachy = testCachy({ fetch: paid.fetch });
  await readChunk(await cachy.fetch(CHAT_URL, jsonPost({})));
  const answers = [1, 2].map(async () => (await (await cachy.fetch(CHAT_URL, jsonPost({}))).json()).count);
  const scope = (async () => {
    const stalled = network(() => openStream([": ping\n\n"]));
    freshProcess(t);
    await withCachy({ mode: "auto", store: memoryStore(), fetch: stalled.fetch }, async () => {
      await readChunk(await fetch(CHAT_URL, jsonPost({})));
    });
  })();
  await cachy.flush();
  await scope;
  assert.deepEqual(await Promise.all(answers), [2, 2]);
});

test("a connection that stays open after the terminal event delays nothing", async () => {
  const paid = network(() => openStream(chatEvents("whole")));
  const cachy = testCachy({ fetch: paid.fetch });
  const reader = (await cachy.fetch(CHAT_URL, jsonPost({}))).body?.getReader();
  for (let chunk = 0; chunk < 3; chunk++) await reader?.read();
  const text = await (await cachy.fetch(CHAT_URL, jsonPost({}))).text();
  assert.equal(text, chatEvents("whole").join(""));
  await cachy.flush();
  assert.equal(paid.calls.length, 1);
});

test("a store may return an object with then() alone, also if the call has a signal", async () => {
  const memory = memoryStore();
  const store: Store = {
    name: "thenable",
    timeLimitMs: 1000,
    append: (entry) => memory.append(entry),
    find: (...sought) => {
      const then = (use: (found: unknown) => void) => queueMicrotask(() => use(memory.find(...sought)));
      return { then } as unknown as ReturnType<Store["find"]>;
    },
  };
  const paid = network(() => jsonAnswer({ count: 1 }));
  const cachy = testCachy({ fetch: paid.fetch, store });
  for (const _ of ["live", "replayed"]) {
    const response = await cachy.fetch(CHAT_URL, { ...jsonPost({}), signal: new AbortController().signal });
    assert.deepEqual(await response.json(), { count: 1 });
  }
  assert.equal(paid.calls.length, 1);
});

test("identical calls wait for the unread stream of the first one", async () => {
  const paid = network(() =>
    new Response(chatEvents("whole").join(""), { headers: { "content-type": "text/event-stream" } })
  );
  const cachy = testCachy({ fetch: paid.fetch });
  const responses = await Promise.all([1, 2, 3].map(() => cachy.fetch(CHAT_URL, jsonPost({}))));
  assert.deepEqual(
    await Promise.all(responses.map((response) => response.text())),
    Array(3).fill(chatEvents("whole").join("")),
  );
  assert.equal(paid.calls.length, 1);
});

test("one failure in a burst of identical calls costs one more call", async () => {
  const paid = network(() => jsonAnswer({ error: {} }, { status: 429 }), () => jsonAnswer({ id: 1 }));
  const cachy = testCachy({ fetch: paid.fetch });
  const statuses = await Promise.all(Array.from({ length: 30 }, async () => {
    const response = await cachy.fetch(CHAT_URL, jsonPost({}));
    await response.text();
    return response.status;
  }));
  assert.deepEqual([statuses.filter((status) => status === 200).length, paid.calls.length], [29, 2]);
  assert.equal(cachy.stats.recorded, 1);
});

test("enableCachy() over a third-party fetch that rewrites the URL does not wait for itself", async (t) => {
  const paid = freshProcess(t);
  const options = () => ({ mode: "auto", store: memoryStore() }) as const;
  enableCachy(options());
  const inner = globalThis.fetch;
  globalThis.fetch = (input, init) => inner(new Request(input, init));
  enableCachy(options());
  const url = "https://API.openai.com/v1/chat/completions";
  assert.deepEqual(await (await fetch(url, jsonPost({}))).json(), { count: 1 });
  enableCachy({ ...options(), fetch: (input, init) => inner(`${input}?key=x`, init) });
  assert.deepEqual(await (await fetch(CHAT_URL, jsonPost({}))).json(), { count: 2 });
  assert.deepEqual(await (await fetch(CHAT_URL, jsonPost({}))).json(), { count: 2 });
  assert.equal(paid.calls.length, 2);
});

test("a call that a third-party fetch makes after it has responded is cached", async (t) => {
  const paid = freshProcess(t);
  const { promise: isAnswered, resolve: answered } = deferred<void>();
  const later = deferred<unknown>();
  const inner = globalThis.fetch;
  globalThis.fetch = (...call) => {
    if (!paid.calls.length) later.resolve(isAnswered.then(async () => await (await fetch(CHAT_URL, OTHER)).json()));
    return inner(...call);
  };
  const cachy = enableCachy({ mode: "auto", store: memoryStore() });
  await (await fetch(CHAT_URL, jsonPost({}))).text();
  answered();
  assert.deepEqual(await later.promise, { count: 2 });
  await cachy.flush();
  assert.deepEqual([cachy.stats.recorded, paid.calls.length], [2, 2]);
});

test("an abort by the caller ends the wait for a store that hangs, in a read and in a write", async () => {
  for (const part of ["find", "append"] as const) {
    const aborter = new AbortController();
    const hang = () => new Promise<undefined>(() => aborter.abort(new Error("enough")));
    const store: Store = { name: "hanging", find: () => undefined, append() {}, [part]: hang };
    const cachy = testCachy({ fetch: countingNetwork().fetch, store });
    const call = cachy.fetch(CHAT_URL, { ...jsonPost({}), signal: aborter.signal });
    await assert.rejects(call.then((response) => response.text()), /enough/, part);
  }
});

slowTest("a store that hangs is a warning, and the network responds", async () => {
  const hang = () => new Promise<undefined>(() => {});
  const cachy = testCachy({ fetch: countingNetwork().fetch, store: { name: "hanging", find: hang, append: hang } });
  assert.deepEqual(await (await cachy.fetch(CHAT_URL, jsonPost({}))).json(), { count: 1 });
  assert.match(JSON.stringify(cachy.events), /Cannot read hanging: .*10000 ms/);
});

test("fake timers delay no call, and have no effect on recordings", async (t) => {
  freshProcess(t);
  const clock = FakeTimers.install({
    now: 0,
    toFake: ["setTimeout", "clearTimeout", "setInterval", "Date", "performance"],
  });
  t.after(() => clock.uninstall());
  const hang = () => new Promise<undefined>(() => {});
  const local = memoryStore();
  const store = layeredStore(local, { name: "dead", find: hang, append: hang }, { timeLimitMs: 20 });
  const cachy = testCachy({ fetch: countingNetwork().fetch, store });
  assert.deepEqual(await (await cachy.fetch(CHAT_URL, jsonPost({}))).json(), { count: 1 });
  const [entry] = [...local.entries?.() as Iterable<{ recorded_at?: string; duration_ms?: number }>];
  assert.ok(Date.parse(entry?.recorded_at ?? "") > Date.parse("2026-01-01"), `recorded at ${entry?.recorded_at}`);
  assert.ok((entry?.duration_ms ?? -1) >= 0);

  const paid = network(() => openStream(chatEvents("par").slice(0, 1)));
  const scope = withCachy({ mode: "auto", store: memoryStore(), fetch: paid.fetch }, async () => {
    await readChunk(await fetch(CHAT_URL, jsonPost({})));
    throw new Error("the assertion of a test");
  });
  await assert.rejects(scope, /the assertion of a test/);
});

test("a response that is dropped unread lets the process end before its stream does", { skip: onNode }, async (t) => {
  const provider = await startProvider({});
  t.after(() => provider.stop());
  provider.fault = "hold";
  const { code, stderr } = await runProgram("drop_unread", [provider.url]);
  assert.deepEqual([code, stderr], [0, ""]);
});
