import { Buffer } from "node:buffer";
import { closeSync, fstatSync, mkdirSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { concatBytes, utf8 } from "../../lib/bytes.ts";

/** A part of a file, in bytes. */
export interface Position {
  readonly start: number;
  readonly length: number;
}

/** Opens a file for reading; undefined if there is none. */
export function openIfExists(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Opens a file to append to it, and to see whether its last line is whole. It is created, with its folder. */
export function openToAppend(path: string): number {
  try {
    return openSync(path, "a+");
  } catch (error) {
    if (!isMissing(error)) throw error;
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, "a+");
  }
}

/** Whether an error says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "ENOENT";
}

/** Reads a part of a file: fewer bytes if it was cut meanwhile. */
export function bytesAt(file: number, { start, length }: Position): Uint8Array {
  return fillBlock(file, start, new Uint8Array(length));
}

/** How much of a file is read at once, in bytes. */
const BLOCK_LENGTH = 1 << 20;

/** Node and Bun look for a byte in a `Buffer` five times as fast as in a plain array; on Deno it is the other way round. */
const allocate: (length: number) => Uint8Array = "Deno" in globalThis
  ? (length) => new Uint8Array(length)
  : (length) => Buffer.allocUnsafeSlow(length);

/** Memory for reading so many bytes block by block. */
export function emptyBlock(length: number): Uint8Array {
  return allocate(Math.min(BLOCK_LENGTH, Math.max(0, length)));
}

/** Reads from a place in the file on. @returns The part of the memory that was filled: none at the end of the file. */
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
 * Whether a process was killed in the middle of its line. One that is still writing looks the same for an instant, so
 * this is asked until nothing has changed for a tenth of a second.
 *
 * @param knownTorn The size of the file when it was last found to be torn, to be spared the wait.
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

/** What helps against the errors of a file system. */
const CURES: Readonly<Record<string, string>> = {
  ENOSPC: "Make room on the disk",
  EDQUOT: "Make room on the disk",
  EACCES: "Grant access to it",
  EPERM: "Grant access to it",
  EROFS: "Make the file system writable",
  EISDIR: "The path names a folder: name a file in it, such as cachy.jsonl, move the folder away",
  ENOTDIR: "Move the file away that stands where its folder should be",
};

/** The error of a file system with what to do about it. */
export function withCure(error: unknown): Error {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  const cure = CURES[code ?? ""];
  if (cure === undefined) return error as Error;
  return new Error(`${message}. ${cure}, or use another file.`, { cause: error });
}

/** How often a line is written again because the file was replaced meanwhile. Each time takes another replacement. */
const MOST_FILES = 20;
/** How often a line is begun again because the disk took a part of it only. */
const MOST_PARTS = 3;

/**
 * Makes a function that appends a line to a file, to which others append at the same time, and which others replace.
 *
 * The line is in the file when the function returns: whole, and in the file that the path names by then.
 *
 * @param path The file. It is created, with its folder, if it does not exist.
 */
export function lineAppender(path: string): (line: string) => void {
  let knownTorn = -1;

  const write = (file: number, line: Uint8Array) => {
    const repaired = concatBytes([new Uint8Array([LINE_FEED]), line]);
    let bytes = isTorn(file, knownTorn) ? repaired : line;
    for (let part = 0; part < MOST_PARTS; part++) {
      if (writeSync(file, bytes) === bytes.length) return;
      // The rest cannot follow: somebody else's line may stand there by now. The next write tells what is wrong.
      bytes = repaired;
      knownTorn = fstatSync(file).size;
    }
    throw new Error("only a part of the line could be written");
  };

  return (line) => {
    const bytes = utf8(line);
    for (let files = 0; files < MOST_FILES; files++) {
      const file = openToAppend(path);
      try {
        write(file, bytes);
        // Whoever replaces the file first reads what it holds, and may have missed what was written after that.
        if (isAt(path, file)) return;
      } finally {
        closeSync(file);
      }
    }
    throw new Error("the file was replaced again and again, so that the line did not stay in it");
  };
}

/** Whether a path still names an open file. */
export function isAt(path: string, file: number): boolean {
  try {
    const [named, open] = [statSync(path), fstatSync(file)];
    return named.ino === open.ino && named.dev === open.dev;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
