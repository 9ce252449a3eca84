import type { StreamEvent } from "../../../lib/framing.ts";
import type { Json } from "./members.ts";
import type { Message } from "./parts.ts";

/** What an answer says. */
export interface Answered {
  readonly messages: readonly Message[];
  readonly finish?: string;
}

/** How one family of APIs writes its requests and answers. */
export interface Format {
  /** What it is called, when nothing else tells the kind. */
  readonly kind: Kind;
  /** Whether a whole answer is written like this. */
  fits(answer: Json): boolean;
  /** What a request says. */
  asked(request: Json): readonly Message[];
  /** What a whole answer says. */
  answered(answer: Json): Answered;
  /** Whether an event of a stream is one of this family. */
  streams?(event: StreamEvent): boolean;
  /** Folds a stream, whole or cut, into the whole answer that the family would have given. */
  assemble?(events: readonly StreamEvent[]): Json;
}

/** What an API does. `other` is what nobody knows. */
export type Kind =
  | "chat"
  | "responses"
  | "messages"
  | "generate"
  | "completion"
  | "embeddings"
  | "images"
  | "speech"
  | "transcription"
  | "moderation"
  | "rerank"
  | "tokens"
  | "files"
  | "models"
  | "batches"
  | "other";

/** The first that matches counts: what is special stands before what it is a part of. */
const PATHS: readonly (readonly [path: RegExp, kind: Kind])[] = [
  [/\/(?:count_tokens|input_tokens|tokenize|detokenize)$|:countTokens$|:computeTokens$/, "tokens"],
  [/\/batches(?:\/|$)|:batchGenerateContent$|\/batches\/[^/]+:cancel$/, "batches"],
  [/\/(?:files|uploads?)(?:\/|$|:)/, "files"],
  [/\/chat\/completions$|\/v[12]\/chat$|\/api\/chat$|\/converse(?:-stream)?$|\/language-model$/, "chat"],
  [/\/responses(?:\/|$)/, "responses"],
  [/\/messages$|:(?:raw|streamRaw)Predict$/, "messages"],
  [/:(?:generateContent|streamGenerateContent)$|\/api\/generate$/, "generate"],
  [/\/completions$/, "completion"],
  [/\/embed(?:dings?)?$|\/embedding-model$|:(?:embedContent|batchEmbedContents)$/, "embeddings"],
  [/\/images(?:\/|$)|:generateImages$|\/image-model$/, "images"],
  [/\/audio\/speech$|\/text-to-speech\//, "speech"],
  [/\/audio\/(?:transcriptions|translations)$|\/speech-to-text(?:\/|$)/, "transcription"],
  [/\/moderations$/, "moderation"],
  [/\/rerank$/, "rerank"],
  [/\/models(?:\/[^:]*)?$|\/api\/(?:tags|show)$/, "models"],
];

/** What a request's path says about its kind; undefined if it says nothing. */
export function kindOfPath(method: string, path: string): Kind | undefined {
  const kind = PATHS.find(([pattern]) => pattern.test(path))?.[1];
  // Models are listed by GET; some hosts run a model by a POST to the same path.
  return kind === "models" && method === "POST" && !path.endsWith("/api/show") ? undefined : kind;
}
