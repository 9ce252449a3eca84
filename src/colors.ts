import { isStderrTerminal, readVariable } from "./environment.ts";

/** The codes of ECMA-48. */
const CODES = { red: 31, green: 32, yellow: 33, cyan: 36 } as const;

/** A color of terminals. */
export type Color = keyof typeof CODES;

/**
 * Colors a text for stderr, where that is a terminal.
 *
 * @param isColored Whether it is, and wants colors.
 */
export function paint(text: string, color: Color, isColored: boolean = wantsColors()): string {
  return isColored ? `\x1b[${CODES[color]}m${text}\x1b[39m` : text;
}

/** Anything in NO_COLOR means no colors (no-color.org). Deno knows it also where the environment may not be read. */
function wantsColors(): boolean {
  const { Deno } = globalThis as { readonly Deno?: { readonly noColor?: boolean } };
  return isStderrTerminal() && Deno?.noColor !== true && readVariable("NO_COLOR").value === undefined;
}
