/** Most texts, and they are fine as they are. */
const PLAIN = /^[ -~]*$/;

/** Blanks and line breaks of every kind. */
const BLANKS = /[\t-\r \u0085\u2028\u2029]+/g;

/**
 * What a terminal obeys and does not show: control characters (ESC and its one-byte cousins among them), separators of
 * lines, and what turns the direction of writing around, which can make a text read as another one. Halves of surrogate
 * pairs besides, which no encoding can write.
 */
const OBEYED = /[\p{Cc}\u2028-\u202e\u2066-\u206f\p{Cs}]/gu;

/** The same without what makes lines and columns. */
export const OBEYED_IN_LINES = /(?![\n\t])[\p{Cc}\u2028-\u202e\u2066-\u206f\p{Cs}]/gu;

/**
 * A text in one line that is safe to print: recorded answers may hold anything, and none of it may color, move the
 * cursor or make lines.
 *
 * White space with a line break or a tab in it becomes one space, other control characters become visible (`\x1b`).
 * Soft hyphens are left out, because terminals do not agree whether they take a column.
 */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replaceAll("\u00ad", "").replace(BLANKS, (run) => PLAIN.test(run) ? run : " ").replace(OBEYED, escape);
}

/** Like {@linkcode printable}, but line feeds and tabs stay, and `\r\n` is a line feed. */
export function printableLines(text: string): string {
  return PLAIN.test(text) ? text : text.replaceAll("\r\n", "\n").replace(OBEYED_IN_LINES, escape);
}

/** JSON that is safe to print: what a terminal obeys is written as an escape, which means the same. */
export function printableJson(value: unknown, indent?: number): string {
  // What is nested too deeply throws here at once. Indented, that takes seconds on Bun.
  const json = JSON.stringify(value);
  return (indent === undefined ? json : JSON.stringify(value, null, indent)).replace(
    OBEYED_IN_LINES,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function escape(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
}
