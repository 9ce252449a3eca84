import type { Entry } from "../entry.ts";
import { bytesAt, type Position } from "./file.ts";
import { countingPositions, emptyIndex, type Index, linesOf, readLines } from "./index.ts";
import { entryAt, keyForOthers, keyNumber } from "./line.ts";
import { rewriteFile, type Rewritten } from "./rewrite.ts";
import { bareLine, lineWriter } from "./write_lines.ts";

/** What became of a file that was compacted. */
export interface CompactReport {
  /** Lines that stayed. */
  readonly kept: number;
  /** Lines that a newer line of the same digest had replaced. */
  readonly replaced: number;
  /** Lines that were no entries: torn, blank, git conflict markers, of another shape. */
  readonly damaged: number;
  /** The size of the file before, in bytes. */
  readonly bytesBefore: number;
  /** The size of the new file, in bytes; without what others appended meanwhile. */
  readonly bytesAfter: number;
}

/** Compacts the file at a path, telling how far it is. */
export function compactAt(path: string, { sort, onProgress }: Omit<KeptOptions, "size">): CompactReport {
  return rewriteFile(path, {
    verb: "compact",
    keepsOld: true,
    write: (old, target, size) => writeCompact(old, target, { size, sort, onProgress }),
  });
}

function writeCompact(old: number, target: number, options: KeptOptions): Rewritten<CompactReport> {
  const { size, sort } = options;
  const index = emptyIndex();
  readLines(old, index, size);
  const report = writeKept(old, target, index, options);
  const lineFeed = index.open ? 1 : 0; // that the last line lacked
  const isChanged = sort || report.bytesAfter !== size + lineFeed;
  return { report: isChanged ? report : { ...report, bytesAfter: size }, end: size, isChanged };
}

/** Which lines are copied, and how. */
export interface KeptOptions {
  /** Up to where to read the file, in bytes: a last line that is not in the index may lack its line feed. */
  readonly size: number;
  /** Whether to sort the lines by key. */
  readonly sort: boolean;
  /** Is told after each line how much of the file is done, in bytes. Lines that are sorted are gone through twice. */
  onProgress(done: number, total: number): void;
}

/**
 * Copies the lines that count.
 *
 * @param index What is known of the old file.
 */
export function writeKept(old: number, target: number, index: Index, options: KeptOptions): CompactReport {
  const { size, sort, onProgress } = options;
  const counts = { kept: 0, replaced: 0, damaged: 0 };
  const writer = lineWriter(target);
  const sorted: KeyedPosition[] = [];
  for (const position of linesOf(old, 0, size)) {
    const { fate, key } = judgeLine(old, position, index);
    counts[fate]++;
    if (fate === "kept" && sort) sorted.push({ key, position });
    else if (fate === "kept") writer.write(bareLine(bytesAt(old, position)));
    const done = Math.min(position.start + position.length + 1, size);
    onProgress(sort ? done / 2 : done, size);
  }
  sorted.sort((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : a.position.start - b.position.start);
  for (const [at, { position }] of sorted.entries()) {
    writer.write(bareLine(bytesAt(old, position)));
    onProgress(size / 2 * (1 + (at + 1) / sorted.length), size);
  }
  return { ...counts, bytesBefore: size, bytesAfter: writer.end() };
}

interface KeyedPosition {
  readonly key: string;
  readonly position: Position;
}

interface Judgement {
  readonly fate: "kept" | "replaced" | "damaged";
  readonly key: string;
}

function judgeLine(file: number, position: Position, index: Index): Judgement {
  const entry = entryAt(file, position);
  if (typeof entry === "string") {
    const key = keyForOthers(file, position);
    return key === undefined ? { fate: "damaged", key: "" } : { fate: "kept", key };
  }
  return { fate: isNewest(file, position, entry, index) ? "kept" : "replaced", key: entry.key };
}

/** Whether no other line of the same digest counts instead. */
export function isNewest(file: number, { start }: Position, { key }: Entry, index: Index): boolean {
  const number = keyNumber(key);
  return number === undefined || countingPositions(file, index, number).some((position) => position.start === start);
}
