import { createHash } from "node:crypto";

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
