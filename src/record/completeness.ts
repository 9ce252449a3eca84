import { type Blocks, endOfCharacters, joined, piecesOf } from "../lib/blocks.ts";
import { decodeUtf8 } from "../lib/bytes.ts";
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
   * @param received All that has arrived, this chunk included.
   * @returns Whether the body now contains the terminal event of its family, so that it is complete.
   */
  push(chunk: Uint8Array, received: Blocks): boolean;
  /**
   * Called when the body has ended.
   *
   * @param text The text of the body, if the caller knows it.
   * @returns What is wrong with the body; undefined if it is complete and successful.
   */
  end(body: Blocks, text?: string): Problem | undefined;
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
  const checkOf = (framing: Framing) => ({ framing, check: framingCheck(framing, head, contentType) });
  let early: ReturnType<typeof checkOf> | undefined;
  return {
    push(chunk, received) {
      if (early) return early.check.push(chunk, received);
      if (received.byteLength - chunk.byteLength >= LONGEST_START) return false;
      const all = joined(received);
      const start = all.subarray(0, LONGEST_START);
      // The caller waits for the first chunk, so its framing is not determined yet.
      if (start.byteLength < LONGEST_START && !mayBeMarker(decoder.decode(start))) return false;
      const framing = framingOf(contentType, () => start);
      if (framing !== "events" && framing !== "lines") return false;
      early = checkOf(framing);
      return early.check.push(all, received);
    },
    end(body, text) {
      const { framing, check } = checkOf(framingOfBody(contentType, body, text));
      return (early?.framing === framing ? early.check : check).end(body, text);
    },
  };
}

/** Determines the framing of a whole body. The first block of an event stream is enough. */
export function framingOfBody(contentType: string, body: Blocks, text: string | undefined): Framing {
  const [first] = body.blocks;
  const isStream = text === undefined && first && framingOf(contentType, () => first) === "events";
  return isStream ? "events" : framingOf(contentType, () => text ?? joined(body));
}

function framingCheck(framing: Framing, head: AnswerHead, contentType: string): CompletenessCheck {
  switch (framing) {
    case "events":
      // An event stream without events was cut off: every API sends at least one event.
      return eventCheck(framing, familyOf, "before its first event");
    case "lines":
      return eventCheck(framing, jsonLinesFamilyOf);
    case "frames":
      return wholeBodyCheck((body) => awsProblem(joined(body)));
    case "json":
      return wholeBodyCheck((body, text) => answerProblem(joined(body), head, text));
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
/** In UTF-16 units. */
const PIECE_LENGTH = 1 << 18;

/** Cuts text between events, so that no piece is joined with the rest of another one. */
function* piecesOfText(text: string): Generator<string> {
  for (let at = 0, end = 0; at < text.length; at = end) {
    const last = text.lastIndexOf("\n\n", at + PIECE_LENGTH - 2);
    end = last > at ? last + 2 : at + PIECE_LENGTH;
    yield text.slice(at, end);
  }
}

/** The end of the last event, else of the last line, else of the last whole character. */
function endOfEvents(bytes: Uint8Array): number {
  const lastLine = bytes.lastIndexOf(LINE_FEED);
  for (let at = lastLine; at > 0; at = bytes.lastIndexOf(LINE_FEED, at - 1)) {
    if (bytes[at - 1] === LINE_FEED) return at + 1;
  }
  return lastLine + 1 || endOfCharacters(bytes);
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
  /** Parses in pieces: the events of a long body take several times its memory. */
  const parse = (body: Blocks, events: EventParser): boolean => {
    let [ended, rest] = [false, body.byteLength];
    for (const piece of piecesOf(body, { endIn: endOfEvents })) {
      rest -= piece.length;
      // The last piece may end within a character. To decode the others here takes a fifth of the time on Node.
      ended = take(events.push(rest > 0 ? decodeUtf8(piece) : piece)) || ended;
    }
    return ended;
  };
  let last = "";
  return {
    push(chunk, received) {
      if (parser) return take(parser.push(chunk));
      const text = last + decoder.decode(chunk.subarray(startOfLastEvents(chunk)));
      last = text.slice(-MARKER_LENGTH);
      if (!mayBeMarker(text)) return false;
      parser = terseParser(framing);
      return parse(received, parser);
    },
    end(body, text) {
      if (!parser) {
        const events = parser = terseParser(framing);
        if (text === undefined) parse(body, events);
        else for (const piece of piecesOfText(text)) take(events.push(piece));
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
