import { awsFrameAt, EVENT_TYPE, type StreamEvent } from "../../../lib/framing.ts";
import { decodeBase64 } from "../../../lib/bytes.ts";
import { parseJson } from "../../../lib/json.ts";
import { objectOf, textOf } from "../parts/members.ts";

/** The events at the start of a body. */
export interface AwsEvents {
  readonly events: StreamEvent[];
  /** Where the first frame begins that is not whole, in bytes. */
  readonly end: number;
}

/**
 * Cuts an AWS event stream into its events, named by their `:event-type`.
 *
 * Frames that invoke a model hold the model's own event as base64: that one is given. What is cut or makes no sense
 * ends the stream.
 */
export function awsEvents(body: Uint8Array): AwsEvents {
  const events: StreamEvent[] = [];
  let end = 0;
  for (let frame = awsFrameAt(body, end); typeof frame !== "string"; frame = awsFrameAt(body, end)) {
    events.push(inner(frame.texts?.get(EVENT_TYPE) ?? "", decoder.decode(frame.payload)));
    end = frame.end;
  }
  return { events, end };
}

const decoder = new TextDecoder();

function inner(name: string, text: string): StreamEvent {
  const data = parseJson(text);
  const base64 = name === "chunk" ? textOf(objectOf(data).bytes) : undefined;
  if (base64 === undefined || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4) return { name, text, data };
  const own = decoder.decode(decodeBase64(base64));
  return { name: "", text: own, data: parseJson(own) };
}
