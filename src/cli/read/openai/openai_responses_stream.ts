import type { StreamEvent } from "../../../lib/framing.ts";
import { eventType } from "../parts/event_type.ts";
import { append, inOrder, itemAt, type Json, listOf, objectOf } from "../parts/members.ts";

/** An item that grows: its own members, and its numbered parts. */
interface Item {
  members: Json;
  /** Whether its last event was there, which has all of it. */
  isDone: boolean;
  readonly content: Map<number, Record<string, unknown>>;
  readonly summary: Map<number, Record<string, unknown>>;
}

/** Folds a response's events. The last event has all, if it was there; some servers leave its output empty. */
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

/** Event without its `.delta` → the type of the part that grows, and the member that does. */
const PARTS: Readonly<Record<string, readonly [list: "content" | "summary", type: string, member: string]>> = {
  "response.output_text": ["content", "output_text", "text"],
  "response.refusal": ["content", "refusal", "refusal"],
  "response.reasoning_text": ["content", "reasoning_text", "text"],
  "response.reasoning_summary_text": ["summary", "summary_text", "text"],
};
/** The same for members of the item itself. */
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
