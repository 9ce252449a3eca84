/**
 * Registers the tests of this project with `node:test`, on every runtime.
 *
 * Test files import `test`, `before`, `after` and `beforeEach` from here. Run alone, a file behaves as if it imported
 * them from `node:test`. When scripts/test.mjs runs the suite, tests/main.ts collects the tests of many files in one
 * process, and each start and end goes into a report. One report for all runtimes says what the runners' own reports
 * omit: which test is running, why one was skipped, and that none is missing.
 */
import { appendFileSync } from "node:fs";
import process from "node:process";
import * as runner from "node:test";
import type { TestContext } from "node:test";
import { inspect } from "node:util";

export type { TestContext };

/** The tests that run: `fast` for `npm test`, `all` for `npm run test:all`. */
export type Layer = "fast" | "all";

export interface TestOptions {
  /** Why the test cannot run here, as a sentence; otherwise undefined. */
  readonly skip?: string | undefined;
}

export type TestFunction = (t: TestContext) => unknown;

/** The request of scripts/test.mjs to this process, in the environment variable `CACHY_SUITE`. */
interface Plan {
  readonly files: readonly string[];
  readonly layer: Layer;
  /** For property tests. */
  readonly seed: number;
  /** Runs only tests whose title contains this text. */
  readonly title?: string;
  /** The file to which each event is appended, as a line of JSON. */
  readonly report: string;
}

/** A line of the report. */
export type SuiteEvent =
  | { readonly kind: "imported"; readonly file: string }
  | { readonly kind: "collected"; readonly tests: number; readonly later: number }
  | { readonly kind: "started"; readonly file: string; readonly title: string }
  | { readonly kind: "passed"; readonly file: string; readonly title: string; readonly seconds: number }
  | { readonly kind: "skipped"; readonly file: string; readonly title: string; readonly reason: string }
  | FailedEvent;

/** `isTest` is false for failures of an import and for failures after the last test of a file. */
interface FailedEvent {
  readonly kind: "failed";
  readonly file: string;
  readonly title: string;
  readonly error: string;
  readonly isTest: boolean;
}

interface CollectedTest {
  readonly layer: Layer;
  readonly title: string;
  readonly options: TestOptions;
  readonly run: TestFunction;
  readonly sanitized: boolean;
}

/** A test file, and the tests and hooks that it has registered. */
interface TestFile {
  readonly name: string;
  readonly tests: CollectedTest[];
  readonly before: (() => unknown)[];
  readonly after: (() => unknown)[];
  readonly beforeEach: (() => unknown)[];
  error?: unknown;
}

const plan = takePlan();
const files: TestFile[] = [];
/** The file whose import is running; undefined if a file runs alone. */
let current: TestFile | undefined;

/** The layer of this run. A file that runs alone runs all its tests. */
export const layer: Layer = plan?.layer ?? "all";

/** How often a property is checked: less often in the fast layer. */
export function rounds(all: number, fast: number = Math.ceil(all / 20)): number {
  return layer === "all" ? all : fast;
}

/** The seed of property tests. scripts/test.mjs prints it, so that a failure can be repeated. */
export const seed: number = plan?.seed ?? Math.floor(Math.random() * 2 ** 31);

type TestArguments = [title: string, run: TestFunction] | [title: string, options: TestOptions, run: TestFunction];

/** Registers a test. */
export function test(...args: TestArguments): void {
  register({ layer: "fast", ...optionsOf(args), sanitized: false });
}

/**
 * Registers a test that runs only in `npm run test:all`: it starts processes or takes over half a second, and the fast
 * layer has another test of its kind.
 */
export function slowTest(...args: TestArguments): void {
  register({ layer: "all", ...optionsOf(args), sanitized: false });
}

function optionsOf(args: TestArguments) {
  const [title, options, run] = args.length === 2 ? [args[0], {}, args[1]] : args;
  return { title, options, run };
}

/** Registers a test that runs only on Deno, with its leak sanitizers, which `node:test` does not have. */
export function sanitizedTest(title: string, run: () => Promise<void>): void {
  const skip = "Deno" in globalThis ? undefined : "Only Deno has leak sanitizers.";
  register({ layer: "fast", title, options: { skip }, run, sanitized: true });
}

/** Runs once, before the first test of the file. */
export function before(hook: () => unknown): void {
  if (current) current.before.push(hook);
  else runner.before(async () => void await hook());
}

/** Runs once, after the last test of the file. */
export function after(hook: () => unknown): void {
  if (current) current.after.push(hook);
  else runner.after(async () => void await hook());
}

/** Runs before each test of the file. */
export function beforeEach(hook: () => unknown): void {
  if (current) current.beforeEach.push(hook);
  else runner.beforeEach(async () => void await hook());
}

function register(collected: CollectedTest): void {
  const { title, options: { skip }, run, sanitized } = collected;
  if (current) current.tests.push(collected);
  else if (sanitized && !skip) testByDeno(title, run);
  else runner.test(title, { skip }, async (t) => void await run(t));
}

/** Imports the test files of the plan and registers their tests. Called once, by tests/main.ts. */
export async function runSuite(importFile: (file: string) => Promise<unknown>): Promise<void> {
  if (!plan) throw new Error("Cannot run the suite: CACHY_SUITE is not set. Run `npm test`.");
  for (const name of plan.files) {
    current = { name, tests: [], before: [], after: [], beforeEach: [] };
    files.push(current);
    try {
      await importFile(name);
      report({ kind: "imported", file: name });
      if (current.tests.length === 0) throw new Error("The file registers no test.");
    } catch (error) {
      current.error = error;
    }
  }
  current = undefined;
  const chosen = files.map((file) => ({ file, tests: file.tests.filter(({ title }) => isChosen(title)) }));
  const all = chosen.flatMap(({ tests }) => tests);
  const later = all.filter(isLater).length;
  report({ kind: "collected", tests: all.length - later, later });
  for (const { file, tests } of chosen) runFile(file, tests.filter((collected) => !isLater(collected)));
}

function isChosen(title: string): boolean {
  return plan?.title === undefined || title.includes(plan.title);
}

function isLater(collected: CollectedTest): boolean {
  return layer === "fast" && collected.layer === "all";
}

function runFile(file: TestFile, tests: readonly CollectedTest[]): void {
  if (file.error !== undefined) {
    report({
      kind: "failed",
      file: file.name,
      title: "(import of the file)",
      error: describe(file.error),
      isTest: false,
    });
    runner.test(`${file.name} can be imported`, () => Promise.reject(file.error));
  }
  /** Hooks run at the first test, not at registration, so that the report of a hanging hook names a test. */
  let prepared: Promise<void> | undefined;
  const prepare = async () => {
    prepared ??= runAll(file.before);
    await prepared;
    await runAll(file.beforeEach);
  };
  for (const { title, options: { skip }, run, sanitized } of tests) {
    if (skip) {
      report({ kind: "skipped", file: file.name, title, reason: skip });
      continue;
    }
    const reported: TestFunction = async (t) => {
      report({ kind: "started", file: file.name, title });
      const start = performance.now();
      try {
        await prepare();
        await run(t);
        report({ kind: "passed", file: file.name, title, seconds: (performance.now() - start) / 1000 });
      } catch (error) {
        report({ kind: "failed", file: file.name, title, error: describe(error), isTest: true });
        throw error;
      }
    };
    if (sanitized) testByDeno(title, reported);
    else runner.test(title, async (t) => void await reported(t));
  }
  if (file.after.length > 0) {
    runner.test(`${file.name} cleans up`, async () => {
      if (!prepared) return; // no test of the file ran
      await runAll(file.after).catch((error) => {
        report({
          kind: "failed",
          file: file.name,
          title: "(after the last test)",
          error: describe(error),
          isTest: false,
        });
        throw error;
      });
    });
  }
}

async function runAll(hooks: readonly (() => unknown)[]): Promise<void> {
  for (const hook of hooks) await hook();
}

function testByDeno(name: string, run: TestFunction): void {
  const fn = () => run(undefined as unknown as TestContext);
  (globalThis as unknown as { Deno: { test(options: unknown): void } }).Deno
    .test({ name, fn, sanitizeOps: true, sanitizeResources: true });
}

function describe(error: unknown): string {
  return inspect(error, { depth: 4, breakLength: 120 });
}

function report(event: SuiteEvent): void {
  if (plan) appendFileSync(plan.report, `${JSON.stringify(event)}\n`);
}

/** Hides the plan from programs that a test starts. */
function takePlan(): Plan | undefined {
  const text = process.env.CACHY_SUITE;
  delete process.env.CACHY_SUITE;
  return text === undefined ? undefined : JSON.parse(text);
}
