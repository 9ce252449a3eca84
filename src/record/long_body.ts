import { type Blocks, everyPiece, joined, piecesOf } from "../lib/blocks.ts";
import { decodeUtf8, encodeBase64, enlarged, isUtf8, utf8 } from "../lib/bytes.ts";
import { aroundResponse, type Entry, formatJson, isTextual, lineMakers, textOfBody } from "../store/entry.ts";

/**
 * In bytes. A longer body is checked, searched and written in pieces: its text, or base64, would take as much memory again,
 * and the first touch of memory takes longer than copying into it.
 */
export const LONG_BODY = 24_000_000;

/** How an entry stores a body. */
export interface BodyForm {
  /** Whether as base64: if its content type is not textual, or if it is not valid UTF-8. */
  readonly binary: boolean;
  /** Its text, if it is neither binary nor longer than {@linkcode LONG_BODY}. */
  readonly text?: string | undefined;
}

/** Decides how to store a body. */
export function formOf(body: Blocks, contentType: string): BodyForm {
  if (body.byteLength > LONG_BODY) return { binary: !(isTextual(contentType) && everyPiece(body, isUtf8)) };
  const text = textOfBody(joined(body), contentType);
  return { binary: text === undefined, text };
}

/** Gives an entry the `response` of a long body. It is computed when it is first read: a file does not need it. */
export function withLongBody(entry: Entry, body: Blocks): Entry {
  let response: string | undefined;
  const set = (value: string) => {
    response = value;
    lineMakers().delete(entry);
    // Fails if a store has frozen the entry.
    Reflect.defineProperty(entry, "response", { value, writable: true, enumerable: true });
    return value;
  };
  const get = () => response ?? set(entry.binary ? encodeBase64(joined(body)) : decodeUtf8(joined(body)));
  lineMakers().set(entry, () => lineOf(entry, body));
  return Object.defineProperty(entry, "response", { get, set, enumerable: true, configurable: true });
}

/** The bytes of `formatEntry()`. */
function lineOf(entry: Entry, body: Blocks): Uint8Array<ArrayBuffer> {
  const { before, after } = aroundResponse(entry);
  const [start, end] = [utf8(before), utf8(after)];
  const most = start.length + end.length + (entry.binary ? Math.ceil(body.byteLength / 3) * 4 : body.byteLength * 1.6);
  // Memory that is not touched costs nothing, and enlarging it would copy all.
  const line: Line = { bytes: new Uint8Array(most), length: 0 };
  add(line, start);
  if (entry.binary) addBase64(line, body);
  else addEscaped(line, body);
  add(line, end);
  return line.bytes.subarray(0, line.length);
}

/** A line that is being written. */
interface Line {
  bytes: Uint8Array<ArrayBuffer>;
  /** How many of the bytes are written. */
  length: number;
}

function add(line: Line, bytes: Uint8Array): void {
  reserve(line, bytes.length);
  line.bytes.set(bytes, line.length);
  line.length += bytes.length;
}

function reserve(line: Line, length: number): void {
  const least = line.length + length;
  if (least > line.bytes.length) line.bytes = enlarged(line.bytes, least);
}

/** In bytes: a multiple of 3, so that only the last piece has padding. */
const BASE64_PIECE_LENGTH = 3 << 14;
const encoder = new TextEncoder();

function addBase64(line: Line, body: Blocks): void {
  for (const piece of piecesOf(body, { length: BASE64_PIECE_LENGTH, endIn: ({ length }) => length })) {
    const text = encodeBase64(piece);
    reserve(line, text.length);
    line.length += encoder.encodeInto(text, line.bytes.subarray(line.length)).written;
  }
}

/** In bytes: the longest escape of a byte is a backslash, `u` and four hex digits. */
const LONGEST_ESCAPE = 6;

/** Adds UTF-8 as the inside of a JSON string, as `formatEntry()` does. */
function addEscaped(line: Line, body: Blocks): void {
  const pairs = escapedPairs();
  for (const piece of piecesOf(body)) {
    reserve(line, (piece.length + 4) * LONGEST_ESCAPE);
    escape(piece, line, pairs);
  }
}

/** What JSON writes for each two bytes. The index is the two bytes in the memory of an `Uint16Array`. */
interface EscapedPairs {
  /** At most four bytes, the first one in the lowest place. */
  readonly bytes: Int32Array;
  /** How many bytes it writes; 0 if one of the two needs a look. */
  readonly lengths: Uint8Array;
}

/** Two bytes at a time take a third of the time of one. */
function escapedPairs(): EscapedPairs {
  const escapes = Array.from({ length: 256 }, (_, byte) => {
    const json = byte < 0x80 ? JSON.stringify(String.fromCharCode(byte)).slice(1, -1) : "";
    if (json.length === 2) return { bytes: BACKSLASH | json.charCodeAt(1) << 8, length: 2 };
    return { bytes: byte, length: json.length > 2 || byte === 0xc2 || byte === 0xe2 ? 0 : 1 };
  });
  const pairs = { bytes: new Int32Array(1 << 16), lengths: new Uint8Array(1 << 16) };
  for (const [at, first] of escapes.entries()) {
    for (const [next, second] of escapes.entries()) {
      const pair = pairAt(at, next);
      pairs.bytes[pair] = first.bytes | second.bytes << (first.length === 2 ? 16 : 8);
      pairs.lengths[pair] = first.length && second.length && first.length + second.length;
    }
  }
  return pairs;
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Two bytes as a number in the memory of an `Uint16Array`. */
function pairAt(first: number, second: number): number {
  return isLittleEndian ? second << 8 | first : first << 8 | second;
}

const BACKSLASH = 0x5c;
const SPACE = 0x20;

/** Writes a piece that begins its memory and ends between two characters. There must be space for it. */
function escape(piece: Uint8Array, line: Line, pairs: EscapedPairs): void {
  const source = new Uint16Array(piece.buffer, piece.byteOffset, piece.length >> 1);
  const target = new DataView(line.bytes.buffer, line.bytes.byteOffset, line.bytes.byteLength);
  for (let at = 0; at < piece.length;) {
    if (at % 2 === 0) at = 2 * escapePairs(source, at / 2, { line, target, pairs });
    if (at >= piece.length) return;
    const special = specialLength(piece, at);
    if (special > 0) {
      const text = decodeUtf8(piece.subarray(at, at + special));
      add(line, utf8(formatJson(text).slice(1, -1)));
      at += special;
    } else {
      const pair = pairAt(piece[at++] as number, SPACE);
      target.setInt32(line.length, pairs.bytes[pair] as number, true);
      line.length += Math.max(1, pairs.lengths[pair] as number - 1);
    }
  }
}

/** Writes pairs until one needs a look. A function of its own: V8 compiles it to code that takes half the time. */
function escapePairs(
  source: Uint16Array,
  from: number,
  { line, target, pairs: { bytes, lengths } }: { line: Line; target: DataView; pairs: EscapedPairs },
): number {
  const end = source.length;
  let to = line.length;
  let place = from;
  for (; place < end; place++) {
    const pair = source[place] as number;
    const written = lengths[pair] as number;
    if (written === 0) break;
    target.setInt32(to, bytes[pair] as number, true);
    to += written;
  }
  line.length = to;
  return place;
}

/** The length of the character at an offset in bytes, if `formatJson()` replaces it by a code; else 0. */
function specialLength(bytes: Uint8Array, at: number): number {
  const [first = 0, second, third] = [bytes[at], bytes[at + 1], bytes[at + 2]];
  if (first < SPACE) return 1;
  if (first === 0xc2 && second === 0x85) return 2; // U+0085
  return first === 0xe2 && second === 0x80 && (third === 0xa8 || third === 0xa9) ? 3 : 0; // U+2028 and U+2029
}
