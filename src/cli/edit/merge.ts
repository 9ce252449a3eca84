import { createHash } from "node:crypto";
import { closeSync, fstatSync, statSync } from "node:fs";
import { requireGranted } from "../../lib/environment.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Entry } from "../../store/entry.ts";
import { isNewest } from "../../store/jsonl/compact.ts";
import { bytesAt, lineAppender, openIfExists, type Position, withCure } from "../../store/jsonl/file.ts";
import { emptyIndex, type Index, linesOf, readLines, timeOf } from "../../store/jsonl/index.ts";
import { entryAt, isKeptForOthers, keyNumber, lineAt, LONGEST_LINE } from "../../store/jsonl/line.ts";
import { jsonlStore } from "../../store/jsonl/store.ts";
import { bareLine } from "../../store/jsonl/write_lines.ts";
import { CommandError } from "../app/command.ts";
import { everyMegabyte, type OnProgress } from "../app/progress.ts";
import { noFileReason, type RecordedFile, withFile } from "../file/recorded_file.ts";

/** What became of the lines of the other files. */
export interface MergeReport {
  /** In the order in which they were named. */
  readonly files: readonly MergedFile[];
}

/**
 * Adds what other files hold. Of two recordings of a digest the newer one counts; if one of them does not say when it
 * was recorded, that in `path` does. Of a file's own lines of a digest the one that counts there is taken.
 *
 * Lines are appended as they are, but for a byte order mark and carriage returns. Others may record into the file
 * meanwhile, and lose nothing; if they record a digest between the microseconds in which it is looked for and appended,
 * the appended answer counts. What was appended before an error stays, and merging again goes on from there.
 *
 * @param path The file that is added to. It is created, with its folder, if there is something to add.
 * @param others Other files, which are read only.
 * @throws {CommandError} If one of the others does not exist, is a folder, or is `path` itself; nothing is changed then.
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
    ? "there is no such file. Check its path"
    : noFileReason(stats) !== undefined
    ? noFileReason(stats)
    : own && own.ino === stats.ino && own.dev === stats.dev
    ? "it is the file that is merged into. Name another one"
    : undefined;
  if (problem !== undefined) throw new CommandError(`Cannot merge ${other}: ${problem}.`);
  return stats?.size ?? 0;
}

/** The file that others are merged into. */
export interface MergeTarget {
  readonly path: string;
  /** The entry of the same digest that counts. */
  find(entry: Entry): Entry | undefined;
  /** @param line Without its line feed. */
  append(line: string): void;
}

/** Makes a target of a file, which need not exist. */
export function mergeTarget(path: string): MergeTarget {
  for (const access of ["read", "write"] as const) telling(path, () => requireGranted(access, path));
  const store = jsonlStore(path);
  store.warnTo?.(() => {}); // nothing of what is damaged in it gets lost
  const appendLine = lineAppender(path);
  return {
    path,
    find(entry) {
      const there = telling(path, () => store.find(entry.key, entry.sha256) as Entry | undefined);
      return there?.sha256 === entry.sha256 ? there : undefined;
    },
    append: (line) => telling(path, () => appendLine(`${line}\n`)),
  };
}

function telling<Result>(path: string, use: () => Result): Result {
  try {
    return use();
  } catch (error) {
    throw new CommandError(`Cannot merge into ${path}: ${messageOf(withCure(error))}`, { cause: error });
  }
}

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
