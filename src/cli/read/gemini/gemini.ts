import type { StreamEvent } from "../../../lib/framing.ts";
import type { Format } from "../parts/format.ts";
import { either, geminiParts } from "./gemini_parts.ts";
import { inOrder, itemAt, type Json, listOf, objectOf, textOf } from "../parts/members.ts";
import type { Message, Part } from "../parts/message.ts";
import { citation, joinTexts, message, text } from "../parts/parts.ts";

/** Gemini's generateContent, on its own API and on Vertex AI. */
export const gemini: Format = {
  kind: "generate",
  fits: isGenerated,
  streams: (event) => isGenerated(objectOf(event.data)),
  asked: geminiAsked,
  answered(answer) {
    const candidates = listOf(answer.candidates).map(objectOf);
    const reasons = candidates.map((candidate) => textOf(candidate.finishReason));
    const blocked = textOf(objectOf(answer.promptFeedback).blockReason);
    return { messages: candidates.flatMap(candidateMessage), finish: reasons.find(Boolean) ?? blocked };
  },
  assemble,
};

function isGenerated(answer: Json): boolean {
  return Array.isArray(answer.candidates) || "promptFeedback" in answer || "usageMetadata" in answer;
}

/** Instructions and contents of a request; counting tokens wraps them into another one. */
export function geminiAsked(request: Json): Message[] {
  const inner = { ...request, ...objectOf(request.generateContentRequest) };
  const system = either(inner, "systemInstruction");
  const contents = inner.contents ?? inner.content;
  return [
    ...message("system", contentParts(system)),
    ...(Array.isArray(contents) ? contents : [contents]).flatMap((content) =>
      message(objectOf(content).role ?? "user", contentParts(content))
    ),
    ...listOf(request.requests).flatMap((item) => geminiAsked({ content: objectOf(item).content })),
  ];
}

function contentParts(content: unknown): Part[] {
  return typeof content === "string" ? text(content) : geminiParts(objectOf(content).parts);
}

function candidateMessage(candidate: Json): Message[] {
  const content = objectOf(candidate.content);
  const parts = joinTexts(geminiParts(content.parts));
  return message(content.role ?? "model", [...parts, ...grounding(candidate), ...quoted(candidate)]);
}

function grounding(candidate: Json): Part[] {
  const chunks = listOf(objectOf(candidate.groundingMetadata).groundingChunks).map(objectOf);
  return chunks.flatMap(({ web, retrievedContext, maps }) => {
    const source = objectOf(web ?? retrievedContext ?? maps);
    return citation({ title: source.title, url: source.uri, text: source.text });
  });
}

function quoted(candidate: Json): Part[] {
  const metadata = objectOf(candidate.citationMetadata);
  return listOf(metadata.citationSources ?? metadata.citations).map(objectOf)
    .flatMap(({ title, uri }) => citation({ title, url: uri }));
}

/** What has come of one candidate. */
interface Candidate {
  readonly parts: unknown[];
  members: Record<string, unknown>;
  role?: unknown;
}

function assemble(events: readonly StreamEvent[]): Json {
  const candidates = new Map<number, Candidate>();
  let answer: Json = {};
  for (const event of events.map(({ data }) => objectOf(data))) {
    answer = { ...answer, ...event };
    listOf(event.candidates).forEach((candidate) => takeCandidate(candidates, objectOf(candidate)));
  }
  const whole = inOrder(candidates).map(({ parts, role, members }) => ({ ...members, content: { role, parts } }));
  return { ...answer, candidates: whole };
}

function takeCandidate(candidates: Map<number, Candidate>, piece: Json): void {
  const candidate = itemAt(candidates, piece.index, (): Candidate => ({ parts: [], members: {} }));
  const content = objectOf(piece.content);
  for (const part of listOf(content.parts)) candidate.parts.push(part);
  candidate.role ??= content.role;
  Object.assign(candidate.members, piece);
}
