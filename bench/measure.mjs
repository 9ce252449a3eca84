// @ts-check
/**
 * Shared by the measured programs.
 *
 * Plain JavaScript, because the programs of peers/ run on plain Node, without a loader for TypeScript. It imports no
 * module that the tools would load themselves, because their load time is measured.
 */
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";

/**
 * The median of the values, or another quantile.
 *
 * @param {readonly number[]} values
 * @param {number} share
 * @returns {number}
 */
export function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/**
 * @param {readonly number[]} values
 * @returns {number}
 */
export function median(values) {
  return percentile(values, 0.5);
}

/**
 * The peak memory of this process so far, in MiB.
 *
 * On Linux, `maxRSS` includes the peak of the parent process. `/proc` has the peak of this process.
 */
export function peakMemory() {
  if (!existsSync("/proc/self/status")) return process.resourceUsage().maxRSS / 1024;
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
}

/**
 * Ends a benchmark that gets a wrong response.
 *
 * @param {boolean} isRight
 * @param {string} what
 * @returns {asserts isRight}
 */
export function check(isRight, what) {
  if (!isRight) throw new Error(`Wrong response: ${what}.`);
}

/** The arguments of the command line. @type {readonly string[]} */
export const args = process.argv.slice(2);

/**
 * Passes the figures to scripts/bench.mjs, and ends the process: on some runtimes, idle connections keep it alive.
 *
 * @param {unknown} figures
 */
export function report(figures) {
  console.log(JSON.stringify(figures));
  process.exit();
}
