import { plural, show } from "../../lib/show.ts";
import { type Call, defineCommand, FILE_OPTION, FINE, JSON_OPTION, type Terminal, UsageError } from "../app/command.ts";
import { printable, printableJson } from "../display/printable.ts";
import { createProgress, type Progress } from "../app/progress.ts";
import { type Filter, FILTER_OPTIONS, filterOf, hintForFilters, SINCE_OPTION } from "../file/filters.ts";
import { fillsRow, readingsOf } from "../file/lazy_reading.ts";
import {
  contentsOf,
  FILE_OPERAND,
  type FileContents,
  findOneFile,
  type RecordedFile,
  withFile,
} from "../file/recorded_file.ts";
import { type EntryRow, fillsLine, rowLines, rowOf } from "../file/entry_row.ts";
import { addUnknown, PRICES_OPTION, pricesOf, showUnknown, type UnknownCosts } from "../file/prices.ts";
import type { Prices } from "../../report/prices.ts";

const SORTS = ["time", "size", "tokens", "duration", "model", "cost"] as const;
type Sort = typeof SORTS[number];

const OPTIONS = {
  ...FILTER_OPTIONS,
  ...SINCE_OPTION,
  sort: {
    type: "string",
    short: "s",
    value: "BY",
    help: `sort by ${SORTS.join(", ")} (default: last added first)`,
  },
  reverse: { type: "boolean", short: "r", help: "reverse the order" },
  limit: { type: "string", short: "n", value: "NUMBER", help: "at most NUMBER entries" },
  ...PRICES_OPTION,
  ...JSON_OPTION,
  ...FILE_OPTION,
} as const;

/** `list`: one line for each entry. */
export const list = defineCommand({
  name: "list",
  alias: "ls",
  summary: "Lists the entries, one line each",
  operands: FILE_OPERAND,
  options: OPTIONS,
  isPaged: true,
  examples: ["list --limit 10", "list --model 'gpt-5*' --since 7d --sort tokens", "list --grep weather --json"],
  notes: [
    "Replaced entries are not listed. TOKENS are input+output. On a terminal, lines are cut to its width, and TIME is an",
    "age. In a pipe, long texts are cut to 60 columns, and TIME is in UTC.",
  ],
  async run(call) {
    const { options, terminal } = call;
    const choice = choiceOf(call);
    const hasCosts = choice.prices !== undefined;
    await withFile(findOneFile(call), async (file) => {
      const contents = contentsOf(file);
      const found: Found = { rows: 0, unknown: new Map(), progress: progressFor(file, call) };
      const rows = chosenRows(contents, choice, found);
      await terminal.printAll(options.json ? jsonLines(rows) : rowLines(rows, terminal, hasCosts));
      noteRest(found, contents, file.path, terminal);
      const hint = found.rows === 0 ? hintForFilters(options, contents) : undefined;
      if (hint) terminal.note(printable(hint));
    });
    return FINE;
  },
});

/** The state of a search. */
interface Found {
  rows: number;
  readonly unknown: UnknownCosts;
  readonly progress: Progress;
}

/** No progress for JSON on a terminal: the line would stand between the rows, which are printed during the search. */
function progressFor({ size }: RecordedFile, { options, terminal }: Call<typeof OPTIONS>): Progress {
  return options.json && terminal.width !== undefined
    ? { update() {}, end() {} }
    : createProgress({ label: "Reading", total: size });
}

/** The parsed options. */
interface Choice {
  readonly sort: Sort | undefined;
  readonly limit: number | undefined;
  readonly isReversed: boolean;
  readonly isWanted: Filter;
  readonly prices: Prices | undefined;
  /** Whether a row shows no more of a response that begins with this text. */
  isEnough(text: string): boolean;
}

function choiceOf({ options, terminal }: Call<typeof OPTIONS>): Choice {
  return {
    sort: sortOf(options.sort),
    limit: limitOf(options.limit),
    isReversed: options.reverse === true,
    isWanted: filterOf(options, Date.now()),
    prices: choicePrices(options),
    isEnough: options.json ? fillsRow : (text) => fillsLine(text, terminal),
  };
}

/** @throws {UsageError} If entries are sorted by cost without prices. */
function choicePrices({ sort, prices: named }: Call<typeof OPTIONS>["options"]): Prices | undefined {
  const prices = pricesOf(named);
  if (sort !== "cost" || prices) return prices;
  throw new UsageError("Cannot sort by cost: no prices are known. Name their file with --prices or CACHY_PRICES.");
}

/** The rows in their order. They are collected only to sort or reverse them; otherwise each is printed when it is read. */
function chosenRows(contents: FileContents, choice: Choice, found: Found): Iterable<EntryRow> {
  const { sort, isReversed, limit } = choice;
  if (!sort && !isReversed) return wantedRows(contents, choice, found);
  const rows = [...wantedRows(contents, { ...choice, limit: undefined }, found)];
  if (sort) rows.sort(ORDERS[sort]);
  if (isReversed) rows.reverse();
  return rows.slice(0, limit);
}

/** Newest first. */
function* wantedRows(
  contents: FileContents,
  { isWanted, limit, prices, isEnough }: Choice,
  found: Found,
): Generator<EntryRow, void> {
  const { progress } = found;
  try {
    for (const { entry, position } of contents.newest()) {
      progress.update(contents.size - position.start);
      const readings = readingsOf(entry, isEnough);
      if (!isWanted(entry, readings)) continue;
      const row = rowOf(entry, readings.start(), prices);
      addUnknown(found.unknown, row.unknownCost);
      yield row;
      if (++found.rows === limit) return;
    }
  } finally {
    progress.end();
  }
}

/** Newest, largest and longest first; names in alphabetical order. */
const ORDERS: Readonly<Record<Sort, (a: EntryRow, b: EntryRow) => number>> = {
  time: (a, b) => compare(b.recordedAt ?? "", a.recordedAt ?? ""),
  size: (a, b) => b.bytes - a.bytes,
  tokens: (a, b) => tokensOf(b) - tokensOf(a),
  duration: (a, b) => (b.durationMs ?? -1) - (a.durationMs ?? -1),
  cost: (a, b) => (b.cost ?? -1) - (a.cost ?? -1),
  model: (a, b) => compare(a.model ?? "", b.model ?? ""),
};

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function tokensOf({ tokens }: EntryRow): number {
  return tokens ? tokens.input + tokens.output : -1;
}

function sortOf(text: string | undefined): Sort | undefined {
  const sort = SORTS.find((sort) => sort === text);
  if (sort || text === undefined) return sort;
  throw new UsageError(`Cannot use ${show(text)} as --sort: expected one of ${SORTS.join(", ")}.`);
}

/** Parses the option `--limit`. */
export function limitOf(text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,9}$/.test(text) && Number(text) > 0) {
    return text === undefined ? undefined : Number(text);
  }
  throw new UsageError(`Cannot use ${show(text)} as --limit: expected a whole number, at least 1.`);
}

/** Tells what the list does not show. It goes to stderr, so that a pipe contains only rows. */
function noteRest(
  { rows, unknown }: Found,
  { entries, noEntries }: FileContents,
  path: string,
  terminal: Terminal,
): void {
  if (rows === 0) {
    const file = printable(path);
    terminal.note(entries === 0 ? `No entries in ${file}.` : `No entries in ${file} match.`);
  }
  if (unknown.size) terminal.note(printable(`Costs are unknown: ${showUnknown(unknown)}.`));
  if (noEntries === 0) return;
  terminal.note(`${plural(noEntries, "line")} skipped. Run verify to see why.`);
}

/** A JSON list with one row in each line. */
function* jsonLines(rows: Iterable<EntryRow>): Generator<string, void> {
  let last: string | undefined;
  for (const row of rows) {
    yield last === undefined ? "[" : `${last},`;
    last = printableJson(row);
  }
  if (last !== undefined) yield last;
  yield last === undefined ? "[]" : "]";
}
