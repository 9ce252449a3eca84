/** The options `maxAge` and `onExpired`. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type CachyEvent, CachyMissError, type CachyOptions } from "../mod.ts";
import { shared } from "../src/lib/shared_state.ts";
import { recordingFile } from "../src/testing.ts";
import { runProgram } from "./processes.ts";
import { type Provider, startProvider } from "./provider/provider.ts";
import { after, before, beforeEach, test } from "./suite.ts";
import { CHAT_URL, countingNetwork, jsonPost, kinds, temporaryFolder, testCachy } from "./testing.ts";

let provider: Provider;
before(async () => {
  provider = await startProvider({ pause: 1 });
});
beforeEach(() => {
  provider.reset();
  shared("expired", () => new Set<string>()).clear();
});
after(() => provider.stop());

/** Changes the time of all recordings. @param days Their age. Any other value is written as it is. */
function age(file: string, days: unknown): void {
  const recordedAt = typeof days === "number" ? new Date(Date.now() - days * 864e5).toISOString() : days;
  const lines = readFileSync(file, "utf8").trim().split("\n");
  const aged = lines.map((line) => JSON.stringify({ ...JSON.parse(line), recorded_at: recordedAt }));
  writeFileSync(file, `${aged.join("\n")}\n`);
}

/** Records answers, makes them old, and asks again. */
async function askAgain(t: TestContext, days: unknown, options: CachyOptions, prompts = ["Hello."]) {
  const file = options.file ?? join(temporaryFolder(t), "cachy.jsonl");
  const { error } = console;
  t.after(() => void (console.error = error));
  console.error = () => {};
  const network = countingNetwork();
  const ask = async (fetch: typeof globalThis.fetch) => {
    let answer: Response | undefined;
    for (const prompt of prompts) {
      answer = await fetch(CHAT_URL, jsonPost({ input: prompt }));
      await answer.clone().text();
    }
    return answer as Response;
  };
  await ask(testCachy({ file, fetch: network.fetch }).fetch);
  age(String(file), days);
  const cachy = testCachy({ file, fetch: network.fetch, ...options });
  const first = await ask(cachy.fetch);
  const calls = network.calls.length - prompts.length;
  return { cachy, first, ask, calls, network, warnings: warningsIn(cachy.events) };
}

const warningsIn = (events: readonly CachyEvent[]) =>
  events.flatMap((event) => event.kind === "warning" ? [event.message] : []);

for (const mode of ["auto", "replay"] as const) {
  test(`an expired recording is replayed with a warning in mode "${mode}", by default`, async (t) => {
    const { cachy, calls, warnings } = await askAgain(t, 120, { mode, maxAge: "90d" });
    assert.deepEqual([kinds(cachy.events), calls, warnings.length], [["hit"], 0, 1]);
    assert.match(
      warnings[0] ?? "",
      /^The recording of POST https:\/\/api\.openai\.com\/\S+ in \S+cachy\.jsonl is 120 days old, older than maxAge "90d" \(key [0-9a-f]{8}, recorded \d{4}-\d\d-\d\d\)\. To record it again, run the program once with CACHY_REFRESH=[0-9a-f]{8}(?: and \{ mode: "auto" \})?, and commit the file\.$/,
    );
  });

  test(`onExpired "fail" fails as a miss in mode "${mode}", without a network call`, async (t) => {
    const { cachy, first, calls } = await askAgain(t, 120, { mode, maxAge: "90d", onExpired: "fail" });
    assert.deepEqual([first.status, calls, kinds(cachy.events), cachy.misses.length], [406, 0, ["miss"], 1]);
    assert.match(
      (await first.json()).error.message,
      /^Cannot replay POST .*: its recording is expired \(key .*\nThe recording of .* is 120 days old.*\nThe network was not called: the option onExpired is "fail"\.\nTo record the response again, run /,
    );
  });
}

test('onExpired "fail" rejects with a CachyMissError, with the option miss: "throw"', async (t) => {
  const options = { mode: "replay", maxAge: "90d", onExpired: "fail", miss: "throw" } as const;
  await assert.rejects(askAgain(t, 91, options), CachyMissError);
});

test('onExpired "fail" warns before a recording expires', async (t) => {
  const soon = await askAgain(t, 85, { mode: "replay", maxAge: "90d", onExpired: "fail" });
  assert.deepEqual([kinds(soon.cachy.events), soon.warnings.length], [["hit"], 1]);
  assert.match(soon.warnings[0] ?? "", /is 85 days old, and expires at maxAge "90d"/);
  const later = await askAgain(t, 80, { mode: "replay", maxAge: "90d", onExpired: "fail" });
  assert.deepEqual([kinds(later.cachy.events), later.warnings], [["hit"], []]);
});

test('onExpired "refresh" records again in mode "auto", once', async (t) => {
  const { cachy, first, ask, calls } = await askAgain(t, 120, { maxAge: "90d", onExpired: "refresh" });
  assert.deepEqual([kinds(cachy.events), calls, await first.json()], [["miss", "recorded"], 1, { count: 2 }]);
  assert.deepEqual(await (await ask(cachy.fetch)).json(), { count: 2 });
  assert.deepEqual([kinds(cachy.events), warningsIn(cachy.events)], [["miss", "recorded", "hit"], []]);
});

test('onExpired "refresh" in mode "replay" replays with a warning, and never calls the network', async (t) => {
  const { cachy, calls, warnings } = await askAgain(t, 120, { mode: "replay", maxAge: "90d", onExpired: "refresh" });
  assert.deepEqual([kinds(cachy.events), calls, warnings.length], [["hit"], 0, 1]);
});

test("recordings younger than maxAge, or without a time, do not expire", async (t) => {
  for (const days of [89, 0, undefined, null, "yesterday", "", {}, []]) {
    const { cachy, calls, warnings } = await askAgain(t, days, { mode: "replay", maxAge: "90d", onExpired: "refresh" });
    assert.deepEqual([kinds(cachy.events), calls, warnings], [["hit"], 0, []]);
  }
});

test("the warning names the test, if the recording was named by recordingFile()", async (t) => {
  const file = recordingFile("says hello", { folder: temporaryFolder(t) });
  const { warnings } = await askAgain(t, 120, { file, mode: "replay", maxAge: "2w" });
  assert.match(warnings[0] ?? "", /, test "says hello"\)\. To record it again, run the test "says hello" once with /);
});

test("a process names only ten expired recordings", async (t) => {
  const prompts = Array.from({ length: 15 }, (_, at) => `Hello ${at}.`);
  const { cachy, warnings } = await askAgain(t, 120, { mode: "replay", maxAge: "90d" }, prompts);
  assert.equal(cachy.stats.hits, 15);
  assert.equal(warnings.length, 11);
  assert.match(warnings[10] ?? "", /^More recordings than these are expired, .*`cachy list --file .*`/);
});

test("expired recordings, in processes", async (t) => {
  const cwd = temporaryFolder(t);
  const ask = async (options: CachyOptions, env: Record<string, string> = {}) => {
    const exit = await runProgram("ask_once", [provider.url, JSON.stringify(options)], { cwd, env });
    assert.equal(exit.code, 0, exit.stderr);
    return { ...JSON.parse(exit.stdout), stderr: exit.stderr };
  };
  const { file } = await ask({});
  age(file, 100);
  const asked = provider.requests.length;
  const warned = await ask({ maxAge: "90d", onExpired: "refresh" }, { CI: "1" });
  assert.deepEqual([warned.hits, provider.requests.length], [1, asked]);
  assert.match(
    warned.stderr,
    /^cachy: The recording of .* is 100 days old, .* run the program once with CACHY_REFRESH=[0-9a-f]{8} CACHY_MODE=auto, and/,
  );
  const failed = await ask({ maxAge: "90d", onExpired: "fail" }, { CI: "1", CACHY_STRICT: "1" }).catch(String);
  assert.match(String(failed), /the recording|The recording of/);
  const refreshed = await ask({ maxAge: "90d", onExpired: "refresh" });
  assert.deepEqual([refreshed.recorded, refreshed.stderr, provider.requests.length], [1, "", asked + 1]);
  assert.deepEqual([(await ask({ maxAge: "90d" }, { CI: "1" })).stderr], [""]);

  // The command in the warning records again.
  age(file, 100);
  const [, key = ""] = /CACHY_REFRESH=(\w+) CACHY_MODE=auto/.exec((await ask({ maxAge: "90d" }, { CI: "1" })).stderr) ??
    [];
  const anew = await ask({ maxAge: "90d" }, { CI: "1", CACHY_REFRESH: key, CACHY_MODE: "auto" });
  assert.deepEqual([anew.recorded, provider.requests.length], [1, asked + 2]);
});
