import type { StreamEvent } from "../../../lib/framing.ts";
import { parseJson } from "../../../lib/json.ts";
import { base64Media, namedMedia, urlMedia } from "../parts/media.ts";
import type { Format } from "../parts/format.ts";
import {
  append,
  appendText,
  eventType,
  inOrder,
  itemAt,
  type Json,
  listOf,
  objectOf,
  textOf,
} from "../parts/json_members.ts";
import {
  call,
  citation,
  hiddenThinking,
  message,
  type Part,
  result,
  text,
  thinking,
  unknown,
} from "../parts/message.ts";

/** Anthropic's Messages API. */
export const anthropic: Format = {
  kind: "messages",
  fits: (answer) => answer.type === "message" && Array.isArray(answer.content),
  streams: (event) => /^(?:message_(?:start|delta|stop)|content_block_(?:start|delta|stop))$/.test(eventType(event)),
  asked: (request) => [
    ...message("system", blockParts(request.system)),
    ...listOf(request.messages).map(objectOf).flatMap(({ role, content }) =>
      message(role ?? "user", blockParts(content))
    ),
  ],
  answered: (answer) => ({
    messages: message(answer.role, blockParts(answer.content)),
    finish: textOf(answer.stop_reason),
  }),
  assemble: assembleMessage,
};

/** The content of a message: a text, or a list of blocks. */
export function blockParts(content: unknown): Part[] {
  return typeof content === "string" ? text(content) : listOf(content).flatMap(blockPart);
}

function blockPart(value: unknown): Part[] {
  const block = objectOf(value);
  const type = textOf(block.type) ?? "";
  if (type === "tool_use" || type.endsWith("_tool_use")) return [call(block.name, block.input, block.id)];
  if (type === "tool_result" || type.endsWith("_tool_result")) return toolResult(block);
  switch (type) {
    case "text":
      return [...text(block.text), ...listOf(block.citations).flatMap(cited)];
    case "thinking":
      return block.thinking === "" ? [hiddenThinking("not shown")] : thinking(block.thinking);
    case "redacted_thinking":
      return [hiddenThinking("redacted")];
    case "image":
    case "document":
      return source(type === "image" ? "image" : "file", block);
    case "search_result":
      return [...citation({ title: block.title, url: block.source }), ...innerParts(block.content)];
    case "container_upload":
      return [namedMedia(block.file_id)];
    default:
      return [unknown(value)];
  }
}

/** The texts and images in a document. Other blocks are not read further, so that nesting cannot exhaust the stack. */
function innerParts(content: unknown): Part[] {
  if (typeof content === "string") return text(content);
  return listOf(content).flatMap((item) =>
    ["text", "image"].includes(textOf(objectOf(item).type) ?? "") ? blockPart(item) : [unknown(item)]
  );
}

function cited(value: unknown): Part[] {
  const source = objectOf(value);
  const title = source.title ?? source.document_title;
  return citation({ title, url: source.url ?? source.source, text: source.cited_text });
}

/** The result of a tool: text, blocks, or the output of a server tool. */
function toolResult(block: Json): Part[] {
  const { content } = block;
  const lines = typeof content === "string"
    ? [content]
    : (Array.isArray(content) ? content : [content]).map(resultText);
  const others = listOf(content).filter((item) => ["image", "document"].includes(String(textOf(objectOf(item).type))));
  const said = lines.filter((line) => line !== undefined && line !== "").join("\n");
  return [result({ id: block.tool_use_id, text: said }), ...others.flatMap(blockPart)];
}

function resultText(value: unknown): string | undefined {
  const item = objectOf(value);
  switch (item.type) {
    case "text":
      return textOf(item.text);
    case "image":
    case "document":
      return undefined;
    case "web_search_result":
      return [item.title, item.url].map(textOf).filter(Boolean).join(" ");
    case "web_fetch_result":
      return textOf(item.url);
    default:
      return outputText(value, item);
  }
}

/** The output of code, or its error code. */
function outputText(value: unknown, item: Json): string | undefined {
  if (value === undefined || value === null) return undefined;
  const printed = [item.stdout, item.stderr, item.error_code].map(textOf).filter(Boolean);
  const part = unknown(value);
  return printed.length ? printed.join("\n") : part.kind === "json" ? part.json : undefined;
}

function source(what: "image" | "file", block: Json): Part[] {
  const source = objectOf(block.source);
  const label = { what, type: source.media_type, name: block.title };
  switch (source.type) {
    case "base64":
      return [base64Media(source.data, label)];
    case "url":
      return [urlMedia(source.url, label)];
    case "file":
      return [namedMedia(source.file_id, label)];
    case "text":
      return text(source.data);
    default:
      return innerParts(source.content);
  }
}

/** A block of a stream, as received so far. */
interface Block {
  readonly members: Record<string, unknown>;
  /** The input of a tool, as JSON text. */
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

/** The whole block. Truncated input stays text. */
function wholeBlock({ members, input }: Block): Json {
  return input === "" ? members : { ...members, input: parseJson(input) ?? input };
}
