import { concatBytes } from "../lib/bytes.ts";
import { awsFrameAt, EVENT_TYPE, type EventParser, type Framing, framingOf, type StreamEvent } from "../lib/framing.ts";
import { terseParser } from "../lib/repetitions.ts";
import type { Problem } from "../report/events.ts";
import { isErrorStatus } from "../store/entry.ts";
import { type AnswerHead, answerProblem } from "./json_answer.ts";
import {
  eventProblem,
  type Family,
  familyOf,
  jsonLinesFamilyOf,
  MARKER_LENGTH,
  mayBeMarker,
} from "./stream_families.ts";

/** Follows a body while it arrives. */
export interface CompletenessCheck {
  /**
   * Takes the next chunk.
   *
   * @returns Whether the body now contains the terminal event of its family, so that it is complete.
   */
  push(chunk: Uint8Array): boolean;
  /**
   * Called when the body has ended.
   *
   * @param text The text of the body, if the caller knows it.
   * @returns What is wrong with the body; undefined if it is complete and successful.
   */
  end(body: Uint8Array, text?: string): Problem | undefined;
}

/**
 * Why a response cannot become an entry, independent of its body.
 *
 * @param isRecordedError Whether the option `recordErrors` contains a status.
 */
export function headProblem(
  { method, status }: AnswerHead,
  isRecordedError: (status: number) => boolean = () => false,
): Problem | undefined {
  if (isRecordedError(status)) return undefined;
  const isSuccess = status >= 200 && status < 300 && status !== 206;
  if (isSuccess && !(status === 202 && method === "GET")) return undefined;
  return { reason: "status", detail: `status ${status}` };
}

/** Checks while a body arrives whether it is complete and successful. */
export function checkCompleteness(head: AnswerHead): CompletenessCheck {
  const contentType = head.headers.get("content-type") ?? "";
  const check = bodyCheck(head, contentType);
  const announced = announcedLength(head);
  return {
    push: check.push,
    end(body, text) {
      if (announced !== undefined && body.byteLength !== announced) {
        return { reason: "truncated", detail: `${body.byteLength} of ${announced} bytes arrived` };
      }
      return check.end(body, text);
    },
  };
}

/** How much of a body is searched for the start of a stream, in bytes. Other streams are checked at their end. */
const LONGEST_START = 1024;

/** Finds the framing in the start of the body if it is a stream, and at the end of the body otherwise. */
function bodyCheck(head: AnswerHead, contentType: string): CompletenessCheck {
  if (isErrorStatus(head.status)) return wholeBodyCheck(() => undefined);
  const checkOf = (body: string | Uint8Array) => {
    const framing = framingOf(contentType, () => body);
    return { framing, check: framingCheck(framing, head, contentType) };
  };
  let start: Uint8Array = new Uint8Array();
  let early: ReturnType<typeof checkOf> | undefined;
  return {
    push(chunk) {
      if (early) return early.check.push(chunk);
      if (start.byteLength === LONGEST_START) return false;
      const received = start.byteLength ? concatBytes([start, chunk]) : chunk;
      start = received.slice(0, LONGEST_START);
      // The caller waits for the first chunk, so its framing is not determined yet.
      if (start.byteLength < LONGEST_START && !mayBeMarker(decoder.decode(start))) return false;
      const told = checkOf(start);
      if (told.framing !== "events" && told.framing !== "lines") return false;
      early = told;
      return early.check.push(received);
    },
    end(body, text) {
      const { framing, check } = checkOf(text ?? body);
      return (early?.framing === framing ? early.check : check).end(body, text);
    },
  };
}

function framingCheck(framing: Framing, head: AnswerHead, contentType: string): CompletenessCheck {
  switch (framing) {
    case "events":
      // An event stream without events was cut off: every API sends at least one event.
      return eventCheck(framing, familyOf, "before its first event");
    case "lines":
      return eventCheck(framing, jsonLinesFamilyOf);
    case "frames":
      return wholeBodyCheck(awsProblem);
    case "json":
      return wholeBodyCheck((body, text) => answerProblem(body, head, text));
    case "plain":
      return wholeBodyCheck(() => head.method === "POST" && /html/i.test(contentType) ? HTML_PAGE : undefined);
  }
}

/** Matches HTML: the log-in page of a network, or the error page of a proxy. */
const HTML_PAGE: Problem = { reason: "error", detail: "the response is a web page" };

/**
 * The length of a body, by its header. With `content-encoding`, the header counts compressed bytes. For HEAD, it counts the
 * body of a GET.
 */
export function announcedLength({ method, headers }: AnswerHead): number | undefined {
  const length = headers.get("content-length");
  if (length === null || method === "HEAD" || headers.has("content-encoding")) {
    return undefined;
  }
  return /^\d+$/.test(length) ? Number(length) : undefined;
}

function wholeBodyCheck(problemOf: CompletenessCheck["end"]): CompletenessCheck {
  return { push: () => false, end: problemOf };
}

function awsProblem(body: Uint8Array): Problem | undefined {
  const detail = awsStreamProblem(body);
  return detail === undefined ? undefined : { reason: detail.includes("type") ? "error" : "truncated", detail };
}

/**
 * Checks the frames of a body.
 *
 * @returns What is wrong; undefined if every frame is complete, no frame is an exception, and each started message
 * (Bedrock's converse) has stopped. A connection may also end between two frames.
 */
function awsStreamProblem(body: Uint8Array): string | undefined {
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

const decoder = new TextDecoder();

/** In bytes. Longer than what follows a terminal event in its chunk, and than most terminal events. */
const LONGEST_TAIL = 1024;
const LINE_FEED = 0x0a;
/** In bytes or UTF-16 units. */
const PIECE_LENGTH = 1 << 18;

/** The end of a piece of a body. Text is cut between events, so that no piece is joined with the rest of another one. */
function endOfEvents(body: string | Uint8Array, at: number): number {
  const end = at + PIECE_LENGTH;
  const last = typeof body === "string" ? body.lastIndexOf("\n\n", end - 2) : -1;
  return last > at ? last + 2 : end;
}

/**
 * Where the last events of a chunk begin. Only short events follow a terminal event, so only the end of a chunk is
 * searched for it. A terminal event that is missed is found when the body ends.
 */
function startOfLastEvents(chunk: Uint8Array): number {
  const dataLine = chunk.lastIndexOf(LINE_FEED, -LONGEST_TAIL);
  return dataLine > 0 ? chunk.lastIndexOf(LINE_FEED, dataLine - 1) + 1 : 0; // a line with the name may precede
}

/** Parses the events when the terminal one may have arrived: parsing each chunk would delay the caller. */
function eventCheck(
  framing: "events" | "lines",
  chooseFamily: typeof familyOf,
  missingFirst?: string,
): CompletenessCheck {
  let family: Family | undefined;
  let problem: Problem | undefined;
  let isMarked = false;
  const take = (events: readonly StreamEvent[]): boolean => {
    let ended = false;
    for (const event of events) {
      if (!family?.isKnown) family = chooseFamily(event) ?? family;
      problem ??= eventProblem(event);
      ended = (family?.take(event) ?? false) || ended;
    }
    isMarked ||= ended;
    return ended && !problem;
  };
  /** Made when the terminal event may have arrived, or the body has ended. */
  let parser: EventParser | undefined;
  const unparsed: Uint8Array[] = [];
  let last = "";
  return {
    push(chunk) {
      if (parser) return take(parser.push(chunk));
      unparsed.push(chunk);
      const text = last + decoder.decode(chunk.subarray(startOfLastEvents(chunk)));
      last = text.slice(-MARKER_LENGTH);
      if (!mayBeMarker(text)) return false;
      const events = parser = terseParser(framing);
      return unparsed.splice(0).map((chunk) => take(events.push(chunk))).some((ended) => ended);
    },
    end(body, text) {
      const unread = parser ? "" : text ?? body;
      parser ??= terseParser(framing);
      // In pieces: the events of a long body take several times its memory.
      for (let at = 0, end = 0; at < unread.length; at = end) {
        end = endOfEvents(unread, at);
        take(parser.push(unread.slice(at, end)));
      }
      const rest = parser.end();
      const whole = rest.filter(isWholeEvent);
      take(whole);
      if (problem) return problem;
      const isCut = whole.length < rest.length && !isMarked;
      const missing = isCut ? "in the middle of an event" : family ? family.missing() : missingFirst;
      return missing === undefined ? undefined : { reason: "truncated", detail: `the stream ended ${missing}` };
    },
  };
}

/** Checks the event that only the end of the body completed: a truncated event has truncated JSON, or no data. */
function isWholeEvent({ text, data }: StreamEvent): boolean {
  return data !== undefined || text.trim() === "[DONE]";
}
