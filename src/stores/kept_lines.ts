import { writeSync } from "node:fs";
import { concatBytes } from "../bytes.ts";
import { checkEntry, type Entry, ENTRY_VERSION } from "../entry.ts";
import { asRecord, parseJson } from "../json.ts";
import { entryAt, lineAt } from "./entry_at.ts";
import { bytesAt, type Position } from "./file.ts";
import { type Index, linesOf } from "./jsonl_index.ts";
import { keyNumber } from "./line_key.ts";

/** What became of a file that was compacted. */
export interface CompactReport {
  /** Lines that stayed. */
  readonly kept: number;
  /** Lines that a newer line of the same digest had replaced. */
  readonly replaced: number;
  /** Lines that were no entries: torn, blank, git conflict markers, of another shape. */
  readonly damaged: number;
  /** The size of the file before, in bytes. */
  readonly bytesBefore: number;
  /** The size of the new file, in bytes; without what others appended meanwhile. */
  readonly bytesAfter: number;
}

/**
 * Copies the lines that count.
 *
 * @param index What is known of the old file.
 * @param size Up to where to read it: a last line that is not in the index may lack its line feed.
 * @param sort Whether to sort them by key.
 */
export function writeKept(
  old: number,
  target: number,
  index: Index,
  { size, sort }: { readonly size: number; readonly sort: boolean },
): CompactReport {
  const counts = { kept: 0, replaced: 0, damaged: 0 };
  const writer = lineWriter(target);
  const sorted: { readonly key: string; readonly position: Position }[] = [];
  for (const position of linesOf(old, 0, size)) {
    const { fate, key } = judgeLine(old, position, index);
    counts[fate]++;
    if (fate !== "kept") continue;
    if (sort) sorted.push({ key, position });
    else writer.write(bareLine(bytesAt(old, position)));
  }
  sorted.sort((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : a.position.start - b.position.start);
  for (const { position } of sorted) writer.write(bareLine(bytesAt(old, position)));
  return { ...counts, bytesBefore: size, bytesAfter: writer.end() };
}

interface Judgement {
  readonly fate: "kept" | "replaced" | "damaged";
  readonly key: string;
}

function judgeLine(file: number, position: Position, index: Index): Judgement {
  const entry = entryAt(file, position);
  if (typeof entry === "string") {
    const key = keyForOthers(file, position);
    return key === undefined ? { fate: "damaged", key: "" } : { fate: "kept", key };
  }
  return { fate: isNewest(file, position, entry, index) ? "kept" : "replaced", key: entry.key };
}

/** Of those lines of its key that are newer, none may be of its digest. */
function isNewest(file: number, { start }: Position, { key, sha256 }: Entry, { positions }: Index): boolean {
  const number = keyNumber(key);
  for (const newer of number === undefined ? [] : positions.positionsOf(number)) {
    if (newer.start <= start) return true;
    const entry = entryAt(file, newer);
    if (typeof entry !== "string" && entry.key === key && entry.sha256 === sha256) return false;
  }
  return true;
}

/** What is no entry for us may be one for others: for a newer version, or, with the status of a failure, for pycachy. */
export function isKeptForOthers(file: number, position: Position): boolean {
  return keyForOthers(file, position) !== undefined;
}

function keyForOthers(file: number, position: Position): string | undefined {
  const value = asRecord(parseJson(lineAt(file, position) ?? ""));
  const { key, v, response, status_code: status } = value ?? {};
  const isNewer = typeof v === "number" && v > ENTRY_VERSION;
  const isFailure = Number.isInteger(status) && typeof response === "string" &&
    typeof checkEntry({ ...value, status_code: 200 }) !== "string";
  return typeof key === "string" && (isNewer || isFailure) ? key : undefined;
}

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const CARRIAGE_RETURN = 0x0d;

/** Without what editors add, and what stricter readers trip over. */
function bareLine(line: Uint8Array): Uint8Array {
  const start = BYTE_ORDER_MARK.every((byte, at) => line[at] === byte) ? BYTE_ORDER_MARK.length : 0;
  let end = line.length;
  while (line[end - 1] === CARRIAGE_RETURN) end--;
  return line.subarray(start, end);
}

const BUFFERED_BYTES = 1 << 20;
const LINE_FEED = new Uint8Array([0x0a]);

/** Writes lines, many at a time. `end()` writes the rest and gives the number of bytes. */
function lineWriter(file: number): { write(line: Uint8Array): void; end(): number } {
  let buffered: Uint8Array[] = [];
  let size = 0;
  let total = 0;
  const flush = () => {
    const bytes = concatBytes(buffered);
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at);
    [buffered, size] = [[], 0];
  };
  return {
    write(line) {
      buffered.push(line, LINE_FEED);
      size += line.length + 1;
      total += line.length + 1;
      if (size >= BUFFERED_BYTES) flush();
    },
    end() {
      flush();
      return total;
    },
  };
}
