/** Anthropic's messages and files. */
import {
  type Answer,
  type AnswerHeaders,
  bodyOf,
  type Family,
  json,
  type ProviderRequest,
  sse,
  stream,
} from "./answer.ts";
import { argumentsFor, fragments, id, textOf, type Turn, wordsOf } from "./text.ts";

interface MessagesBody {
  readonly model: string;
  readonly stream: boolean;
  readonly messages: readonly {
    readonly content: string | readonly { readonly type: string }[];
  }[];
  readonly tools: readonly {
    readonly name: string;
    readonly input_schema?: unknown;
  }[];
}

type Block = { readonly type: "text"; readonly text: string } | ToolUse;

interface ToolUse {
  readonly type: "tool_use";
  readonly id: string;
  readonly name: string;
  readonly input: Record<string, unknown>;
}

type TypedEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

const USAGE = {
  input_tokens: 19,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 23,
  service_tier: "standard",
};

export const anthropic: Family = (request, turn) => {
  const path = request.path.split("?")[0] ?? "";
  if (path.endsWith("/v1/messages") || path.endsWith(":rawPredict")) return messages(request, turn);
  // OpenAI uses the same path for its files.
  if (path.endsWith("/v1/files") && "anthropic-version" in request.headers) {
    return fileUpload(request, turn);
  }
  return undefined;
};

function anthropicHeaders(): AnswerHeaders {
  return {
    "request-id": id("req_", 24),
    "anthropic-ratelimit-requests-limit": "4000",
    "anthropic-ratelimit-requests-remaining": "3999",
    "via": "1.1 google",
    "cf-cache-status": "DYNAMIC",
  };
}

function messages(request: ProviderRequest, turn: Turn): Answer {
  const body = bodyOf<MessagesBody>(request);
  const block = blockOf(body, turn);
  const stop_reason = block.type === "tool_use" ? "tool_use" : "end_turn";
  const message = {
    id: id("msg_", 24),
    type: "message",
    role: "assistant",
    model: body.model ?? "claude-haiku-4-5",
    content: [block],
    stop_reason,
    stop_sequence: null,
    usage: USAGE,
  };
  if (body.stream !== true) return json(message, anthropicHeaders());
  const started = { ...message, content: [], stop_reason: null, usage: { ...USAGE, output_tokens: 1 } };
  const events: TypedEvent[] = [
    { type: "message_start", message: started },
    ...blockEvents(block, turn),
    { type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 23 } },
    { type: "message_stop" },
  ];
  return stream(events.map(named), named(STREAM_ERROR), anthropicHeaders());
}

const STREAM_ERROR: TypedEvent = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };

function named(event: TypedEvent): string {
  return sse(event, event.type);
}

function blockOf(body: Partial<MessagesBody>, turn: Turn): Block {
  const blocks = (body.messages ?? []).flatMap(({ content }) => typeof content === "string" ? [] : content);
  const answered = blocks.some((block) => block.type === "tool_result");
  const tool = answered ? undefined : body.tools?.[0];
  if (tool === undefined) return { type: "text", text: textOf(turn) };
  return { type: "tool_use", id: id("toolu_", 24), name: tool.name, input: argumentsFor(tool.input_schema) };
}

function blockEvents(block: Block, turn: Turn): TypedEvent[] {
  const empty = block.type === "text" ? { type: "text", text: "" } : { ...block, input: {} };
  const deltas = block.type === "text"
    ? wordsOf(turn).map((text) => ({ type: "text_delta", text }))
    : ["", ...fragments(JSON.stringify(block.input))].map((part) => ({ type: "input_json_delta", partial_json: part }));
  return [
    { type: "content_block_start", index: 0, content_block: empty },
    { type: "ping" },
    ...deltas.map((delta) => ({ type: "content_block_delta", index: 0, delta })),
    { type: "content_block_stop", index: 0 },
  ];
}

function fileUpload(request: ProviderRequest, turn: Turn): Answer {
  const filename = /filename="([^"]*)"/.exec(request.body)?.[1] ?? "upload";
  const created_at = new Date().toISOString();
  const file = { type: "file", id: id("file_", 24), filename, mime_type: "text/plain", size_bytes: 1000 + turn.number };
  return json({ ...file, created_at, downloadable: false }, anthropicHeaders());
}
