import { defineCommand, FILE_OPTION, FINE } from "../app/command.ts";
import { withProgress } from "../app/progress.ts";
import { printable } from "../display/printable.ts";
import { mergeFiles } from "../edit/merge.ts";
import { findFile } from "../file/recorded_file.ts";

/** `merge`: brings the entries of other files into one. */
export const merge = defineCommand({
  name: "merge",
  summary: "Adds the entries of other files; the newest of a request counts",
  operands: { usage: "OTHER.jsonl…", least: 1, most: Infinity },
  options: FILE_OPTION,
  examples: ["merge ../other/cachy.jsonl", "merge recordings/*.jsonl --file all.jsonl"],
  notes: [
    "The other files stay as they are. Lines are only appended, so that others may record into the file meanwhile; compact",
    "takes out what was replaced. Where an entry does not tell its time, the one that is there stays.",
  ],
  async run({ options, operands, terminal }) {
    const path = findFile(options.file, terminal);
    const others = operands.map((other) => findFile(other, terminal));
    const { files } = await withProgress("Merging", (onProgress) => mergeFiles(path, others, { onProgress }));
    for (const { path: other, added, replaced, skipped, damaged } of files) {
      terminal.print(
        `${
          printable(other)
        }: ${added} added, ${replaced} newer, ${skipped} there already or older, ${damaged} no entries`,
      );
    }
    return FINE;
  },
});
