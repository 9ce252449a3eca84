import { parseJson } from "./json.ts";

/** One event of a streamed body. */
export interface StreamEvent {
  /** The name from the `event:` line; empty if there was none, and in JSON Lines. */
  readonly name: string;
  /** The `data:` lines, joined by line feeds; in JSON Lines the line. */
  readonly text: string;
  /** `text` as JSON, undefined if it is none. */
  readonly data: unknown;
}

/** Whether a text starts as server-sent events do: some servers send them under another content type. */
export function startsLikeEvents(text: string): boolean {
  return /^(?:data|event|id|retry)?:/.test(text);
}

/** Whether a text starts as lines of JSON do: the first one ends with an object, and another one begins. */
export function startsLikeJsonLines(text: string): boolean {
  // Most answers are one line, and may be one of many megabytes: an expression would go through it twice.
  const end = text.indexOf("\n");
  if (end === -1 || !text.startsWith("{")) return false;
  const last = text[end - 1] === "\r" ? end - 2 : end - 1;
  return text[last] === "}" && /^\s*\{/.test(text.slice(end));
}

/** Whether a content type, in lower case, is one of those for a JSON text in each line. */
export function isJsonLinesType(contentType: string): boolean {
  return /jsonl|ndjson|json-seq|stream\+json|jsonlines/.test(contentType);
}

/** Cuts text that arrives in pieces into events. */
export interface EventParser {
  /** Takes the next piece. @returns The events that it completed. */
  push(text: string): StreamEvent[];
  /** Says that nothing follows. @returns The last event, if only the end of the body completed it. */
  end(): StreamEvent[];
}

/**
 * Cuts server-sent events, as the HTML standard describes them. Comments, `id` and `retry` are left out. One thing is
 * added: a line of bare JSON is an event too, because providers report errors so in the middle of a stream.
 */
export function sseParser(): EventParser {
  let name = "";
  let text: string | undefined;
  // Events are added to one list: a list for each line would take as long as to cut the text into lines.
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
    push: (text) => take(cutter.push(text)),
    end() {
      const rest = cutter.end();
      const events = take(rest);
      dispatch(events);
      // The first letters of a field are the beginning of an event.
      const isCut = !events.length && rest.some((line) => /^[^{:]+$/.test(line));
      return isCut ? [event("", rest.join(""))] : events;
    },
  };
}

const RECORD_SEPARATOR = "\x1e";

/** Cuts JSON Lines and JSON text sequences (RFC 7464: a record separator before each text); blank lines are left out. */
export function jsonLinesParser(): EventParser {
  const cutter = lineCutter();
  const events = (lines: string[]) =>
    lines.filter((line) => line.trim() !== "").map((line) =>
      event("", line.startsWith(RECORD_SEPARATOR) ? line.slice(1) : line)
    );
  return { push: (text) => events(cutter.push(text)), end: () => events(cutter.end()) };
}

function event(name: string, text: string): StreamEvent {
  return { name, text, data: parseJson(text) };
}

/** Lines end with CR LF, LF or CR. */
function lineCutter(): { push(text: string): string[]; end(): string[] } {
  let rest = "";
  let afterReturn = false;
  return {
    push(text) {
      const fresh = afterReturn && text.startsWith("\n") ? text.slice(1) : text;
      if (text !== "") afterReturn = text.endsWith("\r");
      // Long events come in many pieces: their text is only joined when the line is whole.
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
