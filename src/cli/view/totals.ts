import type { Prices } from "../../report/prices.ts";
import { type EntryRow, rowOf } from "../file/entry_row.ts";
import { readingsOf } from "../file/lazy_reading.ts";
import type { FileContents } from "../file/recorded_file.ts";
import { visitInTurns } from "./turns.ts";

/** The totals of one model on one day. */
export interface Total {
  /** In parentheses, if it is not the name of a model. */
  readonly model: string;
  /** The date in UTC, `2026-11-24`; empty if it is unknown. */
  readonly day: string;
  entries: number;
  tokens: number;
  /** Of the responses. */
  bytes: number;
  milliseconds: number;
  /** In US dollars; missing without prices. */
  cost?: number;
}

/** More models are counted together: a chart cannot show them. */
const MOST_MODELS = 50;
const OTHER_MODELS = "(other models)";

/** Adds up rows. */
export interface Counter {
  add(row: EntryRow): void;
  totals(): Total[];
}

export function createCounter(): Counter {
  const totals = new Map<string, Total>();
  const models = new Set<string>();
  return {
    add(row) {
      const named = (row.model ?? `(${row.provider ?? "unknown"})`).slice(0, 100);
      const model = models.has(named) || models.size < MOST_MODELS ? named : OTHER_MODELS;
      models.add(model);
      const day = row.recordedAt?.slice(0, 10) ?? "";
      const key = JSON.stringify([model, day]);
      const total = totals.get(key) ?? { model, day, entries: 0, tokens: 0, bytes: 0, milliseconds: 0 };
      totals.set(key, total);
      addTo(total, row);
    },
    totals: () => [...totals.values()],
  };
}

function addTo(total: Total, { tokens, bytes, durationMs, cost }: EntryRow): void {
  total.entries++;
  total.tokens += tokens ? tokens.input + tokens.output : 0;
  total.bytes += bytes;
  total.milliseconds += durationMs ?? 0;
  if (cost !== undefined) total.cost = (total.cost ?? 0) + cost;
}

/** Counts all entries of a file. */
export async function countTotals(
  contents: FileContents,
  prices: Prices | undefined,
  isStopped: () => boolean,
): Promise<Total[]> {
  const counter = createCounter();
  await visitInTurns(contents.newest(), ({ entry }) => {
    counter.add(rowOf(entry, readingsOf(entry).start(), prices));
  }, isStopped);
  return counter.totals();
}
