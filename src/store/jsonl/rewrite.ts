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

/** A change of a file that takes writing it anew. */
export interface Rewriting<Report> {
  /** What messages call it, as in "compact": `Cannot compact …`. */
  readonly verb: string;
  /**
   * Copies what stays into the new file. Others may be appending to the old one.
   *
   * @param old The old file, open for reading.
   * @param target The new file, empty and open for writing.
   * @param size The length of the old file, in bytes.
   */
  write(old: number, target: number, size: number): Rewritten<Report>;
  /**
   * Called before the new file takes the place of the old one.
   *
   * @param path The old file.
   * @returns What takes back what was done, if the new file cannot take the place.
   */
  prepare?(path: string): () => void;
  /**
   * Whether a process that is killed may leave the old file beside the new one, so that the next one can bring over what
   * others had appended in the last milliseconds. It brings over every digest that the new file lacks: so it must be
   * `false` if digests were taken out, and then a kill within these milliseconds costs what others append in them.
   */
  readonly keepsOld: boolean;
}

/** What was copied. */
export interface Rewritten<Report> {
  readonly report: Report;
  /** Up to where the old file was read, in bytes. What stands behind it is brought over later. */
  readonly end: number;
  /** Whether the new file is to take the place of the old one; otherwise that is left as it is. */
  readonly isChanged: boolean;
}

/**
 * Writes a file anew, while others may append to it, and lose nothing. The file is replaced at once, so that a crash
 * leaves the old or the new one.
 *
 * @param named The path of the file, or of a link to it.
 * @throws {CachyError} `cannot_compact`, the code of every rewriting: with it the old file is untouched.
 */
export function rewriteFile<Report>(named: string, rewriting: Rewriting<Report>): Report {
  try {
    requireGranted("read", named);
    const path = realpathSync(named); // a link stays a link to the new file
    if (!statSync(path).isFile()) throw new Error("it is no file, but a folder, a pipe or a device. Name a file");
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

/** The new file, until it takes the place of the old one. As it is made by one process only, it is the lock as well. */
function newPathOf(path: string): string {
  return `${path}.compact`;
}

/** The old file, until all that was appended to it is in the new one: after a crash it is still there. */
function oldPathOf(path: string): string {
  return `${path}.compact-old`;
}

/** Gives undefined if somebody replaced the file meanwhile: then it has to be read anew. */
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
      `Cannot ${verb} ${path}: somebody else is at it, as ${newPath} exists. ` +
        `If that process was killed, delete this file: it is only an unfinished copy.`,
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
    const takeBack = prepare?.(path);
    if (keepsOld) keepOld(path);
    try {
      renameSync(newPathOf(path), path);
    } catch (error) {
      takeBack?.();
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

/** A second name for the file, where the file system can give one. */
function keepOld(path: string): void {
  try {
    linkSync(path, oldPathOf(path));
  } catch {
    // Without it a crash within the next milliseconds could cost what others append within these milliseconds.
  }
}

/** What a process that was killed while it rewrote the file had not brought over yet. */
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
export function carryOver(old: number, from: number, path: string, isRecovery: boolean): void {
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

/**
 * From where on a file that was read up to `end` has to be read again: a torn last line may be whole by now, and then it
 * is one that was appended.
 */
export function startOfRest(file: number, end: number): number {
  const start = startOfLastLine(file, end);
  const rest: Position = { start, length: end - start };
  return typeof entryAt(file, rest) !== "string" || isKeptForOthers(file, rest) ? end : start;
}

const LINE_FEED = 0x0a;
const BLOCK_LENGTH = 1 << 16;

/** Where what stands behind the last line feed starts. */
export function startOfLastLine(file: number, end: number): number {
  for (let to = end; to > 0; to -= BLOCK_LENGTH) {
    const from = Math.max(0, to - BLOCK_LENGTH);
    const lf = bytesAt(file, { start: from, length: to - from }).lastIndexOf(LINE_FEED);
    if (lf !== -1) return from + lf + 1;
  }
  return 0;
}
