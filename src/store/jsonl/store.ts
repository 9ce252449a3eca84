import { closeSync } from "node:fs";
import { isPath, pathOf, requireGranted, workingDirectory } from "../../lib/environment.ts";
import { CachyError } from "../../lib/errors.ts";
import { show } from "../../lib/show.ts";
import { type Entry, formatEntry } from "../entry.ts";
import { type Store, type Warn, warnOnStderr } from "../store.ts";
import { lineAppender, openIfExists, withCure } from "./file.ts";
import { type BadLines, countingPositions, emptyIndex, type Index, lineNumber, refreshIndex } from "./index.ts";
import { entryAt, keyNumber } from "./line.ts";

/**
 * A store in a JSON Lines file: one entry a line, appended. Of several lines of a digest the one that was recorded last
 * counts, by its `recorded_at`; without times the last line counts.
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
      curing(() => appendLine(formatEntry(entry)));
    },
  };
}

/** Finds entries in a file that others change, and tells the user about lines that are none. */
interface Reader {
  readonly size: number;
  warnTo(to: Warn): void;
  find(key: string, sha256: string | undefined): Entry | undefined;
  entries(): Iterable<Entry>;
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
  /** Reports a line that was taken for an entry, because it starts and ends like one. */
  const reportAsked = (file: number, start: number, reason: string) => {
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
      const found = withFile(path, (file) => {
        refresh(file);
        return { entry: findIn(file, index, { key, sha256 }, reportAsked) };
      });
      if (!found) index = emptyIndex();
      return found?.entry;
    },
    entries: () =>
      whileOpen(path, (file) => {
        refresh(file);
        return newestEntries(file, index);
      }),
  };
}

/** Opens a file for a short while; undefined if there is none. */
function withFile<Result>(path: string, use: (file: number) => Result): Result | undefined {
  const file = openIfExists(path);
  if (file === undefined) return undefined;
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** Opens a file for as long as its entries are read; none if there is no file. */
function* whileOpen(path: string, entriesIn: (file: number) => Iterable<Entry>): Generator<Entry> {
  const file = openIfExists(path);
  if (file === undefined) return;
  try {
    yield* entriesIn(file);
  } finally {
    closeSync(file);
  }
}

/** The newest entry of a digest; else the newest without any digest. */
function findIn(
  file: number,
  index: Index,
  { key, sha256 }: { readonly key: string; readonly sha256: string | undefined },
  onBadLine: (file: number, start: number, reason: string) => void,
): Entry | undefined {
  let withoutDigest: Entry | undefined;
  const number = keyNumber(key);
  for (const position of number === undefined ? [] : countingPositions(file, index, number)) {
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
