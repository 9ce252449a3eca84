import { asText, compactJson, given, textOf } from "./json_members.ts";

/** A text part; none for an empty text or any other value. */
export function text(value: unknown): Part[] {
  const spoken = textOf(value);
  return spoken === undefined ? [] : [{ kind: "text", text: spoken }];
}

/** A thinking part; none for an empty text or any other value. */
export function thinking(value: unknown): Part[] {
  const thought = textOf(value);
  return thought === undefined ? [] : [{ kind: "thinking", text: thought }];
}

/** Thoughts that the provider does not reveal. */
export function hiddenThinking(note: string): Part {
  return { kind: "thinking", text: "", note };
}

/** A tool call. The arguments may be a JSON value or JSON text. */
export function call(name: unknown, args: unknown, id?: unknown): Part {
  const members = { arguments: args === undefined ? "{}" : asText(args), id: textOf(id) };
  return given({ kind: "call", name: textOf(name) ?? "?", ...members });
}

/** The result of a tool call. */
export function result(members: { text: unknown; name?: unknown; id?: unknown }): Part {
  const shown = members.text === undefined || members.text === null ? "" : asText(members.text);
  return given({ kind: "result", name: textOf(members.name), id: textOf(members.id), text: shown });
}

/** A source; none if all members are empty. */
export function citation(members: { title?: unknown; url?: unknown; text?: unknown }): Part[] {
  const known = given({ title: textOf(members.title), url: textOf(members.url), text: textOf(members.text) });
  return Object.keys(known).length ? [{ kind: "citation", ...known }] : [];
}

/** A value of unknown format. */
export function unknown(value: unknown): Part {
  return { kind: "json", json: compactJson(value) };
}

/** A message; none if there are no parts. */
export function message(role: unknown, parts: readonly Part[]): Message[] {
  return parts.length ? [{ role: textOf(role) ?? "assistant", parts }] : [];
}

/** Joins consecutive messages with this role, because one turn may have several items. */
export function joinTurns(messages: readonly Message[], role: string): Message[] {
  const joined: Message[] = [];
  let open: Part[] | undefined;
  for (const turn of messages) {
    if (turn.role !== role) {
      open = undefined;
      joined.push(turn);
    } else if (open) open.push(...turn.parts);
    else {
      open = [...turn.parts];
      joined.push({ role, parts: open });
    }
  }
  return joined;
}

/** Joins consecutive texts, as streams have them. */
export function joinTexts(parts: readonly Part[]): Part[] {
  const joined: Part[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (part.kind === "text" && last?.kind === "text") {
      joined[joined.length - 1] = { ...part, text: last.text + part.text };
    } else if (part.kind === "thinking" && last?.kind === "thinking" && part.text && last.text) {
      joined[joined.length - 1] = { ...part, text: last.text + part.text };
    } else joined.push(part);
  }
  return joined;
}

/** A part of a message. */
export type Part =
  | { readonly kind: "text"; readonly text: string }
  /** Thoughts or their summary. Hidden thoughts have an empty text and a note. */
  | { readonly kind: "thinking"; readonly text: string; readonly note?: string }
  /** A tool call, run by the client or the provider. `arguments` is JSON text. */
  | { readonly kind: "call"; readonly name: string; readonly arguments: string; readonly id?: string }
  | { readonly kind: "result"; readonly name?: string; readonly id?: string; readonly text: string }
  | { readonly kind: "citation"; readonly title?: string; readonly url?: string; readonly text?: string }
  | MediaPart
  /** Embeddings: their number, and the length of each. */
  | { readonly kind: "vectors"; readonly count: number; readonly dimensions?: number }
  /** The categories of a moderation or the documents of a ranking, highest score first. */
  | { readonly kind: "scores"; readonly scores: readonly (readonly [name: string, score: number])[] }
  /** A value of unknown format, as compact JSON. */
  | { readonly kind: "json"; readonly json: string };

/** An image, an audio, a video or another file. */
export interface MediaPart {
  readonly kind: "media";
  readonly what: "image" | "audio" | "video" | "file";
  /** The media type: `image/png`. */
  readonly type?: string;
  /** The file's name, or its id at the provider. */
  readonly name?: string;
  /** In bytes. If the recording contains only a placeholder, an estimate from its length. */
  readonly bytes?: number;
  /** In pixels. */
  readonly width?: number;
  /** In pixels. */
  readonly height?: number;
  /** Its URL, if it is not included. */
  readonly url?: string;
}

/** A message of a request or a response. */
export interface Message {
  /** `system`, `user`, `assistant`, `tool` …, as the provider spells it. */
  readonly role: string;
  readonly parts: readonly Part[];
}
