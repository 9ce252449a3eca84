import assert from "node:assert/strict";
import { createInFlight } from "../src/flow/in_flight.ts";
import { test } from "./suite.ts";

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => resolve = done);
  return { promise, resolve };
}

test("join() lets all that waited go ahead at once, when the first answer is settled", async () => {
  const flights = createInFlight();
  const settled = deferred<void>();
  const response = new Response();
  const started: string[] = [];
  const blocked = deferred<{ response: Response }>();
  const first = flights.join("a", undefined, () => Promise.resolve({ response, settled: settled.promise }));
  const waiters = ["second", "third"].map((name) =>
    flights.join("a", undefined, () => {
      started.push(name);
      return blocked.promise;
    })
  );
  assert.equal(await first, response);
  assert.deepEqual(started, []);
  settled.resolve();
  while (started.length < 2) await Promise.resolve(); // the third does not wait for the second
  blocked.resolve({ response });
  await Promise.all(waiters);
});

test("join() lets others go ahead, when the first one throws or stores nothing", async () => {
  const flights = createInFlight();
  const response = new Response();
  const failed = flights.join("a", undefined, () => Promise.reject(new Error("no network")));
  const next = flights.join("a", undefined, () => Promise.resolve({ response }));
  await assert.rejects(failed, /no network/);
  assert.equal(await next, response);
  const later = flights.join("a", undefined, () => Promise.resolve({ response }));
  assert.equal(await later, response);
});

test("join() lets different requests pass each other", async () => {
  const flights = createInFlight();
  const blocked = deferred<{ response: Response }>();
  const slow = flights.join("a", undefined, () => blocked.promise);
  const response = new Response();
  assert.equal(await flights.join("b", undefined, () => Promise.resolve({ response })), response);
  blocked.resolve({ response });
  await slow;
});
