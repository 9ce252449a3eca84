import { utf8 } from "../../lib/bytes.ts";
import { OBEYED_IN_LINES } from "../display/printable.ts";

/**
 * Whether a text has characters that cannot be pasted into a shell, not even in quotes: the terminal would take them
 * for keys that were pressed. Or those that make a text read as another one.
 */
export function hasControls(text: string): boolean {
  return text.search(OBEYED_IN_LINES) !== -1;
}

/** A text as one word of a POSIX shell, with nothing in it that the shell would replace. It must not hold NUL. */
export function quote(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (!hasControls(text)) return inQuotes(text);
  // What a command prints loses its last line feeds.
  let end = text.length;
  while (text[end - 1] === "\n") end--;
  return `"$(${printing(text.slice(0, end))})"${end < text.length ? inQuotes(text.slice(end)) : ""}`;
}

/** A command that prints a text. Shells have it built in, so that its argument may be of any length. */
export function printing(text: string): string {
  if (!hasControls(text)) return `printf %s ${inQuotes(text)}`;
  const escaped = text.replaceAll("\\", "\\\\").replaceAll(OBEYED_IN_LINES, octal);
  return `printf %b ${inQuotes(escaped)}`;
}

function inQuotes(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function octal(character: string): string {
  return [...utf8(character)].map((byte) => `\\0${byte.toString(8).padStart(3, "0")}`).join("");
}
