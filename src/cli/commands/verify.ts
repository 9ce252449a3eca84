import { plural } from "../../lib/show.ts";
import { defineCommand, FILE_OPTION, FINE, FOUND, JSON_OPTION, type Terminal } from "../app/command.ts";
import { withProgress } from "../app/progress.ts";
import { printable, printableJson } from "../display/printable.ts";
import { type DamagedParts, repairFile, type RepairReport } from "../edit/repair.ts";
import { FILE_OPERANDS, findFiles, withFile } from "../file/recorded_file.ts";
import { type FileReport, verifyFile } from "../verify/verify.ts";

const OPTIONS = {
  fix: { type: "boolean", help: "remove damage, and keep the original as .bak" },
  ...JSON_OPTION,
  ...FILE_OPTION,
} as const;

/** `verify`: checks every line. */
export const verify = defineCommand({
  name: "verify",
  summary: "Checks every line: format, digest, complete and successful response, secrets",
  operands: FILE_OPERANDS,
  options: OPTIONS,
  isPaged: true,
  examples: ["verify", "verify --fix", "verify recordings/*.jsonl --json"],
  notes: [
    "A problem is damage, a digest that does not match the request, an incomplete or failed response, or a secret. A note is",
    "harmless. Other commands skip a line that is no entry. The exit code is 1 if a problem remains. --fix repairs only",
    "damage, and keeps every readable entry. For other problems, remove the entry and record it again. With several files,",
    "--json prints a list.",
  ],
  async run({ options, operands, terminal }) {
    const checked: CheckedFile[] = [];
    for (const path of findFiles({ options, operands, terminal })) {
      checked.push(await checkFile(path, options.fix === true));
      if (!options.json) printChecked(checked.at(-1) as CheckedFile, terminal);
    }
    if (options.json) terminal.print(printableJson(checked.length === 1 ? checked[0] : checked, 2));
    const isLeft = ({ findings, repair }: CheckedFile) =>
      findings.some(({ kind, severity }) => severity === "error" && !(repair && kind === "damaged"));
    return checked.some(isLeft) ? FOUND : FINE;
  },
});

interface CheckedFile extends FileReport {
  readonly repair: RepairReport | undefined;
}

async function checkFile(path: string, isFixed: boolean): Promise<CheckedFile> {
  const report = await withFile(
    path,
    (file) => withProgress("Checking", (onProgress) => verifyFile(file, [], onProgress)),
  );
  const repair = isFixed
    ? await withProgress("Repairing", (onProgress) => repairFile(path, { onProgress }))
    : undefined;
  return { ...report, repair };
}

function printChecked({ repair, ...report }: CheckedFile, terminal: Terminal): void {
  printReport(report, terminal);
  if (repair) printRepair(repair, terminal);
}

function printReport({ file, lines, entries, skipped, replaced, findings }: FileReport, terminal: Terminal): void {
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
    ...(skipped ? [`${skipped} skipped`] : []),
    plural(problems, "problem"),
    ...(notes ? [plural(notes, "note")] : []),
  ];
  terminal.print(`${printable(file)}: ${counts.join(", ")}`);
}

function printRepair({ kept, stripped, salvaged, dropped, backup }: RepairReport, terminal: Terminal): void {
  if (backup === undefined) {
    terminal.print("Nothing to repair.");
    return;
  }
  terminal.print(
    `Repaired: ${plural(kept, "line")} kept${
      stripped ? ` (byte order mark or carriage returns removed from ${stripped})` : ""
    }, ` +
      `${plural(salvaged.count, "entry", "entries")} recovered${placesOf(salvaged)}, ` +
      `${plural(dropped.count, "damaged part")} removed${placesOf(dropped)}.`,
    `The original is ${printable(backup)}.`,
  );
}

/** How many lines a message lists. */
const NAMED_LINES = 10;

function placesOf({ first, count }: DamagedParts): string {
  if (count === 0) return "";
  const lines = [...new Set(first.map(({ line }) => line))].slice(0, NAMED_LINES);
  return ` (${lines.length === 1 ? "line" : "lines"} ${lines.join(", ")}${count > lines.length ? " …" : ""})`;
}
