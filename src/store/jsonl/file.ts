import { Buffer } from "node:buffer";
import { closeSync, fstatSync, mkdirSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { concatBytes, utf8 } from "../../lib/bytes.ts";
import { shared } from "../../lib/shared_state.ts";
import { setTimeout } from "../../lib/wait.ts";

/** A part of a file, in bytes. */
export interface Position {
  readonly start: number;
  readonly length: number;
}

/** Opens a file for reading; undefined if it does not exist. */
export function openIfExists(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Opens a file for appending, and for reading its end. Creates the file and its folder if they do not exist. */
export function openToAppend(path: string): number {
  try {
    return openSync(path, "a+");
  } catch (error) {
    if (!isMissing(error)) throw error;
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, "a+");
  }
}

/** Whether an error says that a file does not exist. */
export function isMissing(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "ENOENT";
}

/** Reads a part of a file. Returns fewer bytes if the file was truncated meanwhile. */
export function bytesAt(file: number, { start, length }: Position): Uint8Array {
  return fillBlock(file, start, new Uint8Array(length));
}

/** The size of the blocks in which files are read, in bytes. */
const BLOCK_LENGTH = 1 << 20;

/** Node and Bun search a `Buffer` five times as fast as a plain `Uint8Array`. On Deno, the plain array is faster. */
const allocate: (length: number) => Uint8Array = "Deno" in globalThis
  ? (length) => new Uint8Array(length)
  : (length) => Buffer.allocUnsafeSlow(length);

/** Allocates memory for reading up to `length` bytes in blocks. */
export function emptyBlock(length: number): Uint8Array {
  return allocate(Math.min(BLOCK_LENGTH, Math.max(0, length)));
}

/** Fills memory from an offset in the file. @returns The filled part of the memory: empty at the end of the file. */
export function fillBlock(file: number, at: number, memory: Uint8Array): Uint8Array {
  let filled = 0;
  while (filled < memory.length) {
    const count = readSync(file, memory, filled, memory.length - filled, at + filled);
    if (count === 0) break;
    filled += count;
  }
  return memory.subarray(0, filled);
}

const LINE_FEED = 0x0a;
const TORN_CHECKS = 50;
const TORN_PAUSE_MS = 2;

/**
 * Whether the last line is torn: its writer was killed before the line feed. While a process is still writing, the file
 * looks the same, so this waits until its size has not changed for a tenth of a second.
 *
 * @param knownTorn The size of the file when it was last found to be torn. With this size, there is no wait.
 */
export function isTorn(file: number, knownTorn: number): boolean {
  let seen = -1;
  for (let check = 0; check < TORN_CHECKS; check++) {
    const { size } = fstatSync(file);
    if (endsInLineFeed(file, size)) return false;
    if (size === knownTorn) return true;
    if (size !== seen) check = 0;
    seen = size;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TORN_PAUSE_MS);
  }
  return true;
}

function endsInLineFeed(file: number, size: number): boolean {
  return size === 0 || bytesAt(file, { start: size - 1, length: 1 })[0] === LINE_FEED;
}

/** What to do about errors of the file system, by error code. */
const CURES: Readonly<Record<string, string>> = {
  ENOSPC: "Free disk space",
  EDQUOT: "Free disk space",
  EACCES: "Grant access to this path",
  EPERM: "Grant access to this path",
  EROFS: "Make the file system writable",
  EISDIR: "The path names a folder: name a file in it, such as cachy.jsonl, rename the folder",
  ENOTDIR: "Rename the file that has the name of its folder",
};

/** Adds to an error of the file system what to do about it. */
export function withCure(error: unknown): Error {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  const cure = CURES[code ?? ""];
  if (cure === undefined) return error as Error;
  return new Error(`${message}. ${cure}, or use another file.`, { cause: error });
}

/** How often to write a line if another process replaces the file each time. */
const MOST_FILES = 20;
/** How often to write a line if only a part of it is written each time. */
const MOST_PARTS = 3;

/** A line that was written. */
export interface Appended {
  readonly bytes: Uint8Array;
  /** The states of the file. If its size differs by more than the line, other processes have written, too. */
  readonly before: FileState;
  readonly after: FileState;
}

/**
 * Makes a function that appends a line to a file. Other processes may append to the file and replace it meanwhile.
 *
 * When the function returns, the file at the path contains the whole line.
 *
 * @param path The file. It is created with its folder if it does not exist.
 */
export function lineAppender(path: string): (line: string | Uint8Array) => Appended {
  let knownTorn = -1;

  const write = (file: number, line: Uint8Array) => {
    const repaired = () => concatBytes([new Uint8Array([LINE_FEED]), line]);
    let bytes = isTorn(file, knownTorn) ? repaired() : line;
    for (let part = 0; part < MOST_PARTS; part++) {
      if (writeSync(file, bytes) === bytes.length) return;
      // Do not append the rest: another process may have appended a line. If the disk is full, the next write throws.
      bytes = repaired();
      knownTorn = fstatSync(file).size;
    }
    throw new Error("only a part of the line could be written");
  };

  return (line) => {
    const bytes = typeof line === "string" ? utf8(line) : line;
    for (let files = 0; files < MOST_FILES; files++) {
      const file = openToAppend(path);
      try {
        const before = stateAt(path);
        write(file, bytes);
        // If another process has replaced the file, it may have read the old one before this line was written.
        if (isAt(path, file)) return { bytes, before, after: stateAt(path) };
      } finally {
        closeSync(file);
      }
    }
    throw new Error(`other processes replaced the file ${MOST_FILES} times while the line was being written`);
  };
}

/** The facts that show whether a file has changed. */
export interface FileState {
  readonly size: number;
  readonly ino: number;
  readonly mtimeMs: number;
}

/** Deno's own functions take a fifth of the time of its `node:fs`. */
const { Deno } = globalThis as {
  readonly Deno?: {
    statSync(path: string): { readonly size: number; readonly ino: number | null; readonly mtime: Date | null };
  };
};

/** The state of the file at a path. @throws If there is no file. */
function stateAt(path: string): FileState {
  if (!Deno) return statSync(path);
  const { size, ino, mtime } = Deno.statSync(path);
  return { size, ino: ino ?? -1, mtimeMs: mtime?.getTime() ?? NaN };
}

/** Windows cannot replace an open file, and Deno's leak sanitizers report one. */
const mayStayOpen = !Deno && process.platform !== "win32";
/** In milliseconds. An open file that was deleted takes up disk space, and a disk with an open file cannot be unmounted. */
const LONGEST_IDLE_MS = 100;

/** The file that was read last. Only one in the process stays open, because a test suite may have hundreds of stores. */
interface LastRead {
  path: string | undefined;
  ino: number;
  file: number;
  /** Whether it was read since the last check. */
  isUsed: boolean;
  /** Whether a timer checks it. */
  isWatched?: boolean;
}

const lastRead = () => shared<LastRead>("lastRead", () => ({ path: undefined, ino: -1, file: -1, isUsed: false }));

/**
 * Reads a file that may still be open from the last read: opening takes longer than reading a line. The file is closed
 * when it has not been read for a moment, and does not keep the process alive.
 *
 * @param isKnown Whether the caller knows this state of the file.
 * @returns Undefined if the caller does not know the state of the file, or if there is any problem.
 */
export function readUnchanged<Result>(
  path: string,
  isKnown: (state: FileState) => boolean,
  read: (file: number) => Result | undefined,
): Result | undefined {
  const last = lastRead();
  let opened: number | undefined;
  try {
    const state = stateAt(path);
    // While a file is open, no other one gets its inode number.
    const isOpen = last.path === path && last.ino === state.ino;
    if (last.path === path && !isOpen) forget(last);
    if (!isKnown(state)) return undefined;
    last.isUsed = true;
    if (isOpen) return read(last.file);
    opened = openSync(path, "r");
    const result = read(opened);
    if (mayStayOpen) {
      keepOpen(last, { path, ino: state.ino, file: opened, isUsed: true });
      opened = undefined;
    }
    return result;
  } catch {
    if (last.path === path) forget(last);
    return undefined;
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

function keepOpen(last: LastRead, opened: LastRead): void {
  forget(last);
  Object.assign(last, opened);
  if (last.isWatched) return;
  last.isWatched = true;
  const closeIfIdle = () => {
    if (!last.isUsed) forget(last);
    last.isUsed = false;
    last.isWatched = last.path !== undefined;
    if (last.isWatched) wait();
  };
  const wait = () => (setTimeout(closeIfIdle, LONGEST_IDLE_MS) as { unref?(): void }).unref?.();
  wait();
}

function forget(last: LastRead): void {
  const { path, file } = last;
  last.path = undefined;
  if (path !== undefined) closeSync(file);
}

/** Whether an open file is still the one at a path. */
export function isAt(path: string, file: number): boolean {
  try {
    const [named, open] = [statSync(path), fstatSync(file)];
    return named.ino === open.ino && named.dev === open.dev;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
