import { type Json, listOf, objectOf } from "../parts/json_members.ts";
import { type Message, message, type Part, unknown } from "../parts/message.ts";
import { geminiAsked } from "./gemini.ts";
import { contentParts } from "./openai_content.ts";

/** Members with the input of embeddings, images, speech, moderations, rankings and token counts. */
const CONTENT = ["query", "prompt", "input", "inputs", "texts", "values", "text", "documents", "images", "image"];

/** The input of a request that is not a conversation. */
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

/** Whether the input is token numbers. */
function isTokens(content: unknown): boolean {
  const [first]: readonly unknown[] = listOf(content);
  return typeof (Array.isArray(first) ? first[0] : first) === "number";
}
