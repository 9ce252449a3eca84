import type { StreamEvent } from "../lib/framing.ts";
import { asRecord, recordsIn } from "../lib/json.ts";
import type { Problem } from "../report/events.ts";
import { errorIn } from "./json_answer.ts";

/** Checks the events of one stream by the rules of its API family. */
export interface Family {
  /** @returns Whether this event is the family's terminal marker. */
  take(event: StreamEvent): boolean;
  /** What is missing if the body ends now ("without …"); undefined if it is complete. */
  missing(): string | undefined;
  /** Whether an event has identified the family. Otherwise the next event may identify it. */
  readonly isKnown: boolean;
}

/**
 * Chooses the family by an event.
 *
 * @returns Undefined for an event that every family sends (`ping`).
 */
export function familyOf(event: StreamEvent): Family | undefined {
  const type = typeOf(event);
  const data = asRecord(event.data) ?? {};
  if (type === "ping") return undefined;
  if (event.name === "output") return typeFamily("done");
  // In the older transport of MCP, the answers of a whole session follow. They fit no other session.
  if (event.name === "endpoint") return markerFamily(() => false, "an end: it is the connection of an MCP session");
  if (Array.isArray(data.choices)) return chatFamily();
  if (GEMINI_MEMBERS.some((member) => member in data)) return geminiFamily();
  if (data.jsonrpc === "2.0") return markerFamily(isMcpResult, "a result");
  if (IMAGE_EVENT.test(type)) return imageFamily();
  const markers = MARKERS.find(([first]) => first.test(type))?.[1];
  return markers ? typeFamily(...markers) : otherFamily();
}

/** The same for bodies in lines of JSON. */
export function jsonLinesFamilyOf(event: StreamEvent): Family {
  const data = asRecord(event.data) ?? {};
  if (Array.isArray(data.choices)) return chatFamily();
  return typeof data.done === "boolean" ? ollamaFamily() : jsonLinesFamily();
}

/** Failures that are alike in all families. */
export function eventProblem(event: StreamEvent): Problem | undefined {
  const type = typeOf(event);
  if (event.name === "error" || FAILED_TYPES.has(type) || type.endsWith(".error")) {
    return { reason: "error", detail: `a stream event ${type}` };
  }
  const detail = errorIn(event.data) ?? lastEventError(event);
  return detail === undefined ? undefined : { reason: "error", detail };
}

/** First event → the markers that end a stream of this family. */
const MARKERS: readonly (readonly [first: RegExp, markers: readonly string[]])[] = [
  [/^response\./, ["response.completed", "response.incomplete"]],
  [/^speech\.audio\./, ["speech.audio.done"]],
  [/^transcript\.text\./, ["transcript.text.done"]],
  [/^message_start$/, ["message_stop"]],
  [/^message-start$/, ["message-end"]],
  [/^thread\./, ["done"]],
  [/^conversation\.response\./, ["conversation.response.done"]],
];
/** Text that each terminal event of a family contains, as the name of the event or as a JSON string. */
const MARKER_TEXT = new RegExp(
  String.raw`\[DONE\]|"result"|"done"\s*:\s*true|(?:"|event: ?)(?:` +
    MARKERS.flatMap(([, markers]) => markers).map((marker) => marker.replaceAll(".", "\\.")).join("|") +
    String.raw`)(?:"(?!\s*:)|[\r\n])`,
);
/** Each of these texts contains a match. It is found in a fifth of the time. */
const MARKER_PART = /done["\]\r\n]|"done|_stop|-end|omplete|result"/i;
/** In UTF-16 units: the longest such text, and a part of a chunk that may begin with it. */
export const MARKER_LENGTH = 64;

/** Whether a part of a stream may belong to a terminal event. Otherwise its events need not be parsed yet. */
export function mayBeMarker(text: string): boolean {
  return MARKER_PART.test(text) && MARKER_TEXT.test(text);
}

const GEMINI_MEMBERS = ["candidates", "promptFeedback", "usageMetadata"];
const FAILED_TYPES: ReadonlySet<string> = new Set([
  "error",
  "response.failed",
  "response.cancelled",
  "thread.run.failed",
  "thread.run.cancelled",
  "thread.run.expired",
]);
const IMAGE_EVENT = /^image_(?:generation|edit)\./;

/** The last event of Cohere and of Replicate says how the stream went. */
function lastEventError(event: StreamEvent): string | undefined {
  const data = asRecord(event.data);
  const delta = typeOf(event) === "message-end" ? asRecord(data?.delta) : undefined;
  const cohere = delta?.error || String(delta?.finish_reason).startsWith("ERROR");
  const replicate = event.name === "done" && data?.reason;
  return cohere || replicate ? "the stream ended with an error" : undefined;
}

/** Named by an `event:` line, a `type` member, or both. */
function typeOf(event: StreamEvent): string {
  const type = asRecord(event.data)?.type;
  return typeof type === "string" ? type : event.name;
}

function markerFamily(isMarker: (event: StreamEvent) => boolean, name: string): Family {
  let ended = false;
  return {
    take(event) {
      const isLast = isMarker(event);
      ended ||= isLast;
      return isLast;
    },
    missing: () => ended ? undefined : `without ${name}`,
    isKnown: true,
  };
}

function typeFamily(...markers: readonly string[]): Family {
  return markerFamily((event) => markers.includes(typeOf(event)), markers.join(" or "));
}

function ollamaFamily(): Family {
  return markerFamily((event) => asRecord(event.data)?.done === true, '"done":true');
}

/** The results of A2A, which have a kind, may be followed by others. */
function isMcpResult({ data }: StreamEvent): boolean {
  const result = asRecord(asRecord(data)?.result);
  return result !== undefined && !("kind" in result);
}

/** One stream can bring several images, so no event of it is known to be the last. */
function imageFamily(): Family {
  const family = markerFamily((event) => typeOf(event).endsWith(".completed"), "a completed image");
  return { take: (event) => (family.take(event), false), missing: family.missing, isKnown: true };
}

function isDone(event: StreamEvent): boolean {
  return event.text.trim() === "[DONE]";
}

/** OpenAI chat and text completions, and the many APIs like them; not all of them send `[DONE]`. */
function chatFamily(): Family {
  const choices = finishedParts();
  const done = markerFamily(isDone, "[DONE]");
  return {
    take(event) {
      for (const choice of recordsIn(asRecord(event.data)?.choices)) {
        choices.take(choice.index, choice.finish_reason);
      }
      return done.take(event);
    },
    missing: () => done.missing() && choices.missing("finish_reason"),
    isKnown: true,
  };
}

/** The end of the body is the only marker: a `finishReason` may be followed by another event. */
function geminiFamily(): Family {
  const candidates = finishedParts();
  let blocked = false;
  return {
    take(event) {
      const data = asRecord(event.data);
      for (const candidate of recordsIn(data?.candidates)) {
        candidates.take(candidate.index, candidate.finishReason);
      }
      blocked ||= Boolean(asRecord(data?.promptFeedback)?.blockReason);
      return false;
    },
    missing: () => blocked ? undefined : candidates.missing("finishReason"),
    isKnown: true,
  };
}

/** A body in lines of JSON without a marker is whole if its last line is. */
function jsonLinesFamily(): Family {
  let last: StreamEvent | undefined;
  return {
    take(event) {
      last = event;
      return isDone(event);
    },
    missing: () => last && (last.data !== undefined || isDone(last)) ? undefined : "in the middle of a line",
    isKnown: false,
  };
}

function otherFamily(): Family {
  return { take: isDone, missing: () => undefined, isKnown: false };
}

/** Follows several answers in one stream, each of which has to be finished. */
function finishedParts() {
  const finished = new Map<unknown, boolean>();
  return {
    take(index: unknown = 0, reason: unknown) {
      finished.set(index, finished.get(index) || Boolean(reason));
    },
    missing(member: string): string | undefined {
      return finished.size && [...finished.values()].every(Boolean) ? undefined : `without a ${member}`;
    },
  };
}
