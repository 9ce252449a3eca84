import { closeSync, fstatSync, type Stats, statSync } from "node:fs";
import { isGranted } from "../../lib/environment.ts";
import { show } from "../../lib/show.ts";
import { createSettings } from "../../options/settings.ts";
import type { Entry } from "../../store/entry.ts";
import { isNewest } from "../../store/jsonl/compact.ts";
import { bytesAt, openIfExists, type Position } from "../../store/jsonl/file.ts";
import { emptyIndex, linesOf, readLines } from "../../store/jsonl/index.ts";
import { entryAt } from "../../store/jsonl/line.ts";
import { CommandError, type Terminal, UsageError } from "../app/command.ts";
import { printable } from "../display/printable.ts";

/** A file of recordings, open for reading. What is appended later is left out. */
export interface RecordedFile {
  readonly path: string;
  readonly descriptor: number;
  /** In bytes. */
  readonly size: number;
}

/** One line of it. */
export interface FileLine {
  /** From 1 on. */
  readonly number: number;
  readonly position: Position;
  /** The entry, or why the line is none. */
  readonly content: Entry | string;
}

/** An entry and where its line is. */
export interface LocatedEntry {
  readonly entry: Entry;
  readonly position: Position;
}

/**
 * Finds the file as `enableCachy()` does.
 *
 * @param named What the option `--file` says.
 */
export function findFile(named: string | undefined, terminal: Terminal): string {
  const { path, warning } = createSettings(named === undefined ? {} : { file: named }).findFile();
  if (warning !== undefined) terminal.note(`cachy: ${warning}`);
  return path;
}

/**
 * Opens a file for the time that a function uses it.
 *
 * @throws {CommandError} If it does not exist, is a folder, or may not be read.
 */
export async function withFile<Result>(
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
    const cure = "Record a call first, go to the project's folder, or name the file by --file.";
    throw new CommandError(`Cannot read ${path}: there is no such file. ${cure}`);
  }
  try {
    return await use({ path, descriptor, size: fstatSync(descriptor).size });
  } finally {
    closeSync(descriptor);
  }
}

/** Why something is no file to read from, with what to do about it. To open a pipe would wait for who writes to it. */
export function noFileReason(stats: Stats): string | undefined {
  if (stats.isDirectory()) return "it is a folder. Name the file in it";
  return stats.isFile() ? undefined : "it is a pipe or a device. Copy what it gives into a file, and name that";
}

/** The lines of a file, oldest first. */
export function* fileLines({ descriptor, size }: RecordedFile): Generator<FileLine> {
  let number = 0;
  for (const position of linesOf(descriptor, 0, size)) {
    number++;
    yield { number, position, content: entryAt(descriptor, position) };
  }
}

/** What a file holds, newest first. The entries stay on disk until they are asked for. */
export interface FileContents {
  /** In bytes. */
  readonly size: number;
  /** How many entries there are, replaced ones too, as far as is known: some lines only look like one until they are read. */
  readonly entries: number;
  /** How many lines answer nothing, as far as is known. */
  readonly noEntries: number;
  /**
   * The newest entry of each digest.
   *
   * @param isWanted Which of them, by their keys as numbers.
   */
  newest(isWanted?: (key: number) => boolean): Generator<LocatedEntry>;
  /** The same with those that a newer one has replaced. */
  all(isWanted?: (key: number) => boolean): Generator<LocatedEntry>;
}

/** Finds the lines of a file, which is a third of the work of reading them. */
export function contentsOf({ descriptor, size }: RecordedFile): FileContents {
  const index = emptyIndex();
  const bad = readLines(descriptor, index, size).count + index.unreachable;
  const badStarts = new Set<number>();
  /** One generator does it all: of several within each other each costs as much as a short entry takes to be parsed. */
  function* located(isWanted: ((key: number) => boolean) | undefined, isNewestOnly: boolean): Generator<LocatedEntry> {
    const bytesOf = backwardReader(descriptor);
    for (const position of index.positions.newestFirst()) {
      if (isWanted && !isWanted(position.key)) continue;
      const entry = entryAt(descriptor, position, bytesOf(position));
      if (typeof entry === "string") badStarts.add(position.start);
      else if (!isNewestOnly || isNewest(descriptor, position, entry, index)) {
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
 * Reads lines from the last one to the first, many of them at once: line by line takes as long as parsing them. A line
 * that is longer than what is read at once is left to others.
 */
function backwardReader(descriptor: number): (position: Position) => Uint8Array | undefined {
  let window: Uint8Array = new Uint8Array();
  let windowStart = 0;
  return ({ start, length }) => {
    if (length > WINDOW_LENGTH) return undefined;
    if (start < windowStart || start + length > windowStart + window.length) {
      windowStart = Math.max(0, start + length - WINDOW_LENGTH);
      window = bytesAt(descriptor, { start: windowStart, length: start + length - windowStart });
    }
    return window.subarray(start - windowStart, start - windowStart + length);
  };
}

/** What tells entries apart: the digest, or the key of those that pycachy wrote. */
export function digestOf({ key, sha256 }: Entry): string {
  return sha256 ?? key;
}

const KEY_LENGTH = 8;
const DIGEST_LENGTH = 64;
/** How many of several entries are named. */
const SHOWN_ENTRIES = 5;

/**
 * Finds the one entry whose key or digest starts with some digits: the newest of its digest.
 *
 * @throws {UsageError} If these are no hex digits.
 * @throws {CommandError} If there is no such entry, or more than one.
 */
export function findEntry(file: RecordedFile, digits: string): LocatedEntry {
  let first: LocatedEntry | undefined;
  let count = 0;
  const named: string[] = []; // of the others only this is kept: a few digits can be those of gigabytes
  for (const located of entriesOf(file, digits)) {
    first ??= located;
    if (++count <= SHOWN_ENTRIES) named.push(digestOf(located.entry).slice(0, digits.length + KEY_LENGTH));
  }
  if (!first) {
    throw new CommandError(
      `Cannot find ${digits}: no key in ${file.path} starts with it. The command list shows the keys.`,
    );
  }
  if (count === 1) return first;
  const more = count > named.length ? ` and ${count - named.length} more` : "";
  throw new CommandError(
    `Cannot tell which entry ${digits} is: there are ${printable(named.join(", "))}${more}. Write more digits.`,
  );
}

/** The newest entry of each digest that starts with some digits. @throws {UsageError} If these are no hex digits. */
function* entriesOf(file: RecordedFile, digits: string): Generator<LocatedEntry, void> {
  const prefix = digits.toLowerCase();
  if (!/^[0-9a-f]+$/.test(prefix) || prefix.length > DIGEST_LENGTH) {
    throw new UsageError(
      `Cannot use ${show(digits)} as a key: expected hex digits, such as 5ece2360, or the first few of them.`,
    );
  }
  const least = parseInt(prefix.slice(0, KEY_LENGTH).padEnd(KEY_LENGTH, "0"), 16);
  const most = parseInt(prefix.slice(0, KEY_LENGTH).padEnd(KEY_LENGTH, "f"), 16);
  for (const located of contentsOf(file).newest((key) => key >= least && key <= most)) {
    if (located.entry.key.startsWith(prefix) || located.entry.sha256?.startsWith(prefix)) yield located;
  }
}
