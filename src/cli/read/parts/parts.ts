import { asText, compactJson, given, textOf } from "./members.ts";

/** Text, unless it is empty or no text. */
export function text(value: unknown): Part[] {
  const spoken = textOf(value);
  return spoken === undefined ? [] : [{ kind: "text", text: spoken }];
}

/** Thoughts, unless they are empty or no text. */
export function thinking(value: unknown): Part[] {
  const thought = textOf(value);
  return thought === undefined ? [] : [{ kind: "thinking", text: thought }];
}

/** Thoughts that the provider keeps to itself. */
export function hiddenThinking(note: string): Part {
  return { kind: "thinking", text: "", note };
}

/** A call of a tool; its arguments may be JSON or the text of it. */
export function call(name: unknown, args: unknown, id?: unknown): Part {
  const members = { arguments: args === undefined ? "{}" : asText(args), id: textOf(id) };
  return given({ kind: "call", name: textOf(name) ?? "?", ...members });
}

/** What a tool gave back. */
export function result(members: { text: unknown; name?: unknown; id?: unknown }): Part {
  const shown = members.text === undefined || members.text === null ? "" : asText(members.text);
  return given({ kind: "result", name: textOf(members.name), id: textOf(members.id), text: shown });
}

/** A source; none if nothing is known about it. */
export function citation(members: { title?: unknown; url?: unknown; text?: unknown }): Part[] {
  const known = given({ title: textOf(members.title), url: textOf(members.url), text: textOf(members.text) });
  return Object.keys(known).length ? [{ kind: "citation", ...known }] : [];
}

/** What nobody knows. */
export function unknown(value: unknown): Part {
  return { kind: "json", json: compactJson(value) };
}

/** A message, or none if there is nothing in it. */
export function message(role: unknown, parts: readonly Part[]): Message[] {
  return parts.length ? [{ role: textOf(role) ?? "assistant", parts }] : [];
}

/** Joins what follows each other with the same role, where one turn came in several items. */
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

/** Joins texts that follow each other, as streams bring them. */
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

/** A piece of what was said, in the order in which it was said. */
export type Part =
  | { readonly kind: "text"; readonly text: string }
  /** Thoughts, or their summary. What the provider keeps to itself has an empty text, and a note that says so. */
  | { readonly kind: "thinking"; readonly text: string; readonly note?: string }
  /** What the model wants to be called, or what the provider called for it; `arguments` is JSON text. */
  | { readonly kind: "call"; readonly name: string; readonly arguments: string; readonly id?: string }
  | { readonly kind: "result"; readonly name?: string; readonly id?: string; readonly text: string }
  | { readonly kind: "citation"; readonly title?: string; readonly url?: string; readonly text?: string }
  | MediaPart
  /** Embeddings: how many, and how long each is. */
  | { readonly kind: "vectors"; readonly count: number; readonly dimensions?: number }
  /** What was judged: the categories of a moderation, the documents of a ranking, best first. */
  | { readonly kind: "scores"; readonly scores: readonly (readonly [name: string, score: number])[] }
  /** What nobody knows, as compact JSON. */
  | { readonly kind: "json"; readonly json: string };

/** An image, a sound, a film or a file. */
export interface MediaPart {
  readonly kind: "media";
  readonly what: "image" | "audio" | "video" | "file";
  /** The media type: `image/png`. */
  readonly type?: string;
  /** The file's name, or its id at the provider. */
  readonly name?: string;
  /** Length in bytes; of a text that the file holds by its hash only, as near as its length tells. */
  readonly bytes?: number;
  /** In pixels. */
  readonly width?: number;
  /** In pixels. */
  readonly height?: number;
  /** Where it is, if it was not sent along. */
  readonly url?: string;
}

/** What one side said. */
export interface Message {
  /** `system`, `user`, `assistant`, `tool`, as the provider spells it. */
  readonly role: string;
  readonly parts: readonly Part[];
}
