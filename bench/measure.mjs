// @ts-check
/**
 * What the measured programs share.
 *
 * Plain JavaScript, because the programs of peers/ are measured on Node as it is, without a loader for TypeScript; and
 * nothing is imported that they would have to load themselves, because that is measured.
 */
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";

/**
 * The middle one of the sorted values, or the one that a share of them stays below.
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
 * The most memory that this process has held so far, in MiB.
 *
 * On Linux, `maxRSS` is no less than what the process held that started this one; `/proc` tells this process's own.
 */
export function peakMemory() {
  if (!existsSync("/proc/self/status")) return process.resourceUsage().maxRSS / 1024;
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
}

/**
 * A benchmark that measures a wrong answer measures nothing.
 *
 * @param {boolean} isRight
 * @param {string} what
 * @returns {asserts isRight}
 */
export function check(isRight, what) {
  if (!isRight) throw new Error(`Wrong answer: ${what}.`);
}

/** The arguments of the command line. @type {readonly string[]} */
export const args = process.argv.slice(2);

/**
 * Hands the figures to scripts/bench.mjs, and ends the process: on some runtimes idle connections keep it alive.
 *
 * @param {unknown} figures
 */
export function report(figures) {
  console.log(JSON.stringify(figures));
  process.exit();
}
