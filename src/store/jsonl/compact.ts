import type { Entry } from "../entry.ts";
import { bytesAt, type Position } from "./file.ts";
import { emptyIndex, type Index, linesOf, readLines } from "./index.ts";
import { entryAt, isKeptForOthers, keyNumber } from "./line.ts";
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

/** Is told after each line how much of the file is done, in bytes. */
type OnProgress = (done: number, total: number) => void;

/** Compacts the file at a path, telling how far it is. */
export function compactAt(path: string, onProgress: OnProgress): CompactReport {
  return rewriteFile(path, {
    verb: "compact",
    keepsOld: true,
    write: (old, target, size) => writeCompact(old, target, size, onProgress),
  });
}

function writeCompact(old: number, target: number, size: number, onProgress: OnProgress): Rewritten<CompactReport> {
  const index = emptyIndex();
  readLines(old, index, size);
  const counts = { kept: 0, replaced: 0, damaged: 0 };
  const writer = lineWriter(target);
  for (const position of linesOf(old, 0, size)) {
    const fate = fateOf(old, position, index);
    counts[fate]++;
    if (fate === "kept") writer.write(bareLine(bytesAt(old, position)));
    onProgress(Math.min(position.start + position.length + 1, size), size);
  }
  const written = writer.end();
  const lineFeed = index.open ? 1 : 0; // that the last line lacked
  const isChanged = written !== size + lineFeed;
  return { report: { ...counts, bytesBefore: size, bytesAfter: isChanged ? written : size }, end: size, isChanged };
}

function fateOf(file: number, position: Position, index: Index): "kept" | "replaced" | "damaged" {
  const entry = entryAt(file, position);
  if (typeof entry === "string") return isKeptForOthers(file, position) ? "kept" : "damaged";
  return isNewest(file, position, entry, index) ? "kept" : "replaced";
}

/** Whether no later line is of the same digest. */
export function isNewest(file: number, { start }: Position, { key, sha256 }: Entry, { positions }: Index): boolean {
  const number = keyNumber(key);
  for (const newer of number === undefined ? [] : positions.positionsOf(number)) {
    if (newer.start <= start) return true;
    const entry = entryAt(file, newer);
    if (typeof entry !== "string" && entry.key === key && entry.sha256 === sha256) return false;
  }
  return true;
}
