import { concatBytes, decodeBase64, utf8 } from "./bytes.ts";
import { asRecord, parseJson } from "./json.ts";

/** One event of a streamed body. */
export interface StreamEvent {
  /** The value of the `event:` line, or the `:event-type` of a frame; empty without one. */
  readonly name: string;
  /** The `data:` lines, joined by line feeds; in JSON Lines the line, in a frame the payload. */
  readonly text: string;
  /** `text` parsed as JSON; undefined if it is not JSON. */
  readonly data: unknown;
}

/** The framing of a body: server-sent events, JSON Lines, AWS frames, one JSON text, or none of these. */
export type Framing = "events" | "lines" | "frames" | "json" | "plain";

/**
 * Determines the framing of a body. Providers and proxies send streams with wrong content types, so the bytes decide,
 * unless the content type names a binary format.
 *
 * @param body Returns the body, or the start of a stream. Called only if the bytes decide.
 */
export function framingOf(contentType: string, body: () => string | Uint8Array): Framing {
  const type = contentType.trim().toLowerCase();
  if (type.includes("vnd.amazon.eventstream")) return "frames";
  if (type !== "" && !/^text\/|json|event-stream/.test(type)) return "plain";
  const given = body();
  if (typeof given !== "string" && EVENTS_START.test(decoder.decode(given.subarray(0, START_LENGTH)))) return "events";
  const text = typeof given === "string" ? given : decoder.decode(given);
  if (EVENTS_START.test(text)) return "events";
  const isEventsType = type.includes("event-stream");
  // Errors often arrive as JSON with the content type of the stream, alone or as one line before the events.
  if (isEventsType && (!/^\s*[{[]/.test(text) || FIELD_LINE.test(text))) return "events";
  if (JSON_LINES_TYPE.test(type) || startsLikeJsonLines(text)) return "lines";
  return isEventsType || type.includes("json") || isJson(text) ? "json" : "plain";
}

const decoder = new TextDecoder();

/** In bytes. */
const START_LENGTH = 1024;

/** A byte order mark and blank lines may precede the first field. */
const EVENTS_START = /^\uFEFF?[\r\n]*(?:data|event|id|retry)?:/;
const FIELD_LINE = /[\r\n](?:data|event|id|retry)?:/;
const JSON_LINES_TYPE = /jsonl|ndjson|json-seq|stream\+json|jsonlines/;
const RECORD_SEPARATOR = "\x1e";

/** Whether the first line is a JSON object, and another object follows it. */
function startsLikeJsonLines(text: string): boolean {
  const start = text.search(/\S/);
  if (text[start] !== "{") return false;
  // Most bodies are a single line, possibly of many megabytes, which a regular expression would search more slowly.
  const ends = [text.indexOf("\n", start), text.indexOf("\r", start)].filter((end) => end !== -1);
  const end = Math.min(text.length, ...ends);
  return /^\s*\{/.test(text.slice(end)) && parseJson(text.slice(start, end)) !== undefined;
}

/** Whether a text is JSON, whatever its content type. Plain transcripts may also start with a bracket or a quote. */
function isJson(text: string): boolean {
  if (/^\s*(?:\{\s*"|\[\s*\{)/.test(text)) return true;
  return /^\s*[{["]/.test(text) && parseJson(withoutBom(text)) !== undefined;
}

/** A text without its byte order mark. */
export function withoutBom(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/** Splits a body that arrives in pieces into events. */
export interface EventParser {
  /** Adds the next piece. @returns The events that it completed. */
  push(piece: string | Uint8Array): StreamEvent[];
  /** Ends the body. @returns The events that only the end of the body completed. */
  end(): StreamEvent[];
}

/** The parser for a framing; undefined for the framings that are not streams. */
export function streamParser(framing: "events" | "lines" | "frames"): EventParser;
export function streamParser(framing: Framing): EventParser | undefined;
export function streamParser(framing: Framing): EventParser | undefined {
  if (framing === "events") return sseParser();
  if (framing === "lines") return jsonLinesParser();
  return framing === "frames" ? framesParser() : undefined;
}

/**
 * Parses server-sent events as the HTML standard defines them. It ignores comments, `id` and `retry`. Unlike the
 * standard, it returns a line of bare JSON as an event, because providers report errors this way within a stream.
 */
function sseParser(): EventParser {
  let name = "";
  let text: string | undefined;
  // All lines add to one list: allocating a list for each line would take as long as splitting the text.
  const dispatch = (events: StreamEvent[]): void => {
    if (text !== undefined || name) events.push(event(name, text ?? ""));
    name = "";
    text = undefined;
  };
  const takeLine = (line: string, events: StreamEvent[]): void => {
    if (line === "") return dispatch(events);
    if (line.startsWith("{")) return void events.push(event("", line));
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") text = text === undefined ? value : `${text}\n${value}`;
    else if (field === "event") name = value;
  };
  const cutter = lineCutter();
  const take = (lines: readonly string[], events: StreamEvent[] = []): StreamEvent[] => {
    for (const line of lines) takeLine(line, events);
    return events;
  };
  return {
    push: (piece) => take(cutter.push(piece)),
    end() {
      const rest = cutter.end();
      const events = take(rest);
      dispatch(events);
      // A body that ends within the name of a field was cut within an event.
      const isCut = !events.length && rest.some((line) => /^[^{:]+$/.test(line));
      return isCut ? [event("", rest.join(""))] : events;
    },
  };
}

/** Parses JSON Lines and JSON text sequences (RFC 7464: a record separator before each text). It skips blank lines. */
function jsonLinesParser(): EventParser {
  const cutter = lineCutter();
  const events = (lines: string[]) =>
    lines.filter((line) => line.trim() !== "").map((line) =>
      event("", line.startsWith(RECORD_SEPARATOR) ? line.slice(1) : line)
    );
  return { push: (piece) => events(cutter.push(piece)), end: () => events(cutter.end()) };
}

function event(name: string, text: string): StreamEvent {
  // Most streams end with it, and an exception takes as long as parsing five events.
  return { name, text, data: text === "[DONE]" ? undefined : parseJson(text) };
}

/** Splits pieces into lines, which end with CR LF, LF or CR. It drops a byte order mark at the start. */
function lineCutter(): { push(piece: string | Uint8Array): string[]; end(): string[] } {
  const decoder = new TextDecoder();
  let rest = "";
  let afterReturn = false;
  let isStart = true;
  return {
    push(piece) {
      const text = typeof piece === "string" ? piece : decoder.decode(piece, { stream: true });
      const given = isStart ? withoutBom(text) : text;
      const fresh = afterReturn && given.startsWith("\n") ? given.slice(1) : given;
      if (text !== "") [afterReturn, isStart] = [text.endsWith("\r"), false];
      // A long line arrives in many pieces: split it only once, when its end has arrived.
      if (!/[\r\n]/.test(fresh)) {
        rest += fresh;
        return [];
      }
      const whole = rest + fresh;
      const lines = whole.includes("\r") ? whole.split(/\r\n|\n|\r/) : whole.split("\n");
      rest = lines.pop() ?? "";
      return lines;
    },
    end: () => rest === "" ? [] : [rest],
  };
}

/** Parses AWS frames into events, named by their `:event-type`. It stops at a truncated or invalid frame. */
function framesParser(): EventParser {
  let rest: Uint8Array = new Uint8Array();
  return {
    push(piece) {
      rest = concatBytes([rest, typeof piece === "string" ? utf8(piece) : piece]);
      const events: StreamEvent[] = [];
      let end = 0;
      for (let frame = awsFrameAt(rest, end); typeof frame !== "string"; frame = awsFrameAt(rest, end)) {
        events.push(frameEvent(frame.texts?.get(EVENT_TYPE) ?? "", decoder.decode(frame.payload)));
        end = frame.end;
      }
      rest = rest.subarray(end);
      return events;
    },
    end: () => [],
  };
}

/** Frames of `InvokeModelWithResponseStream` contain the model's own event as base64: return that event. */
function frameEvent(name: string, text: string): StreamEvent {
  const whole = event(name, text);
  const base64 = name === "chunk" ? asRecord(whole.data)?.bytes : undefined;
  const isBase64 = typeof base64 === "string" && base64.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(base64);
  return isBase64 ? event("", decoder.decode(decodeBase64(base64))) : whole;
}

/** One frame of an AWS event stream (`application/vnd.amazon.eventstream`), the format of Bedrock's streams. */
export interface AwsFrame {
  /** The headers with string values; undefined if the headers are damaged. */
  readonly texts: ReadonlyMap<string, string> | undefined;
  readonly payload: Uint8Array;
  /** The offset of the next frame, in bytes. */
  readonly end: number;
}

/**
 * Reads the frame at an offset.
 *
 * A frame consists of its length and the length of its headers (32 bits each, big-endian), a checksum, the headers, the
 * payload and another checksum.
 *
 * @returns The frame, or the reason why there is no complete frame.
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

/** The header that names an event. */
export const EVENT_TYPE = ":event-type";

const PRELUDE = 12;
const CHECKSUM = 4;
const STRING_TYPE = 7;
/** The length of a header's value, by the header's type. Values of type 6 (bytes) and 7 (string) state their length. */
const VALUE_LENGTHS: readonly (number | undefined)[] = [0, 0, 1, 2, 4, 8, undefined, undefined, 8, 16];

/** The headers with string values, by name; undefined if a header reaches beyond the end of the headers. */
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
    return undefined; // the headers end within a length or a type
  }
  return texts;
}
