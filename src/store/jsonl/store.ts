import { closeSync, fstatSync } from "node:fs";
import { areSameBytes } from "../../lib/bytes.ts";
import { type Entry, formatEntry } from "../entry.ts";
import { isPath, pathOf, requireGranted, workingDirectory } from "../../lib/environment.ts";
import { CachyError } from "../../lib/errors.ts";
import { show } from "../../lib/show.ts";
import { lineAppender, openIfExists, withCure } from "./file.ts";
import { entryAt, keyNumber } from "./line.ts";
import { type BadLines, emptyIndex, fenceOf, isSameFile, lineNumber, readLines } from "./index.ts";
import { type Store, type Warn, warnOnStderr } from "../store.ts";

/**
 * A store in a JSON Lines file: one entry a line, appended; the last line of a digest counts.
 *
 * What other processes append is seen, and a file that was replaced or deleted is read anew. Lines that are no entries
 * are skipped and reported. Everything is synchronous: it takes microseconds, and a line that is written before the
 * caller goes on is not lost, even if the caller then ends the process.
 *
 * @param file The file: a path (relative to the working directory) or a `file:` URL. It is created, with its folder, by
 * the first append.
 * @throws {CachyError} `invalid_option`, if `file` is neither a path nor a `file:` URL.
 *
 * @example
 * ```ts
 * import { createCachy, jsonlStore } from "@cachy/core";
 *
 * const cachy = createCachy({ store: jsonlStore("openai.jsonl") }); // the same as { file: "openai.jsonl" }
 * ```
 */
export function jsonlStore(file: string | URL): Store {
  if (!isPath(file)) {
    throw new CachyError("invalid_option", `Cannot use ${show(file)} as a file: expected a path or a file: URL.`);
  }
  const path = pathOf(file, workingDirectory());
  const appendLine = lineAppender(path);
  let warn = warnOnStderr;
  let index = emptyIndex();
  let isReadGranted = false;

  const report = (bad: BadLines) => {
    if (bad.count) warn(badLinesMessage(path, bad));
  };
  /** A line that was taken for an entry, because it starts and ends like one. */
  const reportAsked = (file: number, start: number, reason: string) => {
    if (index.reported.has(start)) return;
    index.reported.add(start);
    report({ first: [{ line: lineNumber(file, start), reason }], count: 1 });
  };
  const refresh = (file: number) => {
    const stats = fstatSync(file);
    const isGrown = stats.size > index.size;
    if (!isSameFile(index, stats) || (isGrown && !areSameBytes(fenceOf(file, index.end), index.fence))) {
      index = emptyIndex();
    }
    if (stats.size > index.size) report(readLines(file, index, stats.size));
    Object.assign(index, { size: stats.size, inode: stats.ino, modified: stats.mtimeMs });
  };
  const read = (file: number, key: string, sha256: string | undefined): Entry | undefined => {
    let withoutDigest: Entry | undefined;
    const number = keyNumber(key);
    for (const position of number === undefined ? [] : index.positions.positionsOf(number)) {
      const entry = entryAt(file, position);
      if (typeof entry === "string") reportAsked(file, position.start, entry);
      else if (entry.key !== key) continue;
      else if (entry.sha256 === undefined) withoutDigest ??= entry;
      else if (entry.sha256 === sha256) return entry;
    }
    return withoutDigest;
  };

  return {
    name: path,
    get size() {
      return index.positions.count + index.unreachable;
    },
    warnTo(to: Warn) {
      warn = to;
    },
    find(key, sha256) {
      if (!isReadGranted) requireGranted("read", path);
      isReadGranted = true;
      return curing(() => {
        const file = openIfExists(path);
        if (file === undefined) {
          index = emptyIndex();
          return undefined;
        }
        try {
          refresh(file);
          return read(file, key, sha256);
        } finally {
          closeSync(file);
        }
      });
    },
    *entries() {
      const file = openIfExists(path);
      if (file === undefined) return;
      try {
        refresh(file);
        for (const position of index.positions.newestFirst()) {
          const entry = entryAt(file, position);
          if (typeof entry !== "string") yield entry;
        }
      } finally {
        closeSync(file);
      }
    },
    append(entry) {
      requireGranted("write", path);
      curing(() => appendLine(formatEntry(entry)));
    },
  };
}

/** Says of an error of the file system what to do about it. */
function curing<Result>(use: () => Result): Result {
  try {
    return use();
  } catch (error) {
    throw withCure(error);
  }
}

function badLinesMessage(path: string, { first, count }: BadLines): string {
  const shown = first.map(({ line, reason }) => `line ${line} (${reason})`).join(", ");
  const more = count > first.length ? ` and ${count - first.length} more` : "";
  return `Skipped what is no entry in ${path}: ${shown}${more}. ` +
    `The other entries are used; delete these lines to silence this.`;
}
