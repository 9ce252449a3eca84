import { base64Media, namedMedia, urlMedia } from "../media/media_part.ts";
import { type Json, listOf, objectOf, textOf } from "../parts/members.ts";
import type { Part } from "../parts/message.ts";
import { call, citation, hiddenThinking, result, text, thinking, unknown } from "../parts/parts.ts";

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

/** What is in a document: text and images. Whatever else it holds is not followed, however deep it goes. */
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

/** What a tool gave back: text, blocks, or what a server tool has found or printed. */
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

/** Of code that ran; errors name themselves by a code. */
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
