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

/** The lines that are to be removed, as they were when they were looked for. */
export interface Unwanted {
  readonly path: string;
  /** Where they are, oldest first. */
  readonly lines: readonly UnwantedLine[];
  /** How many different digests they are of: so many answers go. */
  readonly entries: number;
  /** How many bytes they take, with their line feeds. */
  readonly bytes: number;
  /** The hash of each of them → its digest; undefined for a line that is no entry. */
  readonly hashes: ReadonlyMap<string, string | undefined>;
}

/** A line that is to be removed. */
export interface UnwantedLine {
  /** From 1 on. */
  readonly number: number;
  readonly position: Position;
  /** Whether the line itself was picked. Otherwise it would become the answer if only the picked one went. */
  readonly isPicked: boolean;
}

/** What was removed. */
export interface RemoveReport {
  /** Lines that are gone. */
  readonly lines: number;
  /** Of how many different digests they were. */
  readonly entries: number;
  /** How many of the unwanted lines were not there any more, because others have changed the file meanwhile. */
  readonly missing: number;
  /** The size of the file before, in bytes. */
  readonly bytesBefore: number;
  /** The size of the new file, in bytes; without what others appended meanwhile. */
  readonly bytesAfter: number;
}

/**
 * Finds the lines to remove, and changes nothing.
 *
 * With an entry go all lines of its digest, and those of its key that have no digest: otherwise one of them would
 * become the answer. A line that is no entry goes alone.
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

/** What was picked. */
interface Picked {
  /** Where lines start. */
  readonly starts: Set<number>;
  readonly digests: Set<string>;
  /** The keys of those digests, as numbers: most lines are seen not to be wanted by theirs. */
  readonly keys: Set<number>;
  /** Keys that are no numbers. */
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
    if (!isPicked && !goesAlong(descriptor, position, picked)) continue;
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

/** More than the start of a line with its key takes. */
const START_LENGTH = 24;

/** Whether a line is of a digest that was picked: also one of a newer format, or of a failure. */
function goesAlong(file: number, position: Position, { digests, keys, oddKeys }: Picked): boolean {
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
 * Removes exactly the lines that were found, and leaves every other byte as it is. Others may record into the file
 * meanwhile: what they append stays, also if it is of the same digest, and so do lines that were changed meanwhile.
 *
 * What was removed may be a secret, so no old file is left behind, whenever the process is killed. This costs what
 * others append within the very milliseconds in which the files are exchanged, if the process is killed within these.
 *
 * @throws {CachyError} `cannot_compact`, if the new file cannot be written; the old one is untouched then.
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
      isTorn(old, -1); // waits for a line that somebody is writing
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
 * Copies what was appended meanwhile, too, once the rest is on the disk, which may take seconds: so that as little as
 * possible is left to be brought over after the exchange.
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
  // What was appended to a last line without a line feed begins with one, which goes with that line.
  const isEndOfGone = isOpenGone && bytesAt(old, { start: size, length: 1 })[0] === LINE_FEED;
  copyBytes(old, target, isEndOfGone ? size + 1 : size, end);
  return { report, end, isChanged: true };
}

/** What was copied, and what was not. */
export interface Copy {
  /** The hashes of the lines that were left out. */
  readonly gone: readonly string[];
  /** How many were copied. */
  readonly bytes: number;
  /** Whether the last line was left out, and lacks its line feed. */
  readonly isOpenGone: boolean;
}

/**
 * Copies the lines of a file to the end of another one, as they are, but for some.
 *
 * @param size Up to where to read the file, in bytes.
 * @param unwantedHash Gives the hash of a line that is to be left out.
 * @param progress Is told up to where the file is done, in bytes.
 */
export function copyOthers(
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
