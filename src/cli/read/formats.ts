import type { StreamEvent } from "../../lib/framing.ts";
import { aiGateway } from "./others/ai_gateway.ts";
import { anthropic } from "./anthropic/anthropic.ts";
import { speech, transcription } from "./others/audio.ts";
import { bedrock } from "./others/bedrock.ts";
import { cohere, cohereV1 } from "./others/cohere.ts";
import { embeddings } from "./others/embeddings.ts";
import type { Format } from "./parts/format.ts";
import { gemini } from "./gemini/gemini.ts";
import { images } from "./others/images.ts";
import type { Kind } from "./parts/kind.ts";
import { batches, files, models, tokens } from "./others/listings.ts";
import type { Json } from "./parts/members.ts";
import { ollamaChat, ollamaGenerate } from "./others/ollama.ts";
import { completion, openaiChat } from "./openai/openai_chat.ts";
import { openaiResponses } from "./openai/openai_responses.ts";
import { moderation, rerank } from "./others/scores.ts";

/** In the order in which they are asked: what is more special first. */
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

/** The format of a stream: the first event that anybody knows tells it. Servers of all names speak OpenAI's. */
export function formatOfEvents(events: readonly StreamEvent[]): Format | undefined {
  for (const event of events) {
    const format = FORMATS.find((candidate) => candidate.streams?.(event));
    if (format) return format;
  }
  return undefined;
}

/** The format of a whole answer, by what is in it. */
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

/** Kinds whose answers may look like others': a file can hold an answer. */
export const TOLD_BY_PATH: ReadonlySet<Kind> = new Set(["files", "batches", "models", "tokens", "transcription"]);

/** The format that most of a kind have. */
export function formatOfKind(kind: Kind): Format | undefined {
  return BY_KIND[kind];
}

/** The format of a request. Paths that several share are told apart by what is asked. */
export function formatOfRequest(path: string, kind: Kind | undefined, request: Json): Format | undefined {
  if (/\/converse(?:-stream)?$/.test(path)) return bedrock;
  if (path.endsWith("/api/generate")) return ollamaGenerate;
  if (path.endsWith("/language-model")) return aiGateway;
  if (kind === "chat" && typeof request.message === "string") return cohereV1;
  if (kind === "tokens" && Array.isArray(request.messages)) return anthropic;
  if (kind === "tokens" && (request.input !== undefined || request.instructions !== undefined)) return openaiResponses;
  return kind && formatOfKind(kind);
}
