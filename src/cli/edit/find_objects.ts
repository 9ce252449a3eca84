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
/** Lower bytes are control characters, which JSON strings contain only as escapes. */
const FIRST_OF_TEXT = 0x20;

/** How often a line may be read without finding an object. Without a limit, a line of braces would take hours. */
const MOST_PASSES = 200;

/**
 * Finds JSON objects in a damaged line: after the torn start of another one, several in a row, between other bytes.
 *
 * It tries each position where an object with members can start, outermost first. None is inside a string, where quotes
 * are escaped.
 *
 * @param isWanted Whether to keep the object at this position of the line. If not, the objects inside it are tried.
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

/** Whether the name of a member follows a brace. */
function hasMember(line: Uint8Array, brace: number): boolean {
  return line[nextOfText(line, brace + 1)] === QUOTE;
}

/** The position of the next byte that is not white space. */
function nextOfText(line: Uint8Array, from: number): number {
  let at = from;
  while (at < line.length && (line[at] as number) <= SPACE) at++;
  return at;
}

/** The end of an object, or the position where it turns out to be incomplete. */
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

/** The position of the quote that ends a string. If JSON does not allow the next byte, the quote belongs to another object. */
function endOfString(line: Uint8Array, start: number): { readonly at: number; readonly isWhole: boolean } {
  let at = start + 1;
  for (; at < line.length && line[at] !== QUOTE; at++) {
    if (line[at] === BACKSLASH) at++;
    else if ((line[at] as number) < FIRST_OF_TEXT) return { at, isWhole: false };
  }
  const next = line[nextOfText(line, at + 1)];
  return { at, isWhole: next === COMMA || next === COLON || next === CLOSE_BRACE || next === CLOSE_BRACKET };
}
