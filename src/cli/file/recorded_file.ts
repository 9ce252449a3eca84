import { closeSync, fstatSync, type Stats, statSync } from "node:fs";
import { isGranted } from "../../lib/environment.ts";
import { createSettings } from "../../options/settings.ts";
import type { Entry } from "../../store/entry.ts";
import { isNewest } from "../../store/jsonl/compact.ts";
import { bytesAt, emptyBlock, fillBlock, openIfExists, type Position } from "../../store/jsonl/file.ts";
import { emptyIndex, linesOf, readLines } from "../../store/jsonl/index.ts";
import { entryAt } from "../../store/jsonl/line.ts";
import { type Call, CommandError, type FILE_OPTION, type Terminal, UsageError } from "../app/command.ts";

/** A file that is open for reading. Lines that are appended later are ignored. */
export interface RecordedFile {
  readonly path: string;
  readonly descriptor: number;
  /** In bytes. */
  readonly size: number;
}

/** One line of a file. */
export interface FileLine {
  /** From 1. */
  readonly number: number;
  readonly position: Position;
  /** The entry, or the reason why the line is not an entry. */
  readonly content: Entry | string;
}

/** An entry and the position of its line. */
export interface LocatedEntry {
  readonly entry: Entry;
  readonly position: Position;
}

/**
 * Finds the file as `enableCachy()` does.
 *
 * @param named The value of the option `--file`.
 */
export function findFile(named: string | undefined, terminal: Terminal): string {
  const { path, warning } = createSettings(named === undefined ? {} : { file: named }).findFile();
  if (warning !== undefined) terminal.note(`cachy: ${warning}`);
  return path;
}

/** The operands of commands that read one file. */
export const FILE_OPERAND = { usage: "[FILE]", least: 0, most: 1 } as const;
/** The operands of commands that read files. */
export const FILE_OPERANDS = { usage: "[FILE…]", least: 0, most: Infinity } as const;

/** The files of a command: its operands and the option `--file`, or the file of the project. */
export function findFiles(
  { operands, options, terminal }: Pick<Call<typeof FILE_OPTION>, "operands" | "options" | "terminal">,
): string[] {
  const named = [...operands, ...options.file === undefined ? [] : [options.file]];
  return (named.length ? named : [undefined]).map((name) => findFile(name, terminal));
}

/**
 * The file of a command that reads one.
 *
 * @throws {UsageError} If it is named as an operand and as `--file`.
 */
export function findOneFile(call: Parameters<typeof findFiles>[0]): string {
  const [path = "", second] = findFiles(call);
  if (second === undefined) return path;
  throw new UsageError(`Cannot read ${path} and ${second} together. Name one file.`);
}

/**
 * Opens a recording, passes it to a function, and closes it.
 *
 * @throws {CommandError} If it does not exist, is not a regular file, cannot be read, or is no recording.
 */
export async function withFile<Result>(
  path: string,
  use: (file: RecordedFile) => Result | Promise<Result>,
): Promise<Result> {
  return await withAnyFile(path, (file) => {
    requireRecording(file);
    return use(file);
  });
}

/** The start of an entry, also of a damaged one. */
const ENTRY_START = /\{\s*"key"\s*:\s*"[0-9a-f]{8}"/;
/** How much of a file is searched for it before all lines are read, in bytes. */
const SEARCHED_START = 1 << 20;

/** @throws {CommandError} If the file is not empty and contains no entry: it may be precious, and must not be changed. */
function requireRecording(file: RecordedFile): void {
  const { path, descriptor, size } = file;
  const start = bytesAt(descriptor, { start: 0, length: Math.min(size, SEARCHED_START) });
  const text = new TextDecoder().decode(start);
  if (!text.trim() || ENTRY_START.test(text) || contentsOf(file).entries > 0) return;
  throw new CommandError(`Cannot use ${path}: it is not a recording, because no line is an entry. Name a cachy.jsonl.`);
}

/** As {@linkcode withFile}, for a file of any content. */
export async function withAnyFile<Result>(
  path: string,
  use: (file: RecordedFile) => Result | Promise<Result>,
): Promise<Result> {
  if (!isGranted({ name: "read", path })) {
    throw new CommandError(`Cannot read ${path}: Deno did not grant it. Run with --allow-read (-R).`);
  }
  const stats = statSync(path, { throwIfNoEntry: false });
  const problem = stats && noFileReason(stats);
  if (problem !== undefined) throw new CommandError(`Cannot read ${path}: ${problem}.`);
  const descriptor = stats && openIfExists(path);
  if (descriptor === undefined) {
    const cure = "Record a call first, go to the project folder, or name the file with --file.";
    throw new CommandError(`Cannot read ${path}: there is no such file. ${cure}`);
  }
  try {
    return await use({ path, descriptor, size: fstatSync(descriptor).size });
  } finally {
    closeSync(descriptor);
  }
}

/** Why a path is not a regular file, and what to do. Opening a pipe would wait for a writer. */
export function noFileReason(stats: Stats): string | undefined {
  if (stats.isDirectory()) return "it is a folder. Name a file in it";
  return stats.isFile() ? undefined : "it is a pipe or a device. Copy its content to a file, and name that file";
}

/** The lines of a file, oldest first. */
export function* fileLines({ descriptor, size }: RecordedFile): Generator<FileLine> {
  let number = 0;
  const bytesOf = lineReader(descriptor, ({ start }) => Math.min(size, start + WINDOW_LENGTH));
  for (const position of linesOf(descriptor, 0, size)) {
    number++;
    yield { number, position, content: entryAt(descriptor, position, bytesOf(position)) };
  }
}

/** The entries of a file, newest first. They are read from the disk on demand. */
export interface FileContents {
  /** In bytes. */
  readonly size: number;
  /** The number of entries, with replaced ones. It falls if a line that looks like an entry turns out to be damaged. */
  readonly entries: number;
  /** The number of lines that are not used. It rises in the same case. */
  readonly noEntries: number;
  /**
   * The newest entry of each digest.
   *
   * @param isWanted Selects entries by key, as a number.
   */
  newest(isWanted?: (key: number) => boolean): Generator<LocatedEntry>;
  /** All entries, with replaced ones. */
  all(isWanted?: (key: number) => boolean): Generator<LocatedEntry>;
}

/** Indexes the lines of a file. This takes a third of the time of reading them. */
export function contentsOf({ descriptor, size }: RecordedFile): FileContents {
  const index = emptyIndex();
  const bad = readLines(descriptor, index, size).count + index.unreachable;
  const badStarts = new Set<number>();
  /** A single generator: each nested one would cost as much as parsing a short entry. */
  function* located(isWanted: ((key: number) => boolean) | undefined, isNewestOnly: boolean): Generator<LocatedEntry> {
    const bytesOf = lineReader(descriptor, ({ start, length }) => start + length);
    for (const position of index.positions.newestFirst()) {
      if (isWanted && !isWanted(position.key)) continue;
      const entry = entryAt(descriptor, position, bytesOf(position));
      if (typeof entry === "string") badStarts.add(position.start);
      else if (
        !isNewestOnly || !index.positions.isRepeated(position.key) || isNewest(descriptor, position, entry, index)
      ) {
        yield { entry, position };
      }
    }
  }
  return {
    size,
    get entries() {
      return index.positions.count - badStarts.size;
    },
    get noEntries() {
      return bad + badStarts.size;
    },
    newest: (isWanted) => located(isWanted, true),
    all: (isWanted) => located(isWanted, false),
  };
}

/** How much is read at once, in bytes. */
const WINDOW_LENGTH = 1 << 20;

/**
 * Reads lines, many at once: single reads take as long as parsing. It returns undefined for a line that is longer than
 * one read.
 *
 * @param endOf Where a read for this line ends: behind it for lines from the last to the first.
 */
function lineReader(
  descriptor: number,
  endOf: (position: Position) => number,
): (position: Position) => Uint8Array | undefined {
  const memory = emptyBlock(WINDOW_LENGTH); // new memory for each read takes longer than reading
  let window = memory.subarray(0, 0);
  let windowStart = 0;
  return (position) => {
    const { start, length } = position;
    if (length > WINDOW_LENGTH) return undefined;
    if (start < windowStart || start + length > windowStart + window.length) {
      const end = endOf(position);
      windowStart = Math.max(0, end - WINDOW_LENGTH);
      window = fillBlock(descriptor, windowStart, memory.subarray(0, end - windowStart));
    }
    return window.subarray(start - windowStart, start - windowStart + length);
  };
}

/** The identity of an entry: its digest, or its key if pycachy wrote it. */
export function digestOf({ key, sha256 }: Entry): string {
  return sha256 ?? key;
}
