/** What a ledger proves: judged in this process, on lines that are written here. */
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { TestContext } from "node:test";
import { filterIn, hasTitle, selectorIn } from "../src/cli/edit/test_sources.ts";
import { findUnused } from "../src/cli/edit/unused.ts";
import { readLedger } from "../src/cli/file/ledger.ts";
import { formatEntry } from "../src/store/entry.ts";
import { fileName } from "../src/testing/file_name.ts";
import { test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

const OLD = "2026-01-01T00:00:00.000Z";
const NOW = "2026-06-01T00:00:00.000Z";
const PASSED = { kind: "run", command: ["npm", "test"], code: 0 };
const digest = (digit: string) => digit.repeat(64);

/** A project with a recording of three entries, and a ledger in which one of them was a hit. */
function sharedFile(t: TestContext) {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, "package.json"), "{}");
  const file = join(folder, "cachy.jsonl");
  const entries = ["a", "b"].map((digit) => ({ key: digit.repeat(8), sha256: digest(digit), recorded_at: OLD }));
  const byPycachy = { key: "cccccccc" };
  writeFileSync(file, [...entries, byPycachy].map((entry) => formatEntry({ response: "Hi.", ...entry })).join(""));
  const hit = (id: string) => ({ kind: "asked", outcome: "hit", file, sha256: digest("0"), entry: id });
  const ledger = (lines: readonly object[], name = "ledger.jsonl") => {
    const texts = lines.map((line) => `\n${JSON.stringify({ at: NOW, ...line })}\n`);
    writeFileSync(join(folder, name), texts.join(""));
    return join(folder, name);
  };
  return { folder, file, hit, ledger };
}

/** The unused entries by the first letters of their digests, and the reasons for the others. */
async function judge(path: string, isComplete = false) {
  const { entries, kept } = await findUnused(readLedger(path), isComplete);
  const unused = entries.flatMap(({ entries }) => [...entries.keys()].map((id) => id[0])).sort().join("");
  return [unused, kept.map(({ reason }) => reason).join()] as const;
}

test("entries of a shared file are unused after a whole run that passed, by digest or by key", async (t) => {
  const { hit, ledger } = sharedFile(t);
  assert.deepEqual(await judge(ledger([hit(digest("a")), PASSED])), ["bc", ""]);
  assert.deepEqual(await judge(ledger([hit("cccccccc"), hit(digest("b")), PASSED])), ["a", ""]);
  assert.deepEqual(await judge(ledger([hit(digest("a"))]), true), ["bc", ""]);
});

test("entries of a shared file are kept if the run was not whole, did not pass or is not known", async (t) => {
  const { folder, file, hit, ledger } = sharedFile(t);
  const isKept = async (lines: readonly object[], reason: RegExp, isComplete = false) => {
    const [unused, why] = await judge(ledger([hit(digest("a")), ...lines]), isComplete);
    assert.equal(unused, "", String(reason));
    assert.match(why, reason);
  };
  await isKept([], /nothing says that the whole suite ran and passed/);
  await isKept([{ ...PASSED, code: 1 }], /the tests failed \(exit code 1\)/, true);
  await isKept([{ ...PASSED, code: null }, PASSED], /the tests failed/);
  await isKept(
    [{ ...PASSED, command: ["npx", "vitest", "run", "-t", "hello"] }],
    /"-t" in the command may select tests/,
  );
  const asked = { kind: "asked", file, sha256: digest("d") };
  await isKept([{ ...asked, outcome: "miss" }, PASSED], /requests were missed/, true);
  await isKept([{ ...asked, outcome: "live" }, PASSED], /responses could not be recorded/, true);
  mkdirSync(join(folder, "tests"));
  for (const word of ['test.only("a", () => {})', 'it.skip("a", () => {})', 'test("a", { skip: true }, () => {})']) {
    writeFileSync(join(folder, "tests", "helper.ts"), word);
    await isKept([PASSED], /not all tests run: tests.helper\.ts contains/);
    assert.deepEqual(await judge(ledger([hit(digest("a")), PASSED]), true), ["bc", ""]);
  }
});

test("readLedger() merges the ledgers of a folder, and counts torn lines", async (t) => {
  const { folder, hit, ledger } = sharedFile(t);
  const ledgers = join(folder, "ledgers");
  mkdirSync(ledgers);
  ledger([hit(digest("a")), PASSED], "ledgers/1.jsonl");
  ledger([hit(digest("b")), PASSED], "ledgers/2.jsonl");
  assert.deepEqual(await judge(ledgers), ["c", ""]);
  ledger([hit(digest("b"))], "ledgers/2.jsonl");
  assert.match((await judge(ledgers))[1], /nothing says/, "one of them has no run");
  const torn = `\n{"at":"${NOW}","kind":"asked","outc\n{"at":"${NOW}","kind":"run","command":[],"code":0}\n`;
  writeFileSync(join(ledgers, "2.jsonl"), torn);
  assert.equal(readLedger(ledgers).damaged, 1);
  assert.match((await judge(ledgers, true))[1], /torn line: a process was killed/);
});

test("entries that were recorded after the start of the run are kept", async (t) => {
  const { file, hit, ledger } = sharedFile(t);
  const entry = { key: "dddddddd", sha256: digest("d"), response: "Hi.", recorded_at: "2026-06-01T00:00:01.000Z" };
  writeFileSync(file, formatEntry(entry));
  assert.deepEqual(await judge(ledger([hit(digest("a")), PASSED])), ["", ""]);
});

test("a file in the folder of recordings that is not a recording is left alone", async (t) => {
  const { folder, hit, ledger } = sharedFile(t);
  const file = join(folder, "recordings", "data.jsonl");
  mkdirSync(join(folder, "recordings"));
  writeFileSync(file, '{"my":"data"}\n');
  const named = { file: join(folder, "recordings", "a.jsonl"), folder: join(folder, "recordings"), project: folder };
  const line = { kind: "test", ...named, isChosen: true, test: { name: "a" } };
  const found = await findUnused(readLedger(ledger([hit(digest("a")), line, PASSED])), true);
  assert.deepEqual([found.files, found.kept], [[], []]);
});

const noLinks = process.platform === "win32" ? "Windows restricts symbolic links." : undefined;

test("a recording is the same behind a symbolic link", { skip: noLinks }, async (t) => {
  const { folder, hit, ledger } = sharedFile(t);
  const link = join(temporaryFolder(t), "link");
  symlinkSync(folder, link);
  const linked = { ...hit(digest("b")), file: join(link, "cachy.jsonl") };
  assert.deepEqual(await judge(ledger([hit(digest("a")), linked, PASSED])), ["c", ""]);
});

test("selectorIn() finds the argument that may select tests, and none in whole suites", () => {
  const whole = [
    "npm test",
    "npm run test:unit",
    "npx vitest run --coverage",
    "npx vitest run --pool=forks --config vitest.ci.js",
    "node --experimental-vm-modules node_modules/jest/bin/jest.js -c jest.config.json",
    "node --import tsx --test",
    "bun test --parallel",
    "deno test -A --preload=jsr:@cachy/core/auto",
    "deno task test",
    "pnpm exec playwright test",
    "npx ava",
    "npx mocha --parallel",
  ];
  for (const command of whole) assert.equal(selectorIn(command.split(" ")), undefined, command);
  const selected = [
    ["npx vitest run -t hello", "-t"],
    ["npx vitest run greet", "greet"],
    ["npm test -- greet.test.js", "greet.test.js"],
    ["npm test -- --grep=hello", "--grep=hello"],
    ["node --test --test-name-pattern=hello", "--test-name-pattern=hello"],
    ["node --test --test-skip-pattern hello", "--test-skip-pattern"],
    ["node --test --test-only", "--test-only"],
    ["node --test a.test.js", "a.test.js"],
    ["bun test -t hello", "-t"],
    ["bun test ./src", "./src"],
    ["deno test --filter hello", "--filter"],
    ["deno test -A src/", "src/"],
    ["npx jest --testNamePattern hello", "--testNamePattern"],
    ["npx jest --onlyChanged", "--onlyChanged"],
    ["npx jest --shard=1/2", "--shard=1/2"],
    ["npx mocha -g hello", "-g"],
    ["npx ava --match=hello*", "--match=hello*"],
    ["npx playwright test --grep-invert hello", "--grep-invert"],
    ["npx playwright test --last-failed", "--last-failed"],
  ];
  for (const [command = "", word] of selected) assert.equal(selectorIn(command.split(" ")), word, command);
});

test("hasTitle() finds the title of a recording in its test file, and no part of other texts", () => {
  const source =
    `test("says hello", f); describe('greets', () => { it(\`Says: goodbye?\`, f); }); test("it's \\"odd\\"", f);`;
  const [long, other] = ["a long title ".repeat(20), "another long title ".repeat(20)];
  for (const names of [["says hello"], ["greets", "Says: goodbye?"], [`it's "odd"`]]) {
    assert.ok(hasTitle(source, fileName(names)), names.join());
    assert.ok(hasTitle(source, fileName(names, 2)), names.join());
  }
  for (const names of [["says"], ["hello"], ["says hello twice"], ["Says hello"], ["odd"]]) {
    assert.ok(!hasTitle(source, fileName(names)), names.join());
  }
  assert.ok(hasTitle(`test("${long}", f)`, fileName(["a suite", long])));
  assert.ok(!hasTitle(`test("${other}", f)`, fileName(["a suite", long])));
});

test("filterIn() finds what keeps tests from running", () => {
  for (
    const source of [
      "test.only(",
      "describe.concurrent.only(",
      "fit (",
      "{ only: true }",
      "it.skip(",
      "skip: x",
      "xit(",
    ]
  ) {
    assert.notEqual(filterIn(source), undefined, source);
  }
  for (const source of ["benefit(", "profit (", "exit(", "options.onlyOne", "test("]) {
    assert.equal(filterIn(source), undefined, source);
  }
});
