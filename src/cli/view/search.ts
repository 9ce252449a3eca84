import type { Position } from "../../store/jsonl/file.ts";
import { type EntryRow, rowOf } from "../file/entry_row.ts";
import type { Filter } from "../file/filters.ts";
import { readingsOf } from "../file/lazy_reading.ts";
import type { FileContents } from "../file/recorded_file.ts";
import { visitInTurns } from "./turns.ts";

/** The orders of a list besides the default, the newest line first. */
export const SORTS = {
  size: (row) => row.bytes,
  tokens: (row) => row.tokens ? row.tokens.input + row.tokens.output : -1,
  duration: (row) => row.durationMs ?? -1,
} as const satisfies Readonly<Record<string, (row: EntryRow) => number>>;

/** The positions of the entries that match, as far as they are known. */
export interface Search {
  /**
   * Waits until some entries are found, or the search is complete. A sorted search waits for all entries.
   *
   * @param most How many entries to wait for.
   */
  found(most: number): Promise<{ readonly positions: readonly Position[]; readonly isComplete: boolean }>;
  /** Ends the search early. */
  stop(): void;
}

/** Searches in the background, from the newest entry to the oldest. It keeps positions only, not entries. */
export function startSearch(contents: FileContents, isWanted: Filter, sort?: keyof typeof SORTS): Search {
  let matches: (Position & { readonly order: number })[] = [];
  let [isComplete, isStopped] = [false, false];
  let wake = () => {};
  let changed = Promise.resolve();
  const announce = () => {
    wake();
    changed = new Promise((resolve) => wake = resolve);
  };
  announce();
  const work = async () => {
    await visitInTurns(contents.newest(), ({ entry, position: { start, length } }) => {
      const readings = readingsOf(entry);
      if (!isWanted(entry, readings)) return;
      matches.push({ start, length, order: sort ? SORTS[sort](rowOf(entry, readings.start())) : 0 });
      if (matches.length % 100 === 0) announce();
    }, () => isStopped);
    if (sort) matches = matches.sort((a, b) => b.order - a.order);
    isComplete = true;
    announce();
  };
  const working = work();
  working.catch(announce); // found() reports the failure
  return {
    async found(most) {
      while (!isComplete && (sort !== undefined || matches.length < most)) await Promise.race([changed, working]);
      return { positions: matches, isComplete };
    },
    stop: () => void (isStopped = true),
  };
}
