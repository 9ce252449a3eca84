import { showBytes, showDollars, showTime } from "../lib/show.ts";
import type { CachyEvent, DropReason } from "./events.ts";
import type { TokenCount } from "./usage.ts";

/** The statistics of a handle. */
export interface CachyStats {
  /** The number of requests with a replayed response. */
  readonly hits: number;
  /** The number of requests without an entry in the store. */
  readonly misses: number;
  /** The number of recorded responses. */
  readonly recorded: number;
  /** The number of responses that were not recorded. */
  readonly dropped: number;
  /** The number of responses that were not recorded, by reason. */
  readonly droppedBy: Readonly<Partial<Record<DropReason, number>>>;
  /** The total length of replayed bodies, in bytes. */
  readonly bytesReplayed: number;
  /** The total length of recorded bodies, in bytes. */
  readonly bytesRecorded: number;
  /** The total duration of the recorded calls whose responses were replayed, in milliseconds. */
  readonly millisecondsSaved: number;
  /** The tokens of the recorded calls whose responses were replayed, as far as the responses contain them. */
  readonly tokensSaved: TokenCount;
  /** What the replayed calls cost when they were recorded, in US dollars; missing until a price of one is known. */
  readonly costSaved?: number;
  /** What the recorded calls cost, in US dollars; missing until a price of one is known. */
  readonly costRecorded?: number;
}

/** The statistics, and the function that updates them. */
export interface Counters {
  /** Updated in place. The members are plain numbers, so that printing and serializing show them. */
  readonly stats: CachyStats;
  count(event: CachyEvent): void;
}

/** Makes counters that start at zero. */
export function createCounters(): Counters {
  const droppedBy: Partial<Record<DropReason, number>> = {};
  const tokensSaved = { input: 0, output: 0 };
  const counts = { hits: 0, misses: 0, recorded: 0, dropped: 0, bytesReplayed: 0, bytesRecorded: 0 };
  const stats: { -readonly [Name in keyof CachyStats]: CachyStats[Name] } = {
    ...counts,
    droppedBy,
    millisecondsSaved: 0,
    tokensSaved,
  };
  const count = (event: CachyEvent) => {
    switch (event.kind) {
      case "hit":
        stats.hits++;
        stats.bytesReplayed += event.bytes;
        stats.millisecondsSaved += event.savedMs ?? 0;
        tokensSaved.input += event.savedTokens?.input ?? 0;
        tokensSaved.output += event.savedTokens?.output ?? 0;
        if (event.savedCost !== undefined) stats.costSaved = (stats.costSaved ?? 0) + event.savedCost;
        return;
      case "miss":
        stats.misses++;
        return;
      case "recorded":
        stats.recorded++;
        stats.bytesRecorded += event.bytes;
        if (event.cost !== undefined) stats.costRecorded = (stats.costRecorded ?? 0) + event.cost;
        return;
      case "dropped":
        stats.dropped++;
        droppedBy[event.reason] = (droppedBy[event.reason] ?? 0) + 1;
        return;
      case "fault":
      case "warning":
        return;
    }
  };
  return { stats, count };
}

/** The method that Deno's notebooks call to display a value. */
export const NOTEBOOK_DISPLAY: unique symbol = Symbol.for("Jupyter.display") as typeof NOTEBOOK_DISPLAY;

/** The representations of a value in a notebook, by media type. */
export interface NotebookView {
  readonly "text/plain": string;
  readonly "text/html": string;
}

/** The members of a handle that a notebook displays. */
export interface Shown {
  readonly file: string | undefined;
  readonly stats: CachyStats;
}

/** Adds the method that displays a handle as a small table. It is not enumerable, so that `console.log` omits it. */
export function addNotebookDisplay<Handle extends Shown>(handle: Handle): Handle {
  return Object.defineProperty(handle, NOTEBOOK_DISPLAY, { value: () => viewOf(handle), configurable: true });
}

function viewOf(handle: Shown): NotebookView {
  const rows = rowsOf(handle);
  const width = Math.max(...rows.map(([name]) => name.length));
  const cells = rows.map(([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`);
  return {
    "text/plain": rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n"),
    "text/html": `<table>${cells.join("")}</table>`,
  };
}

function rowsOf({ file, stats }: Shown): (readonly [name: string, value: string])[] {
  const { input, output } = stats.tokensSaved;
  const reasons = Object.entries(stats.droppedBy).map(([reason, count]) => `${reason} ${count}`).join(", ");
  return [
    ["hits", `${stats.hits}`],
    ["misses", `${stats.misses}`],
    ["recorded", `${stats.recorded}`],
    ["dropped", reasons ? `${stats.dropped} (${reasons})` : `${stats.dropped}`],
    ["bytes replayed", showBytes(stats.bytesReplayed)],
    ["bytes recorded", showBytes(stats.bytesRecorded)],
    ["time saved", showTime(stats.millisecondsSaved)],
    ["tokens saved", `${input} in, ${output} out`],
    ...costRow("cost saved", stats.costSaved),
    ...costRow("cost recorded", stats.costRecorded),
    ...(file === undefined ? [] : [["file", file] as const]),
  ];
}

function costRow(name: string, usd: number | undefined): (readonly [string, string])[] {
  return usd === undefined ? [] : [[name, showDollars(usd)]];
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
