import { parseArgs } from "node:util";
import { hintAt, show } from "../../lib/show.ts";
import { type Command, type OptionRules, UsageError } from "./command.ts";

/** The parsed arguments of a command. */
export interface Arguments {
  readonly options: Readonly<Record<string, string | boolean | readonly string[]>>;
  readonly operands: readonly string[];
}

/** The option that every command has. */
export const HELP_OPTION = {
  help: { type: "boolean", short: "h", help: "show this help" },
} as const satisfies OptionRules;

/** The option of commands with long output. */
const NO_PAGER_OPTION = {
  "no-pager": { type: "boolean", help: "do not show long output in a pager (less, or PAGER)" },
} as const satisfies OptionRules;

/** All options of a command. */
export function optionsOf({ options, isPaged }: Pick<Command, "options" | "isPaged">): OptionRules {
  return { ...options, ...(isPaged ? NO_PAGER_OPTION : {}), ...HELP_OPTION };
}

/**
 * Parses the arguments of a command.
 *
 * @throws {UsageError} If an option is unknown or repeated, lacks its value, or has a value but takes none.
 * @throws {UsageError} If there are too few or too many operands.
 */
export function readArguments(args: readonly string[], command: Command): Arguments {
  const rules = optionsOf(command);
  const known = Object.fromEntries(
    Object.entries(rules).map(([name, { type: given, short }]) => {
      const type = given === "boolean" ? "boolean" as const : "string" as const;
      return [name, short ? { type, short } : { type }];
    }),
  );
  // Not strict: the messages of the runtimes differ, and do not say what to do.
  const { tokens } = parseArgs({
    args: [...args],
    options: known,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const options: Record<string, string | boolean | string[]> = {};
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind === "option") {
      const value = optionValue(token, rules);
      const list = options[token.name];
      if (rules[token.name]?.type === "list") {
        options[token.name] = [...Array.isArray(list) ? list : [], value as string];
        continue;
      }
      if (Object.hasOwn(options, token.name) && options[token.name] !== value) {
        throw new UsageError(`Cannot use ${token.rawName} twice: its values differ. Write it once.`);
      }
      options[token.name] = value;
    }
  }
  if (!options.help) checkOperands(operands, command);
  return { options, operands };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function optionValue({ name, rawName, value, inlineValue }: OptionToken, rules: OptionRules): string | boolean {
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (!rule) throw new UsageError(unknownOption(rawName, rules));
  if (rule.type === "boolean") {
    if (value === undefined) return true;
    throw new UsageError(`Cannot use ${rawName}=${value}: it takes no value. Remove "=${value}".`);
  }
  const placeholder = rule.value ?? "VALUE";
  if (!value) throw new UsageError(`Cannot use ${rawName}: its value is missing. Write ${rawName} ${placeholder}.`);
  if (!inlineValue && value.startsWith("-")) {
    const message = `Cannot tell whether ${value} is the value of ${rawName} or an option. `;
    throw new UsageError(`${message}If it is the value, write --${name}=${value}.`);
  }
  return value;
}

function unknownOption(rawName: string, rules: OptionRules): string {
  const names = Object.keys(rules).map((name) => `--${name}`);
  return `Cannot use the option ${rawName}: it is unknown. ${hintAt(rawName, names, "Known options")}`;
}

function checkOperands(operands: readonly string[], { operands: rule, name, options }: Command): void {
  const { usage, least, most } = rule ?? { usage: "", least: 0, most: 0 };
  const surplus = operands[most];
  if (surplus !== undefined) {
    const isFile = "file" in options && /\.[a-z]+$/i.test(surplus);
    const cure = isFile ? `If it is the file, write --file=${surplus}.` : "Remove it.";
    throw new UsageError(`Cannot use ${show(surplus)}: ${name} takes only ${usage || "options"}. ${cure}`);
  }
  if (operands.length < least) throw new UsageError(`Cannot run ${name}: ${usage} is missing.`);
}
