import { closeSync, fstatSync } from "node:fs";
import { utf8 } from "../bytes.ts";
import { type Entry, formatEntry } from "../entry.ts";
import { requireGranted } from "../permissions.ts";
import { isTorn, openIfExists, openToAppend, withCure, writeWhole } from "./file.ts";
import { type BadLine, emptyIndex, entryAt, fenceOf, isSameFile, lineNumber, readLines } from "./jsonl_index.ts";
import type { Store } from "./store.ts";

/**
 * A store in a JSON Lines file: one entry a line, appended; the last line of a digest counts.
 *
 * What other processes append is seen, and a file that was replaced or deleted is read anew. Lines that are no entries
 * are skipped and reported. Everything is synchronous: it takes microseconds, and a line that is written before the
 * caller goes on is not lost, even if the caller then ends the process.
 *
 * @param path The file. It is created, with its folder, by the first append.
 * @param warn Is told of lines that were skipped.
 */
export function jsonlStore(path: string, warn: (message: string) => void): Store {
  let index = emptyIndex();
  let isReadGranted = false;

  const report = (bad: readonly BadLine[]) => {
    const fresh = bad.filter(({ line }) => !index.reported.has(line));
    for (const { line } of fresh) index.reported.add(line);
    if (fresh.length) warn(badLinesMessage(path, fresh));
  };
  const refresh = (file: number) => {
    const stats = fstatSync(file);
    const isGrown = stats.size > index.size;
    if (!isSameFile(index, stats) || (isGrown && fenceOf(file, index.end) !== index.fence)) index = emptyIndex();
    if (stats.size > index.size) report(readLines(file, index, stats.size));
    Object.assign(index, { size: stats.size, inode: stats.ino, modified: stats.mtimeMs });
  };
  const read = (file: number, key: string, sha256: string | undefined): Entry | undefined => {
    let withoutDigest: Entry | undefined;
    for (const position of (index.positions.get(key) ?? []).toReversed()) {
      const entry = entryAt(file, position);
      if (typeof entry === "string") {
        report([{ line: lineNumber(file, position.start), reason: entry }]);
      } else if (entry.key !== key) continue;
      else if (entry.sha256 === undefined) withoutDigest ??= entry;
      else if (entry.sha256 === sha256) return entry;
    }
    return withoutDigest;
  };

  return {
    name: path,
    get size() {
      return [...index.positions.values()].reduce((sum, positions) => sum + positions.length, 0);
    },
    find(key, sha256) {
      if (!isReadGranted) requireGranted("read", path);
      isReadGranted = true;
      return withFile(openIfExists, path, (file) => {
        if (file === undefined) index = emptyIndex();
        else refresh(file);
        return file === undefined ? undefined : read(file, key, sha256);
      });
    },
    append(entry) {
      requireGranted("write", path);
      const line = formatEntry(entry);
      withFile(openToAppend, path, (file) => writeWhole(file, utf8(isTorn(file) ? `\n${line}` : line)));
    },
  };
}

/** Leaves no file open, and says of an error what to do about it. */
function withFile<File extends number | undefined, Result>(
  open: (path: string) => File,
  path: string,
  use: (file: File) => Result,
): Result {
  let file: File | undefined;
  try {
    file = open(path);
    return use(file);
  } catch (error) {
    throw withCure(error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

const SHOWN_BAD_LINES = 10;

function badLinesMessage(path: string, bad: readonly BadLine[]): string {
  const shown = bad.slice(0, SHOWN_BAD_LINES).map(({ line, reason }) => `line ${line} (${reason})`);
  const more = bad.length > SHOWN_BAD_LINES ? ` and ${bad.length - SHOWN_BAD_LINES} more` : "";
  return `Skipped what is no entry in ${path}: ${shown.join(", ")}${more}. ` +
    `The other entries are used; delete these lines to silence this.`;
}
