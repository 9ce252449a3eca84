import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, renameSync, rmSync } from "node:fs";
import { messageOf } from "../../lib/errors.ts";
import { LONGEST_LINE } from "../../store/entry.ts";
import { bytesAt, openIfExists, type Position, withCure } from "../../store/jsonl/file.ts";
import { linesOf, timeOf } from "../../store/jsonl/index.ts";
import { entryAt } from "../../store/jsonl/line.ts";
import { bareLine, lineWriter } from "../../store/jsonl/write_lines.ts";
import { CommandError } from "../app/command.ts";

/** The result of a three-way merge, in lines. */
export interface ThreeWayReport {
  readonly kept: number;
  /** Lines of the other side that were added or are newer. */
  readonly taken: number;
  /** Lines that one side had removed. */
  readonly removed: number;
}

/** One recording of a version: the newest line of a digest, or a line that is not an entry. */
interface Recording {
  readonly position: Position;
  /** Identifies equal lines. */
  readonly hash: string;
  /** Empty if the line has no time. */
  readonly time: string;
}

/** A version of the file: its recordings by digest, or by their bytes if they are not entries. */
type Version = ReadonlyMap<string, Recording>;

/**
 * Merges two versions of a file that have a common ancestor, as git asks a merge driver to do. There are no conflicts:
 * additions of both sides are kept, a removal removes, and of two recordings the newer one is used. A recording that one
 * side removed and the other made anew is kept.
 *
 * @param paths The ancestor, our version and their version. The result replaces our version, atomically.
 * @throws {CommandError} If a version cannot be read, or the result cannot be written.
 */
export function mergeVersions(
  paths: { readonly base: string; readonly ours: string; readonly theirs: string },
): ThreeWayReport {
  const files: number[] = [];
  const open = (path: string) => {
    const file = openIfExists(path);
    if (file === undefined) throw new CommandError(`Cannot merge ${path}: there is no such file. Check the path.`);
    files.push(file);
    return file;
  };
  try {
    const [base, ours, theirs] = [open(paths.base), open(paths.ours), open(paths.theirs)];
    const { lines, report } = mergedLines(versionOf(base), versionOf(ours), versionOf(theirs));
    const all = lines.map(({ position, isOurs }) => bytesAt(isOurs ? ours : theirs, position));
    replaceFile(paths.ours, all);
    return report;
  } finally {
    for (const file of files) closeSync(file);
  }
}

function versionOf(file: number): Version {
  const version = new Map<string, Recording>();
  for (const position of linesOf(file, 0, fstatSync(file).size)) {
    if (position.length === 0 || position.length > LONGEST_LINE) continue;
    const entry = entryAt(file, position);
    const hash = createHash("sha256").update(bareLine(bytesAt(file, position))).digest("base64");
    if (typeof entry === "string") {
      if (entry !== "blank line" && entry !== "git conflict marker") version.set(hash, { position, hash, time: "" });
      continue;
    }
    const digest = entry.sha256 ?? entry.key;
    const time = timeOf(entry);
    const before = version.get(digest);
    if (!before || time === "" || time >= before.time) version.set(digest, { position, hash, time });
  }
  return version;
}

interface MergedLine {
  readonly position: Position;
  readonly isOurs: boolean;
}

function mergedLines(base: Version, ours: Version, theirs: Version) {
  const lines: MergedLine[] = [];
  let [taken, removed] = [0, 0];
  const keep = ({ position }: Recording) => void lines.push({ position, isOurs: true });
  const take = ({ position }: Recording) => {
    lines.push({ position, isOurs: false });
    taken++;
  };
  const isUnchanged = (digest: string, recording: Recording) => base.get(digest)?.hash === recording.hash;
  for (const [digest, own] of ours) {
    const other = theirs.get(digest);
    if (other && isNewer(other, own)) take(other);
    else if (!other && isUnchanged(digest, own)) removed++;
    else keep(own);
  }
  for (const [digest, other] of theirs) {
    if (ours.has(digest)) continue;
    if (isUnchanged(digest, other)) removed++;
    else take(other);
  }
  const report: ThreeWayReport = { kept: lines.length - taken, taken, removed };
  return { lines, report };
}

function isNewer(other: Recording, own: Recording): boolean {
  return own.time !== "" && other.time > own.time;
}

function replaceFile(path: string, lines: readonly Uint8Array[]): void {
  const beside = `${path}.merged`;
  try {
    const file = openSync(beside, "w");
    try {
      const writer = lineWriter(file);
      for (const line of lines) writer.write(bareLine(line));
      writer.end();
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new CommandError(`Cannot write the merged file ${path}: ${messageOf(withCure(error))}`, { cause: error });
  }
}
