import type { Entry } from "../../store/entry.ts";
import { asRecord } from "../../lib/json.ts";
import type { StreamEvent } from "../../lib/framing.ts";
import { answerBody, contentType } from "./answer_body.ts";
import type { Answered, Format } from "./parts/format.ts";
import { formatOfAnswer, formatOfEvents, formatOfKind, TOLD_BY_PATH } from "./formats.ts";
import type { Kind } from "./parts/kind.ts";
import type { Sample } from "./media/media.ts";
import { sampledMedia } from "./media/media_part.ts";
import type { Json } from "./parts/members.ts";
import type { Message } from "./parts/message.ts";
import { message, text, unknown } from "./parts/parts.ts";

/** What an answer says, and how it is written. */
export interface AnswerReading extends Answered {
  readonly kind: Kind;
  readonly isStream: boolean;
  /** Undefined if nobody knows it. */
  readonly format?: Format;
  /** The whole answer, also of a stream; empty if it is no JSON object. */
  readonly value: Json;
}

/** Reads the answer of an entry. What it says about its format counts more than the kind that its path names. */
export function readAnswer(entry: Entry, pathKind: Kind | undefined): AnswerReading {
  const body = answerBody(entry);
  switch (body.form) {
    case "events":
      return streamed(body.events, pathKind);
    case "json":
      return whole(body.value, pathKind);
    case "text":
      return plain(message("assistant", text(body.text)), pathKind);
    case "binary":
      return binary(body.sample, contentType(entry), pathKind);
  }
}

function streamed(events: readonly StreamEvent[], pathKind: Kind | undefined): AnswerReading {
  const format = formatOfEvents(events);
  if (!format?.assemble) return { ...plain(unknownStream(events), pathKind), isStream: true };
  const value = format.assemble(events);
  const { messages, finish } = format.answered(value);
  return { messages, finish, kind: format.kind, isStream: true, format, value };
}

/** Replicate streams bare text; of what else nobody knows, the events are shown as they are. */
function unknownStream(events: readonly StreamEvent[]): Message[] {
  const spoken = events.filter(({ name }) => name === "output");
  if (spoken.length) return message("assistant", text(spoken.map((event) => event.text).join("")));
  const shown = events.filter((event) => event.text.trim() !== "[DONE]").map((event) => event.data ?? event.text);
  return message("assistant", shown.length ? [unknown(shown)] : []);
}

function whole(body: unknown, pathKind: Kind | undefined): AnswerReading {
  // Hugging Face answers with the vectors alone.
  const value = asRecord(body) ?? (Array.isArray(body) && Array.isArray(body[0]) ? { embeddings: body } : undefined);
  if (!value) return plain(message("assistant", [unknown(body)]), pathKind);
  const known = pathKind && TOLD_BY_PATH.has(pathKind) ? formatOfKind(pathKind) : formatOfAnswer(value);
  const format = known ?? (pathKind && formatOfKind(pathKind));
  const answered = format?.answered(value) ?? { messages: [] };
  const isUnread = !answered.messages.length && !format?.fits(value) && Object.keys(value).length > 0;
  const messages = isUnread ? message("assistant", [unknown(value)]) : answered.messages;
  // Member by member: to spread what was answered takes longer than to find its format.
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
