import type { StreamEvent } from "../../../lib/framing.ts";
import { chatMessage } from "./chat_message.ts";
import { contentParts } from "./content.ts";
import type { Format } from "../parts/format.ts";
import { type Json, listOf, numberOf, objectOf, textOf } from "../parts/members.ts";
import type { Message, Part } from "../parts/message.ts";
import { citation, message, text, unknown } from "../parts/parts.ts";
import { assembleChat } from "./openai_chat_stream.ts";

/** Chat completions and text completions, which only differ in how a choice writes what was said. */
export const openaiChat: Format = {
  kind: "chat",
  fits: (answer) => Array.isArray(answer.choices),
  streams: ({ data }: StreamEvent) => Array.isArray(objectOf(data).choices),
  asked: (request) => [...listOf(request.messages).flatMap(chatMessage), ...prompts(request)],
  answered(answer) {
    const choices = listOf(answer.choices).map(objectOf).sort((a, b) => place(a) - place(b));
    const messages = choices.flatMap(choiceMessage);
    const finish = choices.map((choice) => textOf(choice.finish_reason)).find((reason) => reason !== undefined);
    return { messages: withSources(messages, answer), finish };
  },
  assemble: assembleChat,
};

/** The same, for what completes a text. */
export const completion: Format = {
  ...openaiChat,
  kind: "completion",
  fits: (answer) => isCompletion(listOf(answer.choices)[0]),
  streams: ({ data }: StreamEvent) => isCompletion(listOf(objectOf(data).choices)[0]),
};

function isCompletion(choice: unknown): boolean {
  const { text, message, delta } = objectOf(choice);
  return typeof text === "string" && message === undefined && delta === undefined;
}

function place(choice: Json): number {
  return numberOf(choice.index) ?? 0;
}

function choiceMessage(choice: Json): Message[] {
  return choice.message
    ? chatMessage({ role: "assistant", ...objectOf(choice.message) })
    : message("assistant", text(choice.text));
}

/** A prompt is a text, several, or numbers of tokens. */
function prompts({ prompt, suffix }: Json): Message[] {
  if (prompt === undefined || prompt === null) return [];
  const isTokens = Array.isArray(prompt) && typeof (Array.isArray(prompt[0]) ? prompt[0][0] : prompt[0]) === "number";
  const parts = isTokens ? [unknown(prompt)] : contentParts(prompt);
  return message("user", [...parts, ...text(suffix)]);
}

/** Perplexity and xAI name the sources beside the choices. */
function withSources(messages: Message[], answer: Json): Message[] {
  const results = listOf(answer.search_results).flatMap((source) => citation(objectOf(source)));
  const sources = results.length ? results : listOf(answer.citations).flatMap((url) => citation({ url }));
  const [first, ...rest] = messages;
  return first && sources.length ? [withParts(first, sources), ...rest] : messages;
}

function withParts(turn: Message, parts: readonly Part[]): Message {
  return { ...turn, parts: [...turn.parts, ...parts] };
}
