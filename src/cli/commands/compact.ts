import { plural, showBytes } from "../../lib/show.ts";
import { compactAt } from "../../store/jsonl/compact.ts";
import { defineCommand, FILE_OPTION, FINE } from "../app/command.ts";
import { withProgress } from "../app/progress.ts";
import { FILE_OPERAND, findOneFile, withFile } from "../file/recorded_file.ts";

const OPTIONS = {
  sort: { type: "boolean", help: "sort the lines by response and key, as pycachy does" },
  ...FILE_OPTION,
} as const;

/** `compact`: removes replaced and damaged lines. */
export const compact = defineCommand({
  name: "compact",
  summary: "Removes replaced and damaged lines",
  operands: FILE_OPERAND,
  options: OPTIONS,
  examples: ["compact", "compact --sort"],
  notes: [
    "Other processes may record while compact runs, except pycachy. The file is replaced atomically. Entries within a",
    "damaged line are removed with it; to keep them, run verify --fix first.",
  ],
  async run({ options, operands, terminal }) {
    const path = findOneFile({ options, operands, terminal });
    await withFile(path, () => {}); // throws if it is missing or no recording
    const report = await withProgress(
      "Compacting",
      (onProgress) => compactAt(path, { sort: options.sort ?? false, onProgress }),
    );
    const { kept, replaced, damaged, bytesBefore, bytesAfter } = report;
    const gone = `${replaced + damaged} removed (${replaced} replaced, ${damaged} damaged)`;
    terminal.print(
      `${plural(kept, "line")} kept, ${gone}: ${showBytes(bytesBefore)} → ${showBytes(bytesAfter)}.`,
    );
    return FINE;
  },
});
