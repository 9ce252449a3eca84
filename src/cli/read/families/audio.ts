import type { StreamEvent } from "../../../lib/framing.ts";
import { base64Media } from "../parts/media.ts";
import type { Format } from "../parts/format.ts";
import { eventType, type Json, listOf, objectOf, textOf } from "../parts/json_members.ts";
import { message, type Part, text } from "../parts/message.ts";
import { promptsAsked } from "./request_input.ts";

/** Speech as base64. Most speech responses are plain audio, which needs no format. */
export const speech: Format = {
  kind: "speech",
  fits: (answer) => textOf(answer.audio_base64) !== undefined,
  streams: (event) => /^speech\.audio\./.test(eventType(event)),
  asked: promptsAsked,
  answered: ({ audio_base64 }) => ({ messages: message("assistant", [base64Media(audio_base64, { what: "audio" })]) }),
  assemble(events) {
    const pieces = events.map(({ data }) => textOf(objectOf(data).audio)?.replace(/=+$/, ""));
    return { audio_base64: pieces.join("") };
  },
};

/** Transcriptions. */
export const transcription: Format = {
  kind: "transcription",
  fits: (answer) => typeof answer.text === "string" && (Array.isArray(answer.segments) || Array.isArray(answer.words)),
  streams: (event) => /^transcript\.text\./.test(eventType(event)),
  asked: promptsAsked,
  answered: (answer) => ({ messages: message("assistant", written(answer)) }),
  assemble,
};

/** The text, with speakers if they are known. */
function written(answer: Json): Part[] {
  const segments = listOf(answer.segments).map(objectOf).filter(({ speaker }) => textOf(speaker) !== undefined);
  if (!segments.length) return text(answer.text);
  return text(segments.map(({ speaker, text }) => `${textOf(speaker)}: ${(textOf(text) ?? "").trim()}`).join("\n"));
}

function assemble(events: readonly StreamEvent[]): Json {
  const of = (type: string) => events.filter((event) => eventType(event) === type).map(({ data }) => objectOf(data));
  const done = of("transcript.text.done").at(-1);
  const pieces = of("transcript.text.delta").map(({ delta }) => textOf(delta) ?? "");
  return { text: pieces.join(""), segments: of("transcript.text.segment"), ...done };
}
