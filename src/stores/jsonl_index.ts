import type { Stats } from "node:fs";
import { type Entry, parseEntry } from "../entry.ts";
import { bytesAt, emptyBlock, fillBlock, type Position } from "./file.ts";
import { keyAtStart, keyNumber } from "./line_key.ts";
import { type PositionTable, positionTable } from "./position_table.ts";

/** A line that is no entry. */
export interface BadLine {
  /** Its number, from 1 on. */
  readonly line: number;
  readonly reason: string;
}

/** Lines that are no entries: the first ones, and how many there are in all. */
export interface BadLines {
  readonly first: readonly BadLine[];
  readonly count: number;
}

/** What is known of the file. The entries stay on disk. */
export interface Index {
  readonly positions: PositionTable;
  /** Where lines start that looked like entries, until they were asked for and reported. */
  readonly reported: Set<number>;
  /** Lines that nobody can ask for, because their key is not one that a request can have. */
  unreachable: number;
  /** Up to where lines are known. */
  end: number;
  /** How many there are up to `end`. */
  lines: number;
  /** Whether the last of them is whole but for its line feed. */
  isOpen: boolean;
  /** The bytes before `end`, which are still there unless the file was written anew. */
  fence: string;
  size: number;
  inode: number;
  modified: number;
}

/** Of a file of which nothing is known. */
export function emptyIndex(): Index {
  const state = { unreachable: 0, end: 0, lines: 0, isOpen: false, fence: "", size: 0, inode: -1, modified: 0 };
  return { positions: positionTable(), reported: new Set(), ...state };
}

/** A file of the same size with another time was edited in place; one that shrank was cut or written anew. */
export function isSameFile(index: Index, stats: Stats): boolean {
  if (stats.ino !== index.inode || stats.size < index.size) return false;
  return stats.size > index.size || stats.mtimeMs === index.modified;
}

const FENCE_LENGTH = 64;

/** The bytes before a place in the file. */
export function fenceOf(file: number, end: number): string {
  const start = Math.max(0, end - FENCE_LENGTH);
  return String.fromCharCode(...bytesAt(file, { start, length: end - start }));
}

const LINE_FEED = 0x0a;
/** How many bad lines are named. */
const NAMED_BAD_LINES = 10;

/** Adds the lines from `index.end` on. @returns Those that are no entries. */
export function readLines(file: number, index: Index, size: number): BadLines {
  const first: BadLine[] = [];
  let count = 0;
  let start = index.end;
  for (const { block, at } of blocksOf(file, index.end, size)) {
    for (let lf = block.indexOf(LINE_FEED); lf !== -1; lf = block.indexOf(LINE_FEED, lf + 1)) {
      const position = { start, length: at + lf - start };
      const problem = start < at
        ? addLine(file, index, position, edgesOf(file, position), 0)
        : addLine(file, index, position, block, start - at);
      start = at + lf + 1;
      if (problem === undefined) continue;
      if (count++ < NAMED_BAD_LINES) first.push({ line: index.lines, reason: problem });
    }
  }
  index.end = start;
  addOpenLine(file, index, { start, length: size - start });
  index.fence = fenceOf(file, index.end);
  return { first, count };
}

/** The number of the line that starts at a place, from 1 on. */
export function lineNumber(file: number, start: number): number {
  let line = 1;
  for (const { block } of blocksOf(file, 0, start)) {
    for (let lf = block.indexOf(LINE_FEED); lf !== -1; lf = block.indexOf(LINE_FEED, lf + 1)) line++;
  }
  return line;
}

/** Where the lines of a part of a file are, one after the other; the last one may lack its line feed. */
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

/** Reads a part of a file block by block, into the same memory again and again. */
function* blocksOf(file: number, from: number, to: number): Generator<{ block: Uint8Array; at: number }> {
  const memory = emptyBlock(to - from);
  for (let at = from; at < to;) {
    const block = fillBlock(file, at, memory.subarray(0, to - at));
    if (block.length === 0) return; // the file was cut meanwhile
    yield { block, at };
    at += block.length;
  }
}

const BRACE = 0x7d;
const CARRIAGE_RETURN = 0x0d;

/**
 * Adds a line to the index.
 *
 * @param bytes Have the first bytes of the line from `at` on, and its last ones where they end, or behind `length`.
 * @returns Why it is no entry, if it is none.
 */
function addLine(file: number, index: Index, position: Position, bytes: Uint8Array, at: number): string | undefined {
  const { start, length } = position;
  if (length === 0 && index.isOpen) {
    index.isOpen = false;
    return undefined;
  }
  index.lines++;
  const end = Math.min(at + length, bytes.length);
  const last = bytes[end - 1] === CARRIAGE_RETURN ? bytes[end - 2] : bytes[end - 1];
  const key = length > EDGE_LENGTH && last === BRACE ? keyAtStart(bytes, at) : -1;
  if (key !== -1 && length <= LONGEST_LINE) {
    index.positions.add(key, start, length);
    return undefined;
  }
  const entry = entryAt(file, position);
  if (typeof entry === "string") return entry;
  addEntry(index, entry, position);
  return undefined;
}

function addEntry(index: Index, { key }: Entry, { start, length }: Position): void {
  const number = keyNumber(key);
  if (number === undefined) index.unreachable++;
  else index.positions.add(number, start, length);
}

/** A last line without a line feed counts if it is whole; otherwise somebody may still be writing it. */
function addOpenLine(file: number, index: Index, position: Position): void {
  if (position.length === 0 || index.isOpen) return;
  const entry = entryAt(file, position);
  if (typeof entry === "string") return;
  addEntry(index, entry, position);
  index.end += position.length;
  index.lines++;
  index.isOpen = true;
}

const EDGE_LENGTH = 24;

/** The first and the last bytes of a line that does not stand in one block. */
function edgesOf(file: number, { start, length }: Position): Uint8Array {
  if (length <= 2 * EDGE_LENGTH) return bytesAt(file, { start, length });
  const edges = new Uint8Array(2 * EDGE_LENGTH);
  edges.set(bytesAt(file, { start, length: EDGE_LENGTH }));
  edges.set(bytesAt(file, { start: start + length - EDGE_LENGTH, length: EDGE_LENGTH }), EDGE_LENGTH);
  return edges;
}

/** Longer texts are no strings on some runtimes. In bytes. */
const LONGEST_LINE = 2 ** 29 - 25;

/** It drops the byte order mark that some editors put before the first line. */
const decoder = new TextDecoder("utf-8", { fatal: true });
/** For the edges, which may cut a character in two. */
const lenientDecoder = new TextDecoder();

/** The entry in a line, or why it is none. */
export function entryAt(file: number, position: Position): Entry | string {
  if (position.length > 2 * EDGE_LENGTH) {
    // Without both braces it is no entry, which is seen without reading 100 MB of something else.
    const edges = lenientDecoder.decode(edgesOf(file, position));
    if (!/^\s*\{[^]*\}\s*$/.test(edges)) return parseEdges(edges);
  }
  if (position.length > LONGEST_LINE) return `longer than ${LONGEST_LINE} bytes`;
  const bytes = bytesAt(file, position);
  let line: string;
  try {
    line = decoder.decode(bytes);
  } catch {
    return "not UTF-8";
  }
  return parseEntry(line);
}

function parseEdges(edges: string): string {
  const reason = parseEntry(edges);
  return typeof reason === "string" ? reason : "not JSON";
}
