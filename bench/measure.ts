import { createHash } from "node:crypto";
import process from "node:process";

/** The middle one of the sorted values, or the one that a share of them stays below. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** How long a call takes, in milliseconds. */
export async function timed(call: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await call();
  return performance.now() - started;
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The most memory that this process has held so far, in MiB. */
export function peakMemory(): number {
  return process.resourceUsage().maxRSS / 1024;
}

/** A benchmark that measures a wrong answer measures nothing. */
export function check(isRight: boolean, what: string): asserts isRight {
  if (!isRight) throw new Error(`Wrong answer: ${what}.`);
}

/** The arguments of the command line. */
export const args: readonly string[] = process.argv.slice(2);

/** Hands the figures to scripts/bench.mjs, and ends the process: on some runtimes idle connections keep it alive. */
export function report(figures: unknown): void {
  console.log(JSON.stringify(figures));
  process.exit();
}
