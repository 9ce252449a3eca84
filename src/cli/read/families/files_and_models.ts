import { asRecord } from "../../../lib/json.ts";
import type { Format, Kind } from "../parts/format.ts";
import { type Json, listOf, objectOf, textOf } from "../parts/json_members.ts";
import { message, type Part, text, unknown } from "../parts/message.ts";
import { promptsAsked } from "./request_input.ts";

/** Files, uploads, batches, models, and lists of them: a line for each. */
export const files: Format = listing("files", (answer) => isFile(answer) || isFile(objectOf(answer.file)));
export const batches: Format = listing("batches", ({ object, type }) => object === "batch" || type === "message_batch");
export const models: Format = listing("models", isModel);

/** Token counts. */
export const tokens: Format = {
  kind: "tokens",
  fits: (answer) => typeof answer.totalTokens === "number" || Object.keys(answer).join() === "input_tokens",
  asked: promptsAsked,
  answered: (answer) => ({ messages: message("assistant", [counted(answer)]) }),
};

const COUNTS = ["input_tokens", "totalTokens", "total_tokens", "count"];

function counted(answer: Json): Part {
  const count = COUNTS.map((name) => answer[name]).find((value) => typeof value === "number");
  return typeof count === "number" ? { kind: "text", text: `${count} tokens` } : unknown(answer);
}

function isFile(answer: Json): boolean {
  return answer.object === "file" || answer.object === "upload" || answer.type === "file" ||
    /^files\//.test(textOf(answer.name) ?? "");
}

function isModel({ object, type, name, data }: Json): boolean {
  const [first] = listOf(data).map(objectOf);
  return [object, type, first?.object, first?.type].includes("model") || /^models\//.test(textOf(name) ?? "");
}

function listing(kind: Kind, fits: (answer: Json) => boolean): Format {
  return {
    kind,
    fits,
    asked: () => [],
    answered: (answer) => ({ messages: message("assistant", listed(answer) ?? (fits(answer) ? lines([answer]) : [])) }),
  };
}

/** The lines of a list. Its member is `data`, or (Google, Ollama) named after its items. */
function listed(answer: Json): Part[] | undefined {
  const list: unknown[] | undefined = [answer.data, answer.files, answer.models, answer.batches].find(Array.isArray);
  return list && lines(list);
}

function lines(items: readonly unknown[]): Part[] {
  return text(items.map(objectOf).map((item) => line(asRecord(item.file) ?? item)).filter(Boolean).join("\n"));
}

/** The name, id, size and state of an item, if present. */
function line(item: Json): string {
  const name = textOf(item.filename) ?? textOf(item.displayName) ?? textOf(item.display_name);
  const id = textOf(item.id) ?? textOf(item.name) ?? textOf(item.model);
  const size = item.bytes ?? item.size_bytes ?? item.sizeBytes ?? item.size;
  const bytes = typeof size === "number" || typeof size === "string" ? `${size} bytes` : undefined;
  const state = textOf(item.status) ?? textOf(item.state) ?? textOf(item.processing_status);
  return [name, id, bytes, state].filter(Boolean).join(" ");
}
