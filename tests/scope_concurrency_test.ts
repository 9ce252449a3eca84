import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MODES } from "../src/options/check.ts";
import type { Mode } from "../src/options/options.ts";
import { disableCachy, enableCachy, memoryStore, withCachy } from "../mod.ts";
import { ask, freshProcess } from "./fresh_process.ts";
import { secondCopy } from "./second_copy.ts";
import { test } from "./suite.ts";
import { CHAT_URL, jsonAnswer, jsonPost, network, temporaryFolder } from "./testing.ts";

const options = () => ({ mode: "auto", store: memoryStore() }) as const;

/** Ways for a function to continue later. None of them may lose the scope. */
const PAUSES: readonly (() => Promise<unknown>)[] = [
  () => Promise.resolve(),
  () => new Promise((resolve) => setTimeout(resolve, 1)),
  () => new Promise((resolve) => setImmediate(resolve)),
  () => new Promise<void>((resolve) => queueMicrotask(resolve)),
  () => new Promise<void>((resolve) => process.nextTick(resolve)),
  () => crypto.subtle.digest("SHA-256", new Uint8Array(8)),
  () => new Response("text").text(),
];

/** Responds with the body of the request, so that a response identifies its request. */
const echo = () => network(async (_url, init) => jsonAnswer({ count: await new Response(init?.body).json() }));

test("withCachy() keeps its options across awaits, timers, promises, events and streams", async (t) => {
  freshProcess(t);
  const emitter = new EventEmitter();
  const ways: readonly ((run: () => Promise<number>) => Promise<number>)[] = [
    ...PAUSES.map((pause) => async (run: () => Promise<number>) => (await pause(), await run())),
    (run) => new Promise((resolve) => setTimeout(() => resolve(run()), 1)),
    (run) => Promise.resolve().then(run),
    (run) => {
      const answer = new Promise<number>((resolve) => emitter.once("go", () => resolve(run())));
      emitter.emit("go");
      return answer;
    },
    async (run) => {
      const stream = new ReadableStream<number>({
        pull: async (c) => (c.enqueue(await run()), c.close()),
      });
      return (await stream.getReader().read()).value ?? 0;
    },
  ];
  const paths = ways.map((way, index) =>
    withCachy(options(), async (cachy) => {
      assert.equal(await way(() => ask(fetch, { index })), await way(() => ask(fetch, { index })));
      return [cachy.stats.misses, cachy.stats.hits];
    })
  );
  for (const counts of await Promise.all(paths)) {
    assert.deepEqual(counts, [1, 1]);
  }
});

test("withCachy(): fifty interleaved scopes keep files, namespaces and modes apart", async (t) => {
  const paid = freshProcess(t, echo());
  const folder = temporaryFolder(t);
  const everywhere = enableCachy(options());
  const PROMPTS = [0, 1, 2, 3];
  const runs = Array.from({ length: 48 }, (_, index) => ({
    index,
    file: join(folder, `${index % 24}.jsonl`), // two namespaces share a file
    namespace: index < 24 ? "first" : "second",
    mode: MODES[index % MODES.length] as Mode,
  }));
  await Promise.all(
    runs.map(({ index, ...scope }) =>
      withCachy(scope, async (cachy) => {
        for (const prompt of PROMPTS) {
          await PAUSES[(index + prompt) % PAUSES.length]?.();
          const response = await fetch(CHAT_URL, jsonPost({ prompt, of: index % 24 }));
          assert.equal(response.status, scope.mode === "replay" ? 406 : 200);
          if (response.ok) {
            assert.deepEqual(await response.json(), {
              count: { prompt, of: index % 24 },
            });
          } else await response.text();
        }
        const isRecorded = scope.mode === "auto" || scope.mode === "refresh";
        assert.equal(cachy.stats.recorded, isRecorded ? PROMPTS.length : 0);
        assert.equal(cachy.misses.length, scope.mode === "replay" ? PROMPTS.length : 0);
      })
    ),
  );
  assert.equal(paid.calls.length, 36 * PROMPTS.length, "three of four modes ask the network");
  assert.deepEqual([everywhere.stats.misses, everywhere.stats.hits], [0, 0]);
  for (const { file, mode } of runs) {
    const lines = existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
    assert.equal(lines.length, mode === "auto" || mode === "refresh" ? 2 * PROMPTS.length : 0);
    assert.equal(new Set(lines.map((line) => JSON.parse(line).sha256)).size, lines.length);
  }
});

test("withCachy() makes one network call for identical requests, in one scope and in several", async (t) => {
  const paid = freshProcess(t);
  const shared = { ...options(), namespace: "shared" };
  const scope = () => withCachy(shared, () => Promise.all([ask(), ask()]));
  assert.deepEqual(await Promise.all([scope(), scope(), scope()]), [[1, 1], [1, 1], [1, 1]]);
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const inFile = () => withCachy({ file, mode: "auto" }, () => ask());
  assert.deepEqual(await Promise.all([inFile(), inFile()]), [2, 2]);
  assert.equal(paid.calls.length, 2);
  assert.equal(readFileSync(file, "utf8").trimEnd().split("\n").length, 1);
});

test("withCachy() records independent responses to one prompt in two namespaces", async (t) => {
  freshProcess(t);
  const { store } = options();
  const scope = (namespace: string) => withCachy({ store, mode: "auto", namespace }, () => ask());
  const first = await Promise.all([scope("a"), scope("b")]);
  assert.notEqual(first[0], first[1]);
  assert.deepEqual(await Promise.all([scope("a"), scope("b")]), first);
});

test("withCachy() in mode refresh records again once per request and process", async (t) => {
  freshProcess(t);
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const scope = (mode: Mode) => withCachy({ file, mode }, () => Promise.all([ask(), ask(fetch, { other: 1 })]));
  const recorded = await scope("auto");
  const anew = await Promise.all([scope("refresh"), scope("refresh")]);
  assert.deepEqual(anew[0], anew[1]);
  assert.deepEqual(anew[0]?.toSorted(), [3, 4]);
  assert.deepEqual(recorded.toSorted(), [1, 2]);
  assert.deepEqual(await scope("refresh"), anew[0], "and then replays");
  assert.deepEqual(await scope("replay"), anew[0]);
});

test("withCachy() numbers stateful requests from 1 in each scope", async (t) => {
  const paid = freshProcess(t);
  const { store, mode } = options();
  const create = async () =>
    (await (await fetch("https://api.openai.com/v1/batches", jsonPost({})))
      .json()).count;
  const scope = () => withCachy({ store, mode }, async () => [await create(), await create()]);
  assert.deepEqual([await scope(), await scope()], [[1, 2], [1, 2]]);
  assert.equal(paid.calls.length, 2);
});

test("withCachy() scopes of several copies of the module can be nested", async (t) => {
  const paid = freshProcess(t);
  const copy = await secondCopy(temporaryFolder(t));
  await withCachy(options(), async (outer) => {
    assert.equal(await ask(), 1);
    await copy.withCachy(options(), async (inner) => {
      assert.deepEqual([await ask(), await ask(), inner.stats.hits, outer.stats.hits], [2, 2, 1, 0]);
      copy.disableCachy();
      assert.equal(await ask(), 3);
    });
    assert.equal(await ask(), 1);
    copy.enableCachy(options());
    assert.deepEqual([await ask(), await ask()], [4, 4]);
  });
  assert.equal(globalThis.fetch, paid.fetch);
});

test("disableCachy() outside a scope does not affect the scope", async (t) => {
  const paid = freshProcess(t);
  enableCachy(options());
  let go = () => {};
  const gate = new Promise<void>((resolve) => go = resolve);
  const scope = withCachy(options(), async () => {
    await gate;
    return [await ask(), await ask()];
  });
  disableCachy();
  assert.equal(await ask(), 1, "outside it is plain");
  go();
  assert.deepEqual(await scope, [2, 2]);
  assert.equal(globalThis.fetch, paid.fetch);
});
