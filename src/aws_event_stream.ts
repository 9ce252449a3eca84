/**
 * Checks the frames of an AWS event stream (`application/vnd.amazon.eventstream`), which Bedrock streams.
 *
 * A frame is: its length and the length of its headers (32 bits each, big-endian), a checksum, the headers, the payload
 * and another checksum.
 *
 * @returns What is wrong, or undefined if every frame is whole and none is an exception.
 */
export function awsStreamProblem(body: Uint8Array): string | undefined {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  for (let at = 0; at < body.byteLength;) {
    if (at + PRELUDE > body.byteLength) return "the last frame is cut off";
    const length = view.getUint32(at);
    const headersLength = view.getUint32(at + 4);
    if (length < PRELUDE + headersLength + CHECKSUM) {
      return "a frame has an impossible length";
    }
    if (at + length > body.byteLength) return "the last frame is cut off";
    const headers = body.subarray(at + PRELUDE, at + PRELUDE + headersLength);
    let type: string | undefined;
    try {
      type = messageType(headers);
    } catch {
      return "a frame has broken headers"; // they point behind their own end
    }
    if (type !== undefined && type !== "event") {
      return `a frame is of the type ${type}`;
    }
    at += length;
  }
  return undefined;
}

const PRELUDE = 12;
const CHECKSUM = 4;
const STRING_TYPE = 7;
/** Length of the value by type of the header; those of type 6 (bytes) and 7 (string) carry their length. */
const VALUE_LENGTHS: Readonly<Record<number, number>> = {
  0: 0,
  1: 0,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  8: 8,
  9: 16,
};

function messageType(headers: Uint8Array): string | undefined {
  const view = new DataView(headers.buffer, headers.byteOffset, headers.byteLength);
  const text = (from: number, to: number) => new TextDecoder().decode(headers.subarray(from, to));
  for (let at = 0; at < headers.byteLength;) {
    const nameEnd = at + 1 + view.getUint8(at);
    const name = text(at + 1, nameEnd);
    const type = view.getUint8(nameEnd);
    const fixed = VALUE_LENGTHS[type];
    const start = fixed === undefined ? nameEnd + 3 : nameEnd + 1;
    const end = start + (fixed ?? view.getUint16(nameEnd + 1));
    if (end > headers.byteLength) throw new RangeError("a header is longer than the headers");
    if (name === ":message-type" && type === STRING_TYPE) {
      return text(start, end);
    }
    at = end;
  }
  return undefined;
}
