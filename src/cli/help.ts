import { HELP_OPTION } from "./arguments.ts";
import type { Command, OptionRule } from "./command.ts";

/** What the program is called where it is spoken of. */
export const PROGRAM = "cachy";

/** How it is run. */
const RUN = "deno run -RW jsr:@cachy/core/cli";

/** The help of the whole program. */
export function programHelp(commands: readonly Command[]): string {
  return [
    `Looks into the recorded answers of LLM APIs, and keeps their file healthy.`,
    "",
    `Usage: ${PROGRAM} COMMAND [OPTION…]`,
    "",
    "Commands:",
    ...columns(
      commands.map(({ name, operands, summary }) => [[name, operands?.usage].filter(Boolean).join(" "), summary]),
    ),
    "",
    "Options:",
    ...columns([...optionLines(HELP_OPTION), ["    --version", "show the version"]]),
    "",
    `${PROGRAM} COMMAND --help shows the options of a command, with examples.`,
    `${PROGRAM} stands for: ${RUN}`,
    `without Deno: npx -y ${RUN}`,
    "",
    "Exit code: 0 if all is well, 1 if something was found (a problem, a secret, a difference), 2 if it could not be done.",
  ].join("\n");
}

/** The help of one command. */
export function commandHelp({ name, alias, summary, operands, options, examples, notes = [] }: Command): string {
  return [
    `${summary}.`,
    "",
    `Usage: ${[PROGRAM, name, operands?.usage, "[OPTION…]"].filter(Boolean).join(" ")}`,
    ...(alias ? [`Short:  ${PROGRAM} ${alias}`] : []),
    ...(notes.length ? ["", ...notes] : []),
    "",
    "Options:",
    ...columns(optionLines({ ...options, ...HELP_OPTION })),
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

function columns(rows: readonly (readonly (string | undefined)[])[]): string[] {
  const width = Math.max(...rows.map(([first = ""]) => first.length));
  return rows.map(([first = "", second = ""]) => `  ${first.padEnd(width)}  ${second}`);
}
