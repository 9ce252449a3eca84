import { fstatSync, mkdirSync, openSync, readSync, writeSync } from "node:fs";
import { dirname } from "node:path";

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

function isMissing(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "ENOENT";
}

/** Reads a part of a file. */
export function bytesAt(file: number, { start, length }: Position): Uint8Array {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(file, bytes, filled, length - filled, start + filled);
    if (count === 0) return bytes.subarray(0, filled); // the file was cut meanwhile
    filled += count;
  }
  return bytes;
}

const LINE_FEED = 0x0a;
const TORN_CHECKS = 10;
const TORN_PAUSE_MS = 2;

/**
 * Whether a process was killed in the middle of its line. One that is still writing looks the same for an instant, so
 * this is asked more than once.
 */
export function isTorn(file: number): boolean {
  for (let check = 0; check < TORN_CHECKS; check++) {
    if (check > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TORN_PAUSE_MS);
    if (endsInLineFeed(file)) return false;
  }
  return true;
}

function endsInLineFeed(file: number): boolean {
  const { size } = fstatSync(file);
  return size === 0 || bytesAt(file, { start: size - 1, length: 1 })[0] === LINE_FEED;
}

/** One write; a second one only if the disk took less, to learn what is wrong with it. */
export function writeWhole(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.byteLength;) {
    written += writeSync(file, bytes, written, bytes.byteLength - written);
  }
}

/** What helps against the errors of a file system. */
const CURES: Readonly<Record<string, string>> = {
  ENOSPC: "Make room on the disk",
  EDQUOT: "Make room on the disk",
  EACCES: "Grant access to it",
  EPERM: "Grant access to it",
  EROFS: "The file system is read-only",
  EISDIR: "It is a folder",
  ENOTDIR: "A part of its path is a file",
};

/** The error of a file system with what to do about it. */
export function withCure(error: unknown): Error {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  const cure = CURES[code ?? ""];
  if (cure === undefined) return error as Error;
  return new Error(`${message}. ${cure}, or name another file by the option { file }.`, { cause: error });
}
