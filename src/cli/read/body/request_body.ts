import { asRecord, parseJson } from "../../../lib/json.ts";
import type { RecordedRequest } from "../../../store/entry.ts";
import { areRecordedParts, isHash, type RecordedPart } from "../../../store/entry_request.ts";
import { base64Media, namedMedia } from "../parts/media.ts";
import type { Json } from "../parts/json_members.ts";
import { type MediaPart, type Message, message, type Part, text } from "../parts/message.ts";
import type { Setting } from "../settings.ts";

/** The parsed body of a recorded request. */
export type RequestBody =
  | { readonly form: "none" }
  | { readonly form: "json"; readonly value: Json }
  | { readonly form: "parts"; readonly parts: readonly RecordedPart[] }
  | { readonly form: "text"; readonly text: string };

/** Parses the body of a recorded request. */
export function requestBody(request: RecordedRequest | undefined): RequestBody {
  const text: unknown = request?.body;
  if (typeof text !== "string" || text === "") return { form: "none" };
  const value = parseJson(text);
  const json = asRecord(value);
  if (json) return { form: "json", value: json };
  return areRecordedParts(value, text) ? { form: "parts", parts: value } : { form: "text", text };
}

/** A form in readable form: files and prompt as messages, other fields as settings. */
export interface FormAsked {
  readonly asked: readonly Message[];
  readonly model?: string;
  readonly settings: readonly Setting[];
}

/** Reads a form. Without `keepRequest: "whole"`, its parts contain only hashes. */
export function formAsked(parts: readonly RecordedPart[]): FormAsked {
  const files = parts.filter(([, filename, value]) => filename !== null || value.startsWith("base64:"));
  const fields = parts.filter((part) => !files.includes(part));
  const prompt = fields.find(([name]) => name === "prompt")?.[2];
  const model = fields.find(([name, , value]) => /^model(?:_id)?$/.test(name) && !isHash(value))?.[2];
  const rest = fields.filter(([name, , value]) => name !== "prompt" && value !== model);
  return {
    asked: message("user", [...text(prompt && shown(prompt)), ...files.map(filePart)]),
    model,
    settings: rest.map(([name, , value]) => [name, shown(value)] as const),
  };
}

function shown(value: string): string {
  return isHash(value) ? `[sha256 ${value.slice(0, 8)}…]` : value;
}

/** Media kinds by file extension. */
const ENDINGS: readonly (readonly [ending: RegExp, what: MediaPart["what"]])[] = [
  [/\.(?:mp3|wav|m4a|ogg|oga|opus|flac|mpga|aac)$/i, "audio"],
  [/\.(?:png|jpe?g|webp|gif|avif)$/i, "image"],
  [/\.(?:mp4|mov|webm|mpeg)$/i, "video"],
];

function filePart([, filename, value]: RecordedPart): Part {
  const what = ENDINGS.find(([ending]) => ending.test(filename ?? ""))?.[1];
  const label = { name: filename ?? undefined, what };
  return value.startsWith("base64:") ? base64Media(value.slice(7), label) : namedMedia(filename, label);
}
