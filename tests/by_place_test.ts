import assert from "node:assert/strict";
import { memoryStore } from "../mod.ts";
import { sharedByPlace } from "../src/flow/in_flight.ts";
import { test } from "./suite.ts";

test("sharedByPlace() returns one state for each path or store", () => {
  const stateOf = sharedByPlace("by_place_test", () => ({}));
  const [one, other] = [memoryStore(), memoryStore()];
  const places = ["a.jsonl", "b.jsonl", "memory", one, other];
  const states = places.map(stateOf);
  assert.equal(new Set(states).size, places.length);
  assert.deepEqual(places.map(stateOf).map((state, at) => state === states[at]), places.map(() => true));
});
