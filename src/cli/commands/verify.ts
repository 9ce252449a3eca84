import { plural } from "../../lib/show.ts";
import { defineCommand, FILE_OPTION, FINE, FOUND, JSON_OPTION, type Terminal } from "../app/command.ts";
import { withProgress } from "../app/progress.ts";
import { printable, printableJson } from "../display/printable.ts";
import { type DamagedParts, repairFile, type RepairReport } from "../edit/repair.ts";
import { findFile, withFile } from "../file/recorded_file.ts";
import { type FileReport, type LineFinding, verifyFile } from "../verify/verify.ts";

const OPTIONS = {
  fix: { type: "boolean", help: "take out what is no entry; the original stays beside the file as .bak" },
  ...JSON_OPTION,
  ...FILE_OPTION,
} as const;

/** `verify`: checks every line. */
export const verify = defineCommand({
  name: "verify",
  summary: "Checks every line: shape, digest, whole and successful, secrets",
  options: OPTIONS,
  examples: ["verify", "verify --fix", "verify --json"],
  notes: [
    "A problem keeps a line from answering, or should: damage, a digest that is not that of the request, an answer that was",
    "cut off or failed, a secret. A note does no harm. The exit code is 1 if there is a problem that --fix has not mended:",
    "it drops no entry that can be read. Answers that are not good are taken out by remove, and then recorded anew.",
  ],
  async run({ options, terminal }) {
    const path = findFile(options.file, terminal);
    const report = await withFile(
      path,
      (file) => withProgress("Checking", (onProgress) => verifyFile(file, [], onProgress)),
    );
    const repair = options.fix
      ? await withProgress("Repairing", (onProgress) => repairFile(path, { onProgress }))
      : undefined;
    if (options.json) terminal.print(printableJson({ ...report, repair }, 2));
    else {
      printReport(report, terminal);
      if (repair) printRepair(repair, terminal);
    }
    const isLeft = ({ kind, severity }: LineFinding) => severity === "error" && !(repair && kind === "damaged");
    return report.findings.some(isLeft) ? FOUND : FINE;
  },
});

function printReport({ file, lines, entries, replaced, findings }: FileReport, terminal: Terminal): void {
  for (const { line, byte, key, severity, reason } of findings) {
    const place = `line ${line}, byte ${byte}${key === undefined ? "" : `, ${key}`}`;
    const what = severity === "note" ? terminal.paint("note", "dim") : terminal.paint("problem", "red");
    terminal.print(`${what}  ${printable(place)}: ${printable(reason)}`);
  }
  const problems = findings.filter(({ severity }) => severity === "error").length;
  const notes = findings.length - problems;
  const counts = [
    plural(lines, "line"),
    `${plural(entries, "entry", "entries")}${replaced ? ` (${replaced} replaced)` : ""}`,
    plural(problems, "problem"),
    ...(notes ? [plural(notes, "note")] : []),
  ];
  terminal.print(`${printable(file)}: ${counts.join(", ")}`);
}

function printRepair({ kept, stripped, salvaged, dropped, backup }: RepairReport, terminal: Terminal): void {
  if (backup === undefined) {
    terminal.print("Nothing had to be repaired.");
    return;
  }
  terminal.print(
    `Repaired: ${plural(kept, "line")} kept${
      stripped ? ` (${stripped} of them without a byte order mark or carriage returns now)` : ""
    }, ` +
      `${plural(salvaged.count, "entry", "entries")} salvaged${placesOf(salvaged)}, ${dropped.count} dropped${
        placesOf(dropped)
      }.`,
    `The original is ${printable(backup)}.`,
  );
}

/** How many lines are named. */
const NAMED_LINES = 10;

function placesOf({ first, count }: DamagedParts): string {
  if (count === 0) return "";
  const lines = [...new Set(first.map(({ line }) => line))].slice(0, NAMED_LINES);
  return ` (line ${lines.join(", ")}${count > lines.length ? " …" : ""})`;
}
