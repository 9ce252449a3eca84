import { isStderrTerminal, readVariable } from "./environment.ts";

/** The codes of ECMA-48: what turns each on, and what turns it off. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

/** A color of terminals, or a weight. */
export type Color = keyof typeof CODES;

/**
 * Colors a text for stderr, where that is a terminal.
 *
 * @param isColored Whether it is, and wants colors. For stdout, ask {@linkcode wantsColors}.
 */
export function paint(text: string, color: Color, isColored: boolean = wantsColors()): string {
  const [on, off] = CODES[color];
  return isColored ? `\x1b[${on}m${text}\x1b[${off}m` : text;
}

/**
 * Whether a stream wants colors: anything in NO_COLOR means no (no-color.org). Deno knows it also where the environment
 * may not be read.
 *
 * @param isTerminal Whether the stream is a terminal; by default stderr is asked.
 */
export function wantsColors(isTerminal: boolean = isStderrTerminal()): boolean {
  const { Deno } = globalThis as { readonly Deno?: { readonly noColor?: boolean } };
  return isTerminal && Deno?.noColor !== true && readVariable("NO_COLOR").value === undefined;
}
