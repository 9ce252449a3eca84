import { fstatSync } from "node:fs";
import { areSameBytes, concatBytes } from "../../lib/bytes.ts";
import { type Entry, LONGEST_LINE } from "../entry.ts";
import { type Appended, bytesAt, emptyBlock, type FileState, fillBlock, type Position } from "./file.ts";
import { EDGE_LENGTH, edgesOf, entryAt, keyAtStart, keyNumber } from "./line.ts";
import { type PositionTable, positionTable } from "./position_table.ts";

/** A line that is not an entry. */
export interface BadLine {
  /** Its number; the first line is 1. */
  readonly line: number;
  readonly reason: string;
}

/** Lines that are not entries: the first ones, and how many there are in all. */
export interface BadLines {
  readonly first: readonly BadLine[];
  readonly count: number;
}

/** The positions of the entries in a file. The entries themselves stay on disk. */
export interface Index {
  readonly positions: PositionTable;
  /** The starts of indexed lines that turned out not to be entries when they were read, and were reported. */
  readonly reported: Set<number>;
  /** For keys with several lines, filled on demand: one line per digest, the newest recording first. */
  readonly newest: Map<number, readonly Position[]>;
  /** The number of entries that no request can match, because their key is not 8 hex digits. */
  unreachable: number;
  /** The end of the indexed part of the file, in bytes. */
  end: number;
  /** The number of lines up to `end`. */
  lines: number;
  /** The last line, if it is an entry without a line feed. */
  open: OpenLine | undefined;
  /** The bytes before `end`. If they have changed, the file was rewritten. */
  tail: Uint8Array;
  size: number;
  inode: number;
  modified: number;
}

/** An entry in the last line without a line feed. An append may still change this line. */
interface OpenLine {
  readonly start: number;
  readonly isReachable: boolean;
}

/** Makes the index of a file that has not been read. */
export function emptyIndex(): Index {
  const state = {
    unreachable: 0,
    end: 0,
    lines: 0,
    open: undefined,
    tail: new Uint8Array(),
    size: 0,
    inode: -1,
    modified: 0,
  };
  return { positions: positionTable(), reported: new Set(), newest: new Map(), ...state };
}

/** Adds the new lines of a file to its index. If the file was rewritten, makes a new index. */
export function refreshIndex(file: number, known: Index): { readonly index: Index; readonly bad: BadLines } {
  const { size, ino, mtimeMs } = fstatSync(file);
  const isGrown = size > known.size;
  const isSame = isSameFile(known, { size, ino, mtimeMs }) &&
    !(isGrown && !areSameBytes(tailOf(file, known.end), known.tail));
  const index = isSame ? known : emptyIndex();
  const bad = size > index.size ? readLines(file, index, size) : { first: [], count: 0 };
  Object.assign(index, { size, inode: ino, modified: mtimeMs });
  return { index, bad };
}

/** Whether the whole file is indexed in this state. */
export function isIndexed(index: Index, { size, ino, mtimeMs }: FileState): boolean {
  return size === index.size && ino === index.inode && mtimeMs === index.modified;
}

/** Adds a line that this process has appended, unless other processes have changed the file: the next hit reads it anew. */
export function addAppended(index: Index, { bytes, before, after }: Appended): void {
  const isAlone = after.ino === before.ino && after.size === before.size + bytes.length;
  const key = keyAtStart(bytes, 0);
  const length = bytes.length - 1;
  if (!isAlone || !isIndexed(index, before) || index.end !== before.size || index.open) return;
  if (key === -1 || length > LONGEST_LINE) return;
  addPosition(index, key, { start: before.size, length });
  const tail = concatBytes([index.tail, bytes.subarray(-TAIL_LENGTH)]).subarray(-TAIL_LENGTH);
  Object.assign(index, { tail, lines: index.lines + 1, end: after.size, size: after.size, modified: after.mtimeMs });
}

/** A file with the same size and another time was edited in place. A smaller file was truncated or rewritten. */
function isSameFile(index: Index, stats: FileState): boolean {
  if (stats.ino !== index.inode || stats.size < index.size) return false;
  return stats.size > index.size || stats.mtimeMs === index.modified;
}

/** In bytes. One line is not enough: lines by pycachy have the same end, and a new file may reuse an inode number. */
const TAIL_LENGTH = 4096;

/** The bytes before an offset in the file. */
function tailOf(file: number, end: number): Uint8Array {
  const start = Math.max(0, end - TAIL_LENGTH);
  return bytesAt(file, { start, length: end - start });
}

const LINE_FEED = 0x0a;
/** How many bad lines a message lists. */
const LISTED_BAD_LINES = 10;

/** Adds the lines between `index.end` and `size`. @returns The lines that are not entries. */
export function readLines(file: number, index: Index, size: number): BadLines {
  const first: BadLine[] = [];
  let count = 0;
  forgetOpenLine(index);
  let start = index.end;
  for (const { block, at } of blocksOf(file, index.end, size)) {
    for (let lf = block.indexOf(LINE_FEED); lf !== -1; lf = block.indexOf(LINE_FEED, lf + 1)) {
      const position = { start, length: at + lf - start };
      const problem = start < at
        ? addLine(file, index, position, edgesOf(file, position), 0)
        : addLine(file, index, position, block, start - at);
      start = at + lf + 1;
      if (problem === undefined) continue;
      if (count++ < LISTED_BAD_LINES) first.push({ line: index.lines, reason: problem });
    }
  }
  index.end = start;
  addOpenLine(file, index, { start, length: size - start });
  index.tail = tailOf(file, index.end);
  return { first, count };
}

/** The number of the line that starts at an offset; the first line is 1. */
export function lineNumber(file: number, start: number): number {
  let line = 1;
  for (const _ of linesOf(file, 0, start)) line++;
  return line;
}

/** Yields the positions of the lines in a part of a file. The last line may lack its line feed. */
export function* linesOf(file: number, from: number, to: number): Generator<Position> {
  let start = from;
  for (const { block, at } of blocksOf(file, from, to)) {
    for (let lf = block.indexOf(LINE_FEED); lf !== -1; lf = block.indexOf(LINE_FEED, lf + 1)) {
      yield { start, length: at + lf - start };
      start = at + lf + 1;
    }
  }
  if (start < to) yield { start, length: to - start };
}

/** Reads a part of a file in blocks. Each block overwrites the one before it. */
function* blocksOf(file: number, from: number, to: number): Generator<{ block: Uint8Array; at: number }> {
  const memory = emptyBlock(to - from);
  for (let at = from; at < to;) {
    const block = fillBlock(file, at, memory.subarray(0, to - at));
    if (block.length === 0) return; // the file was truncated meanwhile
    yield { block, at };
    at += block.length;
  }
}

const BRACE = 0x7d;
const CARRIAGE_RETURN = 0x0d;

/**
 * Adds a line to the index.
 *
 * @param bytes Contains the line at the offset `at`. Of a line that spans two blocks, it contains only both ends.
 * @returns The reason if the line is not an entry.
 */
function addLine(file: number, index: Index, position: Position, bytes: Uint8Array, at: number): string | undefined {
  const { length } = position;
  index.lines++;
  const end = at + length < bytes.length ? at + length : bytes.length;
  const last = bytes[end - 1] === CARRIAGE_RETURN ? bytes[end - 2] : bytes[end - 1];
  const key = length > EDGE_LENGTH && last === BRACE ? keyAtStart(bytes, at) : -1;
  if (key !== -1 && length <= LONGEST_LINE) {
    addPosition(index, key, position);
    return undefined;
  }
  const entry = entryAt(file, position);
  if (typeof entry === "string") return entry;
  addEntry(index, entry, position);
  return undefined;
}

function addPosition(index: Index, key: number, { start, length }: Position): void {
  if (index.newest.size) index.newest.delete(key);
  index.positions.add(key, start, length);
}

/**
 * The lines of a key that requests can match, newest first: for each digest, the line that was recorded last. A line
 * without a time replaces those before it.
 */
export function newestPositions(file: number, index: Index, key: number): readonly Position[] {
  if (!index.positions.isRepeated(key)) return index.positions.positionsOf(key);
  const known = index.newest.get(key);
  if (known) return known;
  const newest = new Map<string, { readonly time: string; readonly position: Position }>();
  const others: Position[] = [];
  for (const position of index.positions.positionsOf(key).reverse()) {
    const entry = entryAt(file, position);
    if (typeof entry === "string") {
      others.push(position);
      continue;
    }
    const [digest, time] = [entry.sha256 ?? entry.key, timeOf(entry)];
    const before = newest.get(digest)?.time ?? "";
    if (time === "" || time >= before) newest.set(digest, { time, position });
  }
  const positions = [...others, ...[...newest.values()].map(({ position }) => position)];
  positions.sort((a, b) => b.start - a.start);
  index.newest.set(key, positions);
  return positions;
}

/** When an entry was recorded; empty if the entry does not say. */
export function timeOf({ recorded_at: time }: Entry): string {
  return typeof time === "string" ? time : ""; // an edited file may contain any type
}

/** @returns Whether a request can match the entry. */
function addEntry(index: Index, { key }: Entry, position: Position): boolean {
  const number = keyNumber(key);
  if (number === undefined) index.unreachable++;
  else addPosition(index, number, position);
  return number !== undefined;
}

/** Adds a last line without a line feed, if it is an entry. Otherwise a process may still be writing it. */
function addOpenLine(file: number, index: Index, position: Position): void {
  if (position.length === 0) return;
  const entry = entryAt(file, position);
  if (typeof entry === "string") return;
  index.open = { start: position.start, isReachable: addEntry(index, entry, position) };
  index.end += position.length;
  index.lines++;
}

function forgetOpenLine(index: Index): void {
  if (!index.open) return;
  index.newest.clear();
  if (index.open.isReachable) index.positions.removeLast();
  else index.unreachable--;
  index.end = index.open.start;
  index.lines--;
  index.open = undefined;
}
