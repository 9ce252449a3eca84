import { createHash } from "node:crypto";

const encoder = new TextEncoder();
/** `fatal` tells text from binary; `ignoreBOM` keeps a byte order mark, so that the bytes can be had back. */
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text → its UTF-8 bytes. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text) as Uint8Array<ArrayBuffer>;
}

/** Texts of up to a third of it are measured without new memory, which on Deno takes a tenth of the time. */
const scratch = new Uint8Array(16_384);

/** How many bytes a text has in UTF-8. */
export function utf8Length(text: string): number {
  return text.length * 3 <= scratch.length ? encoder.encodeInto(text, scratch).written : utf8(text).byteLength;
}

/** UTF-8 bytes → the text, or undefined if they are not valid UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
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

/** Replaces every occurrence of one byte sequence by another. */
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

/** Whether a byte sequence occurs in another one. */
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

/** The newest runtimes have base64 built into `Uint8Array`; Node before 25 has it in `Buffer` only. */
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

/** Base64 text → bytes. What is no base64 throws on some runtimes and gives fewer bytes on others: check first. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  if (fromBase64) return fromBase64.call(Uint8Array, text);
  if (Buffer) return new Uint8Array(Buffer.from(text, "base64"));
  const units = atob(text);
  const bytes = new Uint8Array(units.length);
  for (let at = 0; at < units.length; at++) bytes[at] = units.charCodeAt(at);
  return bytes;
}

/** Up to this many bytes hashing takes less time than handing the work to another thread and waiting for it. */
const SYNC_LENGTH = 1 << 20;

/**
 * SHA-256 as 64 lowercase hex digits.
 *
 * Short bytes are hashed at once, because waiting for Web Crypto's thread takes longer than all the rest of a hit. Long
 * ones go there, because hashing a megabyte blocks the event loop for a millisecond or two.
 */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (bytes.byteLength <= SYNC_LENGTH) return createHash("sha256").update(bytes).digest("hex");
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
