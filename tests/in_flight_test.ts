import assert from "node:assert/strict";
import { type Answer, createInFlight, createPending } from "../src/flow/in_flight.ts";
import { deferred } from "../src/lib/wait.ts";
import { test } from "./suite.ts";

const nextTurn = () => new Promise((done) => setImmediate(done));

/** A response whose recording ends when the test says so. */
function recorded(response: Response, idleMs: () => number = () => 0) {
  const { promise: committed, resolve: commit } = deferred<boolean>();
  const { promise: settled, resolve: settle } = deferred<void>();
  const state = { isStarted: false };
  const recording = { committed, settled, idleMs, start: () => void (state.isStarted = true) };
  return { answer: { response, recording } satisfies Answer, commit, settle, state };
}

test("join() lets all waiting requests read the entry at once after the first one has written it", async () => {
  const requests = createInFlight();
  const response = new Response();
  const { answer, commit } = recorded(response);
  const started: string[] = [];
  const blocked = deferred<Answer>();
  const first = requests.join("a", undefined, () => Promise.resolve(answer));
  const waiters = ["second", "third"].map((name) =>
    requests.join("a", undefined, () => {
      started.push(name);
      return blocked.promise;
    })
  );
  assert.equal(await first, response);
  assert.deepEqual(started, []);
  commit(true);
  while (started.length < 2) await Promise.resolve(); // The third does not wait for the second.
  blocked.resolve({ response });
  await Promise.all(waiters);
});

test("join() lets the next request lead if the first one throws, records nothing or is dropped", async () => {
  const requests = createInFlight();
  const response = new Response();
  const { answer, commit } = recorded(response);
  let underWay = 0;
  let most = 0;
  const asked = async (give: () => Answer) => {
    most = Math.max(most, ++underWay);
    await nextTurn();
    underWay--;
    return give();
  };
  const failing = requests.join("a", undefined, () =>
    asked(() => {
      throw new Error("no network");
    }));
  const unstored = requests.join("a", undefined, () => asked(() => ({ response })));
  const dropped = requests.join("a", undefined, () => asked(() => answer));
  const last = requests.join("a", undefined, () => asked(() => ({ response })));
  await assert.rejects(failing, /no network/);
  assert.deepEqual(await Promise.all([unstored, dropped]), [response, response]);
  commit(false);
  assert.equal(await last, response);
  assert.equal(most, 1, "one at a time");
  assert.equal(await requests.join("a", undefined, () => Promise.resolve({ response })), response);
});

test("join() lets waiting requests call the network if the first one has been silent for too long", async () => {
  for (const silentWhere of ["before its headers", "in its body"]) {
    const requests = createInFlight(30);
    const response = new Response();
    const never = new Promise<Answer>(() => {});
    const { answer, state } = recorded(response, () => 1000);
    const first = requests.join("a", undefined, () => silentWhere === "in its body" ? Promise.resolve(answer) : never);
    const waiters = [1, 2, 3].map(() => requests.join("a", undefined, () => Promise.resolve({ response })));
    assert.deepEqual(await Promise.all(waiters), [response, response, response], silentWhere);
    if (silentWhere === "in its body") assert.deepEqual([await first, state.isStarted], [response, true]);
  }
});

test("join() waits for a slow first request as long as data arrives", async () => {
  const requests = createInFlight(20);
  const response = new Response();
  const { answer, commit } = recorded(response, () => 0);
  await requests.join("a", undefined, () => Promise.resolve(answer));
  let hasAsked = false;
  const waiter = requests.join("a", undefined, () => {
    hasAsked = true;
    return Promise.resolve({ response });
  });
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(hasAsked, false);
  commit(true);
  await waiter;
});

test("join() does not hold up different requests", async () => {
  const requests = createInFlight();
  const blocked = deferred<Answer>();
  const slow = requests.join("a", undefined, () => blocked.promise);
  const response = new Response();
  assert.equal(await requests.join("b", undefined, () => Promise.resolve({ response })), response);
  blocked.resolve({ response });
  await slow;
});

test("flush() starts copies, and waits until each recording is settled, written and quiet, or silent", async () => {
  const pending = createPending(50);
  const running = recorded(new Response());
  const written = recorded(new Response(), () => 1000);
  const silent = recorded(new Response(), () => 1000);
  for (const { answer } of [running, written, silent]) pending.add(answer.recording);
  written.commit(true);
  let isFlushed = false;
  const flushed = pending.flush().then(() => isFlushed = true);
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.deepEqual([isFlushed, running.state.isStarted], [false, true]);
  running.commit(true);
  running.settle();
  await flushed;
});

test("join() rejects a waiting request as soon as its signal is aborted", async () => {
  const requests = createInFlight();
  void requests.join("a", undefined, () => new Promise<Answer>(() => {}));
  const aborter = new AbortController();
  const waiter = requests.join("a", aborter.signal, () => Promise.resolve({ response: new Response() }));
  aborter.abort(new Error("enough"));
  await assert.rejects(waiter, /enough/);
});
