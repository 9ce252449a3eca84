/** The entry point that enables cachy on import, in real processes. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defaultFlags, type Exit, runProgram } from "./processes.ts";
import { type Provider, startProvider } from "./provider/provider.ts";
import { runnable } from "./runnable.ts";
import { thisRuntime } from "./sdk/case.ts";
import { after, before, beforeEach, slowTest, test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

let provider: Provider;
before(async () => {
  provider = await startProvider({ pause: 1 });
});
beforeEach(() => provider.reset());
after(() => provider.stop());

const network = runnable("tests/programs/paid_network.ts");
const auto = runnable("src/auto.ts");

/** Runs a program after the simulated network and other modules, as a preload does. */
function run(program: string, args: readonly string[], preloads: readonly URL[], env: Record<string, string> = {}) {
  const isNode = thisRuntime().name === "node";
  const flags = [network, ...preloads].flatMap((module) =>
    isNode ? ["--import", module.href] : ["--preload", fileURLToPath(module)]
  );
  return runProgram(program, args, { flags: [...defaultFlags(), ...flags], env: { PROVIDER: provider.url, ...env } });
}

const linesOf = (file: string) => existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n").length : 0;

function succeeded({ code, stdout, stderr }: Exit): { readonly stdout: string; readonly stderr: string } {
  assert.equal(code, 0, stderr);
  return { stdout, stderr };
}

test("auto records and replays the requests of a program that does not import cachy", async (t) => {
  const CACHY_FILE = join(temporaryFolder(t), "answers.jsonl");
  const live = succeeded(await run("ask_by_sdk", [], [auto], { CACHY_FILE, CACHY_DEBUG: "1" }));
  assert.match(live.stderr, /MISS.*RECORDED/s);
  const replayed = succeeded(await run("ask_by_sdk", [], [auto], { CACHY_FILE, CI: "true" }));
  assert.deepEqual(replayed, { stdout: live.stdout, stderr: "" });
  assert.deepEqual([provider.requests.length, linesOf(CACHY_FILE)], [1, 1]);
});

slowTest("auto caches a self-hosted server that CACHY_DOMAINS lists", async (t) => {
  const CACHY_FILE = join(temporaryFolder(t), "answers.jsonl");
  const env = { CACHY_FILE, OPENAI_BASE_URL: "http://localhost:4000/v1", CACHY_DEBUG: "1" };
  const uncached = succeeded(await run("ask_by_sdk", [], [auto], env));
  assert.match(uncached.stderr, /Requests to localhost:4000 are not cached.* or CACHY_DOMAINS=localhost:4000\./);
  assert.equal(linesOf(CACHY_FILE), 0);
  const live = succeeded(await run("ask_by_sdk", [], [auto], { ...env, CACHY_DOMAINS: "localhost:4000" }));
  const replayed = succeeded(await run("ask_by_sdk", [], [auto], { ...env, CACHY_DOMAINS: "localhost:4000", CI: "1" }));
  assert.equal(replayed.stdout, live.stdout);
  assert.deepEqual([provider.requests.length, linesOf(CACHY_FILE)], [2, 1]);
});

slowTest("auto wraps fetch before ollama's default export captures it at import", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const live = succeeded(await run("ask_ollama", [file], [auto]));
  assert.deepEqual(succeeded(await run("ask_ollama", [file], [auto])), live);
  assert.deepEqual([provider.requests.length, linesOf(file)], [1, 1]);
  succeeded(await run("ask_ollama", [file], []));
  assert.equal(provider.requests.length, 2, "without it, enableCachy() comes too late");
});

slowTest("auto warns of invalid values in the environment, and the program runs", async (t) => {
  const CACHY_FILE = join(temporaryFolder(t), "cachy.jsonl");
  const env = { CACHY_FILE, CACHY_MODE: "sometimes", CACHY_DEBUG: "perhaps" };
  const { stdout, stderr } = succeeded(await run("ask_by_sdk", [], [auto], env));
  assert.notEqual(stdout.trim(), "");
  assert.match(stderr, /CACHY_MODE=sometimes/);
  assert.match(stderr, /CACHY_DEBUG=perhaps/);
  assert.equal(linesOf(CACHY_FILE), 1);
});

slowTest("auto with CACHY_MODE=off does nothing", async (t) => {
  const CACHY_FILE = join(temporaryFolder(t), "cachy.jsonl");
  succeeded(await run("ask_by_sdk", [], [auto], { CACHY_FILE, CACHY_MODE: "off" }));
  assert.deepEqual([provider.requests.length, linesOf(CACHY_FILE)], [1, 0]);
});

for (const [when, preloads] of [["after", [auto]], ["before", []]] as const) {
  slowTest(`auto gives way to enableCachy() that the program calls ${when} it`, async (t) => {
    const folder = temporaryFolder(t);
    const [own, CACHY_FILE] = [join(folder, "own.jsonl"), join(folder, "environment.jsonl")];
    succeeded(await run("ask_by_sdk", [own], preloads, { CACHY_FILE }));
    assert.deepEqual([linesOf(own), linesOf(CACHY_FILE)], [1, 0]);
  });
}

slowTest("auto reports a version that it cannot share fetch with, and the program runs", async (t) => {
  const CACHY_FILE = join(temporaryFolder(t), "cachy.jsonl");
  const other = runnable("tests/programs/another_version.ts");
  const { stderr } = succeeded(await run("ask_by_sdk", [], [other, auto], { CACHY_FILE }));
  assert.match(stderr, /^cachy: Cannot share fetch with another version.*protocol 99/);
  assert.deepEqual([provider.requests.length, linesOf(CACHY_FILE)], [1, 0]);
});
