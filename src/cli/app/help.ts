import { wrap } from "../display/width.ts";
import { HELP_OPTION, optionsOf } from "./arguments.ts";
import type { Command, OptionRule } from "./command.ts";
import { PROGRAM, runLine } from "./program.ts";

/** Longer lines are hard to read. */
const MOST_COLUMNS = 120;

/** The columns of a help that does not go to a terminal. */
const COLUMNS = 80;

/**
 * The help of the whole program.
 *
 * @param width The columns of the terminal.
 */
export function programHelp(commands: readonly Command[], width = COLUMNS): string {
  return [
    `Shows, checks, edits and replays recorded responses of LLM APIs.`,
    "",
    `Usage: ${PROGRAM} COMMAND [OPTION…]`,
    "",
    "Commands:",
    ...columns(
      commands.map(({ name, operands, summary }) => [[name, operands?.usage].filter(Boolean).join(" "), summary]),
      width,
    ),
    "",
    "Options:",
    ...columns([...optionLines(HELP_OPTION), ["    --version", "show the version"]], width),
    "",
    `${PROGRAM} COMMAND --help shows the options and examples of a command.`,
    ...standsFor(),
    "",
    ...wrap(
      "Exit code: 0 on success, 1 if the command found a problem, a secret or a difference, 2 if it failed.",
      Math.min(width, MOST_COLUMNS),
    ),
  ].join("\n");
}

/**
 * The help of one command.
 *
 * @param width The columns of the terminal.
 */
export function commandHelp(
  { name, alias, summary, operands, options, examples, notes = [], isPaged }: Command,
  width = COLUMNS,
): string {
  return [
    ...wrap(`${summary}.`, Math.min(width, MOST_COLUMNS)),
    "",
    `Usage: ${usageOf(name, operands?.usage)}`,
    ...(alias ? [`Short:  ${PROGRAM} ${alias}`] : []),
    ...(notes.length ? ["", ...wrap(notes.join(" "), Math.min(width, MOST_COLUMNS))] : []),
    "",
    "Options:",
    ...columns(optionLines(optionsOf({ options, isPaged })), width),
    "",
    examples.length === 1 ? "Example:" : "Examples:",
    ...examples.map((example) => `  ${PROGRAM} ${example}`),
    "",
    ...standsFor(),
  ].join("\n");
}

/** Options come before the words of another command. */
function usageOf(name: string, operands = ""): string {
  const words = operands.includes("--")
    ? [PROGRAM, name, "[OPTION…]", operands]
    : [PROGRAM, name, operands, "[OPTION…]"];
  return words.filter(Boolean).join(" ");
}

/** How the reader runs the program. */
function standsFor(): string[] {
  return [`${PROGRAM} stands for: ${runLine()}`];
}

function optionLines(rules: Readonly<Record<string, OptionRule>>): string[][] {
  return Object.entries(rules).map(([name, { short, value, help }]) => {
    const start = short ? `-${short}, ` : "    ";
    return [`${start}--${name}${value ? ` ${value}` : ""}`, help];
  });
}

/** The minimum width of the second column. */
const LEAST_COLUMNS = 20;

/** Lays texts out in two columns, and wraps the second one. */
function columns(rows: readonly (readonly (string | undefined)[])[], width: number): string[] {
  const firstWidth = Math.max(...rows.map(([first = ""]) => first.length));
  const room = Math.max(LEAST_COLUMNS, Math.min(width, MOST_COLUMNS) - firstWidth - 4);
  return rows.flatMap(([first = "", second = ""]) =>
    wrap(second, room).map((line, at) => `  ${(at === 0 ? first : "").padEnd(firstWidth)}  ${line}`)
  );
}
