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
  readonly seconds?: number;
  /** Where it is, if it was not sent along. */
  readonly url?: string;
}

/** What one side said. */
export interface Message {
  /** `system`, `user`, `assistant`, `tool`, as the provider spells it. */
  readonly role: string;
  readonly parts: readonly Part[];
}
