import process from "node:process";
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
  /** What is different, or the likely cause, in one line. */
  readonly why: string | undefined;
  /** How to record it; undefined if the store could not be read. */
  readonly cure: string | undefined;
  times: number;
}

/** The misses of the process; whether one of them is to change its exit code. */
const missed = () => shared("missed", () => ({ misses: new Map<string, MissAtExit>(), isStrict: false }));

/**
 * Tells of a miss once more when the process ends, so that an SDK or a program that catches errors cannot hide it.
 *
 * @param cure How to record it; undefined if the store could not be read.
 * @param isStrict Whether the exit code shall then say that something went wrong.
 */
export function tellAtExit(miss: Miss, cure: string | undefined, isStrict: boolean): void {
  const all = missed();
  all.isStrict ||= isStrict;
  if (all.misses.size === 0) listenToExit(all);
  remember(all.misses, miss, cure);
}

/** Adds a miss to those that are to be told. */
export function remember(all: Map<string, MissAtExit>, miss: Miss, cure: string | undefined): void {
  const known = all.get(miss.key);
  if (known) known.times++;
  else if (all.size < KEPT_MISSES) {
    const { key, method, url } = miss;
    all.set(key, { miss: { key, method, url }, why: whyOf(miss, cure), cure, times: 1 });
  }
}

function whyOf({ cause, nearest, message }: Miss, cure: string | undefined): string | undefined {
  if (cure === undefined) return message.split("\n")[0];
  const difference = nearest?.differences[0];
  return cause?.split("\n")[0] ?? (difference && showDifference(difference));
}

/** Under `deno test` only "unload" comes; elsewhere only "exit", which alone can change the exit code. */
function listenToExit(all: ReturnType<typeof missed>): void {
  const print = () => console.error(summaryOf(all.misses));
  const isDeno = "Deno" in globalThis;
  if (isDeno) addEventListener("unload", print);
  process.on("exit", () => {
    if (!isDeno) print();
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
    paint(`cachy: ${requests} not recorded, and mode "replay" asked no network:`, "yellow", isColored),
    ...lines,
    ...(more > 0 ? [`  … and ${more} more`] : []),
    ...(cures ? [paint(`To record ${them}, ${cures}, and commit the file.`, "cyan", isColored)] : []),
  ].join("\n");
}

function describe({ miss: { key, method, url }, times, why }: MissAtExit): string {
  return `  ${key} ${method} ${url}${times > 1 ? ` (${times} times)` : ""}${why ? `\n    ${why}` : ""}`;
}
