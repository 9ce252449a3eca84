import type { StreamEvent } from "../../stream_events.ts";
import { eventType } from "./event_type.ts";
import type { Format } from "./format.ts";
import { base64Media, urlMedia } from "./media_part.ts";
import { type Json, listOf, objectOf, textOf } from "./members.ts";
import type { Part } from "./message.ts";
import { message, text } from "./parts.ts";
import { promptsAsked } from "./prompts.ts";

/** Images that were made or changed: OpenAI and its like, Imagen. */
export const images: Format = {
  kind: "images",
  fits: (answer) => imageParts(answer).length > 0,
  streams: (event) => /^image_(?:generation|edit)\./.test(eventType(event)),
  asked: promptsAsked,
  answered: (answer) => ({ messages: message("assistant", imageParts(answer)) }),
  assemble,
};

function imageParts(answer: Json): Part[] {
  const format = textOf(answer.output_format);
  const type = format && `image/${format}`;
  const list = [...listOf(answer.data), ...listOf(answer.predictions), ...listOf(answer.images)];
  return list.map((item) => typeof item === "string" ? { b64_json: item } : objectOf(item)).flatMap((item) => [
    ...image(item, type),
    ...text(item.revised_prompt ?? item.prompt),
  ]);
}

function image(item: Json, type: string | undefined): Part[] {
  const base64 = item.b64_json ?? item.bytesBase64Encoded;
  if (textOf(base64) !== undefined) return [base64Media(base64, { what: "image", type: item.mimeType ?? type })];
  return textOf(item.url) === undefined ? [] : [urlMedia(item.url, { what: "image", type })];
}

/** What was completed; of a cut stream the last sketch. */
function assemble(events: readonly StreamEvent[]): Json {
  const completed = events.filter((event) => eventType(event).endsWith(".completed"));
  const shown = (completed.length ? completed : events.slice(-1)).map(({ data }) => objectOf(data));
  const data = shown.map(({ b64_json }) => ({ b64_json }));
  return { output_format: shown[0]?.output_format, data };
}
