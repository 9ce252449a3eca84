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
