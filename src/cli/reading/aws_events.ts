import { decodeBase64 } from "../../base64.ts";
import { parseJson } from "../../json.ts";
import type { StreamEvent } from "../../stream_events.ts";
import { objectOf, textOf } from "./members.ts";

/** Length of a frame before its headers, and of the checksum behind its payload, in bytes. */
const PRELUDE = 12;
const CHECKSUM = 4;

/**
 * Cuts an AWS event stream into its events, named by their `:event-type`.
 *
 * Frames that invoke a model hold the model's own event as base64: that one is given. What is cut or makes no sense
 * ends the stream.
 */
export function awsEvents(body: Uint8Array): StreamEvent[] {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const events: StreamEvent[] = [];
  for (let at = 0; at + PRELUDE + CHECKSUM <= body.byteLength;) {
    const [length, headersLength] = [view.getUint32(at), view.getUint32(at + 4)];
    const isWhole = length >= PRELUDE + headersLength + CHECKSUM && at + length <= body.byteLength;
    if (!isWhole) break;
    const payload = at + PRELUDE + headersLength;
    const name = eventName(body.subarray(at + PRELUDE, payload));
    events.push(inner(name, decoder.decode(body.subarray(payload, at + length - CHECKSUM))));
    at += length;
  }
  return events;
}

const decoder = new TextDecoder();

const EVENT_TYPE = ":event-type";
const STRING_TYPE = 7;

/** The value of `:event-type`, wherever it stands among the headers: its type, its length in 16 bits, its text. */
function eventName(headers: Uint8Array): string {
  const text = String.fromCharCode(...headers.subarray(0, 1000));
  const at = text.indexOf(EVENT_TYPE) + EVENT_TYPE.length;
  if (at < EVENT_TYPE.length || headers[at] !== STRING_TYPE) return "";
  return text.slice(at + 3, at + 3 + (headers[at + 1] ?? 0) * 256 + (headers[at + 2] ?? 0));
}

function inner(name: string, text: string): StreamEvent {
  const data = parseJson(text);
  const base64 = name === "chunk" ? textOf(objectOf(data).bytes) : undefined;
  if (base64 === undefined || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4) return { name, text, data };
  const own = decoder.decode(decodeBase64(base64));
  return { name: "", text: own, data: parseJson(own) };
}
