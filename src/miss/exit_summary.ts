import process from "node:process";
import { setImmediate } from "node:timers";
import { atExit, readVariable, type VariableName } from "../lib/environment.ts";
import { shared } from "../lib/shared_state.ts";
import { paint } from "../lib/show.ts";
import { showDifference } from "./difference.ts";
import type { Miss } from "./miss.ts";

/** How many requests are named. */
const SHOWN_MISSES = 10;

/** How many are remembered. */
const KEPT_MISSES = 1000;

/** One request that was missed, perhaps many times. */
interface MissAtExit {
  readonly miss: Pick<Miss, "key" | "method" | "url">;
  /** The first difference, or the likely cause with the option that removes it. */
  readonly why: string | undefined;
  /** How to record it; undefined if the store could not be read. */
  readonly cure: string | undefined;
  times: number;
}

/** The misses of the process; whether one of them is to change its exit code. */
const missed = () => shared("missed", () => ({ misses: new Map<string, MissAtExit>(), isStrict: false }));

/**
 * Reports a miss outside of its response, so that an SDK or a program that catches errors cannot hide it: in a test
 * runner at once, elsewhere in a summary when the process ends.
 *
 * @param cure How to record it; undefined if the store could not be read.
 * @param isStrict Whether the test fails, or the process exits with code 1.
 */
export async function reportMiss(miss: Miss, cure: string | undefined, isStrict: boolean): Promise<void> {
  const runner = testRunner();
  const all = missed();
  all.isStrict ||= isStrict;
  if (all.misses.size === 0) listenToExit(all, runner);
  const isNew = remember(all.misses, miss, cure);
  if (!runner) return;
  if (isNew) console.error(`cachy: ${miss.message}`);
  if (!isStrict || runner === "unload" || runner === "exit") return;
  const failed = failRunningTest(`${miss.message}\nThe test fails: CACHY_STRICT is set.`);
  if (runner !== "mocha") await failed;
}

/**
 * How a miss makes a test runner fail: by an uncaught error while the test runs, by an error when the test file is
 * unloaded, or by the exit code of the process. Mocha needs an uncaught error, too, but reports a second failure if the
 * test continues after it: so the call does not wait for it.
 */
type TestRunner = "uncaught" | "mocha" | "unload" | "exit";

/** What Vitest, Jest (around the realm of the tests) and Playwright set. Programs that a test starts inherit it. */
const RUNNER_VARIABLES: readonly VariableName[] = ["VITEST", "JEST_WORKER_ID", "TEST_WORKER_INDEX"];

/** The test runner of this process; undefined outside of a test runner. No runner is imported. */
function testRunner(): TestRunner | undefined {
  if ("Deno" in globalThis) return isDenoTest() ? "unload" : undefined;
  if ("Bun" in globalThis) return isBunTest() ? "uncaught" : undefined;
  // Jest's realm has its own `process`, which does not show the listeners.
  if (Symbol.for("jest-native-promise") in globalThis) return "uncaught";
  if (process.listenerCount("uncaughtException") > 0) {
    if (RUNNER_VARIABLES.some((name) => readVariable(name).value)) return "uncaught";
    if ("describe" in globalThis || "suite" in globalThis) return "mocha";
  }
  const isNodeTest = readVariable("NODE_TEST_CONTEXT").value || process.execArgv.includes("--test");
  const isAva = /[/\\]ava[/\\]lib[/\\]worker[/\\]/.test(process.argv[1] ?? "");
  return isNodeTest || isAva || "UVU_QUEUE" in globalThis ? "exit" : undefined;
}

/** `deno run` ignores `Deno.test()`; `deno test` rejects it without arguments, and so does the kernel of notebooks. */
function isDenoTest(): boolean {
  if (isNotebook()) return false;
  try {
    (globalThis as unknown as { Deno: { test?(): void } }).Deno.test?.();
    return false;
  } catch {
    return true;
  }
}

/** Reading `Deno.jupyter` throws outside of a notebook. */
function isNotebook(): boolean {
  try {
    return Boolean((globalThis as unknown as { Deno: { jupyter?: unknown } }).Deno.jupyter);
  } catch {
    return false;
  }
}

/** `test()` without arguments always throws; the reason tells `bun test` from `bun run`. */
function isBunTest(): boolean {
  try {
    const { test } = process.getBuiltinModule?.("bun:test") as unknown as { test(): void };
    test();
  } catch (error) {
    return /during preload|expects a function/.test(String(error));
  }
  return false;
}

/** Throws outside of the call, where the test cannot catch it; the promise resolves afterwards, while the test runs. */
function failRunningTest(message: string): Promise<void> {
  setImmediate(() => {
    throw new Error(message);
  });
  return new Promise((resolve) => setImmediate(resolve));
}

/** Adds a miss to those that are to be told. @returns Whether its request was not among them. */
export function remember(all: Map<string, MissAtExit>, miss: Miss, cure: string | undefined): boolean {
  const known = all.get(miss.key);
  if (known) known.times++;
  else if (all.size < KEPT_MISSES) {
    const { key, method, url } = miss;
    all.set(key, { miss: { key, method, url }, why: whyOf(miss, cure), cure, times: 1 });
  }
  return !known;
}

function whyOf({ cause, nearest, message }: Miss, cure: string | undefined): string | undefined {
  if (cure === undefined) return message.split("\n")[0];
  const difference = nearest?.differences[0];
  return cause ?? (difference && showDifference(difference));
}

/** Prints the summary when the process ends. Only a listener for "exit" can change the exit code. */
function listenToExit(all: ReturnType<typeof missed>, runner: TestRunner | undefined): void {
  const print = () => {
    if (all.isStrict && runner === "unload") throw new Error(summaryOf(all.misses, false));
    if (!runner) console.error(summaryOf(all.misses));
  };
  atExit(print);
  process.on("exit", () => {
    if (all.isStrict && !process.exitCode) process.exitCode = 1;
  });
}

/**
 * What was missed, a line each, with what differs from the nearest recorded request.
 *
 * @param isColored Whether it goes to a terminal; by default stderr is asked.
 */
export function summaryOf(all: ReadonlyMap<string, MissAtExit>, isColored?: boolean): string {
  const lines = [...all.values()].slice(0, SHOWN_MISSES).map(describe);
  const more = all.size - lines.length;
  const cures = [...new Set([...all.values()].flatMap(({ cure }) => cure ?? []))].join("; or ");
  const [requests, them] = all.size === 1 ? ["1 request was", "it"] : [`${all.size} requests were`, "them"];
  return [
    paint(`cachy: ${requests} not recorded, and mode "replay" did not call the network:`, "yellow", isColored),
    ...lines,
    ...(more > 0 ? [`  … and ${more} more`] : []),
    ...(cures ? [paint(`To record ${them}, ${cures}, and commit the file.`, "cyan", isColored)] : []),
  ].join("\n");
}

function describe({ miss: { key, method, url }, times, why }: MissAtExit): string {
  return `  ${key} ${method} ${url}${times > 1 ? ` (${times} times)` : ""}${
    why ? `\n    ${why.replaceAll("\n", "\n    ")}` : ""
  }`;
}
