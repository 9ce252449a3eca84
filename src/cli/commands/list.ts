import { show } from "../../lib/show.ts";
import { type Call, defineCommand, FILE_OPTION, FINE, JSON_OPTION, type Terminal, UsageError } from "../app/command.ts";
import { printable, printableJson } from "../display/printable.ts";
import { createProgress, type Progress } from "../app/progress.ts";
import { type Filter, FILTER_OPTIONS, filterOf, SINCE_OPTION } from "../file/filters.ts";
import { readingsOf } from "../file/lazy_reading.ts";
import { contentsOf, type FileContents, findFile, type RecordedFile, withFile } from "../file/recorded_file.ts";
import { type EntryRow, rowLines, rowOf } from "../file/row.ts";

const SORTS = ["time", "size", "tokens", "duration", "model"] as const;
type Sort = typeof SORTS[number];

const OPTIONS = {
  ...FILTER_OPTIONS,
  ...SINCE_OPTION,
  sort: {
    type: "string",
    short: "s",
    value: "BY",
    help: `${SORTS.join(", ")}; by default what was added last comes first`,
  },
  reverse: { type: "boolean", short: "r", help: "the other way round" },
  limit: { type: "string", short: "n", value: "NUMBER", help: "at most so many" },
  ...JSON_OPTION,
  ...FILE_OPTION,
} as const;

/** `list`: one line for each answer. */
export const list = defineCommand({
  name: "list",
  alias: "ls",
  summary: "Lists the recorded answers, one line each",
  options: OPTIONS,
  examples: ["list --limit 10", "list --model 'gpt-5*' --since 7d --sort tokens", "list --grep weather --json"],
  notes: [
    "Answers that a newer one of the same request has replaced are left out. Tokens are those that were read and written.",
    "On a terminal lines are cut to its width, and times are ages; in a pipe long texts are cut to 60 columns, and times",
    "are in UTC.",
  ],
  async run(call) {
    const { options, terminal } = call;
    const choice = choiceOf(options);
    await withFile(findFile(options.file, terminal), async (file) => {
      const contents = contentsOf(file);
      const found: Found = { rows: 0, progress: progressFor(file, call) };
      const rows = chosenRows(contents, choice, found);
      await terminal.printAll(options.json ? jsonLines(rows) : rowLines(rows, terminal));
      tellRest(found, contents, file.path, terminal);
    });
    return FINE;
  },
});

/** What was found until now. */
interface Found {
  rows: number;
  readonly progress: Progress;
}

/** Rows of JSON are printed while others are read: on a terminal a bar would stand between them. */
function progressFor({ size }: RecordedFile, { options, terminal }: Call<typeof OPTIONS>): Progress {
  return options.json && terminal.width !== undefined
    ? { update() {}, end() {} }
    : createProgress({ label: "Reading", total: size });
}

/** Which rows are shown, and in which order. */
interface Choice {
  readonly sort: Sort | undefined;
  readonly limit: number | undefined;
  readonly isReversed: boolean;
  readonly isWanted: Filter;
}

function choiceOf(options: Call<typeof OPTIONS>["options"]): Choice {
  return {
    sort: sortOf(options.sort),
    limit: limitOf(options.limit),
    isReversed: options.reverse === true,
    isWanted: filterOf(options, Date.now()),
  };
}

/** They are kept only where they have to be put into another order. */
function chosenRows(contents: FileContents, choice: Choice, found: Found): Iterable<EntryRow> {
  const { sort, isReversed, limit } = choice;
  if (!sort && !isReversed) return wantedRows(contents, choice, found);
  const rows = [...wantedRows(contents, { ...choice, limit: undefined }, found)];
  if (sort) rows.sort(ORDERS[sort]);
  if (isReversed) rows.reverse();
  return rows.slice(0, limit);
}

/** Newest first. */
function* wantedRows(contents: FileContents, { isWanted, limit }: Choice, found: Found): Generator<EntryRow, void> {
  const { progress } = found;
  try {
    for (const { entry, position } of contents.newest()) {
      progress.update(contents.size - position.start);
      const readings = readingsOf(entry);
      if (!isWanted(entry, readings)) continue;
      yield rowOf(entry, readings.start());
      if (++found.rows === limit) return;
    }
  } finally {
    progress.end();
  }
}

/** The newest, the largest and the longest first; names in the order of the alphabet. */
const ORDERS: Readonly<Record<Sort, (a: EntryRow, b: EntryRow) => number>> = {
  time: (a, b) => compare(b.recordedAt ?? "", a.recordedAt ?? ""),
  size: (a, b) => b.bytes - a.bytes,
  tokens: (a, b) => tokensOf(b) - tokensOf(a),
  duration: (a, b) => (b.durationMs ?? -1) - (a.durationMs ?? -1),
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

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,9}$/.test(text) && Number(text) > 0) {
    return text === undefined ? undefined : Number(text);
  }
  throw new UsageError(`Cannot use ${show(text)} as --limit: expected a number from 1 on.`);
}

/** What the list does not show. It goes to stderr, so that a pipe has the rows alone. */
function tellRest({ rows }: Found, { entries, noEntries }: FileContents, path: string, terminal: Terminal): void {
  if (rows === 0) {
    const file = printable(path);
    terminal.note(entries === 0 ? `No answer is recorded in ${file}.` : `No answer in ${file} is of this kind.`);
  }
  if (noEntries === 0) return;
  terminal.note(
    `${noEntries} ${noEntries === 1 ? "line answers" : "lines answer"} nothing: the command verify tells why.`,
  );
}

/** One row a line. */
function* jsonLines(rows: Iterable<EntryRow>): Generator<string, void> {
  let last: string | undefined;
  for (const row of rows) {
    yield last === undefined ? "[" : `${last},`;
    last = printableJson(row);
  }
  if (last !== undefined) yield last;
  yield last === undefined ? "[]" : "]";
}
