import { placeholderLength } from "../../../store/entry_request.ts";
import type { Format } from "../parts/format.ts";
import { given, type Json, listOf, objectOf } from "../parts/json_members.ts";
import { message, type Part } from "../parts/message.ts";
import { promptsAsked } from "./request_input.ts";

/** Embeddings of OpenAI-compatible APIs, Gemini, Vertex AI, Cohere and Ollama. */
export const embeddings: Format = {
  kind: "embeddings",
  fits: (answer) => vectorsOf(answer).length > 0,
  asked: promptsAsked,
  answered: (answer) => ({ messages: message("assistant", vectors(vectorsOf(answer))) }),
};

function vectors(found: readonly unknown[]): Part[] {
  if (!found.length) return [];
  return [given({ kind: "vectors", count: found.length, dimensions: dimensionsOf(found[0]) })];
}

/** The vectors of a response, in any of the known places. */
function vectorsOf(answer: Json): readonly unknown[] {
  const listed = listOf(answer.data).map((item) => objectOf(item).embedding);
  if (listed.some(isVector)) return listed;
  if (isVector(answer.embedding)) return [answer.embedding];
  const values = objectOf(answer.embedding).values;
  if (isVector(values)) return [values];
  const predicted = listOf(answer.predictions).map((item) => objectOf(objectOf(item).embeddings).values);
  return predicted.some(isVector) ? predicted : several(answer.embeddings);
}

/** Accepts a list of vectors, a list of objects with a vector, or (Cohere) such a list for each number type. */
function several(list: unknown): readonly unknown[] {
  const lists = Array.isArray(list) ? list : Object.values(objectOf(list)).find(Array.isArray) ?? [];
  const found = (lists as readonly unknown[]).map((item) => Array.isArray(item) ? item : objectOf(item).values ?? item);
  return found.some(isVector) ? found : [];
}

function isVector(value: unknown): boolean {
  return typeof value === "string" ? value.length > 0 : typeof listOf(value)[0] === "number";
}

/** In base64, a number has four bytes. */
function dimensionsOf(vector: unknown): number | undefined {
  if (typeof vector !== "string") return listOf(vector).length || undefined;
  const characters = placeholderLength(vector)?.count ?? vector.replace(/=+$/, "").length;
  return Math.floor(Math.floor(characters * 3 / 4) / 4) || undefined;
}
