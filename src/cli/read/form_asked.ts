import type { Setting } from "./settings.ts";
import { base64Media, namedMedia } from "./media/media_part.ts";
import type { MediaPart, Message, Part } from "./parts/message.ts";
import { message, text } from "./parts/parts.ts";
import type { FormPart } from "./body/request_body.ts";

/** What a form asks: its files and its prompt, and the other fields as settings. */
export interface FormAsked {
  readonly asked: readonly Message[];
  readonly model?: string;
  readonly settings: readonly Setting[];
}

const isHash = (value: string) => /^[0-9a-f]{64}$/.test(value);

/** Reads a form. Unless the whole request was kept, there are only hashes of what stood in it. */
export function formAsked(parts: readonly FormPart[]): FormAsked {
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

/** What a file is, by the end of its name. */
const ENDINGS: readonly (readonly [ending: RegExp, what: MediaPart["what"]])[] = [
  [/\.(?:mp3|wav|m4a|ogg|oga|opus|flac|mpga|aac)$/i, "audio"],
  [/\.(?:png|jpe?g|webp|gif|avif)$/i, "image"],
  [/\.(?:mp4|mov|webm|mpeg)$/i, "video"],
];

function filePart([, filename, value]: FormPart): Part {
  const what = ENDINGS.find(([ending]) => ending.test(filename ?? ""))?.[1];
  const label = { name: filename ?? undefined, what };
  return value.startsWith("base64:") ? base64Media(value.slice(7), label) : namedMedia(filename, label);
}
