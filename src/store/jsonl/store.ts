import { closeSync } from "node:fs";
import { isPath, pathCure, pathOf, requireGranted, workingDirectory } from "../../lib/environment.ts";
import { CachyError } from "../../lib/errors.ts";
import { show } from "../../lib/show.ts";
import { type Entry, entryBytes, LONGEST_LINE } from "../entry.ts";
import { type Store, type Warn, warnOnStderr } from "../store.ts";
import { type Appended, type FileState, lineAppender, openIfExists, readUnchanged, withCure } from "./file.ts";
import {
  addAppended,
  type BadLines,
  emptyIndex,
  type Index,
  isIndexed,
  lineNumber,
  newestPositions,
  refreshIndex,
} from "./index.ts";
import { entryAt, keyNumber } from "./line.ts";

/**
 * A store in a JSON Lines file. Entries are appended, one per line. Of several lines of a digest, the one with the latest
 * `recorded_at` wins; without times, the last line.
 *
 * It reads lines that other processes append, and reads a replaced file from its start. It skips lines that are not
 * entries, with a warning. All functions are synchronous and take microseconds. A line is therefore saved even if the
 * program ends the process right after `append`.
 *
 * @param file A path (relative to the working directory) or a `file:` URL. The first `append` creates the file and its
 * folder if they do not exist.
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
    const cure = pathCure(file);
    const message = `Cannot use ${show(file)} as a file: expected a path or a file: URL.${cure ? ` ${cure}` : ""}`;
    throw new CachyError("invalid_option", message);
  }
  const path = pathOf(file, workingDirectory());
  const reader = createReader(path);
  const appendLine = lineAppender(path);
  let isReadGranted = false;
  return {
    name: path,
    get size() {
      return reader.size;
    },
    warnTo: reader.warnTo,
    find(key, sha256) {
      if (!isReadGranted) requireGranted("read", path);
      isReadGranted = true;
      return curing(() => reader.find(key, sha256));
    },
    entries: reader.entries,
    append(entry) {
      requireGranted("write", path);
      const line = entryBytes(entry);
      if (line.length > LONGEST_LINE) {
        throw new Error(`its line would have ${line.length} bytes, more than can be read`);
      }
      curing(() => reader.appended(appendLine(line)));
    },
  };
}

/** Finds entries in a file that other processes change, and warns about lines that are not entries. */
interface Reader {
  readonly size: number;
  warnTo(to: Warn): void;
  find(key: string, sha256: string | undefined): Entry | undefined;
  entries(): Iterable<Entry>;
  /** Called when this process has appended a line. */
  appended(line: Appended): void;
}

function createReader(path: string): Reader {
  let warn = warnOnStderr;
  let index = emptyIndex();
  const report = (bad: BadLines) => {
    if (bad.count) warn(badLinesMessage(path, bad));
  };
  const refresh = (file: number) => {
    const refreshed = refreshIndex(file, index);
    index = refreshed.index;
    report(refreshed.bad);
  };
  /** Reports a line that was indexed because of its edges, but is not an entry. */
  const reportIndexed = (file: number, start: number, reason: string) => {
    if (index.reported.has(start)) return;
    index.reported.add(start);
    report({ first: [{ line: lineNumber(file, start), reason }], count: 1 });
  };
  return {
    get size() {
      return index.positions.count + index.unreachable;
    },
    warnTo(to) {
      warn = to;
    },
    find(key, sha256) {
      const sought = { key, sha256 };
      let [isUnchanged, isReported] = [false, true];
      const number = keyNumber(key);
      const mayBeIn = number !== undefined && index.positions.has(number);
      const isKnown = (state: FileState) => (isUnchanged = isIndexed(index, state)) && mayBeIn;
      const entry = readUnchanged(path, isKnown, (file) => {
        return findIn(file, index, sought, (_, start) => void (isReported &&= index.reported.has(start)));
      });
      if (isUnchanged && !mayBeIn) return undefined;
      // Only an entry with the digest is certain to answer the request, even if another file is now at the path.
      if (entry?.sha256 !== undefined && isReported) return entry;
      const found = withFile(path, (file) => {
        refresh(file);
        return { entry: findIn(file, index, sought, reportIndexed) };
      });
      if (!found) index = emptyIndex();
      return found?.entry;
    },
    appended: (line) => addAppended(index, line),
    entries: () =>
      whileOpen(path, (file) => {
        refresh(file);
        return newestEntries(file, index);
      }),
  };
}

/** Opens a file for one call of a function; undefined if it does not exist. */
function withFile<Result>(path: string, use: (file: number) => Result): Result | undefined {
  const file = openIfExists(path);
  if (file === undefined) return undefined;
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** Opens a file while its entries are iterated; yields nothing if it does not exist. */
function* whileOpen(path: string, entriesIn: (file: number) => Iterable<Entry>): Generator<Entry> {
  const file = openIfExists(path);
  if (file === undefined) return;
  try {
    yield* entriesIn(file);
  } finally {
    closeSync(file);
  }
}

/** The newest entry of a digest; else the newest entry of the key without a digest. */
function findIn(
  file: number,
  index: Index,
  { key, sha256 }: { readonly key: string; readonly sha256: string | undefined },
  onBadLine: (file: number, start: number, reason: string) => void,
): Entry | undefined {
  let withoutDigest: Entry | undefined;
  const number = keyNumber(key);
  for (const position of number === undefined ? [] : newestPositions(file, index, number)) {
    const entry = entryAt(file, position);
    if (typeof entry === "string") onBadLine(file, position.start, entry);
    else if (entry.key !== key) continue;
    else if (entry.sha256 === undefined) withoutDigest ??= entry;
    else if (entry.sha256 === sha256) return entry;
  }
  return withoutDigest;
}

function* newestEntries(file: number, { positions }: Index): Generator<Entry> {
  for (const position of positions.newestFirst()) {
    const entry = entryAt(file, position);
    if (typeof entry !== "string") yield entry;
  }
}

/** Adds to errors of the file system what to do about them. */
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
  return `Cannot use some lines of ${path}: ${shown}${more}. ` +
    `Delete them to silence this warning; all other lines are used.`;
}
