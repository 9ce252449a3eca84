/** OpenAI and the providers that copy its paths. */
import { type Answer, bodyOf, type Family, json, type ProviderRequest, whole } from "./answer.ts";
import { chatCompletion } from "./openai_chat.ts";
import { openaiHeaders } from "./openai_headers.ts";
import { createResponse } from "./openai_responses.ts";
import { audioOf, id, seconds, textOf, type Turn } from "./text.ts";

export const openai: Family = (request, turn) => {
  const path = request.path.split("?")[0] ?? "";
  if (path.endsWith("/chat/completions")) return chatCompletion(request, turn);
  if (path.endsWith("/responses")) return createResponse(request, turn);
  if (path.endsWith("/embeddings")) return embeddings(request, turn);
  if (path.endsWith("/audio/transcriptions")) return transcription(turn);
  if (path.endsWith("/audio/speech")) return speech(turn);
  if (path.endsWith("/v1/files")) return fileUpload(request, turn);
  return undefined;
};

interface EmbeddingBody {
  readonly model: string;
  readonly input: string | readonly string[];
  readonly encoding_format: string;
}

function embeddings(request: ProviderRequest, turn: Turn): Answer {
  const body = bodyOf<EmbeddingBody>(request);
  const inputs = typeof body.input === "string" ? [body.input] : body.input ?? [];
  const items = inputs.map((_, index) => {
    const vector = Float32Array.from([0.25, -0.5, index, turn.number]);
    const embedding = body.encoding_format === "base64" ? base64(vector) : [...vector];
    return { object: "embedding", index, embedding };
  });
  const usage = { prompt_tokens: 5, total_tokens: 5 };
  return json({ object: "list", data: items, model: body.model, usage }, openaiHeaders());
}

function base64(vector: Float32Array): string {
  return btoa(String.fromCharCode(...new Uint8Array(vector.buffer)));
}

function transcription(turn: Turn): Answer {
  const usage = { type: "duration", seconds: 3 };
  return json({ text: textOf(turn), usage }, openaiHeaders());
}

function speech(turn: Turn): Answer {
  const answer = whole(audioOf(turn.number), { ...openaiHeaders(), "content-type": "audio/mpeg" });
  return { ...answer, pieces: [700, 1900] };
}

function fileUpload(request: ProviderRequest, turn: Turn): Answer {
  const filename = /filename="([^"]*)"/.exec(request.body)?.[1] ?? "upload";
  const purpose = /name="purpose"\r\n\r\n([^\r]*)/.exec(request.body)?.[1] ??
    "assistants";
  const created_at = seconds();
  const file = { object: "file", id: id("file-", 22), purpose, filename, bytes: 1000 + turn.number, created_at };
  return json({ ...file, expires_at: null, status: "processed", status_details: null }, openaiHeaders());
}
