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
  statSync,
} from "node:fs";
import { requireGranted } from "../../lib/environment.ts";
import { CachyError, messageOf } from "../../lib/errors.ts";
import type { Entry } from "../entry.ts";
import type { Store } from "../store.ts";
import { bytesAt, isAt, lineAppender, openIfExists, type Position, withCure } from "./file.ts";
import { linesOf, timeOf } from "./index.ts";
import { entryAt, isKeptForOthers, lineAt } from "./line.ts";
import { jsonlStore } from "./store.ts";

/** An operation that rewrites a file. */
export interface Rewriting<Report> {
  /** The verb in messages: `"compact"` for `Cannot compact …`. */
  readonly verb: string;
  /**
   * Copies the lines to keep into the new file. Other processes may append to the old file meanwhile.
   *
   * @param old The old file, open for reading.
   * @param target The new file, empty and open for writing.
   * @param size The length of the old file, in bytes.
   */
  write(old: number, target: number, size: number): Rewritten<Report>;
  /**
   * Called before the new file replaces the old one.
   *
   * @param path The old file.
   * @returns A function that undoes the preparation. It is called if the new file cannot replace the old one.
   */
  prepare?(path: string): () => void;
  /**
   * Whether to keep the old file until the lines that were appended meanwhile are copied. If this process is killed
   * before that, the next rewriting copies from the old file every digest that the new file lacks. An operation that
   * removes digests must therefore set `false`: a kill then loses the lines that were appended in the last milliseconds.
   */
  readonly keepsOld: boolean;
}

/** The result of copying. */
export interface Rewritten<Report> {
  readonly report: Report;
  /** The end of the part of the old file that was copied, in bytes. Later lines are copied afterwards. */
  readonly end: number;
  /** Whether the new file must replace the old one. */
  readonly isChanged: boolean;
}

/**
 * Rewrites a file. Other processes may append to it meanwhile; their lines are kept. The file is replaced atomically:
 * after a crash, it is either the old or the new file.
 *
 * @param named The path of the file, or of a link to it.
 * @throws {CachyError} `cannot_compact`, for every operation. The old file is then unchanged.
 */
export function rewriteFile<Report>(named: string, rewriting: Rewriting<Report>): Report {
  try {
    requireGranted("read", named);
    const path = realpathSync(named); // replace the target of a link, not the link
    if (!statSync(path).isFile()) throw new Error("it is a folder, a pipe or a device. Name a file");
    requireGranted("write", path);
    for (const beside of [newPathOf(path), oldPathOf(path)]) requireGranted("write", beside);
    for (;;) {
      const rewritten = underLock(path, rewriting);
      if (rewritten) return rewritten.report;
    }
  } catch (error) {
    if (error instanceof CachyError) throw error;
    const message = `Cannot ${rewriting.verb} ${named}: ${messageOf(withCure(error))}`;
    throw new CachyError("cannot_compact", message, { cause: error });
  }
}

/** The path of the new file until it replaces the old one. The file also serves as a lock. */
function newPathOf(path: string): string {
  return `${path}.compact`;
}

/** The path of the old file until all lines are copied from it. After a crash, this file is still there. */
function oldPathOf(path: string): string {
  return `${path}.compact-old`;
}

/** Returns undefined if another process replaced the file meanwhile. Then it must be read again. */
function underLock<Report>(path: string, rewriting: Rewriting<Report>): Rewritten<Report> | undefined {
  const target = openNew(path, rewriting.verb);
  let isRenamed = false;
  try {
    finishEarlier(path);
    return replaceBy(target, path, rewriting, () => isRenamed = true);
  } finally {
    closeSync(target);
    if (!isRenamed) rmSync(newPathOf(path), { force: true });
  }
}

function openNew(path: string, verb: string): number {
  const newPath = newPathOf(path);
  try {
    return openSync(newPath, "wx");
  } catch (error) {
    if ((error as { code?: unknown }).code !== "EEXIST") throw error;
    throw new CachyError(
      "cannot_compact",
      `Cannot ${verb} ${path}: another process is rewriting it, as ${newPath} exists. ` +
        `If that process was killed, delete ${newPath}, which is an unfinished copy.`,
      { cause: error },
    );
  }
}

function replaceBy<Report>(
  target: number,
  path: string,
  { write, prepare, keepsOld }: Rewriting<Report>,
  renamed: () => void,
): Rewritten<Report> | undefined {
  const old = openSync(path, "r");
  try {
    const { size, mode } = fstatSync(old);
    const rewritten = write(old, target, size);
    chmodSync(newPathOf(path), mode);
    fsyncSync(target);
    if (!isAt(path, old)) return undefined;
    if (!rewritten.isChanged) return rewritten;
    const undo = prepare?.(path);
    if (keepsOld) keepOld(path);
    try {
      renameSync(newPathOf(path), path);
    } catch (error) {
      undo?.();
      throw error;
    }
    renamed();
    carryOver(old, startOfRest(old, rewritten.end), path, false);
    if (keepsOld) rmSync(oldPathOf(path), { force: true });
    return rewritten;
  } finally {
    closeSync(old);
  }
}

/** Gives the file a second name, if the file system supports hard links. */
function keepOld(path: string): void {
  try {
    linkSync(path, oldPathOf(path));
  } catch {
    // Without the second name, a crash within the next milliseconds loses the lines that are appended meanwhile.
  }
}

/** Copies the lines that an earlier rewriting did not copy because its process was killed. */
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
 * Copies the lines that other processes appended to the old file after it was read. Processes that append after this
 * notice that the file was replaced, and write their line again.
 *
 * @param isRecovery Whether to finish the work of a killed process: then only missing digests are copied.
 */
export function carryOver(old: number, from: number, path: string, isRecovery: boolean): void {
  const store = jsonlStore(path);
  store.warnTo?.(() => {}); // the report already counts the damaged lines
  const append = lineAppender(path);
  for (const position of linesOf(old, from, fstatSync(old).size)) {
    const entry = entryAt(old, position);
    const isWanted = typeof entry === "string"
      ? !isRecovery && isKeptForOthers(old, position)
      : isMissing(entry, store, isRecovery);
    // Copy the text: some entries cannot be formatted again, and numbers would lose digits.
    if (isWanted) append(`${lineAt(old, position)}\n`);
  }
}

/** Whether the new file lacks an entry. It may already contain a newer entry of the same digest. */
function isMissing(entry: Entry, store: Store, isRecovery: boolean): boolean {
  const there = store.find(entry.key, entry.sha256) as Entry | undefined;
  if (there === undefined || there.sha256 !== entry.sha256) return true;
  const [time, timeThere] = [timeOf(entry), timeOf(there)];
  return !isRecovery && (time > timeThere || (time === timeThere && entry.response !== there.response));
}

/**
 * Where to continue reading a file that was read up to `end`. If the last line was torn, it must be read again, because
 * its writer may have completed it.
 */
export function startOfRest(file: number, end: number): number {
  const start = startOfLastLine(file, end);
  const rest: Position = { start, length: end - start };
  return typeof entryAt(file, rest) !== "string" || isKeptForOthers(file, rest) ? end : start;
}

const LINE_FEED = 0x0a;
const BLOCK_LENGTH = 1 << 16;

/** The start of the text after the last line feed before `end`. */
export function startOfLastLine(file: number, end: number): number {
  for (let to = end; to > 0; to -= BLOCK_LENGTH) {
    const from = Math.max(0, to - BLOCK_LENGTH);
    const lf = bytesAt(file, { start: from, length: to - from }).lastIndexOf(LINE_FEED);
    if (lf !== -1) return from + lf + 1;
  }
  return 0;
}
