/** Chat completions in the format of OpenAI, which Groq, Mistral, Together and the Hugging Face router share. */
import { type Answer, bodyOf, json, type ProviderRequest, sse, stream } from "./answer.ts";
import { openaiHeaders } from "./openai_headers.ts";
import { argumentsFor, fragments, hexId, id, seconds, textOf, type Turn, wordsOf } from "./text.ts";

interface ChatBody {
  readonly model: string;
  readonly stream: boolean;
  readonly stream_options: { readonly include_usage?: boolean };
  readonly messages: readonly { readonly role: string }[];
  readonly tools: readonly {
    readonly function: { readonly name: string; readonly parameters?: unknown };
  }[];
}

interface Completion {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly system_fingerprint: string;
  readonly service_tier: "default";
}

const USAGE = {
  prompt_tokens: 19,
  completion_tokens: 23,
  total_tokens: 42,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 0,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};

export function chatCompletion(request: ProviderRequest, turn: Turn): Answer {
  const body = bodyOf<ChatBody>(request);
  const completion: Completion = {
    id: id("chatcmpl-", 29),
    created: seconds(),
    model: body.model ?? "gpt-5",
    system_fingerprint: hexId("fp_", 10),
    service_tier: "default",
  };
  const tool = body.messages?.some((message) => message.role === "tool") ? undefined : body.tools?.[0]?.function;
  const call = tool && {
    ...callId(request.path),
    type: "function",
    function: { name: tool.name, arguments: JSON.stringify(argumentsFor(tool.parameters)) },
  };
  return body.stream === true ? streamed(completion, body, turn, call) : complete(completion, turn, call);
}

/** Some servers send empty ids, or none. SDKs replace them. */
function callId(path: string): { readonly id?: string } {
  if (path.startsWith("/integrate.api.nvidia.com/")) return {};
  return { id: path.startsWith("/api.groq.com/") ? "" : id("call_", 24) };
}

interface Call {
  readonly id?: string;
  readonly type: string;
  readonly function: { readonly name: string; readonly arguments: string };
}

function complete(completion: Completion, turn: Turn, call: Call | undefined): Answer {
  const message = call
    ? { role: "assistant", content: null, tool_calls: [call], refusal: null, annotations: [] }
    : { role: "assistant", content: textOf(turn), refusal: null, annotations: [] };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: call ? "tool_calls" : "stop" }];
  return json({ ...completion, object: "chat.completion", choices, usage: USAGE }, openaiHeaders());
}

function streamed(completion: Completion, body: Partial<ChatBody>, turn: Turn, call: Call | undefined): Answer {
  const usage = body.stream_options?.include_usage === true;
  const event = (choices: unknown[], total?: typeof USAGE): string =>
    sse({ ...completion, object: "chat.completion.chunk", choices, ...(usage ? { usage: total ?? null } : {}) });
  const delta = (value: unknown, finish: string | null = null): string =>
    event([{ index: 0, delta: value, logprobs: null, finish_reason: finish }]);
  const events = [...(call ? callDeltas(call) : textDeltas(turn))].map((value) => delta(value));
  events.push(delta({}, call ? "tool_calls" : "stop"));
  if (usage) events.push(event([], USAGE));
  events.push(sse("[DONE]"));
  return stream(events, sse({ error: STREAM_ERROR }), openaiHeaders());
}

const STREAM_ERROR = {
  message: "The server had an error while processing your request. Sorry about that!",
  type: "server_error",
  param: null,
  code: "server_error",
};

function textDeltas(turn: Turn): unknown[] {
  return [{ role: "assistant", content: "", refusal: null }, ...wordsOf(turn).map((content) => ({ content }))];
}

function callDeltas(call: Call): unknown[] {
  const { name } = call.function;
  const first = {
    index: 0,
    ...("id" in call ? { id: call.id } : {}),
    type: "function",
    function: { name, arguments: "" },
  };
  const rest = fragments(call.function.arguments).map((part) => ({ index: 0, function: { arguments: part } }));
  return [
    { role: "assistant", content: null, tool_calls: [first], refusal: null },
    ...rest.map((part) => ({ tool_calls: [part] })),
  ];
}
