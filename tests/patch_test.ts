import assert from "node:assert/strict";
import { CachyError, createCachy, disableCachy, enableCachy, memoryStore } from "../mod.ts";
import { ask, freshProcess, replaceState } from "./fresh_process.ts";
import { secondCopy } from "./second_copy.ts";
import { test } from "./suite.ts";
import { CHAT_URL, countingNetwork, jsonPost, temporaryFolder } from "./testing.ts";

const options = () => ({ mode: "auto", store: memoryStore() }) as const;

test("enableCachy() caches requests through the global fetch, until disableCachy()", async (t) => {
  const paid = freshProcess(t);
  const cachy = enableCachy(options());
  assert.deepEqual([await ask(), await ask(), cachy.stats.hits], [1, 1, 1]);
  disableCachy();
  assert.equal(globalThis.fetch, paid.fetch);
  assert.equal(await ask(), 2);
  disableCachy();
});

test("enableCachy() keeps one wrapper, so that clients that captured it stay cached", async (t) => {
  freshProcess(t);
  enableCachy(options());
  const captured = globalThis.fetch;
  assert.equal(await ask(captured), 1);
  disableCachy();
  assert.equal(await ask(captured), 2, "the network again");
  enableCachy(options());
  assert.equal(globalThis.fetch, captured);
  assert.deepEqual([await ask(captured), await ask(captured)], [3, 3]);
});

test("enableCachy() replaces the options if it is called again", async (t) => {
  freshProcess(t);
  const first = enableCachy(options());
  assert.equal(await ask(), 1);
  const second = enableCachy(options());
  assert.equal(await ask(), 2, "another store");
  first.disable();
  assert.equal(await ask(), 2, "a handle that was replaced disables nothing");
  second.disable();
  assert.equal(await ask(), 3);
});

test("enableCachy() changes nothing if the options are rejected", async (t) => {
  const paid = freshProcess(t);
  assert.throws(() => enableCachy({ mode: "reply" as "replay" }), CachyError);
  assert.equal(globalThis.fetch, paid.fetch);
  const cachy = enableCachy(options());
  assert.throws(() => enableCachy({ domain: [] } as object), /Did you mean "domains"/);
  assert.deepEqual([await ask(), await ask(), cachy.stats.hits], [1, 1, 1]);
});

test("enableCachy() works with `using`, by Symbol.dispose and Symbol.asyncDispose", async (t) => {
  const paid = freshProcess(t);
  enableCachy(options())[Symbol.dispose]();
  assert.equal(globalThis.fetch, paid.fetch);
  await enableCachy(options())[Symbol.asyncDispose]();
  assert.equal(globalThis.fetch, paid.fetch);
});

test("enableCachy() of a second copy of the module takes over the wrapper", async (t) => {
  const paid = freshProcess(t);
  const first = enableCachy(options());
  const wrapper = globalThis.fetch;
  const copy = await secondCopy(temporaryFolder(t));
  const second = copy.enableCachy(options());
  assert.equal(globalThis.fetch, wrapper);
  assert.deepEqual([await ask(), await ask(), first.stats.misses, second.stats.hits], [1, 1, 0, 1]);
  disableCachy();
  assert.equal(globalThis.fetch, paid.fetch);
});

test("enableCachy() refuses to share fetch with a copy that speaks another protocol", (t) => {
  freshProcess(t);
  enableCachy(options());
  t.after(replaceState({ protocol: 99 }));
  assert.throws(
    () => enableCachy(),
    (error) =>
      error instanceof CachyError && error.code === "incompatible_version" &&
      /protocol 99/.test(error.message),
  );
});

test("enableCachy() wraps a fetch that replaced the global one", async (t) => {
  freshProcess(t);
  enableCachy(options());
  const other = countingNetwork();
  globalThis.fetch = other.fetch; // as a test mock does
  enableCachy(options());
  assert.deepEqual([await ask(), await ask(), other.calls.length], [1, 1, 1]);
  disableCachy();
  assert.equal(globalThis.fetch, other.fetch);
});

test("enableCachy() does not recurse if the fetch that replaced ours calls ours", async (t) => {
  const paid = freshProcess(t);
  enableCachy(options());
  const wrapper = globalThis.fetch;
  globalThis.fetch = async (...call) => (await Promise.resolve(), await wrapper(...call)); // as tracing does
  const tracing = globalThis.fetch;
  assert.deepEqual([await ask(), await ask()], [1, 1]);
  enableCachy(options());
  assert.deepEqual([await ask(), await ask(), paid.calls.length], [2, 2, 2]);
  disableCachy();
  assert.equal(globalThis.fetch, tracing);
  assert.equal(await ask(), 3);
});

test("disable() leaves a third-party fetch in place", (t) => {
  freshProcess(t);
  const cachy = enableCachy(options());
  const other = countingNetwork();
  globalThis.fetch = other.fetch;
  cachy.disable();
  assert.equal(globalThis.fetch, other.fetch);
});

test("createCachy() uses the fetch below the wrapper", async (t) => {
  const paid = freshProcess(t);
  const outer = enableCachy(options());
  const inner = createCachy(options());
  assert.deepEqual([await ask(inner.fetch), await ask(inner.fetch)], [1, 1]);
  assert.deepEqual([outer.stats.misses, paid.calls.length], [0, 1]);
});

test("the wrapper has the name and the own functions of the fetch that it wraps", (t) => {
  const paid = freshProcess(t);
  const preconnect = () => {};
  Object.assign(paid.fetch, { preconnect });
  enableCachy(options());
  assert.equal((globalThis.fetch as unknown as { preconnect: unknown }).preconnect, preconnect);
  assert.equal(globalThis.fetch.name, "fetch");
});

test("the wrapper passes uncached calls through with the same arguments, also with `this` undefined", async (t) => {
  const paid = freshProcess(t);
  enableCachy(options());
  const init = { method: "POST" };
  const { fetch } = globalThis;
  await fetch("https://example.com/", init);
  assert.equal(paid.calls[0]?.[1], init);
});

test("enableCachy() does not wait for itself if the option fetch calls the global one", async (t) => {
  const paid = freshProcess(t);
  const calls: unknown[] = [];
  const logger: typeof fetch = (...call) => (calls.push(call), globalThis.fetch(...call));
  enableCachy({ ...options(), fetch: logger });
  assert.deepEqual([await ask(), await ask(), calls.length, paid.calls.length], [1, 1, 1, 1]);
});

test("enableCachy() releases a mock if the previous fetch is restored", async (t) => {
  const paid = freshProcess(t);
  enableCachy(options());
  const before = globalThis.fetch;
  const mock = countingNetwork();
  globalThis.fetch = mock.fetch;
  enableCachy(options());
  await ask();
  globalThis.fetch = before; // as restoring all mocks does
  await (await fetch(CHAT_URL, jsonPost({ other: 1 }))).text();
  assert.deepEqual([mock.calls.length, paid.calls.length], [1, 1]);
  disableCachy();
  assert.equal(globalThis.fetch, paid.fetch);
});

test("createCachy() can replace the global fetch without waiting for itself", async (t) => {
  const paid = freshProcess(t);
  globalThis.fetch = createCachy(options()).fetch;
  assert.deepEqual([await ask(), await ask(), paid.calls.length], [1, 1, 1]);
  await fetch("https://example.com/");
  assert.equal(paid.calls.length, 2);
});

test("enableCachy() caches an LLM call that the option fetch makes during another call", async (t) => {
  const paid = freshProcess(t);
  const app: typeof fetch = async (...call) => {
    if (String(call[0]).includes("api.openai.com")) return await paid.fetch(...call);
    return Response.json({ inner: await ask(globalThis.fetch) });
  };
  const cachy = enableCachy({ ...options(), fetch: app });
  for (let call = 0; call < 2; call++) {
    assert.deepEqual(await (await fetch("http://localhost/app")).json(), { inner: 1 });
  }
  assert.deepEqual([paid.calls.length, cachy.stats.recorded, cachy.stats.hits], [1, 1, 1]);
});

test("enableCachy() in a vm context records once, also if the outer realm passed in its wrapper", async (t) => {
  const paid = freshProcess(t);
  const outer = enableCachy(options());
  const backToOuter = replaceState(); // The context has the outer fetch, but a separate globalThis.
  const inner = enableCachy(options());
  assert.deepEqual([await ask(), await ask(), paid.calls.length], [1, 1, 1]);
  assert.deepEqual([inner.stats.hits, outer.stats.misses], [1, 0]);
  assert.deepEqual([await ask(createCachy(options()).fetch), outer.stats.misses], [2, 0]);
  inner.disable();
  assert.deepEqual([await ask(), await ask(), outer.stats.hits], [3, 3, 1], "the outer one again");
  backToOuter();
});

test("enableCachy() calls a third-party fetch that copied the members of the wrapper", async (t) => {
  freshProcess(t);
  enableCachy(options());
  const wrapper = globalThis.fetch;
  let traced = 0;
  const tracing: typeof fetch = (...call) => (traced++, wrapper(...call));
  globalThis.fetch = Object.defineProperties(tracing, Object.getOwnPropertyDescriptors(wrapper));
  enableCachy(options());
  assert.deepEqual([await ask(), await ask(), traced], [1, 1, 1]);
});
