import { parseJson } from "../../../lib/json.ts";

/** JSON text whose end may be missing, as a value: what is open is closed. Undefined if it is no JSON either way. */
export function parseCutJson(text: string): unknown {
  const whole = parseJson(text);
  if (whole !== undefined || !/^\s*[[{]/.test(text)) return whole;
  return parseJson(closed(text));
}

/** Up to where a text is kept, and what is put behind it. */
interface Ending {
  readonly end: number;
  readonly closers: string;
}

/**
 * Ends the text behind its last whole value, or inside of the string that was cut, and closes what is open there. A
 * number that was cut would be another number, so it goes.
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

/** What opens below this depth is only kept if it was closed again. */
const MAX_DEPTH = 100;

/** Where a string ends that begins at a place; of one that is cut, where its last whole character does. */
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
