import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { pathOf, readVariable, workingDirectory } from "../../lib/environment.ts";
import { plural } from "../../lib/show.ts";
import {
  type Call,
  CommandError,
  defineCommand,
  type ExitCode,
  FINE,
  FOUND,
  JSON_OPTION,
  type Terminal,
  UsageError,
} from "../app/command.ts";
import { printable } from "../display/printable.ts";
import { findUnwanted, removeEntries } from "../edit/remove.ts";
import { findUnused, type Unused, type UnusedFile } from "../edit/unused.ts";
import { rowLines } from "../file/entry_row.ts";
import { readLedger } from "../file/ledger.ts";
import { digestOf } from "../file/recorded_file.ts";

const OPTIONS = {
  ledger: { type: "string", value: "PATH", help: "the ledger, or a folder of ledgers (default: CACHY_LEDGER)" },
  prune: { type: "boolean", help: "remove what is unused" },
  yes: { type: "boolean", short: "y", help: "do not ask before --prune removes" },
  check: { type: "boolean", help: "exit with code 1 if something is unused, and with 2 if the ledger proves nothing" },
  complete: { type: "boolean", help: "state that the ledger is of a whole suite that passed" },
  ...JSON_OPTION,
} as const;

/** `unused`: finds recordings that no test asks for. */
export const unused = defineCommand({
  name: "unused",
  summary: "Finds entries and files that no test uses any more",
  operands: { usage: "[-- COMMAND…]", least: 0, most: Infinity },
  options: OPTIONS,
  examples: ["unused -- npm test", "unused --prune -- npm test", "unused --ledger ledgers --complete --check"],
  notes: [
    "Runs COMMAND, the whole test suite, and compares what it asked for with what is recorded. Or reads ledgers that tests",
    "wrote because of CACHY_LEDGER=PATH. Something is unused only if that is proven: a test that was filtered out, was",
    "skipped or failed may still use its recording. What is kept for such a reason is listed with it. If a test was renamed,",
    "the likely new name is shown. With COMMAND, Deno needs -A.",
  ],
  async run(call) {
    const { options, operands, terminal } = call;
    if (options.yes && !options.prune) throw new UsageError("Cannot use --yes without --prune: nothing is removed.");
    return await withLedger(call, async (path) => {
      if (operands.length > 0) await runTests(operands, path);
      const ledger = readLedger(path);
      if (ledger.asked.size + ledger.tests.length === 0) {
        throw new CommandError(
          `Cannot find unused recordings: the ledger ${path} is empty. No process that used cachy could write it. ` +
            `Deno needs --allow-env=CACHY_LEDGER and --allow-write.`,
        );
      }
      const found = await findUnused(ledger, options.complete ?? false);
      if (options.json) terminal.print(JSON.stringify(asJson(found), null, 2));
      else await printFound(found, terminal);
      const isFound = found.files.length + found.entries.length > 0;
      if (options.prune && isFound) return await pruneAsked(found, call);
      if (options.check && found.doubt !== undefined && found.kept.length > 0) {
        throw new CommandError(`Cannot check what is unused: ${found.doubt}.`);
      }
      return options.check && isFound ? FOUND : FINE;
    });
  },
});

/** Passes the path of the ledger: a temporary one, if a command runs and no path is given. */
async function withLedger(
  { options, operands }: Call<typeof OPTIONS>,
  use: (path: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  const named = options.ledger ?? (operands.length > 0 ? undefined : readVariable("CACHY_LEDGER").value);
  if (named !== undefined) return await use(pathOf(named, workingDirectory()));
  if (operands.length === 0) {
    throw new UsageError(
      "Cannot find unused recordings: there is no ledger. Run the tests with `cachy unused -- npm test`, or name a ledger with --ledger.",
    );
  }
  const folder = mkdtempSync(join(tmpdir(), "cachy-ledger-"));
  try {
    return await use(join(folder, "ledger.jsonl"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the tests, and notes in the ledger how they ended. @throws {CommandError} If they fail. */
async function runTests(command: readonly string[], ledger: string): Promise<void> {
  const [program = "", ...args] = command;
  const env = { ...process.env, CACHY_LEDGER: ledger };
  const code = await new Promise<number | null>((resolve, reject) => {
    // On Windows, npm and npx are scripts.
    const child = spawn(program, args, { env, stdio: "inherit", shell: process.platform === "win32" });
    child.on("error", (error) => reject(new CommandError(`Cannot run ${program}: ${error.message}.`)));
    child.on("close", resolve);
  });
  const line = { at: new Date().toISOString(), kind: "run", command, code };
  appendFileSync(ledger, `\n${JSON.stringify(line)}\n`);
  if (code === 0) return;
  const ending = code === null ? "was ended by a signal" : `failed with exit code ${code}`;
  throw new CommandError(`Cannot find unused recordings: the command ${ending}. Make the tests pass first.`);
}

const shown = (path: string): string => {
  const short = relative(process.cwd(), path);
  return printable(short.startsWith("..") ? path : short);
};

async function printFound({ files, entries, kept }: Unused, terminal: Terminal): Promise<void> {
  for (const { file, entries: unasked } of entries) {
    terminal.print(`${plural(unasked.size, "unused entry", "unused entries")} in ${shown(file)}:`);
    await terminal.printAll(rowLines(unasked.values(), terminal));
  }
  for (const { file, entries: count, reason, renamedTo } of files) {
    const renamed = renamedTo ? `\n  Likely renamed: "${printable(renamedTo.name)}", ${shown(renamedTo.file)}` : "";
    terminal.print(`Unused file: ${shown(file)} (${plural(count, "entry", "entries")}): ${reason}.${renamed}`);
  }
  for (const { file, entries: count, reason } of kept) {
    terminal.print(`Kept: ${plural(count, "entry", "entries")} in ${shown(file)}: ${printable(reason)}.`);
  }
  const unasked = entries.reduce((sum, { entries }) => sum + entries.size, 0);
  const rest = kept.length > 0 ? `, ${plural(kept.length, "file")} kept that tests may still use` : "";
  terminal.print(`${plural(unasked, "entry", "entries")} and ${plural(files.length, "file")} unused${rest}.`);
}

function asJson({ files, entries, kept }: Unused): object {
  return { files, entries: entries.map(({ file, entries }) => ({ file, keys: [...entries.keys()] })), kept };
}

async function pruneAsked(found: Unused, { options, terminal }: Call<typeof OPTIONS>): Promise<ExitCode> {
  const moved = found.files.filter(isToMove);
  const files = found.files.filter((file) => !isToMove(file));
  for (const { file, renamedTo } of moved) {
    terminal.note(
      `Not removed: the renamed test has no recording yet. Move it: ${moving(file, renamedTo?.file ?? "")}`,
    );
  }
  const count = found.entries.reduce((sum, { entries }) => sum + entries.size, 0);
  const what = `${plural(count, "entry", "entries")} and ${plural(files.length, "file")}`;
  if (count + files.length === 0) return FINE;
  if (!options.yes) {
    const answer = await terminal.confirm(`Remove ${what}?`);
    if (answer === undefined) {
      throw new CommandError(
        `Cannot ask whether to remove ${what}: there is no terminal. Add --yes to remove without a question.`,
      );
    }
    if (!answer) {
      terminal.note("Nothing was removed.");
      return FINE;
    }
  }
  for (const { file, entries } of found.entries) {
    removeEntries(
      await findUnwanted(file, ({ content }) => typeof content !== "string" && entries.has(digestOf(content))),
    );
  }
  for (const file of files) removeFile(file);
  terminal.note(`Removed ${what}.`);
  return FINE;
}

/** The shell command that moves a recording. */
function moving(from: string, to: string): string {
  const quoted = (path: string) => `'${path.replaceAll("'", "'\\''")}'`;
  const folder = existsSync(dirname(to)) ? "" : `mkdir -p ${quoted(dirname(to))} && `;
  return `${folder}git mv ${quoted(from)} ${quoted(to)}`;
}

/** The renamed test can have the old recording, because it has none. */
function isToMove({ renamedTo }: UnusedFile): boolean {
  return renamedTo !== undefined && !existsSync(renamedTo.file);
}

/** Removes a file, and the folders of recordings that are empty then. */
function removeFile({ file, folder }: UnusedFile): void {
  rmSync(file, { force: true });
  for (let inner = dirname(file); inner !== folder && readdirSync(inner).length === 0; inner = dirname(inner)) {
    rmdirSync(inner);
  }
}
