import { parseJson } from "../../../lib/json.ts";
import type { StreamEvent } from "../../../lib/framing.ts";
import { eventType } from "../parts/event_type.ts";
import { append, appendText, inOrder, itemAt, type Json, objectOf } from "../parts/members.ts";

/** A block that grows. */
interface Block {
  readonly members: Record<string, unknown>;
  /** What has come of a tool's input, as JSON text. */
  input: string;
}

/** Folds the events of a message. */
export function assembleMessage(events: readonly StreamEvent[]): Json {
  const blocks = new Map<number, Block>();
  let message: Json = { type: "message", role: "assistant" };
  for (const event of events) {
    const members = objectOf(event.data);
    const type = eventType(event);
    if (type === "message_start") message = { ...message, ...objectOf(members.message) };
    else if (type === "message_delta") message = { ...message, ...objectOf(members.delta) };
    else if (type === "content_block_start") blocks.set(numbered(members), newBlock(members.content_block));
    else if (type === "content_block_delta") takeDelta(blocks, members);
  }
  return { ...message, content: inOrder(blocks).map(wholeBlock) };
}

function numbered({ index }: Json): number {
  return typeof index === "number" ? index : 0;
}

function newBlock(block: unknown): Block {
  return { members: { ...objectOf(block) }, input: "" };
}

const TEXTS: Readonly<Record<string, string>> = { text_delta: "text", thinking_delta: "thinking" };

function takeDelta(blocks: Map<number, Block>, event: Json): void {
  const delta = objectOf(event.delta);
  const block = itemAt(
    blocks,
    event.index,
    () => newBlock({ type: delta.type === "thinking_delta" ? "thinking" : "text" }),
  );
  const { members } = block;
  if (delta.type === "input_json_delta" && typeof delta.partial_json === "string") block.input += delta.partial_json;
  else if (delta.type === "citations_delta") append(members, "citations", [delta.citation]);
  else if (typeof delta.type === "string" && Object.hasOwn(TEXTS, delta.type)) {
    const name = TEXTS[delta.type] ?? "";
    if (typeof delta[name] === "string") appendText(members, name, delta[name]);
  }
}

/** Input that was cut stays the text that it is. */
function wholeBlock({ members, input }: Block): Json {
  return input === "" ? members : { ...members, input: parseJson(input) ?? input };
}
