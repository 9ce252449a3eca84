import { decodeBase64 } from "../../../lib/bytes.ts";
import {
  awsFrameAt,
  EVENT_TYPE,
  isJsonLinesType,
  jsonLinesParser,
  sseParser,
  startsLikeEvents,
  startsLikeJsonLines,
  type StreamEvent,
} from "../../../lib/framing.ts";
import { parseJson } from "../../../lib/json.ts";
import type { Entry } from "../../../store/entry.ts";
import { gemini } from "../families/gemini.ts";
import { bytesOfBase64, type Sample, sampleOf } from "../parts/media.ts";
import { objectOf, textOf } from "../parts/members.ts";
import { parseCutJson } from "./cut_json.ts";

/** The body of an answer, by how it is written. */
export type AnswerBody =
  | { readonly form: "events"; readonly events: readonly StreamEvent[] }
  | { readonly form: "json"; readonly value: unknown }
  | { readonly form: "text"; readonly text: string }
  | { readonly form: "binary"; readonly sample: Sample };

/** Reads a body once. pycachy's have no content type, so their form is told by how they start. */
export function answerBody(entry: Entry): AnswerBody {
  const type = contentType(entry);
  if (entry.binary) {
    if (/amazon\.eventstream/i.test(type)) {
      return { form: "events", events: awsEvents(bytesOfBase64(entry.response) ?? new Uint8Array()).events };
    }
    return { form: "binary", sample: sampleOf(entry.response) ?? { head: new Uint8Array(), length: 0 } };
  }
  const text = entry.response.replace(/^\uFEFF/, "");
  if (/event-stream/i.test(type) || startsLikeEvents(text)) return { form: "events", events: cut(sseParser(), text) };
  if (isJsonLinesType(type.toLowerCase()) || startsLikeJsonLines(text)) {
    return { form: "events", events: cut(jsonLinesParser(), text) };
  }
  const value = parseCutJson(text);
  // A transcript that is only a number is no JSON.
  if (typeof value !== "object" || value === null) return { form: "text", text };
  const isStream = Array.isArray(value) && value.some((item) => gemini.fits(objectOf(item)));
  return isStream ? { form: "events", events: value.map(asEvent) } : { form: "json", value };
}

/** The content type of the answer; empty if none was kept. */
export function contentType({ headers }: Entry): string {
  const type: unknown = objectOf(headers)["content-type"];
  return typeof type === "string" ? type : "";
}

function cut(parser: ReturnType<typeof sseParser>, text: string): StreamEvent[] {
  const events = [...parser.push(text), ...parser.end()];
  const [first] = events;
  // A first event can be longer than what is read of a stream: it has the model, and OpenAI's repeats the instructions.
  return events.length === 1 && first && first.data === undefined
    ? [{ ...first, data: parseCutJson(first.text) }]
    : events;
}

/** Without `alt=sse`, Gemini streams the items of a list. */
function asEvent(data: unknown): StreamEvent {
  return { name: "", text: "", data };
}

/** The events at the start of a body. */
export interface AwsEvents {
  readonly events: StreamEvent[];
  /** Where the first frame begins that is not whole, in bytes. */
  readonly end: number;
}

/**
 * Cuts an AWS event stream into its events, named by their `:event-type`.
 *
 * Frames that invoke a model hold the model's own event as base64: that one is given. What is cut or makes no sense
 * ends the stream.
 */
export function awsEvents(body: Uint8Array): AwsEvents {
  const events: StreamEvent[] = [];
  let end = 0;
  for (let frame = awsFrameAt(body, end); typeof frame !== "string"; frame = awsFrameAt(body, end)) {
    events.push(inner(frame.texts?.get(EVENT_TYPE) ?? "", decoder.decode(frame.payload)));
    end = frame.end;
  }
  return { events, end };
}

const decoder = new TextDecoder();

function inner(name: string, text: string): StreamEvent {
  const data = parseJson(text);
  const base64 = name === "chunk" ? textOf(objectOf(data).bytes) : undefined;
  if (base64 === undefined || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4) return { name, text, data };
  const own = decoder.decode(decodeBase64(base64));
  return { name: "", text: own, data: parseJson(own) };
}
