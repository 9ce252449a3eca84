/** Ollama's chat: one JSON value per line, without a content-length. */
import { bodyOf, type Family, json, stream } from "./answer.ts";
import { argumentsFor, textOf, wordsOf } from "./text.ts";

const TOTALS = {
  total_duration: 412_000_000,
  load_duration: 12_000_000,
  prompt_eval_count: 19,
  prompt_eval_duration: 100_000_000,
  eval_count: 23,
  eval_duration: 300_000_000,
};

interface ChatBody {
  readonly model: string;
  readonly stream: boolean;
  readonly messages: readonly { readonly role: string }[];
  readonly tools: readonly { readonly function: { readonly name: string; readonly parameters?: unknown } }[];
}

export const ollama: Family = (request, turn) => {
  if (!request.path.endsWith("/api/chat")) return undefined;
  const { model = "llama3.2", stream: streaming = true, messages = [], tools = [] } = bodyOf<ChatBody>(request);
  const tool = messages.some(({ role }) => role === "tool") ? undefined : tools[0]?.function;
  // Ollama's calls have no id.
  const tool_calls = tool && [{ function: { name: tool.name, arguments: argumentsFor(tool.parameters) } }];
  const words = tool ? [""] : wordsOf(turn);
  const line = (content: string, rest: Record<string, unknown>): Record<string, unknown> => ({
    model,
    created_at: new Date().toISOString(),
    message: { role: "assistant", content, ...(tool_calls && content === words[0] ? { tool_calls } : {}) },
    ...rest,
  });
  const end = { done_reason: "stop", done: true, ...TOTALS };
  if (!streaming) {
    return json(line(tool ? "" : textOf(turn), end), { "content-type": "application/json; charset=utf-8" });
  }
  const last = { ...line("", end), message: { role: "assistant", content: "" } };
  const lines = [...words.map((word) => line(word, { done: false })), last];
  const error = { error: "an error was encountered while running the model: unexpected EOF" };
  const headers = { "content-type": "application/x-ndjson" };
  return stream(lines.map((value) => `${JSON.stringify(value)}\n`), `${JSON.stringify(error)}\n`, headers);
};
