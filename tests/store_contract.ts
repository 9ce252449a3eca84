import assert from "node:assert/strict";
import type { Entry, Store } from "../mod.ts";
import { test, type TestContext } from "./suite.ts";

/** A digest with this key; the last digit distinguishes digests of one key. */
export function digestOf(key: string, last = "0"): { readonly key: string; readonly sha256: string } {
  return { key, sha256: `${key}${"0".repeat(55)}${last}` };
}

/** An entry as this package writes it. */
export function entryOf(response: string, { key, sha256 } = digestOf("5ece2360")): Entry {
  return { key, sha256, v: 1, status_code: 200, headers: { "content-type": "text/plain" }, binary: false, response };
}

/** An entry as pycachy writes it. */
export function legacyEntry(response: string, key = "5ece2360"): Entry {
  return { key, response };
}

/** The entry without undefined members. */
const plain = (entry: Entry | undefined): unknown => JSON.parse(JSON.stringify(entry));

const { key, sha256 } = digestOf("5ece2360");
const other = digestOf(key, "1");

/** Makes an empty store for one test. */
export type MakeStore = (t: TestContext) => Store | Promise<Store>;

/**
 * Registers the tests that every store must pass.
 *
 * @param name The name of the store in the titles.
 * @param makeStore Makes an empty store for one test.
 * @param options Why the store cannot be tested here, if so.
 */
export function storeContract(name: string, makeStore: MakeStore, { skip }: { readonly skip?: string } = {}): void {
  if (skip) return void test(`${name} passes the contract`, { skip }, () => {});
  const contract = (title: string, check: (store: Store) => Promise<void>) =>
    test(`${name} ${title}`, async (t) => await check(await makeStore(t)));
  const responseOf = async (store: Store, digest?: string) => (await store.find(key, digest))?.response;

  contract("find() returns undefined if nothing was appended", async (store) => {
    assert.ok((await store.find(key, sha256)) === undefined);
    assert.ok((await store.find(key)) === undefined);
  });

  contract("name is a text that stays the same, with and without entries", async (store) => {
    const { name } = store;
    assert.ok(typeof name === "string" && name.trim() !== "", name);
    await store.append(entryOf("x"));
    await store.find(key, sha256);
    assert.equal(store.name, name);
  });

  contract("find() returns an entry with all its members", async (store) => {
    const entry: Entry = {
      ...entryOf(`é€👩‍🚀\uFEFF\u2028\n\0"\\`),
      headers: { "content-type": "text/plain", "x-a:b/c?": "ü" },
      request: { method: "POST", url: "https://a.example/", body: `{"a": 1}`, exact: true, namespace: "n", n: 2 },
      recorded_at: "2026-11-22T08:00:00.000Z",
      duration_ms: 5,
      chunks: [[0, 3], [1, 20]],
    };
    await store.append(entry);
    assert.deepEqual(await store.find(key, sha256), entry);
    assert.deepEqual(await store.find(key, sha256), entry, "a second time");
  });

  contract("find() returns an entry whose optional members are undefined, as in recordings", async (store) => {
    const entry = { ...entryOf("x"), request: undefined, chunks: undefined, duration_ms: 0 };
    await store.append(entry);
    assert.deepEqual(plain(await store.find(key, sha256)), plain(entry));
  });

  contract("find() keeps base64, and the member that marks it", async (store) => {
    const entry = { ...entryOf("AP/+gA=="), binary: true, headers: {}, status_code: 201 };
    await store.append(entry);
    assert.deepEqual(await store.find(key, sha256), entry);
    await store.append(legacyEntry("e30="));
    assert.deepEqual(await store.find(key), legacyEntry("e30="));
  });

  contract("find() returns a string for a body that looks like a number or like JSON", async (store) => {
    for (const response of ["", "123", "null", "true", "{}", "[1]", "1e5"]) {
      await store.append(entryOf(response));
      assert.equal(await responseOf(store, sha256), response);
    }
  });

  contract("find() returns the newest entry of a digest", async (store) => {
    for (const response of ["first", "second", "third"]) {
      await store.append(entryOf(response));
    }
    assert.equal(await responseOf(store, sha256), "third");
    await store.append(entryOf("fourth"));
    assert.equal(await responseOf(store, sha256), "fourth");
  });

  contract("find() distinguishes digests that share the key", async (store) => {
    await store.append(entryOf("one"));
    assert.equal(await responseOf(store, other.sha256), undefined);
    assert.equal(await responseOf(store), undefined, "without a digest only entries without one");
    await store.append(entryOf("two", other));
    assert.equal(await responseOf(store, sha256), "one");
    assert.equal(await responseOf(store, other.sha256), "two");
  });

  contract("find() finds an entry without a digest by its key", async (store) => {
    await store.append(legacyEntry("from pycachy"));
    for (const digest of [sha256, other.sha256, undefined]) {
      assert.equal(await responseOf(store, digest), "from pycachy");
    }
    assert.equal(await store.find("5ece2361", digestOf("5ece2361").sha256), undefined);
    await store.append(legacyEntry("newer"));
    assert.equal(await responseOf(store, sha256), "newer");
  });

  contract("find() prefers the exact digest to a newer or older entry without one", async (store) => {
    await store.append(legacyEntry("older"));
    await store.append(entryOf("exact"));
    await store.append(legacyEntry("newer"));
    assert.equal(await responseOf(store, sha256), "exact");
    assert.equal(await responseOf(store, other.sha256), "newer");
    assert.equal(await responseOf(store), "newer");
  });

  contract("append() keeps concurrently written entries apart", async (store) => {
    const digests = Array.from({ length: 200 }, (_, at) => digestOf(at.toString(16).padStart(8, "0")));
    await Promise.all(digests.map(async (digest) => await store.append(entryOf(`of ${digest.key}`, digest))));
    for (const digest of digests) {
      assert.equal((await store.find(digest.key, digest.sha256))?.response, `of ${digest.key}`);
    }
  });

  contract("append() keeps the first and the last of all digests", async (store) => {
    const digests = ["00000000", "7fffffff", "80000000", "ffffffff"].map((key) => digestOf(key));
    for (const digest of digests) await store.append(entryOf(digest.key, digest));
    for (const { key, sha256 } of digests) assert.equal((await store.find(key, sha256))?.response, key);
  });

  contract("find() returns no mixture if one digest was written many times at once", async (store) => {
    const responses = Array.from({ length: 20 }, (_, at) => `${at} `.repeat(at * 100 + 1));
    await Promise.all(responses.map(async (response) => await store.append(entryOf(response))));
    // If writes are not atomic, as in unstorage's folders, no valid value may be left.
    assert.ok([...responses, undefined].includes(await responseOf(store, sha256)));
    await store.append(entryOf("after them"));
    assert.equal(await responseOf(store, sha256), "after them");
  });

  contract("find() returns an entry or undefined while the entry is being written", async (store) => {
    const digests = Array.from({ length: 20 }, (_, at) => digestOf(at.toString(16).padStart(8, "0")));
    await Promise.all(digests.map(async (digest) => {
      const written = store.append(entryOf("x", digest));
      const found = await Promise.all([1, 2, 3].map(() => store.find(digest.key, digest.sha256)));
      await written;
      for (const entry of found) assert.ok(entry === undefined || entry.sha256 === digest.sha256);
    }));
    for (const { key, sha256 } of digests) assert.equal((await store.find(key, sha256))?.response, "x");
  });

  contract("append() keeps a long body", async (store) => {
    const response = "long é ".repeat(400_000);
    await store.append(entryOf(response));
    await store.append(entryOf("short", other));
    assert.ok((await responseOf(store, sha256)) === response);
    assert.equal(await responseOf(store, other.sha256), "short");
  });

  contract("size is undefined or the number of entries", async (store) => {
    const digests = ["00000001", "00000002", "00000003"].map((key) => digestOf(key));
    for (const digest of digests) await store.append(entryOf("x", digest));
    await store.find(key, sha256);
    assert.ok(store.size === undefined || store.size === digests.length, `${store.size}`);
  });
}
