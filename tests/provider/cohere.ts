/** Cohere's second chat interface. */
import { type Answer, bodyOf, type Family, json, sse, stream } from "./answer.ts";
import { textOf, type Turn, wordsOf } from "./text.ts";

const USAGE = { billed_units: { input_tokens: 5, output_tokens: 23 }, tokens: { input_tokens: 19, output_tokens: 23 } };

export const cohere: Family = (request, turn) => {
  if (!request.path.endsWith("/v2/chat")) return undefined;
  const id = crypto.randomUUID();
  const headers = { "x-debug-trace-id": crypto.randomUUID().replaceAll("-", ""), "x-api-warning": "a test provider" };
  if (bodyOf<{ stream: boolean }>(request).stream === true) {
    return streamed(id, turn, headers);
  }
  const message = { role: "assistant", content: [{ type: "text", text: textOf(turn) }] };
  return json({ id, message, finish_reason: "COMPLETE", usage: USAGE }, headers);
};

function streamed(id: string, turn: Turn, headers: Record<string, string>): Answer {
  const text = (text: string) => ({ message: { content: { text } } });
  const start = { role: "assistant", content: [], tool_plan: "", tool_calls: [], citations: [] };
  const events: ({ type: string } & Record<string, unknown>)[] = [
    { id, type: "message-start", delta: { message: start } },
    { type: "content-start", index: 0, delta: { message: { content: { type: "text", text: "" } } } },
    ...wordsOf(turn).map((word) => ({ type: "content-delta", index: 0, delta: text(word) })),
    { type: "content-end", index: 0 },
    { type: "message-end", delta: { finish_reason: "COMPLETE", usage: USAGE } },
  ];
  const failed = { type: "message-end", delta: { finish_reason: "ERROR", error: "internal server error" } };
  return stream(events.map((event) => sse(event, event.type)), sse(failed, failed.type), headers);
}
