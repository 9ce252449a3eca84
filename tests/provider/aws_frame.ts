/**
 * Frames of an AWS event stream: lengths, headers and payload, with a checksum of the lengths and one of the frame.
 *
 * Numbers are big-endian; the checksums are CRC-32, as in Ethernet and gzip.
 */
import { concatBytes, utf8 } from "../../src/lib/bytes.ts";

/** A frame with an event of this type, and its payload as JSON. */
export function eventFrame(type: string, payload: unknown): Uint8Array {
  return jsonFrame(payload, { ":event-type": type, ":content-type": "application/json", ":message-type": "event" });
}

/** The end of a stream if the service fails during it. */
export function exceptionFrame(type: string, message: string): Uint8Array {
  const headers = { ":exception-type": type, ":content-type": "application/json", ":message-type": "exception" };
  return jsonFrame({ message }, headers);
}

function jsonFrame(payload: unknown, headers: Readonly<Record<string, string>>): Uint8Array {
  const bytes = Object.entries(headers).map(([name, value]) => frameHeader(name, utf8(value)));
  return frame(concatBytes(bytes), utf8(JSON.stringify(payload)));
}

/** The type of a value that is a text. */
const TEXT = 7;

/** A header: its name, the type of its value, and the bytes of the value, with their length if the type has one. */
export function frameHeader(name: string, value: Uint8Array, type: number = TEXT): Uint8Array {
  const length = type === 6 || type === TEXT ? Uint8Array.of(value.length >> 8, value.length & 255) : new Uint8Array();
  return concatBytes([Uint8Array.of(utf8(name).length), utf8(name), Uint8Array.of(type), length, value]);
}

/** A frame with these encoded headers and this payload. */
export function frame(headers: Uint8Array, payload: Uint8Array): Uint8Array {
  const lengths = concatBytes([uint32(16 + headers.length + payload.length), uint32(headers.length)]);
  const checked = concatBytes([lengths, uint32(crc32(lengths)), headers, payload]);
  return concatBytes([checked, uint32(crc32(checked))]);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** Bit by bit: the streams are small, and every runtime computes the same. */
function crc32(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  }
  return ~rest >>> 0;
}
