import { contentParts, ENCRYPTED } from "./content.ts";
import { base64Media, namedMedia, urlMedia } from "../media/media_part.ts";
import { type Json, listOf, objectOf, textOf } from "../parts/members.ts";
import type { Message, Part } from "../parts/message.ts";
import { call, joinTexts, message, result, thinking, unknown } from "../parts/parts.ts";

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

/** Summaries first, as they stand in the list; then the thoughts themselves, where a model gives them. */
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

/** Functions, custom tools, MCP, and the provider's own (web search, shell, computer), by what they are given. */
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
  // Shells print into objects without a type, and what other tools give back is not for others to read.
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
