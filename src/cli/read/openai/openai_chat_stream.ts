import type { StreamEvent } from "../../../lib/framing.ts";
import { append, appendText, inOrder, itemAt, type Json, listOf, objectOf, textOf } from "../parts/members.ts";

/** What has come of one choice. */
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

/** What the last chunk that has it says of the whole answer. */
const OF_ANSWER = ["model", "object", "id", "citations", "search_results", "x_groq", "provider"];

/** Folds the chunks of a chat, or of a completed text. */
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
  // Some servers end a stream with the whole message beside an empty delta.
  takeDelta(choice, objectOf(piece.delta ?? piece.message));
}

/** What grows by being appended to. */
const TEXTS = ["reasoning_content", "reasoning", "thinking", "tool_plan", "refusal"];
const LISTS = ["annotations", "images", "executed_tools"];

function takeDelta(choice: Choice, delta: Json): void {
  const { message, calls } = choice;
  if (textOf(delta.role) !== undefined) message.role = delta.role;
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

/** A text, or (Mistral, with thoughts) lists of parts. */
function joinContent(before: unknown, piece: unknown): unknown {
  if (piece === undefined || piece === null || piece === "") return before;
  if (typeof piece === "string" && (before === undefined || typeof before === "string")) return (before ?? "") + piece;
  const list = Array.isArray(before) ? before : before === undefined ? [] : [before];
  if (Array.isArray(piece)) list.push(...piece);
  else list.push(piece);
  return list;
}

/** Each piece is base64 of its own, so that padding may stand in the middle: only whole groups are joined. */
function takeAudio(message: Record<string, unknown>, piece: Json): void {
  if (piece.data === undefined && piece.transcript === undefined) return;
  const audio = objectOf(message.audio);
  const joined = (name: string) =>
    typeof piece[name] === "string" ? `${audio[name] ?? ""}${piece[name].replace(/=+$/, "")}` : audio[name];
  message.audio = { data: joined("data"), transcript: joined("transcript") };
}

/** A call without a number (Gemini's compatible API) begins with its id. */
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
