import type { Position } from "../../store/jsonl/file.ts";

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
/** Below it are control characters, which a string of JSON never holds as they are. */
const FIRST_OF_TEXT = 0x20;

/** How often a line may be read in vain, so that one that is made of braces does not take hours. */
const MOST_PASSES = 200;

/**
 * Finds JSON objects in a damaged line: behind the torn start of another one, several in a row, between garbage.
 *
 * It tries every place at which an object with members can start, outermost first. Inside of a string there is none,
 * because its quotes are escaped.
 *
 * @param isWanted Whether the object at this place of the line is to be kept; if not, those inside of it are tried.
 */
export function objectsIn(line: Uint8Array, isWanted: (position: Position) => boolean): Position[] {
  const found: Position[] = [];
  let passed = 0;
  for (let start = line.indexOf(OPEN_BRACE); start !== -1; start = line.indexOf(OPEN_BRACE, start)) {
    const { at, isWhole } = hasMember(line, start) ? endOfObject(line, start) : { at: start, isWhole: false };
    const position = { start, length: at - start };
    if (isWhole && isWanted(position)) {
      found.push(position);
      start = at;
      continue;
    }
    passed += position.length;
    if (passed > MOST_PASSES * line.length) break;
    start++;
  }
  return found;
}

/** Whether a brace is followed by the name of a member. */
function hasMember(line: Uint8Array, brace: number): boolean {
  return line[nextOfText(line, brace + 1)] === QUOTE;
}

/** The next byte that is no white space. */
function nextOfText(line: Uint8Array, from: number): number {
  let at = from;
  while (at < line.length && (line[at] as number) <= SPACE) at++;
  return at;
}

/** Where an object ends, or where it is seen that it never does. */
function endOfObject(line: Uint8Array, start: number): { readonly at: number; readonly isWhole: boolean } {
  let depth = 0;
  for (let at = start; at < line.length; at++) {
    const byte = line[at];
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    else if (byte === QUOTE) {
      const end = endOfString(line, at);
      if (end.isWhole) at = end.at;
      else return end;
    }
    if (depth === 0) return { at: at + 1, isWhole: true };
  }
  return { at: line.length, isWhole: false };
}

/** Where the quote is that ends a string. One that something else follows than JSON allows is of another object. */
function endOfString(line: Uint8Array, start: number): { readonly at: number; readonly isWhole: boolean } {
  let at = start + 1;
  for (; at < line.length && line[at] !== QUOTE; at++) {
    if (line[at] === BACKSLASH) at++;
    else if ((line[at] as number) < FIRST_OF_TEXT) return { at, isWhole: false };
  }
  const next = line[nextOfText(line, at + 1)];
  return { at, isWhole: next === COMMA || next === COLON || next === CLOSE_BRACE || next === CLOSE_BRACKET };
}
