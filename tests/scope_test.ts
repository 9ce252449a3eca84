import assert from "node:assert/strict";
import { CachyError, createCachy, disableCachy, enableCachy, memoryStore, withCachy } from "../mod.ts";
import { globalFetch } from "../src/global_fetch.ts";
import { ask, freshProcess } from "./fresh_process.ts";
import { test } from "./suite.ts";
import { CHAT_URL, chatEvents, countingNetwork, jsonPost, network, streamAnswer } from "./testing.ts";

const options = () => ({ mode: "auto", store: memoryStore() }) as const;

test("withCachy() caches while the function runs, and restores the plain fetch", async (t) => {
  const paid = freshProcess(t);
  const answers = await withCachy(options(), async (cachy) => {
    assert.notEqual(globalThis.fetch, paid.fetch);
    return [await ask(), await ask(), cachy.stats.hits];
  });
  assert.deepEqual(answers, [1, 1, 1]);
  assert.equal(globalThis.fetch, paid.fetch);
  assert.equal(await ask(), 2);
});

test("withCachy() passes on what the function returns or throws, synchronous or not", async (t) => {
  const paid = freshProcess(t);
  const failure = new Error("the test failed");
  const fail = () => {
    throw failure;
  };
  assert.equal(await withCachy(options(), () => "value"), "value");
  assert.equal(await withCachy(options(), () => Promise.resolve("value")), "value");
  await assert.rejects(withCachy(options(), fail), (error) => error === failure);
  await assert.rejects(withCachy(options(), () => Promise.reject(failure)), (error) => error === failure);
  assert.equal(globalThis.fetch, paid.fetch);
});

test("withCachy() rejects invalid options before it calls the function", async (t) => {
  const paid = freshProcess(t);
  const wrong = { mode: "reply" as "replay" };
  await assert.rejects(withCachy(wrong, () => assert.fail("called")), CachyError);
  assert.equal(globalThis.fetch, paid.fetch);
  assert.equal(await withCachy(options(), () => ask()), 1);
});

test("withCachy() waits for active recordings, also if the function throws", async (t) => {
  freshProcess(t, network(() => streamAnswer(chatEvents("Hi"))));
  for (const ending of ["returns", "throws"]) {
    const { store, mode } = options();
    const scope = withCachy({ store, mode }, async () => {
      const { body } = await fetch(CHAT_URL, jsonPost({ stream: true }));
      assert.ok(body);
      if (ending === "throws") throw new Error("left early");
    });
    await scope.catch(() => {});
    assert.equal(store.size, 1, ending);
  }
});

test("withCachy() unwraps fetch only after the last of several scopes has ended", async (t) => {
  const paid = freshProcess(t);
  let endFirst = () => {};
  const first = withCachy(options(), () => new Promise<void>((resolve) => endFirst = resolve));
  await withCachy(options(), async () => {
    endFirst();
    await first;
    assert.deepEqual([await ask(), await ask()], [1, 1]);
  });
  assert.equal(globalThis.fetch, paid.fetch);
});

test("withCachy() inside withCachy(): the innermost wins, and inherits nothing", async (t) => {
  freshProcess(t);
  const outerOptions = { ...options(), namespace: "outer", ignore: [/never/] };
  await withCachy(outerOptions, async (outer) => {
    assert.equal(await ask(), 1);
    await withCachy(
      { store: outerOptions.store, mode: "auto" },
      async (inner) => {
        assert.equal(await ask(), 2, "the store is the same, the namespace is not");
        assert.deepEqual([await ask(), inner.stats.hits, outer.stats.hits], [2, 1, 0]);
      },
    );
    assert.deepEqual([await ask(), outer.stats.hits], [1, 1]);
  });
});

test("withCachy() takes precedence over enableCachy(), which applies again afterwards", async (t) => {
  freshProcess(t);
  const everywhere = enableCachy(options());
  assert.equal(await ask(), 1);
  await withCachy(options(), async (cachy) => {
    assert.deepEqual([await ask(), await ask(), cachy.stats.hits], [2, 2, 1]);
  });
  assert.deepEqual([await ask(), everywhere.stats.hits], [1, 1]);
});

test("enableCachy() inside a scope replaces only the options of this scope, until the scope ends", async (t) => {
  const paid = freshProcess(t);
  const everywhere = enableCachy(options());
  await ask();
  let captured = everywhere;
  const { store } = options();
  await withCachy(options(), async (cachy) => {
    assert.equal(await ask(), 2);
    captured = enableCachy({ store, mode: "auto" });
    await Promise.resolve();
    assert.deepEqual([await ask(), await ask(), captured.stats.hits, cachy.stats.hits], [3, 3, 1, 0]);
    assert.deepEqual([await ask(cachy.fetch), await ask(cachy.fetch)], [2, 2], "the handle stays what it is");
    await fetch(CHAT_URL, jsonPost({ unread: true }));
  });
  assert.equal(store.size, 2, "its recordings are waited for, too");
  assert.deepEqual([await ask(), everywhere.stats.hits], [1, 1]);
  assert.equal(await ask(captured.fetch), 5, "it is disabled");
  disableCachy();
  assert.equal(globalThis.fetch, paid.fetch);
});

test("disableCachy() and disable() inside a scope affect only the calls of this scope", async (t) => {
  freshProcess(t);
  const everywhere = enableCachy(options());
  await ask();
  for (const disable of [() => disableCachy(), (cachy: Disposable) => cachy[Symbol.dispose]()]) {
    await withCachy(options(), async (cachy) => {
      disable(cachy);
      assert.notEqual(await ask(), await ask());
    });
    assert.equal(await ask(), 1);
  }
  assert.equal(everywhere.stats.hits, 2);
});

test("withCachy() hands work that outlives it to the outer scope, enableCachy() or the plain fetch", async (t) => {
  freshProcess(t);
  /** Starts work in a scope, and lets it make its request after the scope has ended. */
  const leaveBehind = async () => {
    let go = () => {};
    const gate = new Promise<void>((resolve) => go = resolve);
    const work = await withCachy(options(), () => {
      const wrapper = fetch;
      return {
        done: gate.then(async () => [await ask(wrapper), await ask(wrapper)]),
      };
    });
    return () => (go(), work.done);
  };
  assert.deepEqual(await (await leaveBehind())(), [1, 2], "nothing");
  await withCachy(options(), async () => assert.deepEqual(await (await leaveBehind())(), [3, 3], "a scope"));
  const late = await leaveBehind();
  enableCachy(options());
  assert.deepEqual(await late(), [4, 4], "enableCachy()");
});

test("withCachy() reaches clients that captured the wrapper at any place", async (t) => {
  const paid = freshProcess(t);
  const tooEarly = globalThis.fetch;
  const inside = await withCachy(options(), () => globalThis.fetch);
  enableCachy(options());
  const enabled = globalThis.fetch;
  disableCachy();
  for (const client of [inside, enabled]) {
    const before = paid.calls.length;
    await withCachy(options(), async () => assert.equal(await ask(client), await ask(client)));
    assert.equal(paid.calls.length, before + 1);
  }
  await withCachy(options(), async () => assert.notEqual(await ask(tooEarly), await ask(tooEarly)));
});

test("withCachy() wraps a fetch that replaced the global one, and leaves it in place", async (t) => {
  freshProcess(t);
  await withCachy(options(), () => {});
  const other = countingNetwork();
  globalThis.fetch = other.fetch;
  assert.deepEqual(await withCachy(options(), async () => [await ask(), await ask()]), [1, 1]);
  assert.equal(globalThis.fetch, other.fetch);
  const mock = countingNetwork();
  await withCachy(options(), () => void (globalThis.fetch = mock.fetch));
  assert.equal(globalThis.fetch, mock.fetch, "put there by the function itself");
});

test("withCachy() does not recurse if a tracer kept the wrapper of an earlier scope", async (t) => {
  const paid = freshProcess(t);
  await withCachy(options(), () => {
    const wrapper = globalThis.fetch;
    globalThis.fetch = async (...call) => (await Promise.resolve(), await wrapper(...call));
  });
  assert.deepEqual(await withCachy(options(), async () => [await ask(), await ask()]), [1, 1]);
  assert.equal(paid.calls.length, 1);
});

test("enableCachy() creates no scope, so that programs without scopes do not pay for them", (t) => {
  freshProcess(t);
  enableCachy(options());
  assert.equal(globalFetch()?.scopes, undefined);
});

test("withCachy() rejects with what the function throws, while a stream that it started never ends", async () => {
  const endless = new ReadableStream({ pull() {} });
  const fetch = () => Promise.resolve(new Response(endless, { headers: { "content-type": "text/event-stream" } }));
  const failing = withCachy({ store: memoryStore(), mode: "auto", fetch }, async (cachy) => {
    await cachy.fetch("https://api.openai.com/v1/responses", { method: "POST", body: "{}" });
    throw new Error("the test failed");
  });
  await assert.rejects(failing, /the test failed/);
});

test("withCachy() rejects a value that is not a function, and createCachy() a missing fetch", async () => {
  await assert.rejects(withCachy({}, undefined as never), {
    code: "invalid_option",
    message: /^Cannot call undefined.*function\.$/,
  });
  await assert.rejects(withCachy((() => 1) as never, undefined as never), {
    code: "invalid_option",
    message: /Pass the options first: withCachy\(\{\}, fn\)\.$/,
  });
  const { fetch } = globalThis;
  try {
    globalThis.fetch = undefined as never;
    assert.throws(() => createCachy(), { code: "invalid_option", message: /there is no global one here/ });
  } finally {
    globalThis.fetch = fetch;
  }
});
