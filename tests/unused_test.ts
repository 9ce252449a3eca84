/** `cachy unused`: real test runs write a ledger, and what they did not ask for is found and removed. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { TestContext } from "node:test";
import { readLedger } from "../src/cli/file/ledger.ts";
import { type Exit, runProgram } from "./processes.ts";
import { runnable } from "./runnable.ts";
import { thisRuntime } from "./sdk/case.ts";
import { slowTest, test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

/** How each runtime runs the tests in a folder, and the option that selects tests by name. */
const RUNNERS = {
  deno: { run: ["test", "-A", "--no-check", "-q"], filter: (name: string) => ["--filter", name] },
  bun: { run: ["test"], filter: (name: string) => ["-t", name] },
  node: { run: ["--test"], filter: (name: string) => [`--test-name-pattern=${name}`] },
};
const { run, filter } = RUNNERS[thisRuntime().name];

const HEAD = `
import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { createCachy, withCachy } from "${runnable("mod.ts").href}";
import { recordingFile } from "${runnable("src/testing.ts").href}";
const answer = { id: "resp_1", object: "response", status: "completed", output: [] };
const network = () => Promise.resolve(Response.json(answer));
const post = (fetch, input) => fetch("https://api.openai.com/v1/responses", { method: "POST", body: JSON.stringify({ input }) });
const ask = (t, ...inputs) => withCachy({ file: recordingFile(t), fetch: network }, async () => {
  for (const input of inputs) await (await post(fetch, input)).text();
});
const shared = createCachy({ fetch: network });
const askShared = async (input) => void await (await post(shared.fetch, input)).text();
`;

/** A project with test files. */
function testProject(t: TestContext) {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const write = (file: string, source: string) => writeFileSync(join(folder, file), HEAD + source);
  const recorded = () =>
    existsSync(join(folder, "recordings"))
      ? readdirSync(join(folder, "recordings"), { recursive: true }).map((path) => String(path).replaceAll("\\", "/"))
        .filter((path) => path.endsWith(".jsonl")).sort()
      : [];
  const entriesIn = (file: string) => readFileSync(join(folder, file), "utf8").trim().split("\n").length;
  const cachy = (args: readonly string[], env: Record<string, string> = {}): Promise<Exit> =>
    runProgram("cli", ["unused", ...args], { cwd: folder, env });
  const tests = [process.execPath, ...run];
  /** Runs tests without `cachy unused`. */
  const runTests = async (more: readonly string[], env: Record<string, string>) => {
    const { NODE_TEST_CONTEXT: _, CI: __, ...others } = process.env;
    const child = spawn(process.execPath, [...run, ...more], {
      cwd: folder,
      env: { ...others, ...env },
      stdio: "ignore",
    });
    await once(child, "close");
  };
  /** Runs all tests, and judges what they asked for. */
  const unused = (options: readonly string[], more: readonly string[] = [], env?: Record<string, string>) =>
    cachy([...options, "--", ...tests, ...more], env);
  return { folder, write, recorded, entriesIn, cachy, unused, runTests };
}

const succeeded = ({ code, stdout, stderr }: Exit, expected = 0): string => {
  assert.equal(code, expected, stdout + stderr);
  return stdout + stderr;
};

test("unused finds what a renamed test and a dropped request leave behind, and removes it", async (t) => {
  const { write, recorded, entriesIn, unused } = testProject(t);
  write(
    "greet.test.mjs",
    `
    test("says hello", (t) => ask(t, "Hello.", "Hello again."));
    test("says goodbye", (t) => ask(t, "Goodbye."));
  `,
  );
  assert.match(succeeded(await unused(["--check"])), /0 entries and 0 files unused/);
  assert.deepEqual(recorded(), ["greet.test_mjs/says goodbye.jsonl", "greet.test_mjs/says hello.jsonl"]);

  write(
    "greet.test.mjs",
    `
    test("says hello", (t) => ask(t, "Hello."));
    test("takes leave", (t) => ask(t, "Goodbye."));
  `,
  );
  const missed = succeeded(await unused(["--prune", "--yes"], [], { CACHY_MODE: "replay" }));
  assert.match(missed, /1 unused entry in recordings.greet\.test_mjs.says hello\.jsonl:\n.*\n.*Hello again\./);
  assert.match(
    missed,
    /Unused file: recordings.greet\.test_mjs.says goodbye\.jsonl .*\n {2}Likely renamed: "takes leave"/,
  );
  assert.match(missed, /Not removed: .* git mv '.*says goodbye\.jsonl' '.*takes leave\.jsonl'/);
  assert.equal(entriesIn("recordings/greet.test_mjs/says hello.jsonl"), 1);
  assert.deepEqual(recorded(), ["greet.test_mjs/says goodbye.jsonl", "greet.test_mjs/says hello.jsonl"]);

  const found = succeeded(await unused(["--check"]), 1);
  assert.match(found, /says goodbye\.jsonl .*\n {2}Likely renamed: "takes leave"/);
  assert.match(
    succeeded(await unused(["--prune", "--yes"])),
    /Likely renamed: "takes leave"/,
    "recorded in an earlier run",
  );
  assert.deepEqual(recorded(), ["greet.test_mjs/says hello.jsonl", "greet.test_mjs/takes leave.jsonl"]);
});

slowTest("unused removes nothing because of a filtered, partial or failed run", async (t) => {
  const { folder, write, recorded, entriesIn, unused, runTests, cachy } = testProject(t);
  const source = (file: string) => `
    test("says hello", (t) => ask(t, "Hello.", "Hello again."));
    for (const n of [1, 2]) test("case " + n, (t) => ask(t, "Case " + n));
    describe("a suite", () => { it("Says: goodbye?", (t) => ask(t, "Goodbye.")); });
    test("uses the shared file", () => askShared("Shared by ${file}."));`;
  for (const file of ["a.test.mjs", "b.test.mjs"]) write(file, source(file));
  assert.match(succeeded(await unused(["--check"])), /0 entries and 0 files unused/);
  const all = recorded();
  assert.equal(all.length, 8);
  const pruned = async (why: string, exit: Promise<Exit>, expected: RegExp, code = 0) => {
    assert.match(succeeded(await exit, code), expected, why);
    assert.deepEqual(recorded(), all, why);
    assert.equal(entriesIn("recordings/a.test_mjs/says hello.jsonl"), 2, why);
    assert.equal(entriesIn("cachy.jsonl"), 2, why);
  };
  const prune = ["--prune", "--yes"];
  await pruned("by name", unused(prune, filter("hello")), /0 entries and 0 files unused, \d files kept/);
  await pruned("one file", unused(prune, ["./a.test.mjs"]), /b\.test\.mjs did not run/);

  const ledger = join(folder, "ledger.jsonl");
  await runTests(filter("hello"), { CACHY_LEDGER: ledger });
  await pruned(
    "a ledger of a filtered run",
    cachy(prune, { CACHY_LEDGER: ledger }),
    /nothing says that the whole suite/,
  );

  const unchecked = cachy(["--check", "--ledger", ledger]);
  await pruned("no proof", unchecked, /Cannot check what is unused: nothing says that the whole suite/, 2);

  write("a.test.mjs", source("a.test.mjs").replace(', "Hello again.")', ').then(() => assert.fail("broken"))'));
  await pruned("failed", unused(prune), /the command failed with exit code 1/, 2);
  rmSync(ledger);
  await runTests([], { CACHY_LEDGER: ledger });
  await pruned("a ledger of a failed run", cachy([...prune, "--ledger", ledger]), /nothing says that the whole suite/);

  write("a.test.mjs", source("a.test.mjs").replaceAll("test(", "test.skip("));
  await pruned(
    "skipped",
    unused(prune),
    /a\.test\.mjs contains "\.skip"/,
  );

  // An entry that a program would ask for after a miss is not unused.
  write("a.test.mjs", source("a.test.mjs").replace('"Hello.", "Hello again."', '"Hi."'));
  await pruned("missed", unused(prune, [], { CACHY_MODE: "replay" }), /requests were missed, so that later ones may/);

  rmSync(join(folder, "a.test.mjs"));
  const removed = succeeded(await unused(prune));
  assert.match(removed, /Unused file: .*a\.test\.mjs does not exist/);
  assert.match(removed, /1 unused entry in cachy\.jsonl/);
  assert.deepEqual(recorded(), all.filter((file) => file.startsWith("b.")));
  assert.equal(entriesIn("cachy.jsonl"), 1);

  // A renamed test file: each recording has a new name, and nothing is removed before it is there.
  rmSync(join(folder, "b.test.mjs"));
  write("c.test.mjs", source("b.test.mjs"));
  const renamed = succeeded(await unused(prune, [], { CACHY_MODE: "replay" }));
  assert.equal(renamed.match(/Likely renamed: /g)?.length, 4, renamed);
  assert.match(
    renamed,
    /mkdir -p '.*c\.test_mjs' && git mv '.*b\.test_mjs.says hello\.jsonl' '.*c\.test_mjs.says hello\.jsonl'/,
  );
  assert.deepEqual(recorded(), all.filter((file) => file.startsWith("b.")));
});

slowTest("a ledger of concurrent processes has every request, and the explanation of every miss", async (t) => {
  const { folder, write, runTests } = testProject(t);
  const ledger = join(folder, "ledgers", "ledger.jsonl");
  const count = 4;
  for (let n = 0; n < count; n++) {
    write(`n${n}.test.mjs`, `test("asks", (t) => ask(t, ...Array.from({ length: 50 }, (_, at) => "${n} " + at)));`);
  }
  const files = Array.from({ length: count }, (_, n) => `./n${n}.test.mjs`);
  await Promise.all(files.map((file) => runTests([file], { CACHY_LEDGER: ledger, CACHY_MODE: "replay" })));
  const { asked, misses, tests, damaged } = readLedger(join(folder, "ledgers"));
  assert.equal(damaged, 0);
  assert.deepEqual([...asked.values()].map(({ size }) => size), Array(count).fill(50));
  assert.equal(misses.length, count * 50);
  assert.deepEqual(tests.map(({ test }) => test.name), Array(count).fill("asks"));
  for (const { message, method, test } of misses) {
    assert.match(message, /^Cannot replay POST .*\n.*\n.*CACHY_MODE/);
    assert.deepEqual([method, test?.name], ["POST", "asks"]);
  }
});

slowTest("unused says what is wrong with its arguments and with the ledger", async (t) => {
  const { folder, cachy } = testProject(t);
  assert.match(succeeded(await cachy([]), 2), /there is no ledger\. Run the tests with `cachy unused -- npm test`/);
  assert.match(
    succeeded(await cachy(["--ledger", "none"]), 2),
    /there is no such file\. Run the tests with CACHY_LEDGER=/,
  );
  assert.match(succeeded(await cachy(["--yes", "--", "true"]), 2), /--yes without --prune/);
  assert.match(succeeded(await cachy(["--", "no-such-program"]), 2), /Cannot run no-such-program/);
  const silent = writeSilent(folder);
  assert.match(succeeded(await cachy(["--", process.execPath, ...silent]), 2), /the ledger .* is empty/);
});

/** A program that uses no cachy. @returns The arguments that run it. */
function writeSilent(folder: string): string[] {
  writeFileSync(join(folder, "silent.mjs"), "");
  return [...(thisRuntime().name === "deno" ? ["run"] : []), "silent.mjs"];
}
