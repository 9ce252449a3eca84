import { defineCommand, FILE_OPTION, FINE } from "../app/command.ts";
import { withProgress } from "../app/progress.ts";
import { printable } from "../display/printable.ts";
import { mergeFiles } from "../edit/merge.ts";
import { findFile } from "../file/recorded_file.ts";

/** `merge`: adds the entries of other files. */
export const merge = defineCommand({
  name: "merge",
  summary: "Adds the entries of other files; the newest recording is used",
  operands: { usage: "OTHER.jsonl…", least: 1, most: Infinity },
  options: FILE_OPTION,
  examples: ["merge ../other/cachy.jsonl", "merge recordings/*.jsonl --file all.jsonl"],
  notes: [
    "The other files are not changed. merge only appends, so other processes may record meanwhile; compact then removes",
    "replaced lines. If one of two recordings has no time, the one that was there is used.",
  ],
  async run({ options, operands, terminal }) {
    const path = findFile(options.file, terminal);
    const others = operands.map((other) => findFile(other, terminal));
    const { files } = await withProgress("Merging", (onProgress) => mergeFiles(path, others, { onProgress }));
    for (const { path: other, added, replaced, skipped, damaged } of files) {
      terminal.print(
        `${printable(other)}: ${added} added, ${replaced} newer, ${skipped} present or older, ${damaged} damaged`,
      );
    }
    return FINE;
  },
});
