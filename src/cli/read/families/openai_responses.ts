import type { StreamEvent } from "../../../lib/framing.ts";
import { base64Media, namedMedia, urlMedia } from "../parts/media.ts";
import type { Format } from "../parts/format.ts";
import { append, eventType, inOrder, itemAt, type Json, listOf, objectOf, textOf } from "../parts/json_members.ts";
import {
  call,
  joinTexts,
  joinTurns,
  type Message,
  message,
  type Part,
  result,
  text,
  thinking,
  unknown,
} from "../parts/message.ts";
import { contentParts, ENCRYPTED } from "./openai_content.ts";

/** OpenAI's Responses API. */
export const openaiResponses: Format = {
  kind: "responses",
  fits: (answer) => answer.object === "response" || Array.isArray(answer.output) && typeof answer.status === "string",
  streams: (event) => /^response\./.test(eventType(event)),
  asked: (request) => [...instructions(request.instructions), ...turns(request.input)],
  answered(answer) {
    // All items are one message, also the tool calls that the provider ran.
    const parts = listOf(answer.output).flatMap(itemMessage).flatMap((item) => item.parts);
    return { messages: message("assistant", parts), finish: finishOf(answer) };
  },
  assemble: assembleResponse,
};

function instructions(value: unknown): Message[] {
  return typeof value === "string" ? message("system", text(value)) : listOf(value).flatMap(itemMessage);
}

function turns(input: unknown): Message[] {
  if (typeof input === "string") return message("user", text(input));
  return joinTurns(listOf(input).flatMap(itemMessage), "assistant");
}

/** The reason of an incomplete response is more precise than its status. */
function finishOf(answer: Json): string | undefined {
  return textOf(objectOf(answer.incomplete_details).reason) ?? textOf(answer.status);
}

/** An item of a Responses input or output. */
export function itemMessage(value: unknown): Message[] {
  const item = objectOf(value);
  const type = textOf(item.type);
  if (type === "message" || type === undefined && item.role !== undefined) {
    return message(item.role, contentParts(item.content));
  }
  if (type === undefined) return message("user", [unknown(value)]);
  return message(/_output$|_approval_response$/.test(type) ? "tool" : "assistant", itemParts(type, item));
}

function itemParts(type: string, item: Json): Part[] {
  if (type.endsWith("_output")) return outputParts(item);
  switch (type) {
    case "reasoning":
      return reasoning(item);
    case "image_generation_call":
      return [call("image_generation", {}, item.id), ...image(item.result)];
    case "code_interpreter_call":
      return [call("code_interpreter", item.code, item.id), ...listOf(item.outputs).flatMap(codeOutput)];
    case "file_search_call":
      return [call("file_search", item.queries, item.id), ...listOf(item.results).map(found)];
    case "item_reference":
      return [unknown({ item_reference: item.id })];
    default:
      return type.endsWith("_call") ? toolCall(type, item) : [unknown(item)];
  }
}

/** The summaries, then the thoughts, if the model reveals them. */
function reasoning(item: Json): Part[] {
  const parts = joinTexts([...summaries(item.summary), ...contentParts(item.content).flatMap(asThought)]);
  return parts.length ? parts : item.encrypted_content ? [ENCRYPTED] : [];
}

function summaries(list: unknown): Part[] {
  return thinking(listOf(list).map((item) => textOf(objectOf(item).text)).filter(Boolean).join("\n\n"));
}

function asThought(part: Part): Part[] {
  return part.kind === "text" || part.kind === "thinking" ? thinking(part.text) : [part];
}

/** A call of a function, a custom tool, MCP, or a tool of the provider (web search, shell, computer). */
function toolCall(type: string, item: Json): Part[] {
  const name = textOf(item.name) ?? type.slice(0, -"_call".length);
  const id = item.call_id ?? item.id;
  const given = item.arguments ?? item.input ?? item.action ?? item.operation;
  const output = item.output ?? item.error;
  return [
    call(name, given ?? undefined, id),
    ...(output === undefined || output === null ? [] : [result({ name, id, text: output })]),
  ];
}

function outputParts(item: Json): Part[] {
  const id = item.call_id ?? item.id;
  const { output } = item;
  const items = Array.isArray(output) ? output : [output];
  // The output of shells is objects without a type, and that of other tools may have any form: show it as it is.
  if (!items.some((part) => textOf(objectOf(part).type) !== undefined)) return [result({ id, text: output })];
  const parts = contentParts(output);
  const said = parts.map((part) => part.kind === "text" ? part.text : "").filter(Boolean).join("\n");
  return [result({ id, text: said }), ...parts.filter(({ kind }) => kind !== "text")];
}

function image(base64: unknown): Part[] {
  return textOf(base64) === undefined ? [] : [base64Media(base64, { what: "image" })];
}

function codeOutput(value: unknown): Part[] {
  const output = objectOf(value);
  if (output.type === "image") return [urlMedia(output.url, { what: "image" })];
  if (output.type === "files") return listOf(output.files).map((file) => namedMedia(objectOf(file).file_id));
  return [result({ name: "code_interpreter", text: output.logs ?? value })];
}

function found(value: unknown): Part {
  const { filename, file_id: id, text } = objectOf(value);
  return result({ name: filename ?? id, text: text ?? value });
}

/** An item of a stream, as received so far: its members, and its indexed parts. */
interface Item {
  members: Json;
  /** Whether its last event has arrived, which contains the whole item. */
  isDone: boolean;
  readonly content: Map<number, Record<string, unknown>>;
  readonly summary: Map<number, Record<string, unknown>>;
}

/** Folds the events of a response. The last event contains the whole response; some servers leave its output empty. */
export function assembleResponse(events: readonly StreamEvent[]): Json {
  const items = new Map<number, Item>();
  let response: Json = {};
  for (const event of events) {
    const members = objectOf(event.data);
    if (members.response) response = { ...response, ...objectOf(members.response) };
    else takeEvent(items, eventType(event), members);
  }
  return listOf(response.output).length ? response : { ...response, output: inOrder(items).map(wholeItem) };
}

function takeEvent(items: Map<number, Item>, type: string, event: Json): void {
  if (typeof event.output_index !== "number") return;
  const item = itemAt(items, event.output_index, newItem);
  if (type === "response.output_item.added") item.members = objectOf(event.item);
  else if (type === "response.output_item.done") [item.members, item.isDone] = [objectOf(event.item), true];
  else takeDelta(item, type, event);
}

function newItem(): Item {
  return { members: { type: "message", role: "assistant" }, isDone: false, content: new Map(), summary: new Map() };
}

/** Event type without `.delta` → the part and the member that the delta is appended to. */
const PARTS: Readonly<Record<string, readonly [list: "content" | "summary", type: string, member: string]>> = {
  "response.output_text": ["content", "output_text", "text"],
  "response.refusal": ["content", "refusal", "refusal"],
  "response.reasoning_text": ["content", "reasoning_text", "text"],
  "response.reasoning_summary_text": ["summary", "summary_text", "text"],
};
/** Event type without `.delta` → the member of the item that the delta is appended to. */
const MEMBERS: Readonly<Record<string, string>> = {
  "response.function_call_arguments": "arguments",
  "response.mcp_call_arguments": "arguments",
  "response.custom_tool_call_input": "input",
  "response.code_interpreter_call_code": "code",
};

function takeDelta(item: Item, type: string, event: Json): void {
  const name = type.replace(/\.delta$/, "");
  if (type === "response.image_generation_call.partial_image") {
    item.members = { ...item.members, result: event.partial_image_b64 };
  } else if (type === "response.output_text.annotation.added") {
    const part = partOf(item, "content", event.content_index, { type: "output_text", text: "" });
    append(part, "annotations", [event.annotation]);
  } else if (name === type || typeof event.delta !== "string") return;
  else if (Object.hasOwn(PARTS, name) && PARTS[name]) {
    const [list, partType, member] = PARTS[name];
    const index = list === "summary" ? event.summary_index : event.content_index;
    const part = partOf(item, list, index, { type: partType, [member]: "" });
    part[member] += event.delta;
  } else if (Object.hasOwn(MEMBERS, name) && MEMBERS[name]) {
    const member = MEMBERS[name];
    const before = item.members[member];
    item.members = { ...item.members, [member]: (typeof before === "string" ? before : "") + event.delta };
  }
}

function partOf(item: Item, list: "content" | "summary", index: unknown, made: Record<string, unknown>) {
  return itemAt(item[list], index, () => made);
}

function wholeItem({ members, isDone, content, summary }: Item): Json {
  if (isDone) return members;
  return {
    ...members,
    ...(content.size ? { content: inOrder(content) } : {}),
    ...(summary.size ? { summary: inOrder(summary) } : {}),
  };
}
