import { createHash } from "node:crypto";
import { closeSync, fstatSync } from "node:fs";
import type { Entry } from "../../store/entry.ts";
import { timeOf } from "../../store/jsonl/rewrite.ts";
import { entryAt, isKeptForOthers, keyNumber, lineAt, LONGEST_LINE } from "../../store/jsonl/line.ts";
import { bytesAt, openIfExists, type Position } from "../../store/jsonl/file.ts";
import { emptyIndex, type Index, linesOf, readLines } from "../../store/jsonl/index.ts";
import { isNewest } from "../../store/jsonl/compact.ts";
import { bareLine } from "../../store/jsonl/write_lines.ts";
import type { MergeTarget } from "./merge_target.ts";
import type { RecordedFile } from "../file/recorded_file.ts";

/** What became of the lines of another file. */
export interface MergedFile {
  readonly path: string;
  /** Entries of digests that were not there, and lines that only a newer version or pycachy answers from. */
  readonly added: number;
  /** Entries that are newer than what was there of their digests, and count from now on. */
  readonly replaced: number;
  /** Lines that were there, entries that are not newer, and those that the other file itself has replaced. */
  readonly skipped: number;
  /** Lines that are no entries. */
  readonly damaged: number;
}

type Fate = "added" | "replaced" | "skipped" | "damaged" | "compared";

/**
 * Appends what another file has, and a target has not.
 *
 * @param progress Is told up to where the other file is done, in bytes.
 */
export function mergeFile(
  target: MergeTarget,
  { path, descriptor, size }: RecordedFile,
  progress: (done: number) => void,
): MergedFile {
  const counts = { added: 0, replaced: 0, skipped: 0, damaged: 0, compared: 0 };
  const index = emptyIndex();
  readLines(descriptor, index, size);
  const compared: Position[] = [];
  for (const position of linesOf(descriptor, 0, size)) {
    const fate = fateOf(target, descriptor, position, index);
    counts[fate]++;
    if (fate === "added" || fate === "replaced") target.append(textAt(descriptor, position));
    if (fate === "compared") compared.push(position);
    progress(Math.min(position.start + position.length + 1, size));
  }
  const added = addUnlessThere(target, descriptor, compared);
  return {
    path,
    added: counts.added + added,
    replaced: counts.replaced,
    skipped: counts.skipped + compared.length - added,
    damaged: counts.damaged,
  };
}

function fateOf(target: MergeTarget, file: number, position: Position, index: Index): Fate {
  const entry = entryAt(file, position);
  if (typeof entry === "string") return isKeptForOthers(file, position) ? "compared" : "damaged";
  if (keyNumber(entry.key) === undefined) return "compared"; // nobody can look for it
  if (!isNewest(file, position, entry, index)) return "skipped";
  const there = target.find(entry);
  if (there === undefined) return "added";
  return isNewer(entry, there) ? "replaced" : "skipped";
}

function isNewer(entry: Entry, there: Entry): boolean {
  const [time, timeThere] = [timeOf(entry), timeOf(there)];
  return timeThere !== "" && time > timeThere;
}

/** A line as it stands, but for a byte order mark and carriage returns. Only called for lines that can be read. */
function textAt(file: number, position: Position): string {
  return (lineAt(file, position) as string).replace(/\r+$/, "");
}

/** Lines of which nobody knows which one counts: each that is not there is added. @returns How many. */
function addUnlessThere(target: MergeTarget, file: number, positions: readonly Position[]): number {
  const missing = new Map(positions.map((position) => [hashAt(file, position), position]));
  const own = missing.size ? openIfExists(target.path) : undefined;
  if (own !== undefined) {
    try {
      for (const position of linesOf(own, 0, fstatSync(own).size)) {
        if (position.length <= LONGEST_LINE) missing.delete(hashAt(own, position));
      }
    } finally {
      closeSync(own);
    }
  }
  for (const position of missing.values()) target.append(textAt(file, position));
  return missing.size;
}

function hashAt(file: number, position: Position): string {
  return createHash("sha256").update(bareLine(bytesAt(file, position))).digest("base64");
}
