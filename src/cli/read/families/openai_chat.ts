import type { StreamEvent } from "../../../lib/framing.ts";
import { base64Media } from "../parts/media.ts";
import type { Format } from "../parts/format.ts";
import {
  append,
  appendText,
  inOrder,
  itemAt,
  type Json,
  listOf,
  numberOf,
  objectOf,
  textOf,
} from "../parts/json_members.ts";
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
import { annotations, contentParts } from "./openai_content.ts";

/** Chat completions. */
export const openaiChat: Format = {
  kind: "chat",
  fits: (answer) => Array.isArray(answer.choices),
  streams: ({ data }: StreamEvent) => Array.isArray(objectOf(data).choices),
  asked: (request) => listOf(request.messages).flatMap(chatMessage).concat(prompts(request)),
  answered(answer) {
    const choices = listOf(answer.choices).map(objectOf).sort((a, b) => place(a) - place(b));
    const messages = choices.flatMap(choiceMessage);
    const finish = choices.map((choice) => textOf(choice.finish_reason)).find((reason) => reason !== undefined);
    return { messages: withSources(messages, answer), finish };
  },
  assemble: assembleChat,
};

/** Text completions: the same, with another form of choices. */
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

/** A prompt is a text, a list of texts, or token numbers. */
function prompts({ prompt, suffix }: Json): Message[] {
  if (prompt === undefined || prompt === null) return [];
  const isTokens = Array.isArray(prompt) && typeof (Array.isArray(prompt[0]) ? prompt[0][0] : prompt[0]) === "number";
  const parts = isTokens ? [unknown(prompt)] : contentParts(prompt);
  return message("user", [...parts, ...text(suffix)]);
}

/** Perplexity and xAI list the sources outside the choices. */
function withSources(messages: Message[], answer: Json): Message[] {
  if (!answer.search_results && !answer.citations) return messages;
  const results = listOf(answer.search_results).flatMap((source) => citation(objectOf(source)));
  const sources = results.length ? results : listOf(answer.citations).flatMap((url) => citation({ url }));
  const [first, ...rest] = messages;
  return first && sources.length ? [withParts(first, sources), ...rest] : messages;
}

function withParts(turn: Message, parts: readonly Part[]): Message {
  return { ...turn, parts: [...turn.parts, ...parts] };
}

/** A message of a chat: OpenAI's format, with the variants of Ollama, Cohere, Mistral, DeepSeek, Groq and others. */
export function chatMessage(value: unknown): Message[] {
  const turn = objectOf(value);
  if (isPlainTurn(turn)) return message(turn.role, text(turn.content));
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

/** Whether a turn has a text and a role and nothing else, as most do. */
function isPlainTurn(turn: Json): boolean {
  return typeof turn.content === "string" && turn.role !== "tool" && turn.role !== "function" && isPlain(turn);
}

/** Whether all members but the role and the content are null. */
function isPlain(turn: Json): boolean {
  for (const name in turn) if (name !== "role" && name !== "content" && turn[name] !== null) return false;
  return true;
}

/** Members for thoughts outside the content. Some providers send two of them. */
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

/** Tools that Groq ran itself. */
function executedTool(value: unknown): Part[] {
  const tool = objectOf(value);
  const name = tool.name ?? tool.type;
  const output = textOf(tool.output);
  return [call(name, tool.arguments), ...(output === undefined ? [] : [result({ name, text: output })])];
}

/** Ollama's images are plain base64, OpenRouter's are content parts. */
function images(list: unknown): Part[] {
  return listOf(list).flatMap((image) =>
    typeof image === "string" ? [base64Media(image, { what: "image" })] : contentParts(image)
  );
}

/** The audio of a response, with its transcript. A request contains only an id. */
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

/** A choice of a stream, as received so far. */
interface Choice {
  readonly index: number;
  readonly message: Record<string, unknown>;
  readonly calls: Map<number, ToolCall>;
  text?: string;
  finish_reason?: unknown;
}

interface ToolCall {
  id?: unknown;
  name: string;
  arguments: string;
}

/** Members of the whole response. The last chunk that contains one sets it. */
const OF_ANSWER = ["model", "object", "id", "citations", "search_results", "x_groq", "provider"];

/** Folds the chunks of a chat or text completion. */
export function assembleChat(events: readonly StreamEvent[]): Json {
  const choices = new Map<number, Choice>();
  const answer: Record<string, unknown> = {};
  for (const event of events) {
    const chunk = objectOf(event.data);
    for (const name of OF_ANSWER) {
      if (chunk[name]) answer[name] = chunk[name];
    }
    for (const choice of listOf(chunk.choices)) takeChoice(choices, objectOf(choice));
  }
  return { ...answer, choices: inOrder(choices).map(wholeChoice) };
}

function takeChoice(choices: Map<number, Choice>, piece: Json): void {
  const index = typeof piece.index === "number" ? piece.index : 0;
  const choice = itemAt(choices, index, (): Choice => ({ index, message: { role: "assistant" }, calls: new Map() }));
  if (piece.finish_reason) choice.finish_reason = piece.finish_reason;
  if (typeof piece.text === "string") choice.text = (choice.text ?? "") + piece.text;
  // Some servers send the whole message at the end, with an empty delta.
  takeDelta(choice, objectOf(piece.delta ?? piece.message));
}

/** Members whose deltas are appended. */
const TEXTS = ["reasoning_content", "reasoning", "thinking", "tool_plan", "refusal"];
const LISTS = ["annotations", "images", "executed_tools"];

function takeDelta(choice: Choice, delta: Json): void {
  const { message } = choice;
  if (textOf(delta.role) !== undefined) message.role = delta.role;
  if (isPlain(delta)) message.content = joinContent(message.content, delta.content);
  else takeMembers(choice, delta);
}

function takeMembers({ message, calls }: Choice, delta: Json): void {
  for (const name of TEXTS) {
    if (typeof delta[name] === "string") appendText(message, name, delta[name]);
  }
  for (const name of LISTS) {
    if (Array.isArray(delta[name])) append(message, name, delta[name]);
  }
  message.content = joinContent(message.content, delta.content);
  takeAudio(message, objectOf(delta.audio));
  listOf(delta.tool_calls).forEach((piece, at) => takeCall(calls, objectOf(piece), at));
  if (delta.function_call) takeCall(calls, { function: delta.function_call }, 0);
}

/** Joins content: texts, or lists of parts (Mistral's thoughts). */
function joinContent(before: unknown, piece: unknown): unknown {
  if (piece === undefined || piece === null || piece === "") return before;
  if (typeof piece === "string" && (before === undefined || typeof before === "string")) return (before ?? "") + piece;
  const list = Array.isArray(before) ? before : before === undefined ? [] : [before];
  if (Array.isArray(piece)) list.push(...piece);
  else list.push(piece);
  return list;
}

/** Each piece is separate base64. Its padding is removed, so that the pieces can be joined. */
function takeAudio(message: Record<string, unknown>, piece: Json): void {
  if (piece.data === undefined && piece.transcript === undefined) return;
  const audio = objectOf(message.audio);
  const joined = (name: string) =>
    typeof piece[name] === "string" ? `${audio[name] ?? ""}${piece[name].replace(/=+$/, "")}` : audio[name];
  message.audio = { data: joined("data"), transcript: joined("transcript") };
}

/** Adds a piece of a tool call. Without an index (Gemini's compatible API), an id begins a new call. */
function takeCall(calls: Map<number, ToolCall>, piece: Json, at: number): void {
  const isNew = textOf(piece.id) !== undefined && piece.index === undefined;
  const index = typeof piece.index === "number" ? piece.index : isNew ? calls.size : Math.max(at, calls.size - 1);
  const call = itemAt(calls, index, (): ToolCall => ({ name: "", arguments: "" }));
  const called = objectOf(piece.function ?? piece.custom);
  call.id = textOf(piece.id) ?? call.id;
  call.name = textOf(called.name) ?? call.name;
  const args = called.arguments ?? called.input;
  if (typeof args === "string") call.arguments += args;
  else if (args !== undefined && args !== null) call.arguments = JSON.stringify(args);
}

function wholeChoice({ index, message, calls, text, finish_reason }: Choice): Json {
  if (text !== undefined) return { index, text, finish_reason };
  const tool_calls = inOrder(calls).map(({ id, ...called }) => ({ id, type: "function", function: called }));
  return { index, message: tool_calls.length ? { ...message, tool_calls } : message, finish_reason };
}
