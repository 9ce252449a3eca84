import { CachyError, messageOf } from "../../lib/errors.ts";
import { hintAt, show } from "../../lib/show.ts";
import { withCure } from "../../store/jsonl/file.ts";
import { printableLines } from "../display/printable.ts";
import { readArguments } from "./arguments.ts";
import { type Command, CommandError, type ExitCode, FAILED, FINE, type Terminal, UsageError } from "./command.ts";
import { commandHelp, PROGRAM, programHelp } from "./help.ts";

/** The version of this package, as `deno.json` has it. */
export const VERSION = "0.1.0";

/**
 * Runs one command line.
 *
 * @param args What stands behind the name of the program.
 * @returns The exit code.
 */
export async function runCommandLine(
  args: readonly string[],
  commands: readonly Command[],
  terminal: Terminal,
): Promise<ExitCode | typeof FAILED> {
  const code = await runCommand(args, commands, terminal);
  try {
    await terminal.flush();
    return code;
  } catch (error) {
    terminal.note(failure(error));
    return FAILED;
  }
}

async function runCommand(
  args: readonly string[],
  commands: readonly Command[],
  terminal: Terminal,
): Promise<ExitCode | typeof FAILED> {
  let command: Command | undefined;
  try {
    const [name, ...rest] = args;
    if (name === undefined) {
      terminal.note(programHelp(commands, terminal.width));
      return FAILED;
    }
    if (["--help", "-h", "help"].includes(name)) return printHelp(rest, commands, terminal);
    if (name === "--version") {
      terminal.print(VERSION);
      return FINE;
    }
    command = findCommand(name, commands);
    const { options, operands } = readArguments(rest, command);
    if (options.help) {
      terminal.print(commandHelp(command, terminal.width));
      return FINE;
    }
    return await command.run({ options, operands, terminal });
  } catch (error) {
    terminal.note(failure(error));
    if (error instanceof UsageError) {
      terminal.note(`${[PROGRAM, command?.name, "--help"].filter(Boolean).join(" ")} shows what can be asked.`);
    }
    return FAILED;
  }
}

function printHelp([name]: readonly string[], commands: readonly Command[], terminal: Terminal): ExitCode {
  const { width } = terminal;
  terminal.print(name === undefined ? programHelp(commands, width) : commandHelp(findCommand(name, commands), width));
  return FINE;
}

function findCommand(name: string, commands: readonly Command[]): Command {
  const command = commands.find((command) => command.name === name || command.alias === name);
  if (command) return command;
  const names = commands.map(({ name }) => name);
  if (name.startsWith("-")) {
    throw new UsageError(
      `Cannot use ${name} before a command: the command comes first. Commands: ${names.join(", ")}.`,
    );
  }
  throw new UsageError(`Cannot run ${show(name)}: there is no such command. ${hintAt(name, names, "Commands")}`);
}

/** What is expected to go wrong is told in a line; anything else is an error in this program, and shown with its place. */
function failure(error: unknown): string {
  return printableLines(explain(error));
}

function explain(error: unknown): string {
  if (error instanceof CommandError || error instanceof CachyError || isSystemError(error)) {
    return `${PROGRAM}: ${messageOf(withCure(error))}`;
  }
  if (error instanceof RangeError && /call stack/.test(error.message)) {
    return `${PROGRAM}: Cannot show it: lists or objects in it are nested too deeply. show KEY --raw gives the answer.`;
  }
  return `${PROGRAM}: this is a defect. Please report it.\n${(error as Error | null)?.stack ?? String(error)}`;
}

/** One of the file system: `ENOSPC`, `EACCES` …; or one of Deno, which names the flag that is missing. */
function isSystemError(error: unknown): boolean {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  return name === "NotCapable" || /^E[A-Z0-9]+$/.test(String(code));
}
