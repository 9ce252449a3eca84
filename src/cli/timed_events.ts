import { decodeBody } from "../body.ts";
import { utf8 } from "../bytes.ts";
import type { Entry } from "../entry.ts";
import { chunkLengths } from "../replay.ts";
import {
  type EventParser,
  isJsonLinesType,
  jsonLinesParser,
  sseParser,
  startsLikeEvents,
  startsLikeJsonLines,
  type StreamEvent,
} from "../stream_events.ts";

/** An event of a recorded stream. */
export interface TimedEvent extends StreamEvent {
  /** When it was whole, in milliseconds since the headers; undefined where the times were not recorded. */
  readonly ms?: number;
}

/** The events of a recorded stream; none if the answer was no stream of text. */
export function timedEvents(entry: Entry): TimedEvent[] {
  const body = decodeBody(entry);
  if (typeof body !== "string") return [];
  const parser = parserFor(entry, body);
  if (!parser) return [];
  const bytes = utf8(body);
  const lengths = chunkLengths(entry.chunks ?? [], bytes.byteLength);
  const decoder = new TextDecoder();
  const events: TimedEvent[] = [];
  let at = 0;
  for (const [index, length] of (lengths ?? [bytes.byteLength]).entries()) {
    const ms = lengths ? entry.chunks?.[index]?.[0] : undefined;
    const text = decoder.decode(bytes.subarray(at, at + length), { stream: true });
    for (const event of parser.push(text)) events.push({ ...event, ms });
    at += length;
  }
  return [...events, ...parser.end()];
}

function parserFor({ headers }: Entry, body: string): EventParser | undefined {
  if (startsLikeEvents(body)) return sseParser();
  const type: unknown = headers?.["content-type"]; // nobody has checked it
  const isLines = typeof type === "string" && isJsonLinesType(type.toLowerCase());
  return isLines || startsLikeJsonLines(body) ? jsonLinesParser() : undefined;
}
