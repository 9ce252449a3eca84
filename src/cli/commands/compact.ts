import { plural, showBytes } from "../../lib/show.ts";
import { compactAt } from "../../store/jsonl/compact.ts";
import { defineCommand, FILE_OPTION, FINE } from "../app/command.ts";
import { withProgress } from "../app/progress.ts";
import { findFile, withFile } from "../file/recorded_file.ts";

const OPTIONS = {
  sort: { type: "boolean", help: "sort the lines by their keys, as pycachy does" },
  ...FILE_OPTION,
} as const;

/** `compact`: takes out what counts for nothing. */
export const compact = defineCommand({
  name: "compact",
  summary: "Takes out what counts for nothing: replaced answers and damaged lines",
  options: OPTIONS,
  examples: ["compact", "compact --sort"],
  notes: [
    "Others may record into the file meanwhile; pycachy must not. The file is replaced at once, never half. Entries that",
    "stand within a damaged line go with it: verify --fix, before, gives them lines of their own.",
  ],
  async run({ options, terminal }) {
    const path = findFile(options.file, terminal);
    await withFile(path, () => {}); // its message names the option
    const report = await withProgress(
      "Compacting",
      (onProgress) => compactAt(path, { sort: options.sort ?? false, onProgress }),
    );
    const { kept, replaced, damaged, bytesBefore, bytesAfter } = report;
    const gone = `${replaced + damaged} taken out (${replaced} replaced, ${damaged} damaged)`;
    terminal.print(
      `${plural(kept, "line")} kept, ${gone}: ${showBytes(bytesBefore)} → ${showBytes(bytesAfter)}.`,
    );
    return FINE;
  },
});
