import assert from "node:assert/strict";
import { Redis } from "ioredis";
import { Keyv } from "keyv";
import { createStorage } from "unstorage";
import fsDriver from "unstorage/drivers/fs";
import { CachyError } from "../mod.ts";
import { formatEntry } from "../src/store/entry.ts";
import { type KeyValue, type KeyValueOptions, keyValueStore } from "../src/store/key_value.ts";
import type { Store } from "../src/store/store.ts";
import { type Connected, noKeyv6, redisClients } from "./key_value_clients.ts";
import { redisIsMissing, type RedisServer, startRedis } from "./redis.ts";
import { digestOf, entryOf, legacyEntry, storeContract } from "./store_contract.ts";
import { after, before, test, type TestContext } from "./suite.ts";
import { CHAT_URL, countingNetwork, jsonPost, temporaryFolder, testCachy } from "./testing.ts";

let redis: RedisServer | undefined;
const connections = new Map<string, Connected>();
before(async () => {
  if (!redisIsMissing) redis = await startRedis();
});
after(async () => {
  for (const { close } of connections.values()) await close();
  await redis?.kill();
});

/** One connection of each client for all tests. */
async function connected({ name, connect }: (typeof redisClients)[number]): Promise<KeyValue> {
  const connection = connections.get(name) ?? await connect(redis?.url ?? "");
  connections.set(name, connection);
  return connection.kv;
}

/** The tests share the server, so each uses separate keys. The long limit tolerates a busy machine. */
const own = (): KeyValueOptions => ({ prefix: `${crypto.randomUUID()}-`, timeLimitMs: 30_000 });

storeContract("keyValueStore(Map)", () => keyValueStore(new Map()));
storeContract("keyValueStore(keyv 5)", () => keyValueStore(new Keyv(), own()));
storeContract("keyValueStore(keyv 6)", async () => {
  const { Keyv } = await import("keyv6");
  return keyValueStore(new Keyv(), own());
}, { skip: noKeyv6 });
storeContract("keyValueStore(unstorage in memory)", () => keyValueStore(createStorage(), own()));
storeContract("keyValueStore(unstorage in a folder)", (t) => {
  const driver = fsDriver({ base: temporaryFolder(t), noClear: true });
  return keyValueStore(createStorage({ driver }), own());
});
for (const client of redisClients) {
  const make = async () => keyValueStore(await connected(client), own());
  storeContract(`keyValueStore(Redis by ${client.name})`, make, { skip: client.skip });
}

const { key, sha256 } = digestOf("5ece2360");
const exactKey = `cachy-${sha256}`;
const legacyKey = `cachy-${key}`;

/** A store over existing values, and its warnings. */
function storeWith(values: Readonly<Record<string, unknown>>, options?: KeyValueOptions) {
  const kv = new Map(Object.entries(values));
  const warnings: string[] = [];
  return { kv, warnings, store: reportingTo(warnings, keyValueStore(kv, options)) };
}

function reportingTo(warnings: string[], store: Store): Store {
  store.warnTo?.((message) => void warnings.push(message));
  return store;
}

const hangs: KeyValue = { get: () => new Promise(() => {}), set: () => new Promise(() => {}) };

test("append() sets the line of an entry without its line feed, by its digest or else by its key", async () => {
  const { kv, store } = storeWith({});
  await store.append(entryOf("exact\u2028"));
  await store.append(legacyEntry("from pycachy"));
  assert.deepEqual([...kv], [
    [exactKey, formatEntry(entryOf("exact\u2028")).trimEnd()],
    [legacyKey, `{"key":"5ece2360","response":"from pycachy"}`],
  ]);
});

test("keyValueStore() uses the prefix for its keys, and the name option as its name", async () => {
  const options = { name: "the team's Redis", prefix: "ours_" };
  const { kv, store } = storeWith({}, options);
  await store.append(entryOf("x"));
  assert.deepEqual([...kv.keys()], [`ours_${sha256}`]);
  assert.deepEqual([store.name, keyValueStore(kv).name], ["the team's Redis", "the key-value store"]);
  assert.equal(await keyValueStore(kv).find(key, sha256), undefined, "another prefix is another store");
});

test("find() accepts a value as the text, the bytes or the object that a client returns", async () => {
  const text = formatEntry(entryOf("é")).trimEnd();
  const bytes = new TextEncoder().encode(text);
  for (const value of [text, `${text}\n`, bytes, JSON.parse(text), Promise.resolve(text)]) {
    const { store, warnings } = storeWith({ [exactKey]: value });
    assert.deepEqual(await store.find(key, sha256), entryOf("é"));
    assert.deepEqual(warnings, []);
  }
});

test("find() treats undefined and null as a miss", async () => {
  for (const nothing of [undefined, null, Promise.resolve(null)]) {
    const { store, warnings } = storeWith({ [exactKey]: nothing, [legacyKey]: nothing });
    assert.equal(await store.find(key, sha256), undefined);
    assert.deepEqual(warnings, []);
  }
});

const other = digestOf(key, "1");
const line = (members: object) => JSON.stringify({ ...entryOf("x"), ...members });

const garbage: readonly (readonly [what: string, value: unknown, reason: string])[] = [
  ["an empty text", "", "blank line"],
  ["no JSON", "PONG", "not JSON"],
  ["half an entry", line({}).slice(0, -5), "not JSON"],
  ["two entries", `${line({})}\n${line({})}`, "not JSON"],
  ["a number", 123, "not a JSON object"],
  ["a boolean", true, "not a JSON object"],
  ["a list", "[]", "not a JSON object"],
  ["an object of another shape", { a: 1 }, `"key" is missing`],
  ["JSON of another shape", `{"value":"x","expires":1}`, `"key" is missing`],
  ["bytes that are no UTF-8", new Uint8Array([0xff, 0xfe]), "not UTF-8"],
  ["bytes that are no JSON", new TextEncoder().encode("PONG"), "not JSON"],
  ["a failed answer", line({ status_code: 500 }), `"status_code" is 500`],
  ["a newer format", line({ v: 2 }), "format 2 needs a newer version of cachy"],
  ["an entry of another key", entryOf("x", digestOf("0badcafe")), "it belongs to another request"],
  ["an entry of another digest with this key", line(other), "it belongs to another request"],
  ["an entry without a digest", line({ sha256: undefined }), "it belongs to another request"],
  ["an entry with a part of the key", line({ key: "5ece" }), "it belongs to another request"],
];

for (const [what, value, reason] of garbage) {
  test(`find() reports ${what} in place of an entry, and finds the others`, async () => {
    const legacy = line({ sha256: undefined, response: "legacy" });
    const { store, warnings } = storeWith({ [exactKey]: value, [legacyKey]: legacy });
    assert.equal((await store.find(key, sha256))?.response, "legacy");
    const expected = `Cannot use the value of ${exactKey} in the key-value store: ${reason}. ` +
      `Delete this key to silence this warning.`;
    assert.deepEqual(warnings, [expected]);
  });
}

test("find() reports an entry with a digest in place of one without", async () => {
  for (const members of [{}, { sha256: key }]) {
    const { store, warnings } = storeWith({ [legacyKey]: line(members) });
    assert.equal(await store.find(key, other.sha256), undefined);
    assert.match(
      warnings.join("|"),
      /^Cannot use the value of cachy-5ece2360 in [^|]+: it belongs to another request\.[^|]*$/,
    );
  }
});

test("an invalid value is reported once, is a miss, and is replaced by the next recording", async () => {
  const kv = new Map<string, unknown>();
  const network = countingNetwork();
  const ask = async (cachy: ReturnType<typeof testCachy>) => await (await cachy.fetch(CHAT_URL, jsonPost({}))).text();
  await ask(testCachy({ store: keyValueStore(kv), fetch: network.fetch }));
  const [id = ""] = kv.keys();
  kv.set(id, "PONG");

  const replaying = testCachy({ store: keyValueStore(kv), fetch: network.fetch, mode: "replay" });
  for (const _ of [1, 2]) assert.match(await ask(replaying), /no response is recorded for it in the key-value store/);
  assert.equal(replaying.events.filter(({ kind }) => kind === "warning").length, 1);
  const recording = testCachy({ store: keyValueStore(kv), fetch: network.fetch });
  const answers = [await ask(recording), await ask(recording)];
  assert.deepEqual([answers, network.calls.length], [[`{"count":2}`, `{"count":2}`], 2]);
});

test("append() throws if the client reports that it did not set the value", async () => {
  for (const set of [() => false, () => Promise.resolve(false)]) {
    const store = keyValueStore({ get: () => undefined, set });
    await assert.rejects(async () => await store.append(entryOf("x")), /^Error: set\(\) returned false$/);
  }
});

test("find() and append() throw what the client throws, synchronously or later", async () => {
  const fail = () => {
    throw new Error("refused");
  };
  for (const failing of [fail, () => Promise.reject(new Error("refused"))]) {
    const store = keyValueStore({ get: failing, set: failing });
    await assert.rejects(async () => await store.find(key, sha256), /^Error: refused$/);
    await assert.rejects(async () => await store.append(entryOf("x")), /^Error: refused$/);
  }
});

test("find() and append() throw if the client does not respond in time", async () => {
  const store = keyValueStore(hangs, { timeLimitMs: 5 });
  await assert.rejects(async () => await store.find(key, sha256), /no response within 5 ms/);
  await assert.rejects(async () => await store.append(entryOf("x")), /no response within 5 ms/);
});

test("the network answers a call with one warning if the key-value store fails", async () => {
  const refuse = () => Promise.reject(new Error("refused"));
  const network = countingNetwork();
  const cachy = testCachy({ store: keyValueStore({ get: refuse, set: refuse }), fetch: network.fetch });
  for (const count of [1, 2]) assert.deepEqual(await (await cachy.fetch(CHAT_URL, jsonPost({}))).json(), { count });
  const warnings = cachy.events.map((event) => event.kind === "warning" ? event.message : event.kind);
  assert.deepEqual(warnings, ["Cannot read the key-value store: refused"]);
});

test("keyValueStore() rejects an invalid store, and shows no secret of it", () => {
  const wrong: [unknown, RegExp][] = [
    [undefined, /^Cannot use undefined as a key-value store: expected an object with the functions get and set\.$/],
    [null, /^Cannot use null as /],
    [1, /^Cannot use 1 as /],
    ["redis://user:password@127.0.0.1", /^Cannot use "redis:\/\/127\.0\.0\.1" as /],
    [{}, /^Cannot use an object without get, set as /],
    [{ get() {}, password: "password" }, /^Cannot use an object without set as /],
    [{ set() {}, get: "password" }, /^Cannot use an object without get as /],
    [() => {}, /^Cannot use a function as /],
  ];
  for (const [kv, message] of wrong) {
    assert.throws(() => keyValueStore(kv as KeyValue), (error) => {
      assert.ok(error instanceof CachyError && error.code === "invalid_option");
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /user|password/);
      return true;
    });
  }
});

test("keyValueStore() rejects invalid options by name and value", () => {
  const wrong: [unknown, RegExp][] = [
    [{ name: 1 }, /^Cannot use 1 as option "name" of a key-value store: expected a non-empty string\.$/],
    [{ name: "" }, /^Cannot use "" as option "name"/],
    [{ prefix: null }, /^Cannot use null as option "prefix" of a key-value store: expected a string\.$/],
    [
      { timeLimitMs: 0 },
      /^Cannot use 0 as option "timeLimitMs" .*: expected milliseconds, more than 0 and up to 2147483647\.$/,
    ],
    [{ timeLimitMs: "1000" }, /^Cannot use "1000" as option "timeLimitMs"/],
    [{ timeLimit: 1 }, /^Cannot use the option "timeLimit" of a key-value store: it is unknown\./],
    [null, /^Cannot use null as options of a key-value store: expected an object\.$/],
    ["cachy-", /^Cannot use "cachy-" as options of a key-value store/],
  ];
  for (const [options, message] of wrong) {
    assert.throws(() => keyValueStore(new Map(), options as KeyValueOptions), { code: "invalid_option", message });
  }
  keyValueStore(new Map(), { name: undefined, prefix: "", timeLimitMs: undefined });
});

/** A client that reads Redis beside the client under test. */
function lookAt(t: TestContext): Redis {
  const client = new Redis(redis?.url ?? "");
  t.after(() => client.disconnect());
  return client;
}

test("Redis contains the line itself without expiry, unless a client wraps it", { skip: redisIsMissing }, async (t) => {
  const { prefix = "" } = own();
  const [raw, entry] = [lookAt(t), entryOf("é")];
  for (const client of redisClients.filter(({ skip }) => !skip)) {
    await keyValueStore(await connected(client), { prefix }).append(entry);
    const [id = "", ...others] = await raw.keys(`*${prefix}*`);
    assert.deepEqual([others, await raw.ttl(id)], [[], -1]);
    const value = await raw.get(id) ?? "";
    if (client.name.startsWith("keyv")) assert.equal(JSON.parse(value).value, formatEntry(entry).trimEnd());
    else assert.deepEqual([id, value], [`${prefix}${sha256}`, formatEntry(entry).trimEnd()]);
    await raw.del(id);
  }
});

test("find() returns the entries of other clients that wrap nothing", { skip: redisIsMissing }, async () => {
  const { prefix = "" } = own();
  const clients = redisClients.filter(({ name }) => !name.startsWith("keyv"));
  const stores = await Promise.all(clients.map(async (client) => keyValueStore(await connected(client), { prefix })));
  for (const writer of stores) {
    await writer.append(entryOf(crypto.randomUUID()));
    const written = await writer.find(key, sha256);
    for (const reader of stores) assert.deepEqual(await reader.find(key, sha256), written);
  }
});

test("find() accepts the Buffers that a client returns", { skip: redisIsMissing }, async (t) => {
  const client = lookAt(t);
  const kv: KeyValue = { get: (key) => client.getBuffer(key), set: (key, value) => client.set(key, value) };
  const store = keyValueStore(kv, own());
  await store.append(entryOf("é"));
  assert.deepEqual(await store.find(key, sha256), entryOf("é"));
});

for (const client of redisClients) {
  const title = `find() never treats other values in Redis as an entry, through ${client.name}`;
  test(title, { skip: client.skip }, async (t) => {
    const raw = lookAt(t);
    const warnings: string[] = [];
    const prefix = `${crypto.randomUUID()}-`;
    const store = reportingTo(warnings, keyValueStore(await connected(client), { prefix }));
    await store.append(entryOf("x"));
    const [id = ""] = await raw.keys(`*${prefix}*`);
    const values = ["PONG", "123", "", `{"value":"PONG"}`, "[]", "1e5"];
    for (const value of values) {
      await raw.set(id, value);
      // keyv ignores or rejects values that it has not wrapped.
      const found = await Promise.resolve(store.find(key, sha256)).catch((error) => void warnings.push(String(error)));
      assert.equal(found, undefined);
    }
    if (!client.name.startsWith("keyv")) assert.equal(warnings.length, values.length);
    await raw.del(id);
    await raw.rpush(id, "a list");
    // keyv 6 reports to its listener instead.
    if (client.name !== "keyv 6") await assert.rejects(async () => await store.find(key, sha256), /WRONGTYPE/);
  });
}
