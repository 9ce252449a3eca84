/** OpenAI's responses, complete and as typed events. */
import { type Answer, bodyOf, json, type ProviderRequest, sse, stream } from "./answer.ts";
import { openaiHeaders } from "./openai_headers.ts";
import { argumentsFor, fragments, hexId, id, seconds, textOf, type Turn, wordsOf } from "./text.ts";

interface ResponsesBody {
  readonly model: string;
  readonly stream: boolean;
  readonly instructions: string;
  readonly input: string | readonly { readonly type?: string }[];
  readonly tools: readonly {
    readonly type: string;
    readonly name: string;
    readonly parameters?: unknown;
  }[];
}

interface TextItem {
  readonly id: string;
  readonly type: "message";
  readonly status: string;
  readonly content: readonly unknown[];
  readonly role: "assistant";
}

interface CallItem {
  readonly id: string;
  readonly type: "function_call";
  readonly status: string;
  readonly arguments: string;
  readonly call_id: string;
  readonly name: string;
}

type TypedEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

const USAGE = {
  input_tokens: 19,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 23,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 42,
};

export function createResponse(request: ProviderRequest, turn: Turn): Answer {
  const body = bodyOf<ResponsesBody>(request);
  const item = itemOf(body, turn);
  const started = responseOf(body);
  const completed = { ...started, status: "completed", output: [item], usage: USAGE };
  if (body.stream !== true) return json(completed, openaiHeaders());
  const events: TypedEvent[] = [
    { type: "response.created", response: started },
    { type: "response.in_progress", response: started },
    ...(item.type === "message" ? textEvents(item, turn) : callEvents(item)),
    { type: "response.completed", response: completed },
  ];
  return stream(events.map(numbered), numbered(STREAM_ERROR, 2), openaiHeaders());
}

const STREAM_ERROR: TypedEvent = {
  type: "error",
  code: "server_error",
  message: "An error occurred while processing your request.",
  param: null,
};

function numbered(event: TypedEvent, index: number): string {
  return sse({ ...event, sequence_number: index }, event.type);
}

function itemOf(body: Partial<ResponsesBody>, turn: Turn): TextItem | CallItem {
  const input = Array.isArray(body.input) ? body.input : [];
  const answered = input.some((item) => item.type === "function_call_output");
  const tool = answered ? undefined : body.tools?.find((tool) => tool.type === "function");
  if (tool === undefined) {
    const content = [{ type: "output_text", annotations: [], logprobs: [], text: textOf(turn) }];
    return { id: hexId("msg_", 50), type: "message", status: "completed", content, role: "assistant" };
  }
  const values = JSON.stringify(argumentsFor(tool.parameters));
  const ids = { id: hexId("fc_", 50), call_id: id("call_", 24) };
  return { ...ids, type: "function_call", status: "completed", arguments: values, name: tool.name };
}

function responseOf(body: Partial<ResponsesBody>): Record<string, unknown> {
  return {
    id: hexId("resp_", 50),
    object: "response",
    created_at: seconds(),
    status: "in_progress",
    background: false,
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    max_output_tokens: null,
    model: body.model ?? "gpt-5",
    output: [],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    service_tier: "default",
    store: true,
    temperature: 1,
    text: { format: { type: "text" }, verbosity: "medium" },
    tool_choice: "auto",
    tools: body.tools ?? [],
    top_p: 1,
    truncation: "disabled",
    usage: null,
    user: null,
    metadata: {},
  };
}

function textEvents(item: TextItem, turn: Turn): TypedEvent[] {
  const at = { item_id: item.id, output_index: 0, content_index: 0 };
  const empty = { type: "output_text", annotations: [], logprobs: [], text: "" };
  const deltas = wordsOf(turn).map((delta) => ({ type: "response.output_text.delta", ...at, delta, logprobs: [] }));
  return [
    { type: "response.output_item.added", output_index: 0, item: { ...item, status: "in_progress", content: [] } },
    { type: "response.content_part.added", ...at, part: empty },
    ...deltas,
    { type: "response.output_text.done", ...at, text: textOf(turn), logprobs: [] },
    { type: "response.content_part.done", ...at, part: item.content[0] },
    { type: "response.output_item.done", output_index: 0, item },
  ];
}

function callEvents(item: CallItem): TypedEvent[] {
  const at = { item_id: item.id, output_index: 0 };
  const deltas = fragments(item.arguments).map((delta) => ({
    type: "response.function_call_arguments.delta",
    ...at,
    delta,
  }));
  return [
    { type: "response.output_item.added", output_index: 0, item: { ...item, status: "in_progress", arguments: "" } },
    ...deltas,
    { type: "response.function_call_arguments.done", ...at, arguments: item.arguments, name: item.name },
    { type: "response.output_item.done", output_index: 0, item },
  ];
}
