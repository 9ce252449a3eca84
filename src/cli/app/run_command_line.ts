import { CachyError, messageOf } from "../../lib/errors.ts";
import { hintAt, show } from "../../lib/show.ts";
import { withCure } from "../../store/jsonl/file.ts";
import { printableLines } from "../display/printable.ts";
import { readArguments } from "./arguments.ts";
import { type Command, CommandError, type ExitCode, FAILED, FINE, type Terminal, UsageError } from "./command.ts";
import { commandHelp, programHelp } from "./help.ts";
import { PROGRAM, runLine } from "./program.ts";

/** The version of this package. It must equal the one in `deno.json`. */
export const VERSION = "0.1.0";

/**
 * Runs one command line.
 *
 * @param args The arguments after the name of the program.
 * @returns The exit code.
 */
export async function runCommandLine(
  args: readonly string[],
  commands: readonly Command[],
  terminal: Terminal,
): Promise<ExitCode> {
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
): Promise<ExitCode> {
  let command: Command | undefined;
  try {
    const [name, ...rest] = args;
    if (name === undefined) {
      terminal.note(programHelp(commands, terminal.width));
      return FAILED;
    }
    if (["--help", "-h", "help"].includes(name)) return printHelp(rest, commands, terminal);
    if (["--version", "-V", "version"].includes(name)) {
      terminal.print(VERSION);
      return FINE;
    }
    command = findCommand(name, commands);
    const { options, operands } = readArguments(rest, command);
    if (options.help) {
      terminal.print(commandHelp(command, terminal.width));
      return FINE;
    }
    if (command.isPaged && !options["no-pager"]) terminal.page?.();
    return await command.run({ options, operands, terminal });
  } catch (error) {
    terminal.note(failure(error));
    if (error instanceof UsageError) {
      terminal.note(`${[runLine(), command?.name, "--help"].filter(Boolean).join(" ")} shows the usage.`);
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
      `Cannot use ${name}: the command comes first. Commands: ${names.join(", ")}.`,
    );
  }
  throw new UsageError(`Cannot run ${show(name)}: there is no such command. ${hintAt(name, names, "Commands")}`);
}

/** The text for an error: its message, or the stack if it is an error in this program. */
function failure(error: unknown): string {
  return printableLines(explain(error));
}

function explain(error: unknown): string {
  if (error instanceof CommandError || error instanceof CachyError || isSystemError(error)) {
    return `${PROGRAM}: ${messageOf(withCure(error))}`;
  }
  if (error instanceof RangeError && /call stack/.test(error.message)) {
    return `${PROGRAM}: Cannot show the entry: its JSON is nested too deeply. Use show KEY --raw.`;
  }
  return `${PROGRAM}: Internal error. Please report it.\n${(error as Error | null)?.stack ?? String(error)}`;
}

/** Whether an error comes from the file system (`ENOSPC`, `EACCES` …) or from Deno's permissions. */
function isSystemError(error: unknown): boolean {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  return name === "NotCapable" || /^E[A-Z0-9]+$/.test(String(code));
}
