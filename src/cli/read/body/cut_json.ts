import { parseJson } from "../../../lib/json.ts";

/** Parses JSON whose end may be missing, by closing what is open. Undefined if it is not JSON. */
export function parseCutJson(text: string): unknown {
  const whole = parseJson(text);
  if (whole !== undefined || !/^\s*[[{]/.test(text)) return whole;
  return parseJson(closed(text));
}

/** Where to cut a text, and what to append. */
interface Ending {
  readonly end: number;
  readonly closers: string;
}

/**
 * Cuts the text after its last whole value, or within a truncated string, and closes what is open there. A truncated
 * number is dropped, because it would be another number.
 */
function closed(text: string): string {
  const open: string[] = [];
  let ending: Ending = { end: 0, closers: "" };
  let isName = false;
  const mark = (end: number, quote = "") => {
    if (open.length <= MAX_DEPTH) ending = { end, closers: quote + open.toReversed().join("") };
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      const { end, isCut } = stringEnd(text, at);
      if (!isName) mark(end, isCut ? '"' : "");
      at = isCut ? text.length : end - 1;
    } else if (character === "{" || character === "[") {
      open.push(character === "{" ? "}" : "]");
      isName = character === "{";
      mark(at + 1);
    } else if (character === "}" || character === "]") {
      open.pop();
      mark(at + 1);
    } else if (character === ",") {
      isName = open.at(-1) === "}";
      mark(at);
    } else if (character === ":") isName = false;
  }
  return text.slice(0, ending.end) + ending.closers;
}

/** Objects and lists below this depth are kept only if they are complete. */
const MAX_DEPTH = 100;

/** The end of the string that starts at a position; if it is truncated, the end of its last whole character. */
function stringEnd(text: string, start: number): { readonly end: number; readonly isCut: boolean } {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '"') return { end: at + 1, isCut: false };
    if (text[at] !== "\\") continue;
    const length = text[at + 1] === "u" ? 6 : 2;
    if (at + length > text.length) return { end: at, isCut: true };
    at += length - 1;
  }
  return { end: text.length, isCut: true };
}
