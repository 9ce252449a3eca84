import type { Color } from "../../lib/show.ts";

/** One option of a command. */
export interface OptionRule {
  /** Whether it takes a value. */
  readonly type: "boolean" | "string";
  /** One letter that stands for it. */
  readonly short?: string;
  /** What its value is called in the help. */
  readonly value?: string;
  /** What it does, in a few words. */
  readonly help: string;
}

/** The options of a command, by their names. */
export type OptionRules = Readonly<Record<string, OptionRule>>;

/** What a user gave for them. */
export type OptionValues<Rules extends OptionRules> = {
  readonly [Name in keyof Rules]?: ValueOf<Rules[Name]["type"]>;
};

type ValueOf<Type> = Type extends "boolean" ? boolean : string;

/** Where a command prints. */
export interface Terminal {
  /** Prints lines to stdout. */
  print(...lines: readonly string[]): void;
  /** Prints any number of lines: they are written while others are made, up to where a reader has enough. */
  printAll(lines: Iterable<string>): Promise<void>;
  /** Prints bytes to stdout as they are. */
  printBytes(bytes: Uint8Array): void;
  /** Tells the user something beside the result, on stderr. */
  note(line: string): void;
  /**
   * Writes what was printed, which is collected up to then.
   *
   * @throws {CommandError} If it cannot be written.
   */
  flush(): Promise<void>;
  /** How many columns stdout has; undefined if it is no terminal. */
  readonly width: number | undefined;
  /** Colors a text for stdout, where that is a terminal. */
  paint(text: string, color: Color): string;
  /** Asks a question that is answered by y or n; undefined if nobody is there to be asked. */
  confirm(question: string): Promise<boolean | undefined>;
}

/** One call of a command. */
export interface Call<Rules extends OptionRules = OptionRules> {
  readonly options: OptionValues<Rules>;
  /** What stands on the command line besides options. */
  readonly operands: readonly string[];
  readonly terminal: Terminal;
}

/** How a command ended: all is well, or it found what it looked for, so that a script can go by it. */
export type ExitCode = typeof FINE | typeof FOUND;
export const FINE = 0 as const;
export const FOUND = 1 as const;
/** The command could not do what it was asked to do. */
export const FAILED = 2 as const;

/** One command of the command line. */
export interface Command<Rules extends OptionRules = OptionRules> {
  readonly name: string;
  readonly alias?: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** What it takes besides options, such as `KEY`. */
  readonly operands?: {
    readonly usage: string;
    readonly least: number;
    readonly most: number;
  };
  readonly options: Rules;
  /** Command lines without the name of the program. */
  readonly examples: readonly string[];
  /** What else there is to say, one text over several lines of the source. */
  readonly notes?: readonly string[];
  run(call: Call<Rules>): ExitCode | Promise<ExitCode>;
}

/** Makes a command, so that its options are known by their types. */
export function defineCommand<const Rules extends OptionRules>(command: Command<Rules>): Command {
  return command as unknown as Command;
}

/** What a command cannot do, with what to do about it. */
export class CommandError extends Error {
  override readonly name: string = "CommandError";
}

/** An error in what the user wrote. */
export class UsageError extends CommandError {
  override readonly name = "UsageError";
}

/** The options that many commands have. */
export const FILE_OPTION = {
  file: {
    type: "string",
    short: "f",
    value: "PATH",
    help: "the file; by default CACHY_FILE, or cachy.jsonl in the project's folder",
  },
} as const satisfies OptionRules;
export const JSON_OPTION = {
  json: { type: "boolean", help: "print JSON" },
} as const satisfies OptionRules;
