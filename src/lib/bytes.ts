import { isUtf8 as isUtf8Natively } from "node:buffer";
import { createHash } from "node:crypto";
import process from "node:process";

const encoder = new TextEncoder();
/** `fatal` rejects binary data. `ignoreBOM` keeps a byte order mark, so that encoding the text restores the bytes. */
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenientDecoder = new TextDecoder("utf-8", { ignoreBOM: true });
const isDeno = "Deno" in globalThis;

/** Text → its UTF-8 bytes. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text) as Uint8Array<ArrayBuffer>;
}

/** Short texts are encoded into this memory to measure them. On Deno, this takes a tenth of the time of `encode()`. */
const scratch = new Uint8Array(16_384);

/** How many bytes a text has in UTF-8. */
export function utf8Length(text: string): number {
  // One UTF-16 unit takes at most 3 bytes.
  return text.length * 3 <= scratch.length ? encoder.encodeInto(text, scratch).written : utf8(text).byteLength;
}

/** UTF-8 bytes → the text, or undefined if they are not valid UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    // On Deno, the decoder that throws takes three times as long.
    const text = isDeno ? lenientDecoder.decode(bytes) : "\uFFFD";
    return text.includes("\uFFFD") ? strictDecoder.decode(bytes) : text;
  } catch {
    return undefined;
  }
}

/** Whether bytes are valid UTF-8. */
export function isUtf8(bytes: Uint8Array): boolean {
  // Browsers and edge runtimes do not have the function.
  return typeof isUtf8Natively === "function" ? isUtf8Natively(bytes) : textOf(bytes) !== undefined;
}

/** UTF-8 bytes → the text, with U+FFFD for invalid bytes. It keeps a byte order mark. */
export function decodeUtf8(bytes: Uint8Array): string {
  return textOf(bytes) ?? lenientDecoder.decode(bytes);
}

/**
 * Writes texts as UTF-8, one after the other, into memory that grows.
 *
 * @param expected How many bytes there will probably be.
 */
export function byteWriter(expected: number): {
  add(text: string): void;
  bytes(): Uint8Array<ArrayBuffer>;
} {
  let memory = new Uint8Array(expected);
  let length = 0;
  return {
    add(text) {
      for (let rest = text; rest !== "";) {
        const { read, written } = encoder.encodeInto(rest, memory.subarray(length));
        length += written;
        rest = rest.slice(read);
        if (rest !== "") memory = enlarged(memory, length + rest.length * 3);
      }
    },
    bytes: () => memory.subarray(0, length),
  };
}

/** In bytes. Longer memory grows to its limit at once: systems do not count memory that is never touched. */
const LONG = 1 << 22;
/** No memory grows beyond this at once, in bytes. */
const MOST_AT_ONCE = 1 << 28;

/** A copy of memory with space for more. */
export function enlarged(memory: Uint8Array, least: number): Uint8Array<ArrayBuffer> {
  const wanted = memory.length < LONG ? memory.length * 4 : Math.max(MOST_AT_ONCE, memory.length * 2);
  const larger = new Uint8Array(Math.max(least, wanted));
  larger.set(memory);
  return larger;
}

/** Joins byte arrays into one. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.byteLength;
  }
  return joined;
}

/** Replaces every occurrence of one byte sequence with another. */
export function replaceBytes(bytes: Uint8Array, sought: Uint8Array, replacement: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let at = indexOfBytes(bytes, sought, 0); at !== -1; at = indexOfBytes(bytes, sought, from)) {
    parts.push(bytes.subarray(from, at), replacement);
    from = at + sought.byteLength;
  }
  return concatBytes([...parts, bytes.subarray(from)]);
}

/** Whether two byte sequences are equal. */
export function areSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at === a.length && a.length === b.length;
}

/** Whether a byte sequence contains another one. */
export function includesBytes(bytes: Uint8Array, sought: Uint8Array): boolean {
  return indexOfBytes(bytes, sought, 0) !== -1;
}

/** Where a byte sequence occurs in another one, from a place on; -1 if it does not. */
export function indexOfBytes(bytes: Uint8Array, sought: Uint8Array, from: number): number {
  const first = sought[0];
  if (first === undefined) return -1;
  for (let at = bytes.indexOf(first, from); at !== -1; at = bytes.indexOf(first, at + 1)) {
    if (sought.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}

/** `Uint8Array` has base64 methods in the newest runtimes only; Node before 25 has them in `Buffer`. */
interface Base64Native {
  toBase64?: (this: Uint8Array) => string;
}
interface Base64Constructor {
  fromBase64?: (text: string) => Uint8Array<ArrayBuffer>;
}
interface BufferGlobal {
  from(bytes: ArrayBufferLike, offset: number, length: number): { toString(encoding: "base64"): string };
  from(text: string, encoding: "base64"): Uint8Array;
}

const { toBase64 } = Uint8Array.prototype as Base64Native;
const { fromBase64 } = Uint8Array as Base64Constructor;
const { Buffer } = globalThis as { Buffer?: BufferGlobal };

/** Bytes → base64 text. */
export function encodeBase64(bytes: Uint8Array): string {
  if (toBase64) return toBase64.call(bytes);
  if (Buffer) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      .toString("base64");
  }
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** Base64 text → bytes. Check the text first: if it is not base64, some runtimes throw and others return fewer bytes. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  if (fromBase64) return fromBase64.call(Uint8Array, text);
  if (Buffer) return new Uint8Array(Buffer.from(text, "base64"));
  const units = atob(text);
  const bytes = new Uint8Array(units.length);
  for (let at = 0; at < units.length; at++) bytes[at] = units.charCodeAt(at);
  return bytes;
}

/** Up to this length in bytes or characters, hashing takes less time than waiting for Web Crypto's thread. */
const SYNC_LENGTH = 1 << 20;

/** Not in the first releases of Node 20. It makes no object for each input: after a pause, it takes half of the time. */
const hash = process.getBuiltinModule?.("node:crypto")?.hash;

/** Hashes synchronously. Undefined in browsers and edge runtimes. */
const hashNow: ((data: string | Uint8Array) => string) | undefined = hash
  ? (data) => hash("sha256", data, "hex")
  : typeof createHash === "function"
  ? (data) => createHash("sha256").update(data).digest("hex")
  : undefined;

/**
 * SHA-256 as 64 lowercase hex digits.
 *
 * Short inputs are hashed synchronously: waiting for Web Crypto's thread takes longer than the rest of a cache hit. Long
 * inputs are hashed by Web Crypto, because hashing a megabyte blocks the event loop for a millisecond or two.
 */
export function sha256Hex(data: string | Uint8Array<ArrayBuffer>): string | Promise<string> {
  return data.length <= SYNC_LENGTH && hashNow ? hashNow(data) : hashLater(data);
}

async function hashLater(data: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof data === "string" ? utf8(data) : data;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

type BytesController = ReadableStreamDefaultController<Uint8Array> | ReadableByteStreamController;

/** A source of bytes for {@linkcode byteStream}. */
export interface ByteSource {
  /** Called when the reader wants more. It must enqueue a chunk, close the stream, or return a promise of this. */
  pull(controller: BytesController): void | Promise<void>;
  cancel(reason: unknown): void;
}

/**
 * A stream of bytes without a queue. On Node and Deno, it also has BYOB readers, as the body of a response from the network
 * has. On Bun, such a body has none.
 */
export function byteStream({ pull, cancel }: ByteSource): ReadableStream<Uint8Array> {
  if ("Bun" in globalThis) return new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 });
  return new ReadableStream({ type: "bytes", pull, cancel });
}

/** A copy of a chunk in a buffer of its own. `slice()` of a `Buffer` copies nothing. @throws If it is not a chunk. */
export function copyOf(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.prototype.slice.call(chunk) as Uint8Array<ArrayBuffer>;
}

/** The same memory. @throws If it is not a chunk. */
export function viewOf(chunk: Uint8Array): Uint8Array {
  return Uint8Array.prototype.subarray.call(chunk, 0) as Uint8Array;
}

/**
 * Enqueues a chunk.
 *
 * @param isOwned Whether nothing else uses its buffer. Otherwise a copy is enqueued, because a byte stream takes the whole
 * buffer away from its owner.
 */
export function enqueueBytes(controller: BytesController, chunk: Uint8Array, isOwned = false): void {
  (controller as ReadableStreamDefaultController<Uint8Array>).enqueue(isOwned ? viewOf(chunk) : copyOf(chunk));
}

/** Closes a stream, also for a BYOB reader that waits for a chunk. */
export function closeBytes(controller: BytesController): void {
  controller.close();
  (controller as Partial<ReadableByteStreamController>).byobRequest?.respond(0);
}

/** A stream of bytes that arrive as one chunk. */
export function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let isGiven = bytes.byteLength === 0; // a byte stream takes no empty chunk
  return byteStream({
    pull(controller) {
      if (isGiven) return closeBytes(controller);
      isGiven = true;
      enqueueBytes(controller, bytes);
    },
    cancel() {},
  });
}
