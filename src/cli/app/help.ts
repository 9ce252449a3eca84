import { wrap } from "../display/width.ts";
import { HELP_OPTION } from "./arguments.ts";
import type { Command, OptionRule } from "./command.ts";

/** What the program is called where it is spoken of. */
export const PROGRAM = "cachy";

/** How it is run. */
const RUN = "deno run -RW jsr:@cachy/core/cli";

/** Longer lines are hard to read. */
const MOST_COLUMNS = 120;

/**
 * The help of the whole program.
 *
 * @param width The columns of the terminal.
 */
export function programHelp(commands: readonly Command[], width = MOST_COLUMNS): string {
  return [
    `Looks into the recorded answers of LLM APIs, and keeps their file healthy.`,
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
    `${PROGRAM} COMMAND --help shows the options of a command, with examples.`,
    `${PROGRAM} stands for: ${RUN}`,
    `without Deno: npx -y ${RUN}`,
    "",
    ...wrap(
      "Exit code: 0 if all is well, 1 if something was found (a problem, a secret, a difference), 2 if it could not be done.",
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
  { name, alias, summary, operands, options, examples, notes = [] }: Command,
  width = MOST_COLUMNS,
): string {
  return [
    `${summary}.`,
    "",
    `Usage: ${[PROGRAM, name, operands?.usage, "[OPTION…]"].filter(Boolean).join(" ")}`,
    ...(alias ? [`Short:  ${PROGRAM} ${alias}`] : []),
    ...(notes.length ? ["", ...wrap(notes.join(" "), Math.min(width, MOST_COLUMNS))] : []),
    "",
    "Options:",
    ...columns(optionLines({ ...options, ...HELP_OPTION }), width),
    "",
    examples.length === 1 ? "Example:" : "Examples:",
    ...examples.map((example) => `  ${PROGRAM} ${example}`),
  ].join("\n");
}

function optionLines(rules: Readonly<Record<string, OptionRule>>): string[][] {
  return Object.entries(rules).map(([name, { short, value, help }]) => {
    const start = short ? `-${short}, ` : "    ";
    return [`${start}--${name}${value ? ` ${value}` : ""}`, help];
  });
}

/** The fewest columns of use for the second of two texts. */
const LEAST_COLUMNS = 20;

/** Two texts beside one another; a second one that is too long goes on below itself. */
function columns(rows: readonly (readonly (string | undefined)[])[], width: number): string[] {
  const firstWidth = Math.max(...rows.map(([first = ""]) => first.length));
  const room = Math.max(LEAST_COLUMNS, Math.min(width, MOST_COLUMNS) - firstWidth - 4);
  return rows.flatMap(([first = "", second = ""]) =>
    wrap(second, room).map((line, at) => `  ${(at === 0 ? first : "").padEnd(firstWidth)}  ${line}`)
  );
}
