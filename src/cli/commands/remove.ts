import { plural, showBytes } from "../../lib/show.ts";
import { type Call, confirmed, defineCommand, type ExitCode, FILE_OPTION, FINE, UsageError } from "../app/command.ts";
import { withProgress } from "../app/progress.ts";
import { printable } from "../display/printable.ts";
import { findUnwanted, removeEntries, type Unwanted } from "../edit/remove.ts";
import { FILTER_OPTIONS, filterOf, OLDER_OPTION } from "../file/filters.ts";
import { readingsOf } from "../file/lazy_reading.ts";
import {
  contentsOf,
  digestOf,
  findEntry,
  findFile,
  type LocatedEntry,
  type RecordedFile,
  withFile,
} from "../file/recorded_file.ts";
import { type EntryRow, rowLines, rowOf } from "../file/entry_row.ts";

const OPTIONS = {
  ...FILTER_OPTIONS,
  ...OLDER_OPTION,
  yes: { type: "boolean", short: "y", help: "do not ask" },
  ...FILE_OPTION,
} as const;

/** `remove`: removes entries. */
export const remove = defineCommand({
  name: "remove",
  alias: "rm",
  summary: "Removes entries; their requests then use the network again",
  operands: { usage: "[KEY…]", least: 0, most: Infinity },
  options: OPTIONS,
  examples: ["remove 5ece2360 97f3", "remove --older 30d", "remove --model gpt-4.1 --grep 'Say hello' --yes"],
  notes: [
    "Lists the entries and asks first; without a terminal, it needs --yes. Recordings that an entry has replaced are removed",
    "with it. Git keeps committed lines: if one contains a secret, revoke it.",
  ],
  async run(call) {
    const { options, terminal } = call;
    const path = findFile(options.file, terminal);
    const picked = await withFile(path, (file) => pickEntries(file, call));
    if (picked.rows.length === 0) {
      terminal.note(`No entries in ${printable(path)} match. Nothing was removed.`);
      return FINE;
    }
    const unwanted = await withProgress(
      "Searching",
      (onProgress) =>
        findUnwanted(path, ({ content }) => typeof content !== "string" && picked.digests.has(digestOf(content)), {
          onProgress,
        }),
    );
    await terminal.printAll(rowLines(picked.rows, terminal));
    return await removeAsked(unwanted, call);
  },
});

interface Picked {
  readonly rows: readonly EntryRow[];
  readonly digests: ReadonlySet<string>;
}

function pickEntries(file: RecordedFile, { options, operands }: Call<typeof OPTIONS>): Picked {
  const { model, domain, grep, older } = options;
  const isFiltered = [model, domain, grep, older].some((value) => value !== undefined);
  if (isFiltered === operands.length > 0) {
    throw new UsageError(
      "Cannot tell what to remove: expected either KEYs or filters. Name KEYs, or use --older, --model, --domain, --grep.",
    );
  }
  const isWanted = filterOf(options, Date.now());
  const located: Iterable<LocatedEntry> = isFiltered
    ? contentsOf(file).newest()
    : operands.map((digits) => findEntry(file, digits));
  const rows = new Map<string, EntryRow>();
  for (const { entry } of located) {
    const readings = readingsOf(entry);
    if (isWanted(entry, readings)) rows.set(digestOf(entry), rowOf(entry, readings.start()));
  }
  return { rows: [...rows.values()], digests: new Set(rows.keys()) };
}

async function removeAsked(unwanted: Unwanted, { options, terminal }: Call<typeof OPTIONS>): Promise<ExitCode> {
  const { path, lines, entries, bytes } = unwanted;
  const what = `${plural(entries, "entry", "entries")} (${plural(lines.length, "line")}, ${showBytes(bytes)})`;
  if (!await confirmed(`Remove ${what} from ${printable(path)}?`, options.yes, terminal)) {
    terminal.note("Nothing was removed.");
    return FINE;
  }
  const report = await withProgress("Removing", (onProgress) => removeEntries(unwanted, { onProgress }));
  const gone = report.missing ? `${report.lines} of ${lines.length} lines` : plural(report.lines, "line");
  terminal.note(
    `Removed ${gone}: ${showBytes(report.bytesBefore)} → ${showBytes(report.bytesAfter)}.`,
  );
  if (report.missing) {
    terminal.note(`Other processes had already changed or removed ${plural(report.missing, "line")}.`);
  }
  return FINE;
}
