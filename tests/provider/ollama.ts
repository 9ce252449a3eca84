/** Ollama's chat: one JSON value per line, without a content-length. */
import { bodyOf, type Family, json, stream } from "./answer.ts";
import { textOf, wordsOf } from "./text.ts";

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
}

export const ollama: Family = (request, turn) => {
  if (!request.path.endsWith("/api/chat")) return undefined;
  const { model = "llama3.2", stream: streaming = true } = bodyOf<ChatBody>(request);
  const line = (content: string, rest: Record<string, unknown>): Record<string, unknown> => ({
    model,
    created_at: new Date().toISOString(),
    message: { role: "assistant", content },
    ...rest,
  });
  const end = { done_reason: "stop", done: true, ...TOTALS };
  if (!streaming) {
    return json(line(textOf(turn), end), { "content-type": "application/json; charset=utf-8" });
  }
  const lines = [...wordsOf(turn).map((word) => line(word, { done: false })), line("", end)];
  const error = { error: "an error was encountered while running the model: unexpected EOF" };
  const headers = { "content-type": "application/x-ndjson" };
  return stream(lines.map((value) => `${JSON.stringify(value)}\n`), `${JSON.stringify(error)}\n`, headers);
};
