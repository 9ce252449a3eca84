import { fstatSync, rmSync } from "node:fs";
import { bytesAt, isTorn, type Position } from "../../store/jsonl/file.ts";
import { linesOf } from "../../store/jsonl/index.ts";
import { entryAt, isKeptForOthers, LONGEST_LINE } from "../../store/jsonl/line.ts";
import { rewriteFile, type Rewritten } from "../../store/jsonl/rewrite.ts";
import { bareLine, type LineWriter, lineWriter } from "../../store/jsonl/write_lines.ts";
import { everyMegabyte, type OnProgress } from "../app/progress.ts";
import { backUp } from "./back_up.ts";
import { objectsIn } from "./salvage.ts";

/** What became of a file that was repaired. */
export interface RepairReport {
  /** Lines that stayed, as they were but for a byte order mark and carriage returns. */
  readonly kept: number;
  /** How many of them had such a mark. */
  readonly stripped: number;
  /** Entries that stood in lines that are none. Each has a line of its own now. */
  readonly salvaged: DamagedParts;
  /** What is gone: lines, and what stood beside salvaged entries. */
  readonly dropped: DamagedParts;
  /** Where the original is; undefined if nothing had to be repaired, and the file was left as it is. */
  readonly backup: string | undefined;
  /** The size of the file before, in bytes. */
  readonly bytesBefore: number;
  /** The size of the repaired file, in bytes; without what others appended meanwhile. */
  readonly bytesAfter: number;
}

/** Parts of the original file: the first thousand, and how many there are in all. */
export interface DamagedParts {
  readonly first: readonly DamagedPart[];
  readonly count: number;
}

/** A part of the original file. */
export interface DamagedPart {
  /** The number of its line, from 1 on. */
  readonly line: number;
  /** Where it is in the file, in bytes. */
  readonly start: number;
  readonly length: number;
  /** Why it is gone, or why the line of a salvaged entry is none. */
  readonly reason: string;
}

/**
 * Writes a file anew, without what is no entry. Every entry that can be read stays: replaced ones, too, and those that
 * only a newer version or pycachy answers from, and those that share a line with something else.
 *
 * The original stays beside it, as `cachy.jsonl.bak`, or `.bak.2` and so on if there are others. Others may record into
 * the file meanwhile, and lose nothing.
 *
 * @throws {CachyError} `cannot_compact`, if there is no such file, or the new file or the copy of the old one cannot be
 * written; the file is untouched then.
 */
export function repairFile(path: string, { onProgress }: { readonly onProgress?: OnProgress } = {}): RepairReport {
  let backup: string | undefined;
  const report = rewriteFile(path, {
    verb: "repair",
    keepsOld: true,
    write: (old, target) => {
      isTorn(old, -1); // waits for a line that somebody is writing
      const { size } = fstatSync(old);
      return writeRepaired(old, target, size, everyMegabyte(onProgress, size));
    },
    prepare: (path) => {
      const made = backUp(path);
      backup = made;
      return () => rmSync(made, { force: true });
    },
  });
  return { ...report, backup };
}

type Counts = Omit<RepairReport, "backup">;

function writeRepaired(
  old: number,
  target: number,
  size: number,
  progress: (done: number) => void,
): Rewritten<Counts> {
  const writer = lineWriter(target);
  const [salvaged, dropped] = [partList(), partList()];
  let [line, kept, stripped] = [0, 0, 0];
  for (const position of linesOf(old, 0, size)) {
    line++;
    const reason = reasonAgainst(old, position);
    if (reason === undefined) {
      kept++;
      if (writeBare(old, position, writer)) stripped++;
    } else repairLine(old, position, { line, reason }, { writer, salvaged, dropped });
    progress(position.start + position.length + 1);
  }
  const bytesAfter = writer.end();
  const parts = { salvaged: salvaged.end(), dropped: dropped.end() };
  const isChanged = stripped + parts.salvaged.count + parts.dropped.count > 0;
  const report = { kept, stripped, ...parts, bytesBefore: size, bytesAfter: isChanged ? bytesAfter : size };
  return { report, end: size, isChanged };
}

/** Why nobody can read a line; undefined if somebody can. */
function reasonAgainst(file: number, position: Position): string | undefined {
  const entry = entryAt(file, position);
  return typeof entry !== "string" || isKeptForOthers(file, position) ? undefined : entry;
}

/** @returns Whether anything was taken off. */
function writeBare(file: number, position: Position, writer: LineWriter): boolean {
  const bytes = bytesAt(file, position);
  const bare = bareLine(bytes);
  writer.write(bare);
  return bare.length < bytes.length;
}

interface Repaired {
  readonly writer: LineWriter;
  readonly salvaged: PartList;
  readonly dropped: PartList;
}

function repairLine(
  file: number,
  { start, length }: Position,
  { line, reason }: { readonly line: number; readonly reason: string },
  { writer, salvaged, dropped }: Repaired,
): void {
  const inFile = (part: Position): Position => ({ start: start + part.start, length: part.length });
  // A longer one cannot be read at once, and is no torn line but the whole of something else.
  const bytes = length <= LONGEST_LINE ? bytesAt(file, { start, length }) : undefined;
  const found = bytes ? objectsIn(bytes, (part) => reasonAgainst(file, inFile(part)) === undefined) : [];
  let end = 0;
  for (const part of found) {
    const between = { start: end, length: part.start - end };
    if (!isBlank(bytes, between)) dropped.add({ line, ...inFile(between), reason: reasonOf(file, inFile(between)) });
    salvaged.add({ line, ...inFile(part), reason });
    writer.write(bytesAt(file, inFile(part)));
    end = part.start + part.length;
  }
  const rest = { start: end, length: length - end };
  if (found.length === 0) dropped.add({ line, start, length, reason });
  else if (!isBlank(bytes, rest)) dropped.add({ line, ...inFile(rest), reason: reasonOf(file, inFile(rest)) });
}

function reasonOf(file: number, position: Position): string {
  return reasonAgainst(file, position) ?? "not JSON";
}

/** White space, and what is stripped of a line. */
function isBlank(bytes: Uint8Array | undefined, { start, length }: Position): boolean {
  return bytes !== undefined && new TextDecoder().decode(bytes.subarray(start, start + length)).trim() === "";
}

interface PartList {
  add(part: DamagedPart): void;
  end(): DamagedParts;
}

/** How many damaged parts are named. */
const NAMED_PARTS = 1000;

function partList(): PartList {
  const first: DamagedPart[] = [];
  let count = 0;
  return {
    add(part) {
      if (count++ < NAMED_PARTS) first.push(part);
    },
    end: () => ({ first, count }),
  };
}
