import assert from "node:assert/strict";
import { join } from "node:path";
import { Redis } from "ioredis";
import { CachyError, jsonlStore, type LayeredOptions, layeredStore, memoryStore } from "../mod.ts";
import { keyValueStore } from "../src/store/key_value.ts";
import type { Store } from "../src/store/store.ts";
import { redisIsMissing, type RedisServer, startRedis } from "./redis.ts";
import { digestOf, entryOf, legacyEntry, storeContract } from "./store_contract.ts";
import { after, before, test, type TestContext } from "./suite.ts";
import { CHAT_URL, countingNetwork, eventually, jsonPost, kinds, temporaryFolder, testCachy } from "./testing.ts";

let redis: RedisServer | undefined;
let client: Redis | undefined;
before(async () => {
  if (redisIsMissing) return;
  redis = await startRedis();
  client = new Redis(redis.url);
});
after(async () => {
  client?.disconnect();
  await redis?.kill();
});

storeContract("layeredStore(memory, keyValueStore(Map))", () => layeredStore(memoryStore(), keyValueStore(new Map())));
storeContract("layeredStore(jsonlStore(), keyValueStore(Redis))", (t) => {
  const shared = keyValueStore(client as Redis, { prefix: `${crypto.randomUUID()}-`, timeLimitMs: 30_000 });
  return layeredStore(fileStore(t), shared, { timeLimitMs: 30_000 });
}, { skip: redisIsMissing });
storeContract(
  "layeredStore() of layers",
  (t) => layeredStore(layeredStore(memoryStore(), fileStore(t)), memoryStore()),
);

const { key, sha256 } = digestOf("5ece2360");
const other = digestOf("0badcafe");

function fileStore(t: TestContext): Store {
  return jsonlStore(join(temporaryFolder(t), "cachy.jsonl"));
}

/** A store that counts its calls, and fails or hangs on demand. */
function testStore(name: string) {
  const entries = memoryStore();
  const state = { asked: 0, fault: undefined as undefined | "throw" | "reject" | "hang" };
  const use = <Answer>(answer: () => Answer | Promise<Answer>): Answer | Promise<Answer> => {
    state.asked++;
    const error = new Error(`${name} is down`);
    switch (state.fault) {
      case undefined:
        return answer();
      case "throw":
        throw error;
      case "reject":
        return Promise.reject(error);
      case "hang":
        return new Promise(() => {});
    }
  };
  const store: Store = {
    name,
    find: (key, sha256) => use(() => entries.find(key, sha256)),
    append: (entry) => use(() => entries.append(entry)),
  };
  return Object.assign(state, { store, entries });
}

/** Two layers, and their warnings. A test of the pause sets the limit; the others use a long one. */
function layers(options: LayeredOptions = { timeLimitMs: 30_000 }) {
  const [local, shared] = [testStore("ours"), testStore("theirs")];
  const store = layeredStore(local.store, shared.store, options);
  const warnings: string[] = [];
  store.warnTo?.((message) => void warnings.push(message));
  return { local, shared, store, warnings };
}

test("find() gets an entry from the shared store if the local one has none, and stores it there", async () => {
  const { local, shared, store, warnings } = layers();
  shared.entries.append(entryOf("theirs"));
  for (const _ of [1, 2]) assert.deepEqual(await store.find(key, sha256), entryOf("theirs"));
  assert.deepEqual([shared.asked, await local.entries.find(key, sha256)], [1, entryOf("theirs")]);
  shared.entries.append(legacyEntry("from pycachy", other.key));
  for (const _ of [1, 2]) assert.equal((await store.find(other.key, other.sha256))?.response, "from pycachy");
  assert.deepEqual([shared.asked, local.entries.size, warnings], [2, 2, []]);
});

test("find() does not call the shared store if the local one has the entry", async () => {
  const { local, shared, store } = layers();
  local.entries.append(entryOf("ours"));
  shared.entries.append(entryOf("theirs"));
  assert.equal((await store.find(key, sha256))?.response, "ours");
  assert.equal(shared.asked, 0);
});

test("append() writes to both stores", async () => {
  const { local, shared, store } = layers();
  await store.append(entryOf("x"));
  for (const { entries } of [local, shared]) assert.deepEqual(await entries.find(key, sha256), entryOf("x"));
});

test("size and name describe both stores, and warnTo() reaches both", () => {
  const told: string[] = [];
  const local = { ...memoryStore(), name: "ours", warnTo: () => void told.push("local"), size: 3 };
  const shared = { ...memoryStore(), name: "theirs", warnTo: () => void told.push("shared"), size: 5 };
  const store = layeredStore(local, shared);
  store.warnTo?.(() => {});
  assert.deepEqual([store.size, store.name, told], [3, "ours and theirs", ["local", "shared"]]);
});

for (const fault of ["throw", "reject"] as const) {
  test(`a shared store that fails (${fault}) is a warning and a miss, and is left alone for a while`, async () => {
    const { local, shared, store, warnings } = layers();
    shared.fault = fault;
    assert.equal(await store.find(key, sha256), undefined);
    await store.append(entryOf("x"));
    assert.deepEqual(await store.find(key, sha256), entryOf("x"));
    assert.equal(await store.find(other.key, other.sha256), undefined);
    assert.deepEqual([shared.asked, local.entries.size], [1, 1]);
    assert.deepEqual(warnings, ["Cannot read theirs: theirs is down. Only ours is used for the next 300 s."]);
  });

  test(`a shared store that fails during a write (${fault}) does not affect the local one`, async () => {
    const { local, shared, store, warnings } = layers();
    shared.fault = fault;
    for (const digest of [digestOf(key), other]) await store.append(entryOf("x", digest));
    assert.deepEqual([shared.asked, local.entries.size], [1, 2]);
    assert.deepEqual(warnings, ["Cannot write theirs: theirs is down. Only ours is used for the next 300 s."]);
  });

  test(`a local store that fails (${fault}) is a warning, and the shared one is read and written`, async () => {
    const { local, shared, store, warnings } = layers();
    local.fault = fault;
    await store.append(entryOf("x"));
    assert.deepEqual(await store.find(key, sha256), entryOf("x"));
    assert.equal(await store.find(other.key, other.sha256), undefined, "a miss: no other store has it");
    assert.equal(shared.entries.size, 1);
    assert.deepEqual([...new Set(warnings)], ["Cannot write ours: ours is down", "Cannot read ours: ours is down"]);
  });

  test(`find() and append() throw if both stores fail (${fault})`, async () => {
    const { local, shared, store } = layers();
    local.fault = shared.fault = fault;
    for (const _ of [1, 2]) {
      await assert.rejects(async () => await store.find(key, sha256), /^Error: ours is down$/);
      await assert.rejects(async () => await store.append(entryOf("x")), /^Error: ours is down$/);
    }
    assert.equal(shared.asked, 1);
  });
}

test("layeredStore() reads the name of a store only when it shows it, since the name may change", async () => {
  const asked: string[] = [];
  const named = (name: string): Store => ({
    get name() {
      asked.push(name);
      return name;
    },
    find: () => undefined,
    append() {},
  });
  const store = layeredStore(named("local"), named("shared"));
  asked.length = 0; // Drops the reads of the check.
  await store.find("5ece2360");
  await store.append(entryOf("answer", digestOf("5ece2360")));
  assert.deepEqual(asked, []);
  assert.equal(store.name, "local and shared");
});

test("a failure that many concurrent calls meet is reported once, even with different messages", async () => {
  const errors = ["socket closed", "client offline", "connection refused"];
  const find = () => Promise.reject(new Error(errors.shift()));
  const store = layeredStore(memoryStore(), { ...memoryStore(), name: "theirs", find });
  const warnings: string[] = [];
  store.warnTo?.((message) => void warnings.push(message));
  await Promise.all([1, 2, 3].map(() => store.find(key, sha256)));
  assert.deepEqual([warnings, errors], [
    ["Cannot read theirs: socket closed. Only memory is used for the next 10 s."],
    [],
  ]);
});

test("a failure whose message is a sentence, or empty, still makes a clear warning", async () => {
  const failures: [Error, string][] = [
    [
      new Error("Refer to the manual."),
      "Cannot read theirs: Refer to the manual. Only memory is used for the next 10 s.",
    ],
    [Object.assign(new Error(""), { code: "ECONNREFUSED" }), "Cannot read theirs: ECONNREFUSED. Only memory is used"],
    [new TypeError(""), "Cannot read theirs: TypeError. Only memory is used"],
  ];
  for (const [error, expected] of failures) {
    const store = layeredStore(memoryStore(), { ...memoryStore(), name: "theirs", find: () => Promise.reject(error) });
    const warnings: string[] = [];
    store.warnTo?.((message) => void warnings.push(message));
    await store.find(key, sha256);
    assert.ok(warnings.join().startsWith(expected), warnings.join());
  }
});

test("a shared store that never responds costs the time limit once, and nothing while it is left alone", async () => {
  const { shared, store, warnings } = layers({ timeLimitMs: 50 });
  shared.fault = "hang";
  await store.append(entryOf("x"));
  shared.fault = undefined;
  for (const digest of [other, digestOf("00000001")]) {
    assert.equal(await store.find(digest.key, digest.sha256), undefined);
  }
  assert.equal(shared.asked, 1);
  assert.deepEqual(warnings, ["Cannot write theirs: no response within 50 ms. Only ours is used for the next 0.5 s."]);
});

test("the time limit is the option, or else that of the shared store, or else one second", async () => {
  const failing = { ...memoryStore(), name: "theirs", find: () => Promise.reject(new Error("down")) };
  const limits: [number | undefined, number | undefined, pause: string][] = [
    [50, 5000, "0.5 s"],
    [undefined, 5000, "50 s"],
    [undefined, undefined, "10 s"],
  ];
  for (const [option, own, pause] of limits) {
    const store = layeredStore(memoryStore(), { ...failing, timeLimitMs: own }, { timeLimitMs: option });
    const warnings: string[] = [];
    store.warnTo?.((message) => void warnings.push(message));
    await store.find(key, sha256);
    assert.deepEqual(warnings, [`Cannot read theirs: down. Only memory is used for the next ${pause}.`]);
  }
  assert.equal(keyValueStore(new Map(), { timeLimitMs: 7 }).timeLimitMs, 7);
});

test("sharing continues if the shared store works again after the pause", async () => {
  const { shared, store, warnings } = layers({ timeLimitMs: 20 });
  shared.fault = "hang";
  assert.equal(await store.find(key, sha256), undefined);
  shared.fault = undefined;
  shared.entries.append(entryOf("theirs"));
  await eventually(async () => await store.find(key, sha256) !== undefined);
  await store.append(entryOf("after", other));
  assert.equal(shared.entries.size, 2);
  assert.equal(warnings.length, 1);
});

test("a failure after the pause starts another pause, with a warning", async () => {
  const { shared, store, warnings } = layers({ timeLimitMs: 1 });
  shared.fault = "throw";
  await eventually(async () => await store.find(key, sha256) !== undefined || shared.asked === 3);
  assert.equal(warnings.length, 3);
});

/** Requests a chat completion, and returns the text of the response. */
async function ask({ fetch }: { readonly fetch: typeof globalThis.fetch }, prompt = "Hi"): Promise<string> {
  return await (await fetch(CHAT_URL, jsonPost({ messages: [{ role: "user", content: prompt }] }))).text();
}

test("one machine replays what another one records, also if the shared store is gone", async (t) => {
  const network = countingNetwork();
  const shared = testStore("theirs");
  const [file, otherFile] = [fileStore(t), fileStore(t)];
  const cachyA = testCachy({ store: layeredStore(file, shared.store), fetch: network.fetch });
  const cachyB = testCachy({ store: layeredStore(otherFile, shared.store), fetch: network.fetch });
  assert.deepEqual([await ask(cachyA), await ask(cachyB)], [`{"count":1}`, `{"count":1}`]);
  assert.deepEqual([kinds(cachyA.events), kinds(cachyB.events)], [["miss", "recorded"], ["hit"]]);
  shared.fault = "throw";
  const alone = testCachy({ store: otherFile, fetch: network.fetch, mode: "replay" });
  assert.deepEqual([await ask(cachyB), await ask(alone), network.calls.length], [`{"count":1}`, `{"count":1}`, 1]);
});

test("mode refresh records again in both stores", async () => {
  const { local, shared, store } = layers();
  const network = countingNetwork();
  await ask(testCachy({ store, fetch: network.fetch }));
  const cachy = testCachy({ store, fetch: network.fetch, mode: "refresh" });
  assert.deepEqual([await ask(cachy), await ask(cachy)], [`{"count":2}`, `{"count":2}`]);
  for (const { entries } of [local, shared]) {
    const replaying = testCachy({ store: entries, fetch: network.fetch, mode: "replay" });
    assert.equal(await ask(replaying), `{"count":2}`);
  }
});

test("every call succeeds with one warning if the shared store never responds", async () => {
  const { local, shared, store } = layers({ timeLimitMs: 50 });
  const network = countingNetwork();
  const cachy = testCachy({ store, fetch: network.fetch });
  shared.fault = "hang";
  for (const prompt of ["a", "b", "c", "a"]) assert.match(await ask(cachy, prompt), /count/);
  assert.deepEqual([cachy.stats.recorded, cachy.stats.hits, local.entries.size, shared.asked], [3, 1, 3, 1]);
  const warnings = cachy.events.filter(({ kind }) => kind === "warning");
  assert.equal(warnings.length, 1);
});

test("in mode replay, a miss says that the shared store was not reachable", async () => {
  const { shared, store } = layers();
  const cachy = testCachy({ store, fetch: countingNetwork().fetch, mode: "replay" });
  const messageOf = async () => JSON.parse(await ask(cachy)).error.message;
  assert.match(await messageOf(), /no response is recorded for it in ours and theirs \(key /);
  shared.fault = "reject";
  for (const _ of [1, 2]) {
    assert.match(await messageOf(), /no response is recorded for it in ours; theirs is not available now \(key /);
  }
  assert.equal(cachy.misses.length, 3);
});

test("layeredStore() rejects an invalid store, and shows no secret of it", () => {
  const good = memoryStore();
  const expected = "expected an object with a name and the functions find and append";
  const wrong: [unknown, unknown, string][] = [
    [undefined, good, `Cannot use undefined as the local store: ${expected}`],
    [good, null, `Cannot use null as the shared store: ${expected}`],
    ["cachy.jsonl", good, `Cannot use "cachy.jsonl" as the local store`],
    [good, "redis://user:password@127.0.0.1", `Cannot use "redis://127.0.0.1" as the shared store`],
    [good, new Map([["a", "password"]]), `Cannot use an object without name, find, append as the shared store`],
    [good, { ...good, append: "password" }, `Cannot use an object without append as the shared store`],
  ];
  for (const [local, shared, message] of wrong) {
    assert.throws(
      () => layeredStore(local as Store, shared as Store),
      (error) => {
        assert.ok(error instanceof CachyError && error.code === "invalid_option");
        assert.ok(error.message.startsWith(message), error.message);
        assert.doesNotMatch(error.message, /user|password/);
        return true;
      },
    );
  }
});

test("layeredStore() rejects invalid options by name and value", () => {
  const wrong: [unknown, RegExp][] = [
    [
      { timeLimitMs: 0 },
      /^Cannot use 0 as option "timeLimitMs" of a layered store: expected milliseconds, more than 0 /,
    ],
    [{ timeLimitMs: Infinity }, /^Cannot use Infinity as option "timeLimitMs"/],
    [{ timeLimitMs: null }, /^Cannot use null as option "timeLimitMs"/],
    [
      { timeLimit: 1 },
      /^Cannot use the option "timeLimit" of a layered store: it is unknown\. Did you mean "timeLimitMs"\?$/,
    ],
    [1000, /^Cannot use 1000 as options of a layered store: expected an object\.$/],
    [null, /^Cannot use null as options/],
    [[], /^Cannot use \[\] as options/],
  ];
  for (const [options, message] of wrong) {
    const make = () => layeredStore(memoryStore(), memoryStore(), options as LayeredOptions);
    assert.throws(make, { code: "invalid_option", message });
  }
  layeredStore(memoryStore(), memoryStore(), { timeLimitMs: undefined });
});
