import { showBytes, showTime } from "../../lib/show.ts";
import { showAge } from "../display/age.ts";
import { type Cell, type Column, filledLines, tableLines } from "../display/table.ts";
import type { EntryRow } from "./row.ts";
import type { Terminal } from "../app/terminal.ts";

/** Entries as a table, one line each, and a line of titles; nothing if there are none. */
export function* rowLines(rows: Iterable<EntryRow>, terminal: Terminal): Generator<string, void> {
  const { width } = terminal;
  const isShort = width !== undefined;
  const cells = rowCells(rows, { now: Date.now(), isShort, paintKey: (text) => terminal.paint(text, "yellow") });
  // A pipe always has the same columns.
  const lines = isShort ? filledLines(COLUMNS, [...cells], width) : tableLines(COLUMNS, cells);
  const [titles, first] = [lines.next(), lines.next()];
  if (titles.done || first.done) return;
  yield titles.value;
  yield first.value;
  yield* lines;
}

function* rowCells(rows: Iterable<EntryRow>, look: Look): Generator<Cell[]> {
  for (const row of rows) yield cellsOf(row, look);
}

const COLUMNS: readonly Column[] = [
  { title: "KEY", priority: 9 },
  { title: "TIME", priority: 6 },
  { title: "PROVIDER", priority: 1 },
  { title: "MODEL", priority: 7, elastic: { min: 12, max: 40 } },
  { title: "KIND", priority: 3 },
  { title: "PROMPT", priority: 8, elastic: { min: 12, max: 60 } },
  { title: "ANSWER", priority: 8, elastic: { min: 12, max: 60 } },
  { title: "TOKENS", priority: 5, align: "right" },
  { title: "SIZE", priority: 4, align: "right" },
  { title: "TOOK", priority: 2, align: "right" },
];

interface Look {
  /** In milliseconds since the Unix epoch. */
  readonly now: number;
  /** Whether times are shown by their age. */
  readonly isShort: boolean;
  paintKey(text: string): string;
}

function cellsOf(row: EntryRow, { now, isShort, paintKey }: Look): Cell[] {
  const { key, recordedAt = "", provider = "", model = "", kind, isStream, prompt, answer, tokens, durationMs } = row;
  return [
    { text: key, paint: paintKey },
    isShort ? showAge(recordedAt, now) : recordedAt.replace(/\.\d+(?=Z$)/, ""),
    provider,
    model,
    isStream ? `${kind}, stream` : kind,
    prompt,
    answer,
    tokens ? `${tokens.input}+${tokens.output}` : "",
    showBytes(row.bytes),
    durationMs === undefined ? "" : showTime(durationMs),
  ];
}
