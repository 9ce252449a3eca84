import type { StreamEvent } from "../../../lib/framing.ts";
import type { Answered, Format } from "../parts/format.ts";
import { appendText, eventType, inOrder, itemAt, type Json, listOf, objectOf, textOf } from "../parts/json_members.ts";
import { type Message, message, text } from "../parts/message.ts";
import { chatMessage } from "./openai_chat.ts";

/** Cohere's chat API, version 2. */
export const cohere: Format = {
  kind: "chat",
  fits: (answer) => typeof answer.finish_reason === "string" && Array.isArray(objectOf(answer.message).content),
  streams: (event) => /^(?:message-(?:start|end)|content-(?:start|delta|end)|tool-plan-delta)$/.test(eventType(event)),
  asked: (request) => listOf(request.messages).flatMap(chatMessage),
  answered: (answer) => ({ messages: chatMessage(answer.message), finish: textOf(answer.finish_reason) }),
  assemble,
};

/** A message of a stream, as received so far. */
interface Growing {
  readonly content: Map<number, Record<string, unknown>>;
  readonly calls: Map<number, { id?: unknown; name?: unknown; arguments: string }>;
  readonly citations: unknown[];
  role?: unknown;
  tool_plan: string;
}

function assemble(events: readonly StreamEvent[]): Json {
  const growing: Growing = { content: new Map(), calls: new Map(), citations: [], tool_plan: "" };
  let finish_reason: unknown;
  for (const event of events) {
    const members = objectOf(event.data);
    const delta = objectOf(members.delta);
    finish_reason = delta.finish_reason ?? finish_reason;
    takeDelta(growing, eventType(event), members.index, objectOf(delta.message));
  }
  const { content, calls, citations, tool_plan, role } = growing;
  const tool_calls = inOrder(calls).map(({ id, ...called }) => ({ id, function: called }));
  return { finish_reason, message: { role, content: inOrder(content), tool_plan, tool_calls, citations } };
}

function takeDelta(growing: Growing, type: string, index: unknown, delta: Json): void {
  switch (type) {
    case "message-start":
      growing.role = delta.role;
      break;
    case "content-start":
    case "content-delta":
      takeContent(itemAt(growing.content, index, () => ({})), objectOf(delta.content));
      break;
    case "tool-plan-delta":
      growing.tool_plan += textOf(delta.tool_plan) ?? "";
      break;
    case "tool-call-start":
    case "tool-call-delta":
      takeCall(growing, index, objectOf(delta.tool_calls));
      break;
    case "citation-start":
      growing.citations.push(delta.citations);
  }
}

function takeContent(part: Record<string, unknown>, piece: Json): void {
  part.type ??= piece.type ?? (piece.thinking === undefined ? "text" : "thinking");
  for (const name of ["text", "thinking"]) {
    if (typeof piece[name] === "string") appendText(part, name, piece[name]);
  }
}

function takeCall({ calls }: Growing, index: unknown, piece: Json): void {
  const called = objectOf(piece.function);
  const call: { id?: unknown; name?: unknown; arguments: string } = itemAt(calls, index, () => ({ arguments: "" }));
  call.id ??= piece.id;
  call.name ??= called.name;
  call.arguments += textOf(called.arguments) ?? "";
}

/** Cohere's chat API, version 1. */
export const cohereV1: Format = {
  kind: "chat",
  fits: (answer) =>
    typeof answer.text === "string" && (answer.generation_id !== undefined || answer.response_id !== undefined),
  streams: ({ data }) => textOf(objectOf(data).event_type) !== undefined,
  asked: (request) => [
    ...message("system", text(request.preamble)),
    ...listOf(request.chat_history).map(objectOf).flatMap(turnV1),
    ...message("user", text(request.message)),
  ],
  answered: answeredV1,
  assemble(events) {
    const members = events.map(({ data }) => objectOf(data));
    const end = members.find(({ event_type: type }) => type === "stream-end");
    const spoken = members.filter(({ event_type: type }) => type === "text-generation").map((event) =>
      textOf(event.text)
    );
    const answer = { text: spoken.join(""), finish_reason: end?.finish_reason, ...objectOf(end?.response) };
    return answer;
  },
};

function turnV1(turn: Json): Message[] {
  const role = typeof turn.role === "string" ? turn.role.toLowerCase() : "user";
  return chatMessage({ ...turn, role: role === "chatbot" ? "assistant" : role, content: turn.message });
}

function answeredV1(answer: Json): Answered {
  const { text: content, tool_calls, citations } = answer;
  return {
    messages: chatMessage({ role: "assistant", content, tool_calls, citations }),
    finish: textOf(answer.finish_reason),
  };
}
