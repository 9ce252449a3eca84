import { base64Media, namedMedia, urlMedia } from "../parts/media.ts";
import { type Json, listOf, objectOf, textOf } from "../parts/json_members.ts";
import { citation, hiddenThinking, joinTexts, type Part, result, text, thinking, unknown } from "../parts/message.ts";

/** The content of a message in OpenAI-compatible APIs: a text, or a list of parts. */
export function contentParts(content: unknown): Part[] {
  if (typeof content === "string") return text(content);
  if (content === undefined || content === null) return [];
  return (Array.isArray(content) ? content : [content]).flatMap(contentPart);
}

/** Readers by the type of a part: chat completions, Responses, and the types of Mistral and Cohere. */
const READERS: Readonly<Record<string, (part: Json) => Part[]>> = {
  text: annotatedText,
  input_text: annotatedText,
  output_text: annotatedText,
  summary_text: (part) => thinking(part.text),
  reasoning_text: (part) => thinking(part.text),
  refusal: (part) => text(part.refusal),
  thinking: thoughtParts,
  image_url: imageParts,
  input_image: imageParts,
  input_audio: audioParts,
  video_url: (part) => [urlMedia(objectOf(part.video_url).url ?? part.video_url, { what: "video" })],
  document_url: (part) => [urlMedia(part.document_url, { name: part.document_name, what: "file" })],
  document: (part) => [result({ text: objectOf(part.document).data ?? part.document, id: objectOf(part.document).id })],
  file: fileParts,
  input_file: fileParts,
};

function contentPart(value: unknown): Part[] {
  if (typeof value === "string") return text(value);
  const part = objectOf(value);
  const type = textOf(part.type);
  const read = type !== undefined && Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  return read ? read(part) : typeof part.text === "string" ? text(part.text) : [unknown(value)];
}

function annotatedText(part: Json): Part[] {
  return [...text(part.text), ...annotations(part.annotations)];
}

/** The sources of a text: web pages, and files that were searched or generated. */
export function annotations(list: unknown): Part[] {
  return listOf(list).map(objectOf).flatMap((annotation) => {
    const source = { ...annotation, ...objectOf(annotation[textOf(annotation.type) ?? ""]) } as Json;
    return citation({ title: source.title ?? source.filename ?? source.file_id, url: source.url, text: source.quote });
  });
}

/** Mistral's thoughts are a list of parts, Cohere's a text. */
function thoughtParts(part: Json): Part[] {
  if (typeof part.thinking === "string") return thinking(part.thinking);
  return joinTexts(listOf(part.thinking).flatMap((item) => thinking(objectOf(item).text)));
}

function imageParts(part: Json): Part[] {
  const url = objectOf(part.image_url).url ?? part.image_url;
  return [url ? urlMedia(url, { what: "image" }) : namedMedia(part.file_id, { what: "image" })];
}

function audioParts(part: Json): Part[] {
  const audio = objectOf(part.input_audio);
  const format = textOf(audio.format);
  if (typeof part.input_audio === "string") return [base64Media(part.input_audio, { what: "audio" })];
  return [base64Media(audio.data, { what: "audio", type: format && `audio/${format}` })];
}

/** Chat completions put the members of a Responses file into an object `file`. */
function fileParts(part: Json): Part[] {
  const file = part.file === undefined ? part : objectOf(part.file);
  const name = file.filename ?? file.file_id;
  const inside = textOf(file.file_data);
  if (inside === undefined) return [file.file_url ? urlMedia(file.file_url, { name }) : namedMedia(name)];
  return [inside.startsWith("data:") ? urlMedia(inside, { name }) : base64Media(inside, { name })];
}

/** The part for encrypted thoughts. */
export const ENCRYPTED: Part = hiddenThinking("encrypted");
