import { atExit } from "../lib/environment.ts";
import { shared } from "../lib/shared_state.ts";
import { plural, showDollars } from "../lib/show.ts";
import type { Entry } from "../store/entry.ts";
import { costOf } from "./cost.ts";
import { readPrices } from "./prices.ts";

/** Computes the costs of a handle's calls, and adds them up for the whole process. */
export interface CostWatch {
  /** What a cache hit saved, in US dollars; undefined if it is unknown or the call costs nothing. */
  saved(entry: Entry): number | undefined;
  /** What a recorded call cost, likewise. */
  spent(entry: Entry): number | undefined;
}

/** The sums of the process. */
interface Sums {
  saved: { count: number; usd: number };
  spent: { count: number; usd: number };
  /** The reasons of unknown costs. */
  readonly unknown: Set<string>;
}

/**
 * Reads prices. At the end of the process, a line on stderr says what all handles saved and spent.
 *
 * @param file A path or a `file:` URL.
 * @throws {CachyError} As `readPrices()`.
 */
export function watchCosts(file: string): CostWatch {
  const prices = readPrices(file);
  const sums = shared("costs", (): Sums => {
    const sums = { saved: { count: 0, usd: 0 }, spent: { count: 0, usd: 0 }, unknown: new Set<string>() };
    atExit(() => {
      if (sums.saved.count + sums.spent.count + sums.unknown.size > 0) console.error(costLine(sums));
    });
    return sums;
  });
  const addTo = (sum: Sums["saved"]) => (entry: Entry) => {
    const { usd, unknown } = costOf(entry, prices);
    if (unknown !== undefined) sums.unknown.add(unknown);
    if (usd === undefined) return undefined;
    sum.count++;
    sum.usd += usd;
    return usd;
  };
  return { saved: addTo(sums.saved), spent: addTo(sums.spent) };
}

/** How many reasons are listed. */
const SHOWN_REASONS = 5;

/** What a process saved and spent, in one line. */
function costLine({ saved, spent, unknown }: Sums): string {
  const reasons = [...unknown].slice(0, SHOWN_REASONS);
  const more = unknown.size - reasons.length;
  return [
    `cachy: ${plural(saved.count, "hit")} saved ${showDollars(saved.usd)}`,
    spent.count ? `, ${plural(spent.count, "recorded call")} cost ${showDollars(spent.usd)}` : "",
    unknown.size ? `. Not included: ${reasons.join(", ")}${more > 0 ? ` and ${more} more` : ""}` : "",
    ".",
  ].join("");
}
