import { showBytes, showTime } from "../lib/amounts.ts";
import type { CachyStats } from "./stats.ts";

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
