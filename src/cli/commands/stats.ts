import { plural, showBytes, showTime } from "../../lib/show.ts";
import { defineCommand, FILE_OPTION, FINE, JSON_OPTION, type Terminal } from "../app/command.ts";
import { everyMegabyte, type OnProgress, withProgress } from "../app/progress.ts";
import { printable, printableJson } from "../display/printable.ts";
import { type Cell, type Column, filledLines, tableLines } from "../display/table.ts";
import { readingsOf } from "../file/lazy_reading.ts";
import { contentsOf, findFile, type RecordedFile, withFile } from "../file/recorded_file.ts";
import { type EntryRow, rowOf } from "../file/entry_row.ts";

/** The totals of some entries. */
interface Count {
  entries: number;
  streams: number;
  /** Of the responses. */
  bytes: number;
  tokens: { input: number; output: number };
  /** How long the responses took when they were recorded. */
  milliseconds: number;
}

interface FileStats {
  readonly file: string;
  readonly fileBytes: number;
  readonly total: Count;
  /** Entries that newer ones have replaced. */
  readonly replaced: number;
  /** Lines that are not used. */
  readonly damaged: number;
  /** ISO 8601. */
  readonly first?: string;
  readonly last?: string;
  /** Most entries first. */
  readonly models: readonly (Count & { readonly provider?: string; readonly model?: string })[];
}

/** `stats`: totals of a file. */
export const stats = defineCommand({
  name: "stats",
  summary: "Counts entries, bytes, tokens and time, by provider and model",
  options: { ...JSON_OPTION, ...FILE_OPTION },
  examples: ["stats", "stats --json"],
  notes: [
    "Time is how long the responses took when they were recorded. Tokens are those that the responses report.",
  ],
  async run({ options, terminal }) {
    const counted = await withFile(
      findFile(options.file, terminal),
      (file) => withProgress("Reading", (onProgress) => countFile(file, onProgress)),
    );
    if (options.json) terminal.print(printableJson(counted, 2));
    else printStats(counted, terminal);
    return FINE;
  },
});

function countFile(file: RecordedFile, onProgress: OnProgress): FileStats {
  const contents = contentsOf(file);
  const total = emptyCount();
  const models = new Map<string, Count & { provider?: string; model?: string }>();
  const times: string[] = [];
  const progress = everyMegabyte(onProgress, file.size);
  for (const { entry, position } of contents.newest()) {
    progress(file.size - position.start);
    const row = rowOf(entry, readingsOf(entry).start());
    const { provider, model } = row;
    const name = JSON.stringify([provider, model]);
    const ofModel = models.get(name) ?? { provider, model, ...emptyCount() };
    models.set(name, ofModel);
    for (const count of [total, ofModel]) addTo(count, row);
    if (row.recordedAt !== undefined) times.push(row.recordedAt);
  }
  times.sort();
  return {
    file: file.path,
    fileBytes: file.size,
    total,
    replaced: contents.entries - total.entries,
    damaged: contents.noEntries,
    first: times[0],
    last: times.at(-1),
    models: [...models.values()].sort((a, b) => b.entries - a.entries || b.bytes - a.bytes),
  };
}

function emptyCount(): Count {
  return { entries: 0, streams: 0, bytes: 0, tokens: { input: 0, output: 0 }, milliseconds: 0 };
}

function addTo(count: Count, { isStream, bytes, tokens, durationMs }: EntryRow): void {
  count.entries++;
  if (isStream) count.streams++;
  count.bytes += bytes;
  count.tokens.input += tokens?.input ?? 0;
  count.tokens.output += tokens?.output ?? 0;
  count.milliseconds += durationMs ?? 0;
}

function printStats(
  { file, fileBytes, total, replaced, damaged, first, last, models }: FileStats,
  terminal: Terminal,
): void {
  const lines: [string, string][] = [
    ["file", `${file}, ${showBytes(fileBytes)}`],
    ["entries", `${total.entries}, ${total.streams} of them streamed, ${showBytes(total.bytes)}`],
    ["tokens", `${total.tokens.input} input, ${total.tokens.output} output`],
    ...(total.milliseconds ? [["time", `${showTime(total.milliseconds)} to record`] as [string, string]] : []),
    ...(first && last ? [["recorded", first === last ? first : `${first} to ${last}`] as [string, string]] : []),
    ...(replaced ? [["replaced", `${plural(replaced, "line")}: run compact to remove`] as [string, string]] : []),
    ...(damaged ? [["skipped", `${plural(damaged, "line")}: run verify to see why`] as [string, string]] : []),
  ];
  terminal.print(...lines.map(([name, text]) => `${terminal.paint(name.padEnd(8), "dim")}  ${printable(text)}`));
  if (models.length === 0) return;
  const rows = models.map((count): Cell[] => [
    count.provider ?? "?",
    count.model ?? "",
    String(count.entries),
    showBytes(count.bytes),
    count.tokens.input + count.tokens.output > 0 ? `${count.tokens.input}+${count.tokens.output}` : "",
    count.milliseconds > 0 ? showTime(count.milliseconds) : "",
  ]);
  const { width } = terminal;
  const table = width === undefined ? tableLines(COLUMNS, rows) : filledLines(COLUMNS, rows, width);
  terminal.print("", ...table);
}

const COLUMNS: readonly Column[] = [
  { title: "PROVIDER", priority: 6 },
  { title: "MODEL", priority: 8, elastic: { min: 12 } },
  { title: "ENTRIES", priority: 7, align: "right" },
  { title: "SIZE", priority: 4, align: "right" },
  { title: "TOKENS", priority: 5, align: "right" },
  { title: "TOOK", priority: 3, align: "right" },
];
