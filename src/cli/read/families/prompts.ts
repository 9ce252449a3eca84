import { type Json, listOf, objectOf } from "../parts/members.ts";
import { type Message, message, type Part, unknown } from "../parts/parts.ts";
import { geminiAsked } from "./gemini.ts";
import { contentParts } from "./openai_content.ts";

/** Under which names requests say what is to be embedded, drawn, spoken, judged, ranked or counted. */
const CONTENT = ["query", "prompt", "input", "inputs", "texts", "values", "text", "documents", "images", "image"];

/** What a request says that is no conversation. */
export function promptsAsked(request: Json): Message[] {
  const ofGemini = geminiAsked(request);
  if (ofGemini.length) return ofGemini;
  const instances = listOf(request.instances).flatMap((instance) => contentOf(objectOf(instance)));
  return message("user", [...contentOf(request), ...instances]);
}

function contentOf(request: Json): Part[] {
  return CONTENT.flatMap((name) => {
    const content = request[name];
    return isTokens(content) ? [unknown(content)] : contentParts(content);
  });
}

/** Texts can be sent as lists of numbers. */
function isTokens(content: unknown): boolean {
  const [first]: readonly unknown[] = listOf(content);
  return typeof (Array.isArray(first) ? first[0] : first) === "number";
}
