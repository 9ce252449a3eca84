import { concatBytes, decodeUtf8, viewOf } from "./bytes.ts";

/** Bytes in blocks that follow one another. */
export interface Blocks {
  readonly byteLength: number;
  readonly blocks: readonly Uint8Array<ArrayBuffer>[];
}

/** Bytes as one block. */
export function oneBlock(bytes: Uint8Array<ArrayBuffer>): Blocks {
  return { byteLength: bytes.byteLength, blocks: [bytes] };
}

/** Bytes as one block: the only one without a copy, otherwise a copy of all. */
export function joined({ blocks: [first = new Uint8Array(), ...others] }: Blocks): Uint8Array<ArrayBuffer> {
  return others.length === 0 ? first : concatBytes([first, ...others]);
}

/** In bytes. */
const FIRST_BLOCK = 1 << 12;
/** In bytes. After so many, all blocks are long. */
const SHORT = 1 << 22;
/**
 * In bytes. Systems neither clear nor count memory that is not touched, unless it is short. But Bun counts it, and then
 * collects garbage so late that a body of 100 MB leaves 300 MB of it.
 */
const LONG_BLOCK = "Bun" in globalThis ? 1 << 20 : 1 << 26;

/** Collects copies of chunks in blocks. */
export interface BlockCollector extends Blocks {
  /** @throws If it is not a chunk. */
  add(chunk: Uint8Array): void;
  /** What was collected so far. It does not change when chunks are added. */
  collected(): Blocks;
}

/** Makes an empty {@linkcode BlockCollector}. */
export function blockCollector(): BlockCollector {
  const full: Uint8Array<ArrayBuffer>[] = [];
  let last = new Uint8Array(0);
  let [used, byteLength] = [0, 0];
  const blocks = () => used === 0 ? [...full] : [...full, last.subarray(0, used)];
  return {
    get byteLength() {
      return byteLength;
    },
    get blocks() {
      return blocks();
    },
    add(chunk) {
      const view = viewOf(chunk);
      for (let at = 0; at < view.length;) {
        if (used === last.length) {
          if (used > 0) full.push(last);
          const wanted = byteLength < SHORT ? Math.max(FIRST_BLOCK, byteLength, view.length - at) : LONG_BLOCK;
          last = new Uint8Array(Math.min(wanted, LONG_BLOCK));
          used = 0;
        }
        const part = view.subarray(at, at + last.length - used);
        last.set(part, used);
        used += part.length;
        at += part.length;
        byteLength += part.length;
      }
    },
    collected: () => ({ byteLength, blocks: blocks() }),
  };
}

/** How to cut bytes into pieces. */
interface Cut {
  /** The longest piece, in bytes. V8 collects strings of 64 KB in less time than longer ones. */
  readonly length?: number;
  /** How many bytes the next piece repeats. It must be shorter than half of a piece. */
  readonly overlap?: number;
  /** Where to end a piece of the bytes that are there: the next one begins with the rest. 0 stands for the end. */
  readonly endIn?: (bytes: Uint8Array) => number;
}

/** Cuts bytes into pieces: valid UTF-8 between two characters, by default. Each piece overwrites the one before it. */
export function* piecesOf(
  { byteLength, blocks }: Blocks,
  { length = 1 << 16, overlap = 0, endIn = endOfCharacters }: Cut = {},
): Generator<Uint8Array<ArrayBuffer>> {
  const memory = new Uint8Array(Math.min(length, byteLength));
  let filled = 0;
  for (const block of blocks) {
    for (let at = 0; at < block.length;) {
      const part = block.subarray(at, at + memory.length - filled);
      memory.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < memory.length || byteLength <= length) continue;
      const end = endIn(memory) || filled;
      yield memory.subarray(0, end);
      const start = overlap > 0 ? startOfCharacter(memory, end - overlap) : end;
      memory.copyWithin(0, start, filled);
      filled -= start;
    }
  }
  if (filled > 0) yield memory.subarray(0, filled);
}

/** The end of the last whole character; 0 if no character is whole. */
export function endOfCharacters(bytes: Uint8Array): number {
  const start = startOfCharacter(bytes, bytes.length - 1);
  return (bytes[start] as number) < 0x80 ? bytes.length : start;
}

/** In bytes, without the first one. */
const REST_OF_CHARACTER = 3;

/** Where the character at an offset begins. In bytes that are not UTF-8, some place shortly before it. */
function startOfCharacter(bytes: Uint8Array, at: number): number {
  const least = Math.max(0, at - REST_OF_CHARACTER);
  let start = at;
  while (start > least && isContinuation(bytes[start])) start--;
  return start;
}

/** Whether a byte continues a character of UTF-8. */
function isContinuation(byte = 0): boolean {
  return (byte & 0xc0) === 0x80;
}

/** The texts of pieces; see {@linkcode piecesOf}. */
export function* textsOf(bytes: Blocks, cut?: Cut): Generator<string> {
  for (const piece of piecesOf(bytes, cut)) yield decodeUtf8(piece);
}

/** Whether all pieces fit a condition. */
export function everyPiece(bytes: Blocks, fits: (piece: Uint8Array) => boolean): boolean {
  for (const piece of piecesOf(bytes)) if (!fits(piece)) return false;
  return true;
}
