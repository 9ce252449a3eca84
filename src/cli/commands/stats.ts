import { plural, showBytes, showDollars, showTime } from "../../lib/show.ts";
import { costOf } from "../../report/cost.ts";
import type { Prices } from "../../report/prices.ts";
import { defineCommand, FILE_OPTION, FINE, JSON_OPTION, type Terminal } from "../app/command.ts";
import { everyMegabyte, type OnProgress, withProgress } from "../app/progress.ts";
import { printable, printableJson } from "../display/printable.ts";
import { type Column, filledLines, tableLines } from "../display/table.ts";
import { readingsOf } from "../file/lazy_reading.ts";
import { addUnknown, PRICES_OPTION, pricesOf, showUnknown, type UnknownCosts } from "../file/prices.ts";
import {
  contentsOf,
  FILE_OPERANDS,
  type FileContents,
  findFiles,
  type RecordedFile,
  withFile,
} from "../file/recorded_file.ts";
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
  /** What these calls cost, in US dollars, as far as it is known; missing without prices. */
  cost?: number;
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
  /** What all recordings cost, with the replaced ones, in US dollars; missing without prices. */
  readonly spent?: number;
  /** The entries whose cost is unknown, by reason; missing without prices. */
  readonly unknownCosts?: Readonly<Record<string, number>>;
  /** Most entries first. */
  readonly models: readonly (Count & { readonly provider?: string; readonly model?: string })[];
}

/** `stats`: totals of a file. */
export const stats = defineCommand({
  name: "stats",
  summary: "Counts entries, bytes, tokens and time, by provider and model",
  operands: FILE_OPERANDS,
  options: { ...PRICES_OPTION, ...JSON_OPTION, ...FILE_OPTION },
  isPaged: true,
  examples: ["stats", "stats recordings/*.jsonl --json", "stats --prices model_prices_and_context_window.json"],
  notes: [
    "Time is how long the responses took when they were recorded. Tokens are those that the responses report. With prices,",
    '"spent" is what all recordings cost, and "saved" what each replay of all entries saves. With several files, --json',
    "prints a list.",
  ],
  async run({ options, operands, terminal }) {
    const prices = pricesOf(options.prices);
    const counted: FileStats[] = [];
    for (const path of findFiles({ options, operands, terminal })) {
      const stats = await withFile(
        path,
        (file) => withProgress("Reading", (onProgress) => countFile(file, prices, onProgress)),
      );
      if (!options.json) {
        if (counted.length) terminal.print("");
        printStats(stats, terminal);
      }
      counted.push(stats);
    }
    if (options.json) terminal.print(printableJson(counted.length === 1 ? counted[0] : counted, 2));
    return FINE;
  },
});

function countFile(file: RecordedFile, prices: Prices | undefined, onProgress: OnProgress): FileStats {
  const contents = contentsOf(file);
  const unknown: UnknownCosts = new Map();
  const total = emptyCount(prices);
  const models = new Map<string, Count & { provider?: string; model?: string }>();
  const times: string[] = [];
  const progress = everyMegabyte(onProgress, file.size);
  for (const { entry, position } of contents.newest()) {
    progress(file.size - position.start);
    const row = rowOf(entry, readingsOf(entry, needsNoText).start(), prices);
    addUnknown(unknown, row.unknownCost);
    const { provider, model } = row;
    const name = JSON.stringify([provider, model]);
    const ofModel = models.get(name) ?? { provider, model, ...emptyCount(prices) };
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
    ...(prices && { spent: spentOn(contents, prices), unknownCosts: Object.fromEntries(unknown) }),
    damaged: contents.noEntries,
    first: times[0],
    last: times.at(-1),
    models: [...models.values()].sort((a, b) => b.entries - a.entries || b.bytes - a.bytes),
  };
}

/** The first event of a stream is enough: the counts need no text. */
function needsNoText(): boolean {
  return true;
}

/** What all recordings cost, with the replaced ones. */
function spentOn(contents: FileContents, prices: Prices): number {
  let spent = 0;
  for (const { entry } of contents.all()) spent += costOf(entry, prices).usd ?? 0;
  return spent;
}

function emptyCount(prices: Prices | undefined): Count {
  const count = { entries: 0, streams: 0, bytes: 0, tokens: { input: 0, output: 0 }, milliseconds: 0 };
  return prices ? { ...count, cost: 0 } : count;
}

function addTo(count: Count, { isStream, bytes, tokens, durationMs, cost }: EntryRow): void {
  count.entries++;
  if (isStream) count.streams++;
  count.bytes += bytes;
  count.tokens.input += tokens?.input ?? 0;
  count.tokens.output += tokens?.output ?? 0;
  count.milliseconds += durationMs ?? 0;
  if (count.cost !== undefined) count.cost += cost ?? 0;
}

function printStats(
  { file, fileBytes, total, replaced, damaged, first, last, models, spent, unknownCosts = {} }: FileStats,
  terminal: Terminal,
): void {
  const lines: [string, string][] = [
    ["file", `${file}, ${showBytes(fileBytes)}`],
    ["entries", `${total.entries}, ${total.streams} of them streamed, ${showBytes(total.bytes)}`],
    ["tokens", `${total.tokens.input} input, ${total.tokens.output} output`],
    ...(total.milliseconds ? [["time", `${showTime(total.milliseconds)} to record`] as [string, string]] : []),
    ...(spent === undefined ? [] : [["spent", `${showDollars(spent)} to record`] as [string, string]]),
    ...(total.cost === undefined
      ? []
      : [["saved", `${showDollars(total.cost)} by each replay of all entries`] as [string, string]]),
    ...(Object.keys(unknownCosts).length
      ? [["unpriced", showUnknown(new Map(Object.entries(unknownCosts)))] as [string, string]]
      : []),
    ...(first && last ? [["recorded", first === last ? first : `${first} to ${last}`] as [string, string]] : []),
    ...(replaced ? [["replaced", `${plural(replaced, "line")}: run compact to remove`] as [string, string]] : []),
    ...(damaged ? [["skipped", `${plural(damaged, "line")}: run verify to see why`] as [string, string]] : []),
  ];
  terminal.print(...lines.map(([name, text]) => `${terminal.paint(name.padEnd(8), "dim")}  ${printable(text)}`));
  if (models.length === 0) return;
  const rows = models.map((count) => [
    count.provider ?? "?",
    count.model ?? "",
    String(count.entries),
    showBytes(count.bytes),
    count.tokens.input + count.tokens.output > 0 ? `${count.tokens.input}+${count.tokens.output}` : "",
    count.milliseconds > 0 ? showTime(count.milliseconds) : "",
    ...(count.cost === undefined ? [] : [count.cost > 0 ? showDollars(count.cost) : ""]),
  ]);
  const columns = total.cost === undefined ? COLUMNS : [...COLUMNS, COST];
  const { width } = terminal;
  const table = width === undefined ? tableLines(columns, rows) : filledLines(columns, rows, width);
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
/** Shown only with prices. */
const COST: Column = { title: "COST", priority: 7, align: "right" };
