import { utf8 } from "../../lib/bytes.ts";
import { asRecord, parseJson } from "../../lib/json.ts";
import { checkEntry, type Entry, ENTRY_VERSION, LONGEST_LINE, parseEntry } from "../entry.ts";
import { bytesAt, fillBlock, type Position } from "./file.ts";

/** How many bytes at each end of a line to check before the whole line is read. */
export const EDGE_LENGTH = 24;

/** The first and the last bytes of a line, or the whole line if it is short. */
export function edgesOf(file: number, { start, length }: Position): Uint8Array {
  if (length <= 2 * EDGE_LENGTH) return bytesAt(file, { start, length });
  const edges = new Uint8Array(2 * EDGE_LENGTH);
  edges.set(bytesAt(file, { start, length: EDGE_LENGTH }));
  edges.set(bytesAt(file, { start: start + length - EDGE_LENGTH, length: EDGE_LENGTH }), EDGE_LENGTH);
  return edges;
}

/** Drops the byte order mark that some editors insert before the first line. */
const decoder = new TextDecoder("utf-8", { fatal: true });
/** Replaces invalid bytes by U+FFFD, also parts of a character in the edges of a line. */
const lenientDecoder = new TextDecoder();

/** In bytes. Of longer lines, only the edges are read at first: such a line may be 100 MB of other data. */
const READ_AT_ONCE = 1 << 16;

/** Short lines are read into this memory. */
const scratch = new Uint8Array(READ_AT_ONCE);

/**
 * Reads the entry in a line.
 *
 * @param bytes The line, if the caller has already read it.
 * @returns The entry, or a short reason why the line is not an entry.
 */
export function entryAt(file: number, position: Position, bytes?: Uint8Array): Entry | string {
  const { problem, text } = readLine(file, position, bytes);
  return problem ?? (text === undefined ? "not UTF-8" : parseEntry(text));
}

/** The text of a line; undefined if its edges show that it is not a JSON object. */
export function lineAt(file: number, position: Position): string | undefined {
  return readLine(file, position).text;
}

interface ReadLine {
  /** The reason if the edges show that the line is not an entry. */
  readonly problem?: string;
  /** Undefined if there is a problem, or if the line is not UTF-8. */
  readonly text?: string;
}

function readLine(file: number, position: Position, given?: Uint8Array): ReadLine {
  const { start, length } = position;
  const bytes = given ?? (length <= READ_AT_ONCE ? fillBlock(file, start, scratch.subarray(0, length)) : undefined);
  const problem = edgeProblem(length, bytes ?? edgesOf(file, position));
  if (problem !== undefined) return { problem };
  try {
    return { text: decode(bytes ?? bytesAt(file, position)) };
  } catch {
    return {};
  }
}

/** On Deno, a decoder that throws takes six times as long, so it only decides about texts with U+FFFD. */
function decode(bytes: Uint8Array): string {
  const text = lenientDecoder.decode(bytes);
  return text.includes("\uFFFD") ? decoder.decode(bytes) : text;
}

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Checks the edges of a line.
 *
 * @param bytes The whole line, or its edges.
 * @returns The reason if the line cannot be an entry.
 */
function edgeProblem(length: number, bytes: Uint8Array): string | undefined {
  if (length <= 2 * EDGE_LENGTH) return undefined;
  const isUsual = bytes[0] === OPEN_BRACE && bytes.at(-1) === CLOSE_BRACE;
  if (!isUsual) {
    const first = lenientDecoder.decode(bytes.subarray(0, EDGE_LENGTH));
    const last = lenientDecoder.decode(bytes.subarray(-EDGE_LENGTH));
    // White space may fill an edge and hide the brace.
    const isBraced = /^\s*(?:\{|$)/.test(first) && /(?:^|\})\s*$/.test(last);
    if (!isBraced) return parseEdges(first + last);
  }
  return length > LONGEST_LINE ? `longer than ${LONGEST_LINE} bytes` : undefined;
}

function parseEdges(edges: string): string {
  const reason = parseEntry(edges);
  return typeof reason === "string" ? reason : "not JSON";
}

/** The starts of lines by cachy and by pycachy. The key follows, so these lines are indexed without parsing. */
const LINE_STARTS = [utf8(`{"key":"`), utf8(`{"key": "`)] as const;
const QUOTE = 0x22;

/**
 * The key at the start of a line, as a number; -1 if the line starts differently.
 *
 * It has no loops over bytes: the first look-up of a process runs it for every line, before the runtime compiles it.
 */
export function keyAtStart(bytes: Uint8Array, at: number): number {
  if (bytes[at + 7] === QUOTE) return beginsWith(bytes, at, LINE_STARTS[0]) ? keyAt(bytes, at + 8) : -1;
  return beginsWith(bytes, at, LINE_STARTS[1]) ? keyAt(bytes, at + 9) : -1;
}

function beginsWith(bytes: Uint8Array, at: number, start: Uint8Array): boolean {
  return bytes[at] === start[0] && bytes[at + 2] === start[2] && bytes[at + 3] === start[3] &&
    bytes[at + 4] === start[4] && bytes[at + 1] === start[1] && bytes[at + 5] === start[5] &&
    bytes[at + 6] === start[6] && bytes[at + 7] === start[7] && (start.length === 8 || bytes[at + 8] === start[8]);
}

/** The value of each hex digit; -1 for every other byte. */
const DIGITS = new Int8Array(256).fill(-1);
for (const [value, digit] of [..."0123456789abcdef"].entries()) DIGITS[digit.charCodeAt(0)] = value;

/** The key between an offset and a quote; -1 if it is not 8 hex digits. */
function keyAt(bytes: Uint8Array, at: number): number {
  const high = hexAt(bytes, at);
  const low = hexAt(bytes, at + 4);
  return high < 0 || low < 0 || bytes[at + 8] !== QUOTE ? -1 : high * 0x10000 + low;
}

/** The value of 4 hex digits; negative if they are not hex digits. */
function hexAt(bytes: Uint8Array, at: number): number {
  return (DIGITS[bytes[at] as number] as number) << 12 | (DIGITS[bytes[at + 1] as number] as number) << 8 |
    (DIGITS[bytes[at + 2] as number] as number) << 4 | (DIGITS[bytes[at + 3] as number] as number);
}

/** A key as a number; undefined if it is not 8 hex digits. */
export function keyNumber(key: string): number | undefined {
  return /^[0-9a-f]{8}$/.test(key) ? parseInt(key, 16) : undefined;
}

/**
 * Whether to keep a line that is not an entry, because another program reads it: a newer version of cachy, or pycachy,
 * which also replays responses with the status of a failure.
 */
export function isKeptForOthers(file: number, position: Position): boolean {
  return keyForOthers(file, position) !== undefined;
}

/** The key of a line that {@linkcode isKeptForOthers} keeps; undefined for other lines. */
export function keyForOthers(file: number, position: Position): string | undefined {
  const value = asRecord(parseJson(lineAt(file, position) ?? ""));
  const { key, v, response, status_code: status } = value ?? {};
  const isNewer = typeof v === "number" && v > ENTRY_VERSION;
  const isFailure = Number.isInteger(status) && typeof response === "string" &&
    typeof checkEntry({ ...value, status_code: 200 }) !== "string";
  return typeof key === "string" && (isNewer || isFailure) ? key : undefined;
}
