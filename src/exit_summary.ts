import process from "node:process";
import { paint } from "./colors.ts";
import { showDifference } from "./difference.ts";
import type { Miss } from "./miss.ts";

/** How many requests are named. */
const SHOWN_MISSES = 10;

/** What became of a miss that is to be told when the process ends. */
interface MissAtExit {
  readonly miss: Miss;
  /** How to record it. */
  readonly cure: string;
  readonly isStrict: boolean;
}

const misses: MissAtExit[] = [];

/**
 * Tells of a miss once more when the process ends, so that an SDK or a program that catches errors cannot hide it.
 *
 * @param isStrict Whether the exit code shall then say that something went wrong.
 */
export function tellAtExit(miss: Miss, cure: string, isStrict: boolean): void {
  misses.push({ miss, cure, isStrict });
  if (misses.length > 1) return;
  // Under `deno test` only "unload" comes; elsewhere only "exit", which alone can change the exit code.
  const isDeno = "Deno" in globalThis;
  if (isDeno) addEventListener("unload", printSummary);
  process.on("exit", () => {
    if (!isDeno) printSummary();
    if (misses.some(({ isStrict }) => isStrict) && !process.exitCode) process.exitCode = 1;
  });
}

function printSummary(): void {
  console.error(summaryOf(misses));
}

/**
 * What was missed, a line each, with what differs from the nearest recorded request.
 *
 * @param isColored Whether it goes to a terminal; by default stderr is asked.
 */
export function summaryOf(all: readonly MissAtExit[], isColored?: boolean): string {
  const byKey = new Map<string, MissAtExit[]>();
  for (const one of all) byKey.set(one.miss.key, [...byKey.get(one.miss.key) ?? [], one]);
  const lines = [...byKey.values()].slice(0, SHOWN_MISSES).map((same) =>
    describe((same[0] as MissAtExit).miss, same.length)
  );
  const more = byKey.size - lines.length;
  const cures = [...new Set(all.map(({ cure }) => cure))].join("; or ");
  const [requests, them] = byKey.size === 1 ? ["1 request was", "it"] : [`${byKey.size} requests were`, "them"];
  return [
    paint(`cachy: ${requests} not recorded, and mode "replay" asked no network:`, "yellow", isColored),
    ...lines,
    ...(more > 0 ? [`  … and ${more} more`] : []),
    paint(`To record ${them}, ${cures}, and commit the file.`, "cyan", isColored),
  ].join("\n");
}

function describe({ key, method, url, nearest, cause }: Miss, times: number): string {
  const difference = nearest?.differences[0];
  const why = cause?.split("\n")[0] ?? (difference && showDifference(difference));
  return `  ${key} ${method} ${url}${times > 1 ? ` (${times} times)` : ""}${why ? `\n    ${why}` : ""}`;
}
