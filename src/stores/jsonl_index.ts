import type { Stats } from "node:fs";
import { concatBytes } from "../bytes.ts";
import { type Entry, parseEntry } from "../entry.ts";
import { bytesAt, type Position } from "./file.ts";

/** A line that is no entry. */
export interface BadLine {
  /** Its number, from 1 on. */
  readonly line: number;
  readonly reason: string;
}

/** What is known of the file. The entries stay on disk. */
export interface Index {
  /** By key, oldest first. */
  readonly positions: Map<string, Position[]>;
  readonly reported: Set<number>;
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
  const state = {
    end: 0,
    lines: 0,
    isOpen: false,
    fence: "",
    size: 0,
    inode: -1,
    modified: 0,
  };
  return { positions: new Map(), reported: new Set(), ...state };
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

const BLOCK_LENGTH = 1 << 20;
const LINE_FEED = 0x0a;

/** Adds the lines from `index.end` on. @returns Those that are no entries. */
export function readLines(file: number, index: Index, size: number): BadLine[] {
  const bad: BadLine[] = [];
  let start = index.end;
  for (let at = index.end; at < size; at += BLOCK_LENGTH) {
    const block = bytesAt(file, { start: at, length: Math.min(BLOCK_LENGTH, size - at) });
    for (let lf = block.indexOf(LINE_FEED); lf !== -1; lf = block.indexOf(LINE_FEED, lf + 1)) {
      const position = { start, length: at + lf - start };
      const edges = start < at ? edgesOf(file, position) : block.subarray(start - at, lf);
      start = at + lf + 1;
      if (index.isOpen && position.length === 0) index.isOpen = false;
      else bad.push(...addLine(file, index, position, edges));
    }
  }
  index.end = start;
  addOpenLine(file, index, { start, length: size - start });
  index.fence = fenceOf(file, index.end);
  return bad;
}

/** A last line without a line feed counts if it is whole; otherwise somebody may still be writing it. */
function addOpenLine(file: number, index: Index, position: Position): void {
  if (position.length === 0) return;
  const entry = entryAt(file, position);
  if (typeof entry === "string") return;
  addPosition(index, entry.key, position);
  index.end += position.length;
  index.lines++;
  index.isOpen = true;
}

/** How lines begin that were written by us or by pycachy: their key is known without parsing them. */
const LINE_START = /^\{"key": ?"([0-9a-f]{8})"/;
const EDGE_LENGTH = 24;

function addLine(file: number, index: Index, position: Position, edges: Uint8Array): BadLine[] {
  index.lines++;
  const start = LINE_START.exec(String.fromCharCode(...edges.subarray(0, EDGE_LENGTH)));
  if (start?.[1] !== undefined && edges.at(-1) === 0x7d) {
    addPosition(index, start[1], position);
    return [];
  }
  const entry = entryAt(file, position);
  if (typeof entry === "string") return [{ line: index.lines, reason: entry }];
  addPosition(index, entry.key, position);
  return [];
}

function addPosition({ positions }: Index, key: string, position: Position): void {
  const sameKey = positions.get(key);
  if (sameKey) sameKey.push(position);
  else positions.set(key, [position]);
}

/** The first and the last bytes of a line that does not stand in one block. */
function edgesOf(file: number, { start, length }: Position): Uint8Array {
  if (length <= 2 * EDGE_LENGTH) return bytesAt(file, { start, length });
  const last = { start: start + length - EDGE_LENGTH, length: EDGE_LENGTH };
  return concatBytes([bytesAt(file, { start, length: EDGE_LENGTH }), bytesAt(file, last)]);
}

/** It drops the byte order mark that some editors put before the first line. */
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The entry in a line, or why it is none. */
export function entryAt(file: number, position: Position): Entry | string {
  const bytes = bytesAt(file, position);
  let line: string;
  try {
    line = decoder.decode(bytes);
  } catch {
    return "not UTF-8";
  }
  return parseEntry(line);
}

/** The number of the line that starts at a place, from 1 on. */
export function lineNumber(file: number, start: number): number {
  let line = 1;
  for (let at = 0; at < start; at += BLOCK_LENGTH) {
    const block = bytesAt(file, { start: at, length: Math.min(BLOCK_LENGTH, start - at) });
    for (let lf = block.indexOf(LINE_FEED); lf !== -1; lf = block.indexOf(LINE_FEED, lf + 1)) line++;
  }
  return line;
}
