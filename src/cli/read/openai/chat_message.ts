import { annotations, contentParts } from "./content.ts";
import { base64Media } from "../media/media_part.ts";
import { type Json, listOf, objectOf, textOf } from "../parts/members.ts";
import type { Message, Part } from "../parts/message.ts";
import { call, citation, joinTexts, message, result, text, thinking } from "../parts/parts.ts";

/** A message of a chat: OpenAI's, and those that Ollama, Cohere, Mistral, DeepSeek, Groq and others made of it. */
export function chatMessage(value: unknown): Message[] {
  const turn = objectOf(value);
  if (turn.role === "tool" || turn.role === "function") return message(turn.role, toolResult(turn));
  return message(turn.role, [
    ...firstThoughts(turn),
    ...(turn.role === "assistant" ? joinTexts(contentParts(turn.content)) : contentParts(turn.content)),
    ...text(turn.refusal),
    ...images(turn.images),
    ...spoken(turn.audio),
    ...listOf(turn.executed_tools).flatMap(executedTool),
    ...listOf(turn.tool_calls).map(toolCall),
    ...(turn.function_call ? [toolCall({ function: turn.function_call })] : []),
    ...annotations(turn.annotations),
    ...listOf(turn.citations).flatMap(cohereCitation),
  ]);
}

/** The names under which providers give thoughts beside the content. Some give them under two. */
export const THOUGHTS = ["reasoning_content", "reasoning", "thinking", "tool_plan"] as const;

function firstThoughts(turn: Json): Part[] {
  const name = THOUGHTS.find((name) => textOf(turn[name]) !== undefined);
  return name === undefined ? [] : thinking(turn[name]);
}

function toolResult(turn: Json): Part[] {
  const parts = contentParts(turn.content);
  const said = parts.map((part) => part.kind === "text" || part.kind === "result" ? part.text : "").filter(Boolean);
  const name = turn.name ?? turn.tool_name;
  return [
    result({ id: turn.tool_call_id, name, text: said.join("\n") }),
    ...parts.filter(({ kind }) => kind !== "text" && kind !== "result"),
  ];
}

function toolCall(value: unknown): Part {
  const { id, ...rest } = objectOf(value);
  const called = objectOf(rest.function ?? rest.custom ?? rest);
  return call(called.name, called.arguments ?? called.input ?? called.parameters, id);
}

/** Tools that Groq's systems ran on their own. */
function executedTool(value: unknown): Part[] {
  const tool = objectOf(value);
  const name = tool.name ?? tool.type;
  const output = textOf(tool.output);
  return [call(name, tool.arguments), ...(output === undefined ? [] : [result({ name, text: output })])];
}

/** Ollama's are bare base64, OpenRouter's are parts of content. */
function images(list: unknown): Part[] {
  return listOf(list).flatMap((image) =>
    typeof image === "string" ? [base64Media(image, { what: "image" })] : contentParts(image)
  );
}

/** The answer's own voice, and what it says. In a request it is only named. */
function spoken(value: unknown): Part[] {
  const audio = objectOf(value);
  if (audio.data === undefined && audio.transcript === undefined) return [];
  return [...text(audio.transcript), base64Media(audio.data, { what: "audio" })];
}

function cohereCitation(value: unknown): Part[] {
  const { text: quoted, sources } = objectOf(value);
  const source = objectOf(listOf(sources)[0]);
  const document = objectOf(source.document);
  return citation({ title: document.title ?? source.id, url: document.url, text: quoted });
}
