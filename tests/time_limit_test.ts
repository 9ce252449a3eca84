import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { isTimeLimit, withinTime } from "../src/lib/wait.ts";
import { test } from "./suite.ts";

test("withinTime() passes on a result and a failure that arrive in time", async () => {
  assert.equal(await withinTime("a value", 1000), "a value");
  assert.equal(await withinTime(Promise.resolve("a promise"), 1000), "a promise");
  await assert.rejects(withinTime(Promise.reject(new Error("refused")), 1000), /^Error: refused$/);
});

test("withinTime() rejects with the limit if no result arrives in time", async () => {
  await assert.rejects(withinTime(new Promise(() => {}), 5), /^Error: no response within 5 ms$/);
});

test("withinTime() accepts a result that arrived while the program was busy for longer than the limit", async () => {
  const sentAndReceived = new Promise((resolve) => setImmediate(() => setImmediate(resolve, "an answer")));
  const answer = withinTime(sentAndReceived, 20);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
  assert.equal(await answer, "an answer");
});

test("isTimeLimit() accepts numbers that a timer can wait for", () => {
  for (const limit of [0.5, 1, 1000, 2 ** 31 - 1]) {
    assert.ok(isTimeLimit(limit), `${limit}`);
  }
  for (const limit of [0, -1, NaN, Infinity, 2 ** 31, "1000", null, undefined, 1n]) {
    assert.ok(!isTimeLimit(limit), `${limit}`);
  }
});
