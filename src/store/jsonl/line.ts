import { asRecord, parseJson } from "../../lib/json.ts";
import { checkEntry, type Entry, ENTRY_VERSION, parseEntry } from "../entry.ts";
import { bytesAt, type Position } from "./file.ts";

/** How much of the start and the end of a line tells whether it may be an entry, in bytes. */
export const EDGE_LENGTH = 24;

/** The first and the last bytes of a line; a short one as a whole. */
export function edgesOf(file: number, { start, length }: Position): Uint8Array {
  if (length <= 2 * EDGE_LENGTH) return bytesAt(file, { start, length });
  const edges = new Uint8Array(2 * EDGE_LENGTH);
  edges.set(bytesAt(file, { start, length: EDGE_LENGTH }));
  edges.set(bytesAt(file, { start: start + length - EDGE_LENGTH, length: EDGE_LENGTH }), EDGE_LENGTH);
  return edges;
}

/** Longer texts are no strings on some runtimes. In bytes. */
export const LONGEST_LINE = 2 ** 29 - 25;

/** It drops the byte order mark that some editors put before the first line. */
const decoder = new TextDecoder("utf-8", { fatal: true });
/** For the edges, which may cut a character in two. */
const lenientDecoder = new TextDecoder();

/** Longer lines are looked at from both ends before they are read, because they may be 100 MB of something else. */
const READ_AT_ONCE = 1 << 16;

/**
 * The entry in a line, or why it is none.
 *
 * @param bytes The line, if it is read already.
 */
export function entryAt(file: number, position: Position, bytes?: Uint8Array): Entry | string {
  const { problem, text } = readLine(file, position, bytes);
  return problem ?? (text === undefined ? "not UTF-8" : parseEntry(text));
}

/** The text of a line that may hold a JSON object; undefined of any other line. */
export function lineAt(file: number, position: Position): string | undefined {
  return readLine(file, position).text;
}

interface ReadLine {
  /** Why the line is no entry, if that is seen without parsing it. */
  readonly problem?: string;
  /** Undefined if it is not UTF-8. */
  readonly text?: string;
}

function readLine(file: number, position: Position, given?: Uint8Array): ReadLine {
  const { length } = position;
  const bytes = given ?? (length <= READ_AT_ONCE ? bytesAt(file, position) : undefined);
  const problem = edgeProblem(length, bytes ?? edgesOf(file, position));
  if (problem !== undefined) return { problem };
  try {
    return { text: decoder.decode(bytes ?? bytesAt(file, position)) };
  } catch {
    return {};
  }
}

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Why a line is no entry, if its edges tell.
 *
 * @param bytes The whole line, or its first and its last bytes.
 */
function edgeProblem(length: number, bytes: Uint8Array): string | undefined {
  if (length <= 2 * EDGE_LENGTH) return undefined;
  const isUsual = bytes[0] === OPEN_BRACE && bytes.at(-1) === CLOSE_BRACE;
  if (!isUsual) {
    const first = lenientDecoder.decode(bytes.subarray(0, EDGE_LENGTH));
    const last = lenientDecoder.decode(bytes.subarray(-EDGE_LENGTH));
    // An edge may be white space alone, with the brace behind it.
    const isBraced = /^\s*(?:\{|$)/.test(first) && /(?:^|\})\s*$/.test(last);
    if (!isBraced) return parseEdges(first + last);
  }
  return length > LONGEST_LINE ? `longer than ${LONGEST_LINE} bytes` : undefined;
}

function parseEdges(edges: string): string {
  const reason = parseEntry(edges);
  return typeof reason === "string" ? reason : "not JSON";
}

/** How lines begin that were written by us or by pycachy, with their key: they need not be parsed to be found. */
const LINE_STARTS = [`{"key":"`, `{"key": "`].map((text) => new TextEncoder().encode(text));
const KEY_LENGTH = 8;
const QUOTE = 0x22;

/** The key at the start of a line, as a number; -1 if it does not start as usual. */
export function keyAtStart(bytes: Uint8Array, at: number): number {
  for (const start of LINE_STARTS) {
    let same = 0;
    while (same < start.length && bytes[at + same] === start[same]) same++;
    if (same < start.length) continue;
    const key = hexAt(bytes, at + same);
    return bytes[at + same + KEY_LENGTH] === QUOTE ? key : -1;
  }
  return -1;
}

/** Hex digit → its value; -1 for every other byte. */
const DIGITS = new Int8Array(256).fill(-1);
for (const [value, digit] of [..."0123456789abcdef"].entries()) DIGITS[digit.charCodeAt(0)] = value;

function hexAt(bytes: Uint8Array, at: number): number {
  let number = 0;
  for (let offset = 0; offset < KEY_LENGTH; offset++) {
    const digit = DIGITS[bytes[at + offset] ?? 0] as number;
    if (digit === -1) return -1;
    number = number * 16 + digit;
  }
  return number;
}

/** A key as a number, or undefined if no request can have it. */
export function keyNumber(key: string): number | undefined {
  return /^[0-9a-f]{8}$/.test(key) ? parseInt(key, 16) : undefined;
}

/** What is no entry for us may be one for others: for a newer version, or, with the status of a failure, for pycachy. */
export function isKeptForOthers(file: number, position: Position): boolean {
  return keyForOthers(file, position) !== undefined;
}

/** The key of such a line; undefined of any other one. */
export function keyForOthers(file: number, position: Position): string | undefined {
  const value = asRecord(parseJson(lineAt(file, position) ?? ""));
  const { key, v, response, status_code: status } = value ?? {};
  const isNewer = typeof v === "number" && v > ENTRY_VERSION;
  const isFailure = Number.isInteger(status) && typeof response === "string" &&
    typeof checkEntry({ ...value, status_code: 200 }) !== "string";
  return typeof key === "string" && (isNewer || isFailure) ? key : undefined;
}
