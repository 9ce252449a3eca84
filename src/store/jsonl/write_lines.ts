import { writeSync } from "node:fs";
import { concatBytes } from "../../lib/bytes.ts";
import { emptyBlock, fillBlock } from "./file.ts";

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const CARRIAGE_RETURN = 0x0d;

/** Removes the byte order mark and carriage returns that editors add, and that stricter readers reject. */
export function bareLine(line: Uint8Array): Uint8Array {
  const start = BYTE_ORDER_MARK.every((byte, at) => line[at] === byte) ? BYTE_ORDER_MARK.length : 0;
  let end = line.length;
  while (line[end - 1] === CARRIAGE_RETURN) end--;
  return line.subarray(start, end);
}

/** Writes lines through a buffer. */
export interface LineWriter {
  /** @param line Without its line feed. */
  write(line: Uint8Array): void;
  /** Writes the rest of the buffer. @returns How many bytes were written in all. */
  end(): number;
}

const BUFFERED_BYTES = 1 << 20;
const LINE_FEED = new Uint8Array([0x0a]);

/** Makes a writer for a file that is open for writing. */
export function lineWriter(file: number): LineWriter {
  let buffered: Uint8Array[] = [];
  let size = 0;
  let total = 0;
  const flush = () => {
    writeAll(file, concatBytes(buffered));
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

/** Writes all bytes, with several system calls if necessary. */
export function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at);
}

/** Copies a part of a file to the end of another one. @returns The number of bytes: fewer if the file was truncated. */
export function copyBytes(from: number, to: number, start: number, end: number): number {
  const memory = emptyBlock(end - start);
  let at = start;
  while (at < end) {
    const block = fillBlock(from, at, memory.subarray(0, Math.min(memory.length, end - at)));
    if (block.length === 0) break;
    writeAll(to, block);
    at += block.length;
  }
  return Math.max(0, at - start);
}
