import { createHash } from "node:crypto";
import { closeSync, fstatSync, statSync } from "node:fs";
import { requireGranted } from "../../lib/environment.ts";
import { messageOf } from "../../lib/errors.ts";
import { type Entry, LONGEST_LINE } from "../../store/entry.ts";
import { isNewest } from "../../store/jsonl/compact.ts";
import { bytesAt, lineAppender, openIfExists, type Position, withCure } from "../../store/jsonl/file.ts";
import { emptyIndex, type Index, linesOf, readLines, timeOf } from "../../store/jsonl/index.ts";
import { entryAt, isKeptForOthers, keyNumber, lineAt } from "../../store/jsonl/line.ts";
import { jsonlStore } from "../../store/jsonl/store.ts";
import { bareLine } from "../../store/jsonl/write_lines.ts";
import { CommandError } from "../app/command.ts";
import { everyMegabyte, type OnProgress } from "../app/progress.ts";
import { noFileReason, type RecordedFile, withFile } from "../file/recorded_file.ts";

/** The result of a merge. */
export interface MergeReport {
  /** In the order of the arguments. */
  readonly files: readonly MergedFile[];
}

/**
 * Adds the entries of other files. Of two recordings of a digest, the newer one is used. If one of them has no time, the
 * one in `path` is used. If another file contains a digest several times, its newest recording is used.
 *
 * Lines are appended unchanged, except for a byte order mark and carriage returns. Other processes may record meanwhile
 * and lose nothing. If one records a digest in the microseconds between lookup and append, the appended line is used.
 * After an error, appended lines stay, and a second merge adds the rest.
 *
 * @param path The target file. If there is something to add, it is created, with its folder.
 * @param others The files to add. They are only read.
 * @throws {CommandError} If one of `others` does not exist, is not a regular file, or is `path`. Nothing is changed then.
 * @throws {CommandError} If `path` cannot be read or written.
 */
export async function mergeFiles(
  path: string,
  others: readonly string[],
  { onProgress }: { readonly onProgress?: OnProgress } = {},
): Promise<MergeReport> {
  requireGranted("read", path);
  const own = statSync(path, { throwIfNoEntry: false });
  const problem = own && noFileReason(own);
  if (problem !== undefined) throw new CommandError(`Cannot merge into ${path}: ${problem}.`);
  if (own) await withFile(path, () => {}); // throws if it is no recording
  const sizes = others.map((other) => sizeOf(path, other));
  const progress = everyMegabyte(onProgress, sizes.reduce((total, size) => total + size, 0));
  const target = mergeTarget(path);
  const files: MergedFile[] = [];
  let before = 0;
  for (const [at, other] of others.entries()) {
    files.push(await withFile(other, (file) => mergeFile(target, file, (done) => progress(before + done))));
    before += sizes[at] as number;
  }
  return { files };
}

/** The size of another file, in bytes. */
function sizeOf(path: string, other: string): number {
  requireGranted("read", other);
  const [stats, own] = [statSync(other, { throwIfNoEntry: false }), statSync(path, { throwIfNoEntry: false })];
  const problem = !stats
    ? "there is no such file. Check the path"
    : noFileReason(stats) !== undefined
    ? noFileReason(stats)
    : own && own.ino === stats.ino && own.dev === stats.dev
    ? "it is the target file. Name another file"
    : undefined;
  if (problem !== undefined) throw new CommandError(`Cannot merge ${other}: ${problem}.`);
  return stats?.size ?? 0;
}

/** The file that receives the entries. */
export interface MergeTarget {
  readonly path: string;
  /** The entry of the same digest that is used now. */
  find(entry: Entry): Entry | undefined;
  /** @param line Without its line feed. */
  append(line: string): void;
}

/** Makes a merge target of a path. The file need not exist. */
function mergeTarget(path: string): MergeTarget {
  for (const access of ["read", "write"] as const) explainFailure(path, () => requireGranted(access, path));
  const store = jsonlStore(path);
  store.warnTo?.(() => {}); // damaged lines stay in the file, so a warning is not needed
  const appendLine = lineAppender(path);
  return {
    path,
    find(entry) {
      const there = explainFailure(path, () => store.find(entry.key, entry.sha256) as Entry | undefined);
      return there?.sha256 === entry.sha256 ? there : undefined;
    },
    append: (line) => explainFailure(path, () => appendLine(`${line}\n`)),
  };
}

function explainFailure<Result>(path: string, use: () => Result): Result {
  try {
    return use();
  } catch (error) {
    throw new CommandError(`Cannot merge into ${path}: ${messageOf(withCure(error))}`, { cause: error });
  }
}

/** The counts of one file. */
export interface MergedFile {
  readonly path: string;
  /** Entries with new digests, and lines that only a newer version or pycachy can use. */
  readonly added: number;
  /** Entries that are newer than those of the target. */
  readonly replaced: number;
  /** Lines that the target contains, entries that are not newer, and entries that their own file has replaced. */
  readonly skipped: number;
  /** Lines that are not entries. */
  readonly damaged: number;
}

type Fate = "added" | "replaced" | "skipped" | "damaged" | "compared";

/**
 * Appends the entries of a file that the target does not contain.
 *
 * @param progress Receives the position in the file, in bytes.
 */
function mergeFile(
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
  if (keyNumber(entry.key) === undefined) return "compared"; // find() cannot look it up
  if (!isNewest(file, position, entry, index)) return "skipped";
  const there = target.find(entry);
  if (there === undefined) return "added";
  return isNewer(entry, there) ? "replaced" : "skipped";
}

function isNewer(entry: Entry, there: Entry): boolean {
  const [time, timeThere] = [timeOf(entry), timeOf(there)];
  return timeThere !== "" && time > timeThere;
}

/** A readable line without byte order mark and carriage returns. */
function textAt(file: number, position: Position): string {
  return (lineAt(file, position) as string).replace(/\r+$/, "");
}

/** Appends lines whose bytes the target does not contain. Their recordings cannot be compared. @returns How many. */
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
