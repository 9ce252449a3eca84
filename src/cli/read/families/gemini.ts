import type { StreamEvent } from "../../../lib/framing.ts";
import { base64Media, urlMedia } from "../parts/media.ts";
import type { Format } from "../parts/format.ts";
import { inOrder, itemAt, type Json, listOf, objectOf, textOf } from "../parts/json_members.ts";
import {
  call,
  citation,
  joinTexts,
  type Message,
  message,
  type Part,
  result,
  text,
  thinking,
  unknown,
} from "../parts/message.ts";

/** Gemini's generateContent, in the Gemini API and in Vertex AI. */
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

/** The system prompt and contents of a request. A request to count tokens wraps them in another object. */
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

/** A candidate of a stream, as received so far. */
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

/** A member by its name in camel case, or in snake case (Python's SDK). */
export function either(object: Json, name: string): unknown {
  return object[name] ?? object[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
}

/** The parts of a message. */
export function geminiParts(parts: unknown): Part[] {
  return (Array.isArray(parts) ? parts : parts === undefined ? [] : [parts]).flatMap(geminiPart);
}

/** In the order in which they are tried. */
const READERS: readonly (readonly [member: string, read: (value: Json) => Part[]])[] = [
  ["functionCall", ({ name, args, id }) => [call(name, args, id)]],
  ["functionResponse", ({ name, response, id }) => [result({ name, id, text: response })]],
  [
    "inlineData",
    (blob) => [base64Media(blob.data, { type: either(blob, "mimeType"), name: either(blob, "displayName") })],
  ],
  ["fileData", (file) => [
    urlMedia(either(file, "fileUri"), { type: either(file, "mimeType"), name: either(file, "displayName") }),
  ]],
  ["executableCode", ({ code }) => [call("code_execution", code)]],
  ["codeExecutionResult", ({ output, outcome }) => [result({ name: "code_execution", text: output ?? outcome })]],
];

function geminiPart(value: unknown): Part[] {
  if (typeof value === "string") return text(value);
  const part = objectOf(value);
  if (typeof part.text === "string") return part.thought === true ? thinking(part.text) : text(part.text);
  for (const [member, read] of READERS) {
    const found = either(part, member);
    if (found !== undefined) return read(objectOf(found));
  }
  // A separate signature of a thought, at the end of a stream.
  return either(part, "thoughtSignature") === undefined ? [unknown(value)] : [];
}
