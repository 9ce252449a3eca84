import { type EventParser, framingOf, type StreamEvent, streamParser, withoutBom } from "../../../lib/framing.ts";
import { contentTypeOf, type Entry } from "../../../store/entry.ts";
import { gemini } from "../families/gemini.ts";
import { bytesOfBase64, type Sample, sampleOf } from "../parts/media.ts";
import { objectOf } from "../parts/json_members.ts";
import { parseCutJson } from "./cut_json.ts";

/** The parsed body of a response. */
export type AnswerBody =
  | { readonly form: "events"; readonly events: readonly StreamEvent[] }
  | { readonly form: "json"; readonly value: unknown }
  | { readonly form: "text"; readonly text: string }
  | { readonly form: "binary"; readonly sample: Sample };

/** Whether the events up to an offset of a stream, in characters, say enough. */
type IsEnough = (events: readonly StreamEvent[], length: number) => boolean;

/**
 * Parses the body of a response.
 *
 * @param isEnough Called with more and more events of a text stream: the rest is not parsed when it returns true.
 */
export function answerBody(entry: Entry, isEnough?: IsEnough): AnswerBody {
  const { binary, response } = entry;
  let decoded: string | Uint8Array | undefined;
  const body = () => decoded ??= binary ? bytesOfBase64(response) ?? new Uint8Array() : response;
  const framing = framingOf(contentTypeOf(entry), body);
  const parser = streamParser(framing);
  if (parser) return { form: "events", events: eventsOf(parser, body(), isEnough) };
  if (binary && framing === "plain") {
    return { form: "binary", sample: sampleOf(response) ?? { head: new Uint8Array(), length: 0 } };
  }
  const given = body();
  const text = withoutBom(typeof given === "string" ? given : new TextDecoder().decode(given));
  if (framing === "plain") return { form: "text", text };
  const value = parseCutJson(text);
  // A transcript may be only a number. It is text, not JSON.
  if (typeof value !== "object" || value === null) return { form: "text", text };
  const isStream = Array.isArray(value) && value.some((item) => gemini.fits(objectOf(item)));
  return isStream ? { form: "events", events: value.map(asEvent) } : { form: "json", value };
}

/** How much of a stream is parsed at once, in characters. After the last length, the rest is not read. */
const START_LENGTHS = [10, 11, 12, 13, 14, 16].map((bits) => 1 << bits);

function eventsOf(parser: EventParser, body: string | Uint8Array, isEnough: IsEnough | undefined): StreamEvent[] {
  const events: StreamEvent[] = [];
  const add = (more: readonly StreamEvent[]) => more.forEach((event) => events.push(event));
  let at = 0;
  if (isEnough && typeof body === "string") {
    for (const length of START_LENGTHS.filter((length) => length < body.length)) {
      add(parser.push(body.slice(at, length)));
      at = length;
      if (isEnough(events, at)) return events;
    }
  }
  if (at !== START_LENGTHS.at(-1)) add(parser.push(body.slice(at)));
  add(parser.end());
  const [first] = events;
  // The first event contains the model, but may be cut: OpenAI's repeats the instructions, and only the start is read.
  return events.length === 1 && first && first.data === undefined
    ? [{ ...first, data: parseCutJson(first.text) }]
    : events;
}

/** Without `alt=sse`, Gemini streams a JSON list, one item at a time. */
function asEvent(data: unknown): StreamEvent {
  return { name: "", text: JSON.stringify(data), data };
}
