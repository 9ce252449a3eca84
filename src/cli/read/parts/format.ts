import type { StreamEvent } from "../../../lib/framing.ts";
import type { Json } from "./json_members.ts";
import type { Message } from "./message.ts";

/** The content of a response. */
export interface Answered {
  readonly messages: readonly Message[];
  readonly finish?: string;
}

/** The format of requests and responses of an API family. */
export interface Format {
  /** The kind to show if the path does not tell. */
  readonly kind: Kind;
  /** Whether a whole response has this format. */
  fits(answer: Json): boolean;
  /** The messages of a request. */
  asked(request: Json): readonly Message[];
  /** The content of a whole response. */
  answered(answer: Json): Answered;
  /** Whether an event of a stream belongs to this family. */
  streams?(event: StreamEvent): boolean;
  /** Folds a stream, complete or truncated, into the response that the API would return without streaming. */
  assemble?(events: readonly StreamEvent[]): Json;
}

/** What an API does. `other` is unknown. */
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

/** The first match is used, so special paths come first. */
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

/** The kind of a request by its path; undefined if the path does not tell. */
export function kindOfPath(method: string, path: string): Kind | undefined {
  const kind = PATHS.find(([pattern]) => pattern.test(path))?.[1];
  // GET lists models. On some hosts, POST to the same path runs a model.
  return kind === "models" && method === "POST" && !path.endsWith("/api/show") ? undefined : kind;
}
