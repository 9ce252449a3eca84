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
