import { Buffer } from "node:buffer";
import { utf8 } from "../../lib/bytes.ts";
import type { Entry } from "../entry.ts";
import { bytesAt, type Position } from "./file.ts";
import { emptyIndex, type Index, linesOf, newestPositions, readLines } from "./index.ts";
import { entryAt, keyForOthers, keyNumber } from "./line.ts";
import { rewriteFile, type Rewritten } from "./rewrite.ts";
import { bareLine, lineWriter } from "./write_lines.ts";

/** The result of compacting a file. */
export interface CompactReport {
  /** The number of lines in the new file. */
  readonly kept: number;
  /** The number of removed lines for whose digest there is a newer line. */
  readonly replaced: number;
  /** The number of removed lines that were not entries: torn or blank lines, git conflict markers, other JSON. */
  readonly damaged: number;
  /** The size of the old file, in bytes. */
  readonly bytesBefore: number;
  /** The size of the new file, in bytes, without lines that other processes appended meanwhile. */
  readonly bytesAfter: number;
}

/** Compacts the file at a path, and reports its progress. */
export function compactAt(path: string, { sort, onProgress }: Omit<KeptOptions, "size">): CompactReport {
  return rewriteFile(path, {
    verb: "compact",
    keepsOld: true,
    write: (old, target, size) => writeCompact(old, target, { size, sort, onProgress }),
  });
}

const NO_RECORDING = "it is not a recording, because no line is an entry. Name a cachy.jsonl";

function writeCompact(old: number, target: number, options: KeptOptions): Rewritten<CompactReport> {
  const { size, sort } = options;
  const index = emptyIndex();
  readLines(old, index, size);
  const report = writeKept(old, target, index, options);
  if (report.damaged > 0 && report.kept + report.replaced === 0) throw new Error(NO_RECORDING);
  const lineFeed = index.open ? 1 : 0; // the missing line feed of the last line
  const isChanged = sort || report.bytesAfter !== size + lineFeed;
  return { report: isChanged ? report : { ...report, bytesAfter: size }, end: size, isChanged };
}

/** Options of copying lines. */
export interface KeptOptions {
  /** The end of the lines to copy, in bytes. It includes a last line without a line feed. */
  readonly size: number;
  /** Whether to sort the lines by response, then by key, as pycachy does. */
  readonly sort: boolean;
  /** Called after each line with the progress in bytes. With `sort`, there are two passes. */
  onProgress(done: number, total: number): void;
}

/**
 * Copies all lines that are neither replaced nor damaged.
 *
 * @param index The index of the old file.
 */
export function writeKept(old: number, target: number, index: Index, options: KeptOptions): CompactReport {
  const { size, sort, onProgress } = options;
  const counts = { kept: 0, replaced: 0, damaged: 0 };
  const writer = lineWriter(target);
  const sorted: SortedLine[] = [];
  for (const position of linesOf(old, 0, size)) {
    const { state, key, response } = classifyLine(old, position, index);
    counts[state]++;
    if (state === "kept" && sort) sorted.push({ key, start: startOf(response), position });
    else if (state === "kept") writer.write(bareLine(bytesAt(old, position)));
    const done = Math.min(position.start + position.length + 1, size);
    onProgress(sort ? done / 2 : done, size);
  }
  sorted.sort((a, b) => compareLines(old, a, b));
  for (const [at, { position }] of sorted.entries()) {
    writer.write(bareLine(bytesAt(old, position)));
    onProgress(size / 2 * (1 + (at + 1) / sorted.length), size);
  }
  return { ...counts, bytesBefore: size, bytesAfter: writer.end() };
}

/** A line to sort. Whole responses of a large file do not fit into memory. */
interface SortedLine {
  readonly key: string;
  /** The first characters of the response, as UTF-8: its bytes have the order of code points. */
  readonly start: Uint8Array;
  readonly position: Position;
}

const START_LENGTH = 32;

function startOf(response: string): Uint8Array {
  const splitsPair = /[\ud800-\udbff]/.test(response[START_LENGTH - 1] ?? "");
  return utf8(response.slice(0, splitsPair ? START_LENGTH + 1 : START_LENGTH));
}

function compareLines(file: number, a: SortedLine, b: SortedLine): number {
  const responseOf = ({ position }: SortedLine) => {
    const entry = entryAt(file, position);
    return utf8(typeof entry === "string" ? "" : entry.response);
  };
  const byKey = a.key < b.key ? -1 : a.key > b.key ? 1 : a.position.start - b.position.start;
  return Buffer.compare(a.start, b.start) || Buffer.compare(responseOf(a), responseOf(b)) || byKey;
}

interface ClassifiedLine {
  readonly state: "kept" | "replaced" | "damaged";
  readonly key: string;
  readonly response: string;
}

function classifyLine(file: number, position: Position, index: Index): ClassifiedLine {
  const entry = entryAt(file, position);
  if (typeof entry === "string") {
    const key = keyForOthers(file, position);
    return { state: key === undefined ? "damaged" : "kept", key: key ?? "", response: "" };
  }
  const { key, response } = entry;
  return { state: isNewest(file, position, entry, index) ? "kept" : "replaced", key, response };
}

/** Whether the entry is the newest recording of its digest. */
export function isNewest(file: number, { start }: Position, { key }: Entry, index: Index): boolean {
  const number = keyNumber(key);
  return number === undefined || newestPositions(file, index, number).some((position) => position.start === start);
}
