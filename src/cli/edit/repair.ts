import { fstatSync, rmSync } from "node:fs";
import { LONGEST_LINE } from "../../store/entry.ts";
import { bytesAt, isTorn, type Position } from "../../store/jsonl/file.ts";
import { linesOf } from "../../store/jsonl/index.ts";
import { entryAt, isKeptForOthers } from "../../store/jsonl/line.ts";
import { rewriteFile, type Rewritten } from "../../store/jsonl/rewrite.ts";
import { bareLine, type LineWriter, lineWriter } from "../../store/jsonl/write_lines.ts";
import { everyMegabyte, type OnProgress } from "../app/progress.ts";
import { backUp } from "./back_up.ts";
import { objectsIn } from "./find_objects.ts";

/** The result of a repair. */
export interface RepairReport {
  /** Kept lines. They are unchanged, except for a byte order mark and carriage returns. */
  readonly kept: number;
  /** How many of them had a byte order mark or carriage returns. */
  readonly stripped: number;
  /** Entries within damaged lines. Each now has a separate line. */
  readonly salvaged: DamagedParts;
  /** Removed lines, and removed text beside salvaged entries. */
  readonly dropped: DamagedParts;
  /** The path of the original; undefined if the file needed no repair and is unchanged. */
  readonly backup: string | undefined;
  /** The size of the file before, in bytes. */
  readonly bytesBefore: number;
  /** The size of the repaired file, in bytes, without lines that were appended meanwhile. */
  readonly bytesAfter: number;
}

/** Parts of the original file: the first thousand, and their number. */
export interface DamagedParts {
  readonly first: readonly DamagedPart[];
  readonly count: number;
}

/** A part of the original file. */
export interface DamagedPart {
  /** The number of its line, from 1. */
  readonly line: number;
  /** Its position in the file, in bytes. */
  readonly start: number;
  readonly length: number;
  /** Why it was removed, or why the line of a salvaged entry is damaged. */
  readonly reason: string;
}

/**
 * Rewrites a file without its damaged parts. Every readable entry stays: also replaced ones, those that only a newer
 * version or pycachy can use, and those within a damaged line.
 *
 * The original stays beside it as `cachy.jsonl.bak`; if that exists, as `.bak.2`, and so on. Other processes may record
 * meanwhile, and lose nothing.
 *
 * @throws {CachyError} `cannot_compact`, if the file does not exist, or the new file or the backup cannot be written. The
 * file is unchanged then.
 */
export function repairFile(path: string, { onProgress }: { readonly onProgress?: OnProgress } = {}): RepairReport {
  let backup: string | undefined;
  const report = rewriteFile(path, {
    verb: "repair",
    keepsOld: true,
    write: (old, target) => {
      isTorn(old, -1); // waits for a line that another process is writing
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
    const reason = damageReason(old, position);
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

/** Why a line is damaged; undefined if this version, a newer one or pycachy can read it. */
function damageReason(file: number, position: Position): string | undefined {
  const entry = entryAt(file, position);
  return typeof entry !== "string" || isKeptForOthers(file, position) ? undefined : entry;
}

/** Writes a line without byte order mark and carriage returns. @returns Whether it had any. */
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
  // A longer line cannot be read at once. It is not a torn entry.
  const bytes = length <= LONGEST_LINE ? bytesAt(file, { start, length }) : undefined;
  const found = bytes ? objectsIn(bytes, (part) => damageReason(file, inFile(part)) === undefined) : [];
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
  return damageReason(file, position) ?? "not JSON";
}

/** Whether a part contains only white space. */
function isBlank(bytes: Uint8Array | undefined, { start, length }: Position): boolean {
  return bytes !== undefined && new TextDecoder().decode(bytes.subarray(start, start + length)).trim() === "";
}

interface PartList {
  add(part: DamagedPart): void;
  end(): DamagedParts;
}

/** How many parts are listed. */
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
