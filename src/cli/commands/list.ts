import { show } from "../../show.ts";
import { type Call, defineCommand, FILE_OPTION, FINE, JSON_OPTION, UsageError } from "../command.ts";
import { type EntryRow, rowOf } from "../entry_row.ts";
import { FILTER_OPTIONS, filterOf, SINCE_OPTION } from "../filters.ts";
import { readingsOf } from "../readings.ts";
import { rowLines } from "../row_lines.ts";
import { contentsOf, type FileContents, findFile, withFile } from "../recorded_file.ts";
import type { Terminal } from "../terminal.ts";

const SORTS = ["time", "size", "tokens", "duration", "model"] as const;
type Sort = typeof SORTS[number];

const OPTIONS = {
  ...FILTER_OPTIONS,
  ...SINCE_OPTION,
  sort: { type: "string", short: "s", value: "BY", help: `${SORTS.join(", ")}; by default the newest come first` },
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
    const rows = await withFile(findFile(call.options.file, call.terminal), (file) => {
      const contents = contentsOf(file);
      const rows = wantedRows(contents, call);
      tellRest(rows, contents, file.path, call.terminal);
      return rows;
    });
    if (call.options.json) printJson(rows, call.terminal);
    else if (rows.length) call.terminal.printAll(rowLines(rows, call.terminal));
    return FINE;
  },
});

function wantedRows(contents: FileContents, { options }: Call<typeof OPTIONS>): EntryRow[] {
  const sort = sortOf(options.sort);
  const limit = limitOf(options.limit);
  const isWanted = filterOf(options, Date.now());
  const rows: EntryRow[] = [];
  for (const { entry } of contents.newest()) {
    if (sort === undefined && !options.reverse && rows.length === limit) break;
    const readings = readingsOf(entry);
    if (isWanted(entry, readings)) rows.push(rowOf(entry, readings.start()));
  }
  if (sort) rows.sort(ORDERS[sort]);
  if (options.reverse) rows.reverse();
  return rows.slice(0, limit);
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
function tellRest(rows: readonly EntryRow[], { entries, noEntries }: FileContents, path: string, terminal: Terminal) {
  if (rows.length === 0) {
    terminal.note(entries === 0 ? `No answer is recorded in ${path}.` : `No answer in ${path} is of this kind.`);
  }
  if (noEntries === 0) return;
  terminal.note(
    `${noEntries} ${noEntries === 1 ? "line answers" : "lines answer"} nothing: the command verify tells why.`,
  );
}

function printJson(rows: readonly EntryRow[], terminal: Terminal): void {
  const lines = rows.map((row) => JSON.stringify(row)).join(",\n");
  terminal.print(lines ? `[\n${lines}\n]` : "[]");
}
