import { showBytes, showTime } from "../lib/show.ts";
import type { CachyEvent, DropReason } from "./events.ts";
import type { TokenCount } from "./usage.ts";

/** What has happened since the handle was made. */
export interface CachyStats {
  /** Requests that were answered from the store. */
  readonly hits: number;
  /** Requests that were not found in the store. */
  readonly misses: number;
  /** Answers that became entries. */
  readonly recorded: number;
  /** Answers that did not become entries. */
  readonly dropped: number;
  /** Those, by the reason. */
  readonly droppedBy: Readonly<Partial<Record<DropReason, number>>>;
  /** The lengths of the bodies that were answered from the store. */
  readonly bytesReplayed: number;
  /** The lengths of the bodies that became entries. */
  readonly bytesRecorded: number;
  /** How long the answers that came from the store had taken when they were recorded. */
  readonly millisecondsSaved: number;
  /** What the answers that came from the store had cost, as far as they say so. */
  readonly tokensSaved: TokenCount;
}

/** Counters, and what makes them count. */
export interface Counters {
  /** Plain members that change, so that a printed or a serialized one shows numbers. */
  readonly stats: CachyStats;
  count(event: CachyEvent): void;
}

/** Makes counters that stand at zero. */
export function createCounters(): Counters {
  const droppedBy: Partial<Record<DropReason, number>> = {};
  const tokensSaved = { input: 0, output: 0 };
  const counts = { hits: 0, misses: 0, recorded: 0, dropped: 0, bytesReplayed: 0, bytesRecorded: 0 };
  const stats = { ...counts, droppedBy, millisecondsSaved: 0, tokensSaved };
  const count = (event: CachyEvent) => {
    switch (event.kind) {
      case "hit":
        stats.hits++;
        stats.bytesReplayed += event.bytes;
        stats.millisecondsSaved += event.savedMs ?? 0;
        tokensSaved.input += event.savedTokens?.input ?? 0;
        tokensSaved.output += event.savedTokens?.output ?? 0;
        return;
      case "miss":
        stats.misses++;
        return;
      case "recorded":
        stats.recorded++;
        stats.bytesRecorded += event.bytes;
        return;
      case "dropped":
        stats.dropped++;
        droppedBy[event.reason] = (droppedBy[event.reason] ?? 0) + 1;
        return;
      case "warning":
        return;
    }
  };
  return { stats, count };
}

/** The method by which Deno's notebooks show a value. */
export const NOTEBOOK_DISPLAY: unique symbol = Symbol.for("Jupyter.display") as typeof NOTEBOOK_DISPLAY;

/** A value for a notebook, by media types. */
export interface NotebookView {
  readonly "text/plain": string;
  readonly "text/html": string;
}

/** What a handle has to show. */
export interface Shown {
  readonly file: string | undefined;
  readonly stats: CachyStats;
}

/** Lets a notebook show a handle as a small table. The method is not enumerable: nobody else needs to see it. */
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
    ...(file === undefined ? [] : [["file", file] as const]),
  ];
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
