import { utf8 } from "../../lib/bytes.ts";
import { framingOf, type StreamEvent, streamParser } from "../../lib/framing.ts";
import { chunkLengths } from "../../replay/replay.ts";
import { contentTypeOf, decodeBody, type Entry } from "../../store/entry.ts";
import { answerBody } from "../read/body/answer_body.ts";

/** An event of a recorded stream. */
export interface TimedEvent extends StreamEvent {
  /** When it was complete, in milliseconds since the headers; undefined if no times were recorded. */
  readonly ms?: number;
}

/** The events of a recorded stream; none if the response is not a stream. */
export function timedEvents(entry: Entry): readonly TimedEvent[] {
  const body = decodeBody(entry);
  const parser = streamParser(framingOf(contentTypeOf(entry), () => body));
  if (!parser) return untimedEvents(entry);
  const bytes = typeof body === "string" ? utf8(body) : body;
  const lengths = chunkLengths(entry.chunks ?? [], bytes.byteLength);
  const events: TimedEvent[] = [];
  let at = 0;
  for (const [index, length] of (lengths ?? [bytes.byteLength]).entries()) {
    const ms = lengths ? entry.chunks?.[index]?.[0] : undefined;
    for (const event of parser.push(bytes.subarray(at, at + length))) events.push({ ...event, ms });
    at += length;
  }
  return [...events, ...parser.end()];
}

/** Gemini's JSON lists are one JSON text: their items have no times. */
function untimedEvents(entry: Entry): readonly TimedEvent[] {
  const body = answerBody(entry);
  return body.form === "events" ? body.events : [];
}
