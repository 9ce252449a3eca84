import type { StreamEvent } from "../../lib/framing.ts";
import { asRecord } from "../../lib/json.ts";
import { contentTypeOf, type Entry } from "../../store/entry.ts";
import { placeholderLength } from "../../store/entry_request.ts";
import { answerBody } from "./body/answer_body.ts";
import { errorText } from "./body/error_body.ts";
import { formAsked, type RequestBody, requestBody } from "./body/request_body.ts";
import { formatOfAnswer, formatOfEvents, formatOfKind, formatOfRequest, KNOWN_BY_PATH } from "./formats.ts";
import { base64Media, type Sample, sampledMedia } from "./parts/media.ts";
import { type Answered, type Format, type Kind, kindOfPath } from "./parts/format.ts";
import { given, type Json, listOf, objectOf } from "./parts/json_members.ts";
import { type Message, message, text, unknown } from "./parts/message.ts";
import { guessProvider, modelOf, providerName } from "./providers.ts";
import { type Setting, settingsOf } from "./settings.ts";

export type { Kind } from "./parts/format.ts";
export type { MediaPart, Message, Part } from "./parts/message.ts";

/** An entry in readable form. */
export interface Reading {
  /** The name of the provider. If it is unknown, the host with its port; undefined if there is no request. */
  readonly provider?: string;
  /** From the request, the path or the response, in this order. */
  readonly model?: string;
  readonly kind: Kind;
  /** Whether the response is a stream of events. */
  readonly isStream: boolean;
  /** The system prompt, then the turns; empty if the file does not contain the request. */
  readonly asked: readonly Message[];
  /** The messages of the response: several, if the request asked for several choices. */
  readonly answered: readonly Message[];
  /** The finish reason, as the provider spells it: `stop`, `length`, `tool_use` … */
  readonly finish?: string;
  /** The other parameters of the request: `["temperature", "0.2"]`. */
  readonly settings: readonly (readonly [name: string, value: string])[];
}

/** What a list shows of an entry. Of the turns, `asked` contains at least the last one of the user. */
export type StartReading = Omit<Reading, "finish" | "settings">;

/**
 * Reads an entry. It never throws: bodies of unknown formats are shown as they are.
 *
 * Each body is parsed once. A stream, even a truncated one, is first folded into a whole response.
 */
export function readEntry(entry: Entry): Reading {
  const { start, finish, requested } = readBodies(entry);
  return given({ ...start, finish, settings: requested.settings() });
}

/**
 * Reads the start of an entry. Of a text stream, it parses only the first events.
 *
 * @param isEnough Whether a row needs no more of a response that begins with this text.
 */
export function readStart(entry: Entry, isEnough: (text: string) => boolean): StartReading {
  return readBodies(entry, isEnough).start;
}

function readBodies(entry: Entry, isEnough?: (text: string) => boolean) {
  const { url, path, provider } = placeOf(entry.request?.url);
  const pathKind = kindOfPath(entry.request?.method ?? "GET", path);
  const body = requestBody(entry.request);
  const headers = objectOf(entry.request?.headers);
  const json = body.form === "json" ? body.value : {};
  const isNamed = url !== undefined && modelOf({ request: json, headers, url, answer: {} }) !== undefined;
  const answer = readAnswer(
    entry,
    pathKind,
    isEnough && ((start, length) => {
      if (length >= LONG) return saysMuch(start);
      return isNamed && start.format !== undefined && isEnough(beginningOf(start));
    }),
  );
  const requested = readRequest(body, { path, pathKind, format: answer.format, isStart: isEnough !== undefined });
  const { kind, isStream, messages: answered, finish, value } = answer;
  const model = modelOf({ request: requested.value, headers, url, answer: value });
  const start = {
    provider: provider ?? guessProvider(kind, value),
    model,
    kind,
    isStream,
    asked: requested.asked,
    answered,
  };
  return { start, finish, requested };
}

/** In characters. After this length, the start of a stream is enough, even if later events may name another model. */
const LONG = 1 << 14;
/** How much of a message a row contains, in characters. */
export const FIRST_WORDS = 200;

function saysMuch({ messages: [first] }: AnswerReading): boolean {
  return first?.parts.some((part) => part.kind === "text" && part.text.length >= FIRST_WORDS) ?? false;
}

/** The text that the response begins with, and that more events only extend. */
function beginningOf({ messages: [first] }: AnswerReading): string {
  const part = first?.parts.find(({ kind }) => kind !== "thinking" && kind !== "citation");
  return part?.kind === "text" ? part.text : "";
}

interface Place {
  readonly url?: URL;
  readonly path: string;
  /** The name of the provider; undefined without a URL. */
  readonly provider?: string;
}

/** Most entries of a file have one of a few URLs. */
const knownPlaces = new Map<string, Place>();
const MOST_PLACES = 1000;

function placeOf(address: unknown): Place {
  if (typeof address !== "string") return { path: "" };
  const known = knownPlaces.get(address);
  if (known) return known;
  if (!URL.canParse(address)) return { path: "" };
  const url = new URL(address);
  const place = { url, path: url.pathname, provider: providerName(url) };
  if (knownPlaces.size >= MOST_PLACES) knownPlaces.clear();
  knownPlaces.set(address, place);
  return place;
}

/** A request in readable form. */
interface RequestReading {
  readonly asked: readonly Message[];
  readonly settings: () => readonly Setting[];
  /** Its JSON; empty if it is not JSON. */
  readonly value: Json;
}

/** What is known about a request before its body is read. */
interface RequestContext {
  readonly path: string;
  readonly pathKind: Kind | undefined;
  /** The format of the response. */
  readonly format: Format | undefined;
  /** Whether only the last turn of the user is needed. */
  readonly isStart: boolean;
}

function readRequest(body: RequestBody, context: RequestContext): RequestReading {
  switch (body.form) {
    case "none":
      return { asked: [], settings: () => [], value: {} };
    case "json":
      return jsonAsked(body.value, context);
    case "parts": {
      const { asked, model, settings } = formAsked(body.parts);
      return { asked, settings: () => settings, value: { model } };
    }
    case "text": {
      const isBinary = placeholderLength(body.text)?.unit === "bytes" || body.text.startsWith("base64:");
      const parts = isBinary ? [base64Media(body.text.replace(/^base64:/, ""))] : text(body.text);
      return { asked: message("user", parts), settings: () => [], value: {} };
    }
  }
}

/** Reads JSON in the format of the path, then in the format of the response. If both fail, it is shown as it is. */
function jsonAsked(value: Json, { path, pathKind, format, isStart }: RequestContext): RequestReading {
  const own = formatOfRequest(path, pathKind, value);
  const settings = () => settingsOf(value);
  const last = isStart ? (own ?? format)?.asked(lastTurns(value)) : undefined;
  if (last?.some(({ role }) => role === "user")) return { asked: last, settings, value };
  for (const candidate of own === format ? [own] : [own, format]) {
    const asked = candidate?.asked(value) ?? [];
    if (asked.length) return { asked, settings, value };
  }
  const isKnown = (own ?? format) !== undefined || Object.keys(value).length === 0;
  return isKnown
    ? { asked: [], settings, value }
    : { asked: message("user", [unknown(value)]), settings: () => [], value };
}

/** A chat without the turns before the last one of the user: every format reads each turn by itself. */
function lastTurns(request: Json): Json {
  const turns = listOf(request.messages);
  const last = turns.findLastIndex((turn) => objectOf(turn).role === "user");
  return last > 0 ? { ...request, messages: turns.slice(last) } : request;
}

/** A response in readable form. */
export interface AnswerReading extends Answered {
  readonly kind: Kind;
  readonly isStream: boolean;
  /** Undefined if it is unknown. */
  readonly format?: Format;
  /** The whole response, also of a stream; empty if it is not a JSON object. */
  readonly value: Json;
}

/**
 * Reads the response of an entry. Its content identifies the format better than the path.
 *
 * @param isEnough Called with the reading of the first events of a text stream, up to an offset in characters.
 */
export function readAnswer(
  entry: Entry,
  pathKind: Kind | undefined,
  isEnough?: (answer: AnswerReading, length: number) => boolean,
): AnswerReading {
  let start: AnswerReading | undefined;
  const body = answerBody(
    entry,
    isEnough && ((events, length) => {
      const read = readEvents(events, pathKind);
      start = isEnough(read, length) ? read : undefined;
      return start !== undefined;
    }),
  );
  const error = entry.error === undefined ? undefined : errorText(body, entry.status_code);
  if (error !== undefined) return plain(message("assistant", text(error)), pathKind);
  switch (body.form) {
    case "events":
      return start ?? readEvents(body.events, pathKind);
    case "json":
      return whole(body.value, pathKind);
    case "text":
      return plain(message("assistant", text(body.text)), pathKind);
    case "binary":
      return binary(body.sample, contentTypeOf(entry), pathKind);
  }
}

/** Reads the events of a stream, or those that had arrived at some time. */
export function readEvents(events: readonly StreamEvent[], pathKind?: Kind): AnswerReading {
  const format = formatOfEvents(events);
  if (!format?.assemble) return { ...plain(unknownStream(events), pathKind), isStream: true };
  const value = format.assemble(events);
  const { messages, finish } = format.answered(value);
  return { messages, finish, kind: format.kind, isStream: true, format, value };
}

/** A stream of unknown format: Replicate's plain text, or the events as they are. */
function unknownStream(events: readonly StreamEvent[]): Message[] {
  const spoken = events.filter(({ name }) => name === "output");
  if (spoken.length) return message("assistant", text(spoken.map((event) => event.text).join("")));
  const shown = events.filter((event) => event.text.trim() !== "[DONE]").map((event) => event.data ?? event.text);
  return message("assistant", shown.length ? [unknown(shown)] : []);
}

function whole(body: unknown, pathKind: Kind | undefined): AnswerReading {
  // Hugging Face responds with a bare list of vectors.
  const value = asRecord(body) ?? (Array.isArray(body) && Array.isArray(body[0]) ? { embeddings: body } : undefined);
  if (!value) return plain(message("assistant", [unknown(body)]), pathKind);
  const known = pathKind && KNOWN_BY_PATH.has(pathKind) ? formatOfKind(pathKind) : formatOfAnswer(value);
  const format = known ?? (pathKind && formatOfKind(pathKind));
  const answered = format?.answered(value) ?? { messages: [] };
  const isUnread = !answered.messages.length && !format?.fits(value) && Object.keys(value).length > 0;
  const messages = isUnread ? message("assistant", [unknown(value)]) : answered.messages;
  // Lists the members, because spreading takes longer than finding the format.
  return { messages, finish: answered.finish, kind: format?.kind ?? "other", isStream: false, format, value };
}

function plain(messages: Message[], kind: Kind = "other"): AnswerReading {
  return { messages, kind, isStream: false, format: formatOfKind(kind), value: {} };
}

function binary(sample: Sample, contentType: string, pathKind: Kind | undefined): AnswerReading {
  const type = contentType.split(";")[0]?.trim();
  const isTelling = type !== undefined && type !== "" && !/octet-stream$/.test(type);
  const what = pathKind === "speech" ? "audio" : pathKind === "images" ? "image" : undefined;
  const media = sampledMedia(sample, { type: isTelling ? contentType : undefined, what });
  const kind = media.what === "audio" ? "speech" : media.what === "image" ? "images" : "other";
  return plain(message("assistant", [media]), pathKind ?? kind);
}
