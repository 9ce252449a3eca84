import type { Color } from "../../lib/show.ts";

/** One option of a command. */
export interface OptionRule {
  /** `string` takes a value. `list` takes one, and may be repeated. */
  readonly type: "boolean" | "string" | "list";
  /** Its one-letter form. */
  readonly short?: string;
  /** The placeholder of its value in the help. */
  readonly value?: string;
  /** Its line in the help. */
  readonly help: string;
}

/** The options of a command, by name. */
export type OptionRules = Readonly<Record<string, OptionRule>>;

/** The parsed options of a command. */
export type OptionValues<Rules extends OptionRules> = {
  readonly [Name in keyof Rules]?: ValueOf<Rules[Name]["type"]>;
};

type ValueOf<Type> = Type extends "boolean" ? boolean : Type extends "list" ? readonly string[] : string;

/** The terminal, or the pipes, of a command. */
export interface Terminal {
  /** Prints lines to stdout. */
  print(...lines: readonly string[]): void;
  /** Writes lines while the iterable produces them. It stops when the reader closes the pipe. */
  printAll(lines: Iterable<string>): Promise<void>;
  /** Prints bytes to stdout, unchanged. */
  printBytes(bytes: Uint8Array): void;
  /** Prints a line that does not belong to the result, to stderr. */
  note(line: string): void;
  /**
   * Writes the buffered output of `print` and `printBytes`.
   *
   * @throws {CommandError} If stdout cannot be written.
   */
  flush(): Promise<void>;
  /** The columns of stdout; undefined if stdout is not a terminal. */
  readonly width: number | undefined;
  /** Colors a text if stdout shows colors. */
  paint(text: string, color: Color): string;
  /** From now on, output that does not fit the screen is shown in a pager. Missing if there is no screen. */
  page?(): void;
  /** Asks a yes-or-no question; undefined if there is no terminal to ask on. */
  confirm(question: string): Promise<boolean | undefined>;
}

/** One call of a command. */
export interface Call<Rules extends OptionRules = OptionRules> {
  readonly options: OptionValues<Rules>;
  /** The arguments that are not options. */
  readonly operands: readonly string[];
  readonly terminal: Terminal;
}

/**
 * The exit code of a command that did not fail: `FOUND` if it found a problem, a secret or a difference. `run` returns the
 * one of the program that it ran.
 */
export type ExitCode = number;
export const FINE = 0 as const;
export const FOUND = 1 as const;
/** The exit code of a command that failed. */
export const FAILED = 2 as const;

/** One command of the command line. */
export interface Command<Rules extends OptionRules = OptionRules> {
  readonly name: string;
  readonly alias?: string;
  /** What it does, in one line without a full stop. */
  readonly summary: string;
  /** The arguments that are not options, such as `KEY`, and how many are allowed. */
  readonly operands?: {
    readonly usage: string;
    readonly least: number;
    readonly most: number;
  };
  readonly options: Rules;
  /** Whether its output may be long. */
  readonly isPaged?: boolean;
  /** Command lines, without the name of the program. */
  readonly examples: readonly string[];
  /** A paragraph of the help. Its lines are joined. */
  readonly notes?: readonly string[];
  run(call: Call<Rules>): ExitCode | Promise<ExitCode>;
}

/** Defines a command, with types for its options. */
export function defineCommand<const Rules extends OptionRules>(command: Command<Rules>): Command {
  return command as unknown as Command;
}

/** A failure that the user can mend. The message says how. */
export class CommandError extends Error {
  override readonly name: string = "CommandError";
}

/** An error in the arguments. */
export class UsageError extends CommandError {
  override readonly name = "UsageError";
}

/**
 * Asks before a change.
 *
 * @param yes Whether to skip the question.
 * @throws {CommandError} If there is no terminal to ask on.
 */
export async function confirmed(question: string, yes: boolean | undefined, terminal: Terminal): Promise<boolean> {
  const answer = yes || await terminal.confirm(question);
  if (answer !== undefined) return answer;
  throw new CommandError(`Cannot ask "${question}": there is no terminal. Add --yes to skip the question.`);
}

/** Options that several commands share. */
export const FILE_OPTION = {
  file: {
    type: "string",
    short: "f",
    value: "PATH",
    help: "the file (default: CACHY_FILE, or cachy.jsonl in the project folder)",
  },
} as const satisfies OptionRules;
export const YES_OPTION = {
  yes: { type: "boolean", short: "y", help: "do not ask" },
} as const satisfies OptionRules;
export const PORT_OPTION = {
  port: { type: "string", short: "p", value: "N", help: "the port on 127.0.0.1 (default: a free one)" },
} as const satisfies OptionRules;
export const JSON_OPTION = {
  json: { type: "boolean", help: "print JSON" },
} as const satisfies OptionRules;

/** Parses the option `--port`. 0 is a free port. */
export function portOf(text = "0"): number {
  if (/^\d+$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new UsageError(`Cannot use --port ${text}: expected a number from 0 to 65535.`);
}
