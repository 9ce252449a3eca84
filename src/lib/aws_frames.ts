/** One frame of an AWS event stream (`application/vnd.amazon.eventstream`), which Bedrock streams. */
export interface AwsFrame {
  /** Those headers that are texts; undefined if the headers are broken. */
  readonly texts: ReadonlyMap<string, string> | undefined;
  readonly payload: Uint8Array;
  /** Where the next frame begins, in bytes. */
  readonly end: number;
}

/**
 * The frame that begins at a place, or why there is no whole one.
 *
 * A frame is: its length and the length of its headers (32 bits each, big-endian), a checksum, the headers, the payload
 * and another checksum.
 */
export function awsFrameAt(body: Uint8Array, at: number): AwsFrame | string {
  if (at + PRELUDE > body.byteLength) return "the last frame is cut off";
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const [length, headersLength] = [view.getUint32(at), view.getUint32(at + 4)];
  if (length < PRELUDE + headersLength + CHECKSUM) return "a frame has an impossible length";
  const end = at + length;
  if (end > body.byteLength) return "the last frame is cut off";
  const payload = at + PRELUDE + headersLength;
  return {
    texts: textHeaders(body.subarray(at + PRELUDE, payload)),
    payload: body.subarray(payload, end - CHECKSUM),
    end,
  };
}

/**
 * Checks the frames of a body.
 *
 * @returns What is wrong, or undefined if every frame is whole, none is an exception, and a message that was started
 * (Bedrock's converse) is stopped: a connection can also end cleanly between two frames.
 */
export function awsStreamProblem(body: Uint8Array): string | undefined {
  let isOpen = false;
  for (let at = 0; at < body.byteLength;) {
    const frame = awsFrameAt(body, at);
    if (typeof frame === "string") return frame;
    const { texts, end } = frame;
    if (!texts) return "a frame has broken headers";
    const type = texts.get(":message-type") ?? "event";
    if (type !== "event") return `a frame is of the type ${type}`;
    const event = texts.get(EVENT_TYPE);
    isOpen = event === "messageStart" || (isOpen && event !== "messageStop");
    at = end;
  }
  return isOpen ? "the stream ended without messageStop" : undefined;
}

/** The header that names an event. */
export const EVENT_TYPE = ":event-type";

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

const decoder = new TextDecoder();

/** The headers that are texts by their names, or undefined if one points behind the end of them all. */
function textHeaders(headers: Uint8Array): ReadonlyMap<string, string> | undefined {
  const view = new DataView(headers.buffer, headers.byteOffset, headers.byteLength);
  const text = (from: number, to: number) => decoder.decode(headers.subarray(from, to));
  const texts = new Map<string, string>();
  try {
    for (let at = 0; at < headers.byteLength;) {
      const nameEnd = at + 1 + view.getUint8(at);
      const type = view.getUint8(nameEnd);
      const fixed = VALUE_LENGTHS[type];
      const start = fixed === undefined ? nameEnd + 3 : nameEnd + 1;
      const end = start + (fixed ?? view.getUint16(nameEnd + 1));
      if (end > headers.byteLength) return undefined;
      if (type === STRING_TYPE) texts.set(text(at + 1, nameEnd), text(start, end));
      at = end;
    }
  } catch {
    return undefined; // a length or a type is missing
  }
  return texts;
}
