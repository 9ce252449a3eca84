import {
  chmodSync,
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { isPath } from "../check_options.ts";
import type { Entry } from "../entry.ts";
import { pathOf, workingDirectory } from "../environment.ts";
import { CachyError, messageOf } from "../errors.ts";
import { requireGranted } from "../permissions.ts";
import { show } from "../show.ts";
import { isAt, lineAppender } from "./append.ts";
import { checkStoreOptions } from "./check_store_options.ts";
import { entryAt, lineAt } from "./entry_at.ts";
import { openIfExists, withCure } from "./file.ts";
import { jsonlStore } from "./jsonl.ts";
import { emptyIndex, linesOf, readLines } from "./jsonl_index.ts";
import { type CompactReport, isKeptForOthers, writeKept } from "./kept_lines.ts";
import type { Store } from "./store.ts";

/** How a file is compacted. */
export interface CompactOptions {
  /**
   * Whether the lines are sorted by their keys, as pycachy does. Otherwise they stay in their order.
   *
   * @default false
   */
  readonly sort?: boolean;
}

/**
 * Writes a file anew, without the lines that count for nothing: those that a newer one of the same digest has replaced,
 * and those that are no entries. Lines of a newer format and lines that only pycachy answers from stay.
 *
 * Others may record into the file meanwhile, and lose nothing. The file is replaced at once, so that a crash leaves the
 * old or the new one. pycachy must not write at the same time.
 *
 * @param file A path (relative to the working directory) or a `file:` URL.
 * @returns What stayed and what went.
 * @throws {CachyError} `invalid_option`, if `file` is no path, or an option is unknown or has a wrong value.
 * @throws {CachyError} `cannot_compact`, if the file does not exist or cannot be read.
 * @throws {CachyError} `cannot_compact`, if the new file cannot be written beside it; the old one is untouched then.
 * @throws {CachyError} `cannot_compact`, if somebody else is compacting it.
 *
 * @example
 * ```ts
 * import { compactFile, jsonlStore } from "@cachy/core";
 * import { tmpdir } from "node:os";
 *
 * const file = `${tmpdir()}/${crypto.randomUUID()}.jsonl`;
 * const store = jsonlStore(file);
 * for (const response of ["old", "new"]) store.append({ key: "5ece2360", response });
 * console.assert(compactFile(file).replaced === 1);
 * ```
 */
export function compactFile(file: string | URL, options: CompactOptions = {}): CompactReport {
  if (!isPath(file)) {
    throw new CachyError("invalid_option", `Cannot compact ${show(file)}: expected a path or a file: URL.`);
  }
  checkStoreOptions(options, { sort: ["a boolean", (value) => typeof value === "boolean"] }, "compactFile");
  const named = pathOf(file, workingDirectory());
  try {
    requireGranted("read", named);
    const path = realpathSync(named); // a link stays a link to the new file
    requireGranted("write", path);
    for (const beside of [newPathOf(path), oldPathOf(path)]) requireGranted("write", beside);
    finishEarlier(path);
    for (;;) {
      const report = tryCompact(path, options);
      if (report) return report;
    }
  } catch (error) {
    if (error instanceof CachyError) throw error;
    throw new CachyError("cannot_compact", `Cannot compact ${named}: ${messageOf(withCure(error))}`, { cause: error });
  }
}

/** The new file, until it takes the place of the old one. As it is made by one process only, it is the lock as well. */
function newPathOf(path: string): string {
  return `${path}.compact`;
}

/** The old file, until all that was appended to it is in the new one: after a crash it is still there. */
function oldPathOf(path: string): string {
  return `${path}.compact-old`;
}

/** Gives undefined if somebody replaced the file meanwhile: then it has to be read anew. */
function tryCompact(path: string, { sort }: CompactOptions): CompactReport | undefined {
  const newPath = newPathOf(path);
  const old = openSync(path, "r");
  try {
    const { size, mode } = fstatSync(old);
    const index = emptyIndex();
    readLines(old, index, size);
    const target = openNew(newPath);
    let isRenamed = false;
    try {
      const report = writeKept(old, target, index, { size, sort: sort ?? false });
      chmodSync(newPath, mode);
      fsyncSync(target);
      if (!isAt(path, old)) return undefined;
      const lineFeed = index.open ? 1 : 0; // that the last line lacked
      if (!sort && report.bytesAfter === size + lineFeed) return { ...report, bytesAfter: size };
      keepOld(path);
      renameSync(newPath, path);
      isRenamed = true;
      // A torn last line may be whole by now: then it is one that was appended.
      const rest = { start: index.end, length: size - index.end };
      carryOver(old, isKeptForOthers(old, rest) ? size : rest.start, path, false);
      rmSync(oldPathOf(path), { force: true });
      return report;
    } finally {
      closeSync(target);
      if (!isRenamed) rmSync(newPath, { force: true });
    }
  } finally {
    closeSync(old);
  }
}

function openNew(newPath: string): number {
  try {
    return openSync(newPath, "wx");
  } catch (error) {
    if ((error as { code?: unknown }).code !== "EEXIST") throw error;
    throw new CachyError(
      "cannot_compact",
      `Cannot compact ${newPath.slice(0, -".compact".length)}: somebody else is at it, as ${newPath} exists. ` +
        `If that process was killed, delete this file: it is only an unfinished copy.`,
      { cause: error },
    );
  }
}

/** A second name for the file, where the file system can give one. */
function keepOld(path: string): void {
  try {
    linkSync(path, oldPathOf(path));
  } catch {
    // Without it a crash within the next milliseconds could cost what others append within these milliseconds.
  }
}

/** What a process that was killed while it compacted had not brought over yet. */
function finishEarlier(path: string): void {
  const old = openIfExists(oldPathOf(path));
  if (old === undefined) return;
  try {
    carryOver(old, 0, path, true);
    rmSync(oldPathOf(path), { force: true });
  } finally {
    closeSync(old);
  }
}

/**
 * Brings over what others appended to the old file since it was read. Who appends later than this notices that the path
 * names another file by now, and writes again.
 *
 * @param isRecovery Whether a killed process had begun with it: then only digests that the new file lacks are wanted.
 */
function carryOver(old: number, from: number, path: string, isRecovery: boolean): void {
  const store = jsonlStore(path);
  store.warnTo?.(() => {}); // the report counts what is damaged
  const append = lineAppender(path);
  for (const position of linesOf(old, from, fstatSync(old).size)) {
    const entry = entryAt(old, position);
    const isWanted = typeof entry === "string"
      ? !isRecovery && isKeptForOthers(old, position)
      : isMissing(entry, store, isRecovery);
    // As it is: not every entry can be written anew, and numbers would lose digits.
    if (isWanted) append(`${lineAt(old, position)}\n`);
  }
}

/** Somebody may have appended a newer entry of the same digest to the new file already. */
function isMissing(entry: Entry, store: Store, isRecovery: boolean): boolean {
  const there = store.find(entry.key, entry.sha256) as Entry | undefined;
  if (there === undefined || there.sha256 !== entry.sha256) return true;
  const [time, timeThere] = [timeOf(entry), timeOf(there)];
  return !isRecovery && (time > timeThere || (time === timeThere && entry.response !== there.response));
}

function timeOf({ recorded_at: time }: Entry): string {
  return typeof time === "string" ? time : ""; // nobody has checked it
}
