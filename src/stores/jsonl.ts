import { closeSync, fstatSync, mkdirSync, openSync, readSync, type Stats, writeSync } from "node:fs";
import { dirname } from "node:path";
import { concatBytes, utf8 } from "../bytes.ts";
import { type Entry, formatEntry, parseEntry } from "../entry.ts";
import { requireGranted } from "../permissions.ts";
import type { Store } from "./store.ts";

/**
 * A store in a JSON Lines file: one entry a line, appended; the last line of a digest counts.
 *
 * What other processes append is seen, and a file that was replaced or deleted is read anew. Lines that are no entries
 * are skipped and reported. Everything is synchronous: it takes microseconds, and a line that is written before the
 * caller goes on is not lost, even if the caller then ends the process.
 *
 * @param path The file. It is created, with its folder, by the first append.
 * @param warn Is told of lines that were skipped.
 */
export function jsonlStore(path: string, warn: (message: string) => void): Store {
  let index = emptyIndex();
  let isReadGranted = false;

  const report = (bad: readonly BadLine[]) => {
    const fresh = bad.filter(({ line }) => !index.reported.has(line));
    for (const { line } of fresh) index.reported.add(line);
    if (fresh.length) warn(badLinesMessage(path, fresh));
  };
  const refresh = (file: number) => {
    const stats = fstatSync(file);
    const isGrown = stats.size > index.size;
    if (!isSameFile(index, stats) || (isGrown && fenceOf(file, index.end) !== index.fence)) index = emptyIndex();
    if (stats.size > index.size) report(readLines(file, index, stats.size));
    Object.assign(index, { size: stats.size, inode: stats.ino, modified: stats.mtimeMs });
  };
  const read = (file: number, key: string, sha256: string | undefined): Entry | undefined => {
    let withoutDigest: Entry | undefined;
    for (const position of (index.positions.get(key) ?? []).toReversed()) {
      const entry = entryAt(file, position);
      if (typeof entry === "string") {
        report([{ line: lineNumber(file, position.start), reason: entry }]);
      } else if (entry.key !== key) continue;
      else if (entry.sha256 === undefined) withoutDigest ??= entry;
      else if (entry.sha256 === sha256) return entry;
    }
    return withoutDigest;
  };

  return {
    name: path,
    get size() {
      return [...index.positions.values()].reduce((sum, positions) => sum + positions.length, 0);
    },
    find(key, sha256) {
      if (!isReadGranted) requireGranted("read", path);
      isReadGranted = true;
      const file = openIfExists(path);
      if (file === undefined) {
        index = emptyIndex();
        return undefined;
      }
      try {
        refresh(file);
        return read(file, key, sha256);
      } finally {
        closeSync(file);
      }
    },
    append(entry) {
      requireGranted("write", path);
      const line = formatEntry(entry);
      const file = openToAppend(path);
      try {
        writeWhole(file, utf8(isTorn(file) ? `\n${line}` : line));
      } finally {
        closeSync(file);
      }
    },
  };
}

/** Where a line stands in the file, in bytes, without its line feed. */
interface Position {
  readonly start: number;
  readonly length: number;
}

/** A line that is no entry. */
interface BadLine {
  /** Its number, from 1 on. */
  readonly line: number;
  readonly reason: string;
}

/** What is known of the file. The entries stay on disk. */
interface Index {
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

function emptyIndex(): Index {
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
function isSameFile(index: Index, stats: Stats): boolean {
  if (stats.ino !== index.inode || stats.size < index.size) return false;
  return stats.size > index.size || stats.mtimeMs === index.modified;
}

const FENCE_LENGTH = 64;

function fenceOf(file: number, end: number): string {
  const start = Math.max(0, end - FENCE_LENGTH);
  return String.fromCharCode(...bytesAt(file, { start, length: end - start }));
}

const BLOCK_LENGTH = 1 << 20;
const LINE_FEED = 0x0a;

/** Adds the lines from `index.end` on. @returns Those that are no entries. */
function readLines(file: number, index: Index, size: number): BadLine[] {
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
function entryAt(file: number, position: Position): Entry | string {
  const bytes = bytesAt(file, position);
  let line: string;
  try {
    line = decoder.decode(bytes);
  } catch {
    return "not UTF-8";
  }
  return parseEntry(line);
}

function bytesAt(file: number, { start, length }: Position): Uint8Array {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(file, bytes, filled, length - filled, start + filled);
    if (count === 0) return bytes.subarray(0, filled); // the file was cut meanwhile
    filled += count;
  }
  return bytes;
}

function lineNumber(file: number, start: number): number {
  let line = 1;
  for (let at = 0; at < start; at += BLOCK_LENGTH) {
    const block = bytesAt(file, { start: at, length: Math.min(BLOCK_LENGTH, start - at) });
    for (let lf = block.indexOf(LINE_FEED); lf !== -1; lf = block.indexOf(LINE_FEED, lf + 1)) line++;
  }
  return line;
}

const SHOWN_BAD_LINES = 10;

function badLinesMessage(path: string, bad: readonly BadLine[]): string {
  const shown = bad.slice(0, SHOWN_BAD_LINES).map(({ line, reason }) => `line ${line} (${reason})`);
  const more = bad.length > SHOWN_BAD_LINES ? ` and ${bad.length - SHOWN_BAD_LINES} more` : "";
  return `Skipped what is no entry in ${path}: ${shown.join(", ")}${more}. ` +
    `The other entries are used; delete these lines to silence this.`;
}

function openIfExists(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Also for reading, to see whether the last line is whole. */
function openToAppend(path: string): number {
  try {
    return openSync(path, "a+");
  } catch (error) {
    if (!isMissing(error)) throw error;
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, "a+");
  }
}

function isMissing(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "ENOENT";
}

const TORN_CHECKS = 10;
const TORN_PAUSE_MS = 2;

/**
 * Whether a process was killed in the middle of its line. One that is still writing looks the same for an instant, so
 * this is asked more than once.
 */
function isTorn(file: number): boolean {
  for (let check = 0; check < TORN_CHECKS; check++) {
    if (check > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TORN_PAUSE_MS);
    if (endsInLineFeed(file)) return false;
  }
  return true;
}

function endsInLineFeed(file: number): boolean {
  const { size } = fstatSync(file);
  return size === 0 || bytesAt(file, { start: size - 1, length: 1 })[0] === LINE_FEED;
}

/** One write; a second one only if the disk took less, to learn what is wrong with it. */
function writeWhole(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.byteLength;) {
    written += writeSync(file, bytes, written, bytes.byteLength - written);
  }
}
