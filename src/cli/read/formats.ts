import type { StreamEvent } from "../../lib/framing.ts";
import { aiGateway } from "./families/ai_gateway.ts";
import { anthropic } from "./families/anthropic.ts";
import { speech, transcription } from "./families/audio.ts";
import { bedrock } from "./families/bedrock.ts";
import { cohere, cohereV1 } from "./families/cohere.ts";
import { embeddings } from "./families/embeddings.ts";
import { gemini } from "./families/gemini.ts";
import { images } from "./families/images.ts";
import { batches, files, models, tokens } from "./families/files_and_models.ts";
import { ollamaChat, ollamaGenerate } from "./families/ollama.ts";
import { completion, openaiChat } from "./families/openai_chat.ts";
import { openaiResponses } from "./families/openai_responses.ts";
import { moderation, rerank } from "./families/moderation_and_rerank.ts";
import type { Format, Kind } from "./parts/format.ts";
import type { Json } from "./parts/json_members.ts";

/** In the order in which they are tried: more specific formats first. */
const FORMATS: readonly Format[] = [
  openaiResponses,
  anthropic,
  gemini,
  cohere,
  bedrock,
  completion,
  openaiChat,
  ollamaChat,
  ollamaGenerate,
  cohereV1,
  aiGateway,
  moderation,
  rerank,
  embeddings,
  images,
  speech,
  transcription,
  batches,
  models,
  files,
  tokens,
];

/** The format of a stream, by its first known event. Any server may use OpenAI's format. */
export function formatOfEvents(events: readonly StreamEvent[]): Format | undefined {
  for (const event of events) {
    const format = FORMATS.find((candidate) => candidate.streams?.(event));
    if (format) return format;
  }
  return undefined;
}

/** The format of a response that is not a stream, by its members. */
export function formatOfAnswer(answer: Json): Format | undefined {
  return FORMATS.find((candidate) => candidate.fits(answer));
}

const BY_KIND: Readonly<Record<Kind, Format | undefined>> = {
  chat: openaiChat,
  responses: openaiResponses,
  messages: anthropic,
  generate: gemini,
  completion,
  embeddings,
  images,
  speech,
  transcription,
  moderation,
  rerank,
  tokens,
  files,
  models,
  batches,
  other: undefined,
};

/** Kinds that only the path identifies: a downloaded file may contain a response of another kind. */
export const KNOWN_BY_PATH: ReadonlySet<Kind> = new Set(["files", "batches", "models", "tokens", "transcription"]);

/** The usual format of a kind. */
export function formatOfKind(kind: Kind): Format | undefined {
  return BY_KIND[kind];
}

/** The format of a request, by its path. If several formats share a path, by its members. */
export function formatOfRequest(path: string, kind: Kind | undefined, request: Json): Format | undefined {
  if (/\/converse(?:-stream)?$/.test(path)) return bedrock;
  if (path.endsWith("/api/generate")) return ollamaGenerate;
  if (path.endsWith("/language-model")) return aiGateway;
  if (kind === "chat" && typeof request.message === "string") return cohereV1;
  if (kind === "tokens" && Array.isArray(request.messages)) return anthropic;
  if (kind === "tokens" && (request.input !== undefined || request.instructions !== undefined)) return openaiResponses;
  return kind && formatOfKind(kind);
}
