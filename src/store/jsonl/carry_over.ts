import { fstatSync } from "node:fs";
import type { Entry } from "../entry.ts";
import { lineAppender } from "./append.ts";
import { entryAt, lineAt } from "./read_line.ts";
import { bytesAt, type Position } from "./file.ts";
import { jsonlStore } from "./store.ts";
import { linesOf } from "./index.ts";
import { isKeptForOthers } from "./kept_lines.ts";
import type { Store } from "../store.ts";

/**
 * Brings over what others appended to the old file since it was read. Who appends later than this notices that the path
 * names another file by now, and writes again.
 *
 * @param isRecovery Whether a killed process had begun with it: then only digests that the new file lacks are wanted.
 */
export function carryOver(old: number, from: number, path: string, isRecovery: boolean): void {
  const store = jsonlStore(path);
  store.warnTo?.(() => {}); // the report counts what is damaged
  const append = lineAppender(path);
  for (const position of linesOf(old, from, fstatSync(old).size)) {
    const entry = entryAt(old, position);
    const isWanted = typeof entry === "string"
      ? !isRecovery && isKeptForOthers(old, position)
      : isMissing(entry, store, isRecovery);
    // As it is: not every entry can be written anew, and numbers would lose digits.
    if (isWanted) append(`${lineAt(old, position)}\n`);
  }
}

/** Somebody may have appended a newer entry of the same digest to the new file already. */
function isMissing(entry: Entry, store: Store, isRecovery: boolean): boolean {
  const there = store.find(entry.key, entry.sha256) as Entry | undefined;
  if (there === undefined || there.sha256 !== entry.sha256) return true;
  const [time, timeThere] = [timeOf(entry), timeOf(there)];
  return !isRecovery && (time > timeThere || (time === timeThere && entry.response !== there.response));
}

/** When an entry was recorded; "" if it does not say so. */
export function timeOf({ recorded_at: time }: Entry): string {
  return typeof time === "string" ? time : ""; // nobody has checked it
}

/**
 * From where on a file that was read up to `end` has to be read again: a torn last line may be whole by now, and then it
 * is one that was appended.
 */
export function startOfRest(file: number, end: number): number {
  const start = startOfLastLine(file, end);
  const rest: Position = { start, length: end - start };
  return typeof entryAt(file, rest) !== "string" || isKeptForOthers(file, rest) ? end : start;
}

const LINE_FEED = 0x0a;
const BLOCK_LENGTH = 1 << 16;

/** Where what stands behind the last line feed starts. */
export function startOfLastLine(file: number, end: number): number {
  for (let to = end; to > 0; to -= BLOCK_LENGTH) {
    const from = Math.max(0, to - BLOCK_LENGTH);
    const lf = bytesAt(file, { start: from, length: to - from }).lastIndexOf(LINE_FEED);
    if (lf !== -1) return from + lf + 1;
  }
  return 0;
}
