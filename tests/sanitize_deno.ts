/** Under Deno's leak sanitizers: no timer, listener, handle or promise remains. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createCachy, layeredStore, memoryStore, type Store, withCachy } from "../mod.ts";
import { keyValueStore } from "../src/store/key_value.ts";
import { type Fault, startProvider } from "./provider/provider.ts";
import { sanitizedTest } from "./suite.ts";

type Handle = ReturnType<typeof createCachy>;

/** A provider, and a handle on a separate file, for the duration of one test. */
async function withProvider(
  fault: Fault | undefined,
  use: (ask: (init?: RequestInit) => Promise<Response>, cachy: Handle) => Promise<void>,
): Promise<void> {
  const provider = await startProvider({ pause: 1 });
  const folder = Deno.makeTempDirSync();
  const cachy = createCachy({ file: join(folder, "cachy.jsonl"), domains: [provider.url], mode: "auto" });
  provider.fault = fault;
  const body = JSON.stringify({ model: "m", stream: true, messages: [{ role: "user", content: "Hi" }] });
  const headers = { "content-type": "application/json" };
  const ask = (init: RequestInit = {}) =>
    cachy.fetch(`${provider.url}/v1/chat/completions`, { method: "POST", headers, body, ...init });
  await use(ask, cachy);
  await cachy.flush();
  await provider.stop();
  Deno.removeSync(folder, { recursive: true });
}

sanitizedTest("recording and replaying leave no resources", () =>
  withProvider(undefined, async (ask, cachy) => {
    const live = await (await ask()).text();
    assert.equal(await (await ask()).text(), live);
    assert.deepEqual([cachy.stats.recorded, cachy.stats.hits], [1, 1]);
  }));

sanitizedTest("identical concurrent requests leave no resources", () =>
  withProvider(undefined, async (ask, cachy) => {
    const texts = await Promise.all([ask(), ask(), ask()].map(async (response) => await (await response).text()));
    assert.equal(new Set(texts).size, 1);
    assert.equal(cachy.stats.recorded, 1);
  }));

sanitizedTest("a wait that its own signal ends leaves no resources", () =>
  withProvider("hold", async (ask) => {
    const aborter = new AbortController();
    const first = await ask();
    const waiter = ask({ signal: aborter.signal });
    aborter.abort();
    await assert.rejects(waiter);
    await first.body?.cancel();
  }));

sanitizedTest("a break out of a stream leaves no resources", () =>
  withProvider("hold", async (ask, cachy) => {
    const reader = (await ask()).body!.getReader();
    await reader.read();
    await reader.cancel();
    await cachy.flush();
    assert.equal(cachy.stats.recorded, 0);
  }));

sanitizedTest("an abort of a stream leaves no resources", () =>
  withProvider("hold", async (ask) => {
    const aborter = new AbortController();
    const reader = (await ask({ signal: aborter.signal })).body!.getReader();
    await reader.read();
    aborter.abort();
    await assert.rejects(reader.read(), { name: "AbortError" });
  }));

sanitizedTest("a connection that breaks leaves no resources", () =>
  withProvider("kill", async (ask) => {
    await assert.rejects((await ask()).text());
  }));

sanitizedTest(
  "a signal with a timeout that is not reached does not keep the process alive",
  () =>
    withProvider(undefined, async (ask) => {
      const aborter = new AbortController();
      const signal = AbortSignal.any([aborter.signal]);
      await (await ask({ signal })).text();
      await (await ask({ signal })).text();
    }),
);

/** A paced stream of two chunks with a pause between them, which only an abort or a break ends. */
async function pacedReader(pauseMs: number, signal?: AbortSignal) {
  const headers = { "content-type": "text/event-stream" };
  const entry = { key: "5ece2360", v: 1, headers, response: "aabb", chunks: [[0, 2], [pauseMs, 2]] as const };
  const store = { name: "paced", find: () => entry, append() {} };
  const cachy = createCachy({ store, pace: "recorded", mode: "replay" });
  const response = await cachy.fetch("https://api.openai.com/v1/responses", { method: "POST", body: "{}", signal });
  const reader = response.body!.getReader();
  await reader.read();
  return reader;
}

const DAY_MS = 86_400_000;

sanitizedTest("a paced replay leaves no timer", async () => {
  const reader = await pacedReader(2, new AbortController().signal);
  assert.equal((await reader.read()).value?.byteLength, 2);
  assert.equal((await reader.read()).done, true);
});

sanitizedTest("a break during a pause of a replay leaves no timer", async () => {
  const reader = await pacedReader(DAY_MS, new AbortController().signal);
  const reading = reader.read();
  await reader.cancel();
  assert.equal((await reading).done, true);
});

sanitizedTest("an abort during a pause of a replay leaves no timer", async () => {
  const aborter = new AbortController();
  const reader = await pacedReader(DAY_MS, AbortSignal.any([aborter.signal, AbortSignal.timeout(DAY_MS)]));
  const reading = reader.read();
  aborter.abort();
  await assert.rejects(reading, { name: "AbortError" });
});

sanitizedTest("a paced replay whose reader stops leaves no timer", async () => {
  await pacedReader(DAY_MS);
});

const found = { key: "5ece2360", response: "Hi!" };

/** Reads and writes a shared store behind an empty local one. */
async function share(shared: Store, timeLimitMs?: number): Promise<void> {
  const store = layeredStore(memoryStore(), shared, { timeLimitMs });
  store.warnTo?.(() => {});
  await store.find(found.key);
  await store.append(found);
}

sanitizedTest(
  "a shared store that responds long before the time limit leaves no timer",
  () => share(keyValueStore(new Map([["cachy-5ece2360", JSON.stringify(found)]]))),
);

sanitizedTest(
  "a shared store that fails leaves no timer",
  () => share({ name: "down", find: () => Promise.reject(new Error("down")), append: () => {} }),
);

sanitizedTest(
  "a shared store that never responds leaves no timer after the time limit",
  () =>
    share(keyValueStore({ get: () => new Promise(() => {}), set: () => new Promise(() => {}) }, { timeLimitMs: 10 })),
);

sanitizedTest("a shared store that fails after the time limit leaves no unhandled rejection", async () => {
  let fail = (_: Error) => {};
  const late = () => new Promise<never>((_, reject) => fail = reject);
  await share(keyValueStore({ get: late, set: late }, { timeLimitMs: 5 }), 60_000);
  fail(new Error("the connection was closed"));
  await share({ name: "late", find: late, append: late }, 5);
  fail(new Error("the connection was closed"));
  await new Promise((resolve) => setTimeout(resolve)); // a turn in which Deno would notice it
});

sanitizedTest("concurrent scopes leave no resources", () =>
  withProvider(undefined, async (ask) => {
    const url = "https://a.example/v1/chat/completions";
    const scope = (namespace: string) =>
      withCachy({
        store: memoryStore(),
        namespace,
        domains: [url],
        mode: "auto",
        fetch: (_url, init) => ask(init),
      }, async (cachy) => {
        for (let call = 0; call < 2; call++) await (await fetch(url, { method: "POST", body: namespace })).text();
        return cachy.stats.hits;
      });
    assert.deepEqual(await Promise.all(["first", "second"].map(scope)), [1, 1]);
  }));
