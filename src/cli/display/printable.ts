/** Printable ASCII, the fast path. */
const PLAIN = /^[ -~]*$/;

/** White space with a tab or a line break. The lookbehind keeps a long run of spaces from being searched again and again. */
const BREAKS = /(?<! ) *[\t-\r\u0085\u2028\u2029][\t-\r \u0085\u2028\u2029]*/g;

/**
 * Characters that control a terminal: control characters (ESC, also C1), line separators, and bidirectional controls,
 * which can disguise a text. Also lone surrogates, which have no encoding.
 */
const CONTROLS = /[\p{Cc}\u2028-\u202e\u2066-\u206f\p{Cs}]/gu;

/** The same without line feed and tab. */
export const CONTROLS_IN_LINES = /(?![\n\t])[\p{Cc}\u2028-\u202e\u2066-\u206f\p{Cs}]/gu;

/**
 * Makes a text safe to print in one line: a recorded text must not set colors, move the cursor or add lines.
 *
 * White space with a line break or a tab becomes one space. Other control characters become escapes (`\x1b`). Soft
 * hyphens are removed, because terminals differ in their width.
 */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text;
  const line = text.replaceAll("\u00ad", "").replace(BREAKS, " ");
  return PLAIN.test(line) ? line : line.replace(CONTROLS, escape);
}

/** Like {@linkcode printable}, but line feeds and tabs stay, and `\r\n` is a line feed. */
export function printableLines(text: string): string {
  return PLAIN.test(text) ? text : text.replaceAll("\r\n", "\n").replace(CONTROLS_IN_LINES, escape);
}

/** JSON that is safe to print: control characters become JSON escapes. */
export function printableJson(value: unknown, indent?: number): string {
  // If the nesting is too deep, this throws at once. Indented, it takes seconds on Bun.
  const json = JSON.stringify(value);
  return (indent === undefined ? json : JSON.stringify(value, null, indent)).replace(
    CONTROLS_IN_LINES,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function escape(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
}
