import { plural, showBytes } from "../../lib/show.ts";
import { type Call, confirmed, defineCommand, type ExitCode, FILE_OPTION, FINE, YES_OPTION } from "../app/command.ts";
import { withProgress } from "../app/progress.ts";
import { printable } from "../display/printable.ts";
import { findUnwanted, removeEntries, type Unwanted } from "../edit/remove.ts";
import { rowLines, rowOf } from "../file/entry_row.ts";
import { FILTER_OPTIONS, OLDER_OPTION } from "../file/filters.ts";
import { noteNoMatch, pickEntries } from "../file/pick_entries.ts";
import { digestOf, findFile, withFile } from "../file/recorded_file.ts";

const OPTIONS = {
  ...FILTER_OPTIONS,
  ...OLDER_OPTION,
  ...YES_OPTION,
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
    const rows = await withFile(path, (file) => {
      const picked = pickEntries(file, call, "remove");
      return new Map([...picked].map(({ entry, readings }) => [digestOf(entry), rowOf(entry, readings.start())]));
    });
    if (rows.size === 0) {
      await noteNoMatch(path, options, terminal);
      terminal.note("Nothing was removed.");
      return FINE;
    }
    const unwanted = await withProgress(
      "Searching",
      (onProgress) =>
        findUnwanted(path, ({ content }) => typeof content !== "string" && rows.has(digestOf(content)), {
          onProgress,
        }),
    );
    await terminal.printAll(rowLines(rows.values(), terminal));
    return await removeAsked(unwanted, call);
  },
});

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
