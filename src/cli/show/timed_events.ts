import { concatBytes, utf8 } from "../../lib/bytes.ts";
import {
  type EventParser,
  isJsonLinesType,
  jsonLinesParser,
  sseParser,
  startsLikeEvents,
  startsLikeJsonLines,
  type StreamEvent,
} from "../../lib/framing.ts";
import { chunkLengths } from "../../replay/replay.ts";
import { decodeBody, type Entry } from "../../store/entry.ts";
import { awsEvents } from "../read/body/answer_body.ts";

/** An event of a recorded stream. */
export interface TimedEvent extends StreamEvent {
  /** When it was whole, in milliseconds since the headers; undefined where the times were not recorded. */
  readonly ms?: number;
}

/** The events of a recorded stream; none if the answer was no stream. */
export function timedEvents(entry: Entry): TimedEvent[] {
  const body = decodeBody(entry);
  const parser = parserFor(entry, body);
  if (!parser) return [];
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

/** Cuts bytes that arrive in pieces into events. */
interface BytesParser {
  push(bytes: Uint8Array): StreamEvent[];
  end(): StreamEvent[];
}

function parserFor({ headers }: Entry, body: string | Uint8Array): BytesParser | undefined {
  const contentType: unknown = headers?.["content-type"]; // nobody has checked it
  const type = typeof contentType === "string" ? contentType.toLowerCase() : "";
  if (typeof body !== "string") return type.includes("vnd.amazon.eventstream") ? framesParser() : undefined;
  if (startsLikeEvents(body)) return textParser(sseParser());
  return isJsonLinesType(type) || startsLikeJsonLines(body) ? textParser(jsonLinesParser()) : undefined;
}

function textParser(parser: EventParser): BytesParser {
  const decoder = new TextDecoder();
  return { push: (bytes) => parser.push(decoder.decode(bytes, { stream: true })), end: parser.end };
}

/** A chunk may end in the middle of a frame of AWS: it waits for the next one. */
function framesParser(): BytesParser {
  let rest: Uint8Array = new Uint8Array();
  return {
    push(bytes) {
      rest = concatBytes([rest, bytes]);
      const { events, end } = awsEvents(rest);
      rest = rest.subarray(end);
      return events;
    },
    end: () => [],
  };
}
