import assert from "node:assert/strict";
import { memoryStore } from "../src/store/store.ts";
import { digestOf, entryOf, legacyEntry, storeContract } from "./store_contract.ts";
import { test } from "./suite.ts";

storeContract("memoryStore()", () => memoryStore());

test("memoryStore() is empty for each call", async () => {
  const { key, sha256 } = digestOf("5ece2360");
  await memoryStore().append(entryOf("elsewhere"));
  assert.equal(await memoryStore().find(key, sha256), undefined);
  assert.equal(memoryStore().name, "memory");
});

test("size counts digests once if they are recorded again", () => {
  const store = memoryStore();
  assert.equal(store.size, 0);
  for (const response of ["first", "second"]) store.append(entryOf(response));
  store.append(legacyEntry("without a digest"));
  assert.equal(store.size, 2);
});
