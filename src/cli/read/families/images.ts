import type { StreamEvent } from "../../../lib/framing.ts";
import { base64Media, urlMedia } from "../parts/media.ts";
import type { Format } from "../parts/format.ts";
import { eventType, type Json, listOf, objectOf, textOf } from "../parts/json_members.ts";
import { message, type Part, text } from "../parts/message.ts";
import { promptsAsked } from "./request_input.ts";

/** Generated and edited images of OpenAI-compatible APIs and Imagen. */
export const images: Format = {
  kind: "images",
  fits: (answer) => imageItems(answer).some(isImageItem),
  streams: (event) => /^image_(?:generation|edit)\./.test(eventType(event)),
  asked: promptsAsked,
  answered: (answer) => ({ messages: message("assistant", imageParts(answer)) }),
  assemble,
};

function imageItems(answer: Json): Json[] {
  const list = [...listOf(answer.data), ...listOf(answer.predictions), ...listOf(answer.images)];
  return list.map((item) => typeof item === "string" ? { b64_json: item } : objectOf(item));
}

/** Whether an item has content. It makes no part, because reading an image takes a millisecond. */
function isImageItem(item: Json): boolean {
  return [base64Of(item), item.url, item.revised_prompt ?? item.prompt].some((member) => textOf(member) !== undefined);
}

function imageParts(answer: Json): Part[] {
  const format = textOf(answer.output_format);
  const type = format && `image/${format}`;
  return imageItems(answer).flatMap((item) => [...image(item, type), ...text(item.revised_prompt ?? item.prompt)]);
}

function image(item: Json, type: string | undefined): Part[] {
  const base64 = base64Of(item);
  if (textOf(base64) !== undefined) return [base64Media(base64, { what: "image", type: item.mimeType ?? type })];
  return textOf(item.url) === undefined ? [] : [urlMedia(item.url, { what: "image", type })];
}

function base64Of(item: Json): unknown {
  return item.b64_json ?? item.bytesBase64Encoded;
}

/** The completed images; in a truncated stream, the last partial image. */
function assemble(events: readonly StreamEvent[]): Json {
  const completed = events.filter((event) => eventType(event).endsWith(".completed"));
  const shown = (completed.length ? completed : events.slice(-1)).map(({ data }) => objectOf(data));
  const data = shown.map(({ b64_json }) => ({ b64_json }));
  return { output_format: shown[0]?.output_format, data };
}
