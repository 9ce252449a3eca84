import { createHash } from "node:crypto";
import { fstatSync, fsyncSync } from "node:fs";
import { asRecord, parseJson } from "../../lib/json.ts";
import { bytesAt, isTorn, type Position } from "../../store/jsonl/file.ts";
import { linesOf } from "../../store/jsonl/index.ts";
import { entryAt, keyAtStart, keyNumber, lineAt } from "../../store/jsonl/line.ts";
import { rewriteFile, type Rewritten, startOfLastLine } from "../../store/jsonl/rewrite.ts";
import { copyBytes } from "../../store/jsonl/write_lines.ts";
import { everyMegabyte, type OnProgress } from "../app/progress.ts";
import { digestOf, type FileLine, fileLines, type RecordedFile, withFile } from "../file/recorded_file.ts";

/** The lines to remove, as they were found. */
export interface Unwanted {
  readonly path: string;
  /** Oldest first. */
  readonly lines: readonly UnwantedLine[];
  /** The number of different digests. */
  readonly entries: number;
  /** The bytes of the lines, with their line feeds. */
  readonly bytes: number;
  /** The hash of each line → its digest; undefined for a line that is not an entry. */
  readonly hashes: ReadonlyMap<string, string | undefined>;
}

/** A line to remove. */
export interface UnwantedLine {
  /** From 1. */
  readonly number: number;
  readonly position: Position;
  /** Whether the caller picked the line. Other lines are removed because one would become the current recording. */
  readonly isPicked: boolean;
}

/** The result of a removal. */
export interface RemoveReport {
  /** Removed lines. */
  readonly lines: number;
  /** The number of their different digests. */
  readonly entries: number;
  /** Lines that were not found again, because another process had changed or removed them. */
  readonly missing: number;
  /** The size of the file before, in bytes. */
  readonly bytesBefore: number;
  /** The size of the new file, in bytes, without lines that were appended meanwhile. */
  readonly bytesAfter: number;
}

/**
 * Finds the lines to remove. It does not change the file.
 *
 * An entry is removed with all lines of its digest, and with lines of its key that have no digest: otherwise one of them
 * would replace it as the current recording. A line that is not an entry is removed alone.
 *
 * @param isUnwanted Picks lines.
 * @throws {CommandError} If there is no such file.
 */
export function findUnwanted(
  path: string,
  isUnwanted: (line: FileLine) => boolean | Promise<boolean>,
  { onProgress }: { readonly onProgress?: OnProgress } = {},
): Promise<Unwanted> {
  return withFile(path, async (file) => {
    const picked = emptyPicked();
    const progress = everyMegabyte(onProgress, file.size);
    for (const line of fileLines(file)) {
      if (await isUnwanted(line)) pick(picked, line);
      progress(line.position.start + line.position.length + 1);
    }
    return collect(file, picked);
  });
}

/** The picked lines. */
interface Picked {
  /** The starts of the lines, in bytes. */
  readonly starts: Set<number>;
  readonly digests: Set<string>;
  /** The keys of these digests, as numbers. They rule out most other lines. */
  readonly keys: Set<number>;
  /** Keys that are not numbers. */
  readonly oddKeys: Set<string>;
}

function emptyPicked(): Picked {
  return { starts: new Set(), digests: new Set(), keys: new Set(), oddKeys: new Set() };
}

function pick({ starts, digests, keys, oddKeys }: Picked, { position, content }: FileLine): void {
  starts.add(position.start);
  if (typeof content === "string") return;
  digests.add(digestOf(content));
  const key = keyNumber(content.key);
  if (key === undefined) oddKeys.add(content.key);
  else keys.add(key);
}

function collect({ path, descriptor, size }: RecordedFile, picked: Picked): Unwanted {
  const lines: UnwantedLine[] = [];
  const hashes = new Map<string, string | undefined>();
  let [number, bytes] = [0, 0];
  for (const position of picked.starts.size ? linesOf(descriptor, 0, size) : []) {
    number++;
    const isPicked = picked.starts.has(position.start);
    if (!isPicked && !isOfPicked(descriptor, position, picked)) continue;
    const entry = entryAt(descriptor, position);
    hashes.set(hashAt(descriptor, position), typeof entry === "string" ? undefined : digestOf(entry));
    lines.push({ number, position, isPicked });
    bytes += Math.min(position.length + 1, size - position.start);
  }
  return { path, lines, entries: digestsIn(hashes.values()).size, bytes, hashes };
}

function digestsIn(digests: Iterable<string | undefined>): Set<string> {
  return new Set([...digests].filter((digest) => digest !== undefined));
}

/** Long enough for the start of a line, up to the end of its key. In bytes. */
const START_LENGTH = 24;

/** Whether a line has a picked digest. It may also have a newer format, or be a failed response. */
function isOfPicked(file: number, position: Position, { digests, keys, oddKeys }: Picked): boolean {
  const start = bytesAt(file, { start: position.start, length: Math.min(position.length, START_LENGTH) });
  const startKey = keyAtStart(start, 0);
  if (startKey !== -1 && !keys.has(startKey)) return false;
  const { key, sha256 } = asRecord(parseJson(lineAt(file, position) ?? "")) ?? {};
  if (typeof key !== "string") return false;
  if (typeof sha256 === "string") return digests.has(sha256);
  return oddKeys.has(key) || keys.has(keyNumber(key) ?? -1);
}

function hashAt(file: number, position: Position): string {
  return createHash("sha256").update(bytesAt(file, position)).digest("base64");
}

/**
 * Removes exactly the lines that were found, and keeps every other byte. Other processes may record meanwhile: lines that
 * they append or change stay, even with the same digest.
 *
 * A removed line may contain a secret, so no old file remains, even if the process is killed. The price: if it is killed
 * in the milliseconds of the exchange, lines that other processes append in this time are lost.
 *
 * @throws {CachyError} `cannot_compact`, if the new file cannot be written. The old one is unchanged then.
 */
export function removeEntries(
  { path, lines, hashes }: Unwanted,
  { onProgress }: { readonly onProgress?: OnProgress } = {},
): RemoveReport {
  const lengths = new Set(lines.map(({ position }) => position.length));
  return rewriteFile(path, {
    verb: "remove from",
    keepsOld: false,
    write: (old, target, size) => {
      isTorn(old, -1); // waits for a line that another process is writing
      const copy = copyOthers(old, target, size, (position) => {
        const hash = lengths.has(position.length) ? hashAt(old, position) : undefined;
        return hash !== undefined && hashes.has(hash) ? hash : undefined;
      }, everyMegabyte(onProgress, size));
      return finish(old, target, size, copy, { lines, hashes });
    },
  });
}

const LINE_FEED = 0x0a;

/**
 * Syncs the copy to the disk, which may take seconds, then copies lines that were appended meanwhile. This leaves as
 * little as possible to copy after the exchange.
 */
function finish(
  old: number,
  target: number,
  size: number,
  { gone, bytes, isOpenGone }: Copy,
  { lines, hashes }: Pick<Unwanted, "lines" | "hashes">,
): Rewritten<RemoveReport> {
  const entries = digestsIn(gone.map((hash) => hashes.get(hash))).size;
  const missing = Math.max(0, lines.length - gone.length);
  const report = { lines: gone.length, entries, missing, bytesBefore: size, bytesAfter: bytes };
  if (gone.length === 0) return { report, end: size, isChanged: false };
  fsyncSync(target);
  const end = Math.max(size, startOfLastLine(old, fstatSync(old).size));
  // A line that was appended to an open last line begins with a line feed, which belongs to the removed line.
  const isEndOfGone = isOpenGone && bytesAt(old, { start: size, length: 1 })[0] === LINE_FEED;
  copyBytes(old, target, isEndOfGone ? size + 1 : size, end);
  return { report, end, isChanged: true };
}

/** The result of a copy. */
export interface Copy {
  /** The hashes of the lines that were left out. */
  readonly gone: readonly string[];
  /** How many bytes were copied. */
  readonly bytes: number;
  /** Whether the last line was left out and had no line feed. */
  readonly isOpenGone: boolean;
}

/**
 * Copies a file to the end of another one, without unwanted lines.
 *
 * @param size Where to stop, in bytes.
 * @param unwantedHash Returns the hash of an unwanted line; undefined for any other line.
 * @param progress Receives the position in the file, in bytes.
 */
function copyOthers(
  old: number,
  target: number,
  size: number,
  unwantedHash: (position: Position) => string | undefined,
  progress: (done: number) => void,
): Copy {
  const gone: string[] = [];
  let [from, bytes] = [0, 0];
  let isOpenGone = false;
  for (const position of linesOf(old, 0, size)) {
    const end = Math.min(position.start + position.length + 1, size);
    const hash = unwantedHash(position);
    if (hash !== undefined) {
      bytes += copyBytes(old, target, from, position.start);
      from = end;
      gone.push(hash);
      isOpenGone = end === position.start + position.length;
    }
    progress(end);
  }
  return { gone, bytes: bytes + copyBytes(old, target, from, size), isOpenGone };
}
