import type { Entry } from "../src/store/entry.ts";

/** One response in the format of a provider, complete and as the equivalent stream. */
export interface Example {
  readonly name: string;
  readonly url: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly whole: Readonly<Record<string, unknown>>;
  /** Each with its delimiter. */
  readonly stream: readonly string[];
  readonly streamType?: string;
}

/** An entry as it stands in the file. */
export function entryOf(
  { url, request, response, type = "application/json", binary = false }: {
    readonly url?: string;
    readonly request?: unknown;
    readonly response: unknown;
    readonly type?: string;
    readonly binary?: boolean;
  },
): Entry {
  const body = request === undefined ? "" : typeof request === "string" ? request : JSON.stringify(request);
  return {
    key: "5ece2360",
    headers: { "content-type": type },
    binary,
    response: typeof response === "string" ? response : JSON.stringify(response),
    request: url === undefined ? undefined : { method: body === "" ? "GET" : "POST", url, body, exact: true },
  };
}

export const sse = (...values: unknown[]) =>
  values.map((value) => `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`);
const named = (...values: { type: string; [name: string]: unknown }[]) =>
  values.map((value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`);
const lines = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`);

const chunk = (delta: unknown, finish_reason: string | null = null, index = 0) => ({
  object: "chat.completion.chunk",
  model: "gpt-5-mini-1",
  choices: [{ index, delta, finish_reason }],
});
const piece = (index: number, args: string, head: object = {}) => ({
  tool_calls: [{
    index,
    ...head,
    function: { arguments: args, ...(index === 0 && "id" in head ? { name: "add" } : {}) },
  }],
});
const WEB = { type: "url_citation", url_citation: { title: "A page", url: "https://a.example/", start_index: 0 } };

const chat: Example = {
  name: "OpenAI chat",
  url: "https://api.openai.com/v1/chat/completions",
  request: {
    model: "gpt-5-mini",
    messages: [
      { role: "developer", content: "Be short." },
      { role: "user", content: [{ type: "text", text: "What is 1 + 2?" }] },
      { role: "assistant", content: null, tool_calls: [{ id: "c0", function: { name: "add", arguments: "{}" } }] },
      { role: "tool", tool_call_id: "c0", content: "3" },
    ],
    temperature: 0.2,
    tools: [{ type: "function", function: { name: "add" } }],
    response_format: { type: "json_schema", json_schema: { name: "sum", schema: {} } },
  },
  whole: {
    object: "chat.completion",
    model: "gpt-5-mini-1",
    choices: [
      {
        index: 0,
        finish_reason: "tool_calls",
        message: {
          role: "assistant",
          content: "It is three.",
          reasoning_content: "One and two.",
          tool_calls: [{ id: "c1", type: "function", function: { name: "add", arguments: '{"a":1,"b":2}' } }],
          annotations: [WEB],
        },
      },
      { index: 1, finish_reason: "stop", message: { role: "assistant", content: null, refusal: "I won't." } },
    ],
  },
  stream: sse(
    chunk({ role: "assistant", content: "", refusal: null }),
    chunk({ role: "assistant", content: "", refusal: null }, null, 1),
    chunk({ reasoning_content: "One " }),
    chunk({ reasoning_content: "and two." }),
    chunk({ content: "It is " }),
    chunk({ refusal: "I " }, null, 1),
    chunk({ content: "three." }),
    chunk(piece(0, "", { id: "c1", type: "function" })),
    chunk(piece(0, '{"a":1,')),
    chunk({ refusal: "won't." }, null, 1),
    chunk(piece(0, '"b":2}')),
    chunk({ annotations: [WEB] }),
    chunk({}, "tool_calls"),
    chunk({}, "stop", 1),
    { object: "chat.completion.chunk", choices: [], usage: { total_tokens: 9 } },
    "[DONE]",
  ),
};

const REASONING = { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "A sum." }] };
const SEARCH = { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "sums" } };
const CALL = { type: "function_call", id: "fc_1", call_id: "c1", name: "add", arguments: '{"a":1}' };
const SOURCE = { type: "url_citation", title: "A page", url: "https://a.example/", start_index: 0, end_index: 2 };
const SAID = {
  type: "message",
  id: "msg_1",
  role: "assistant",
  content: [{ type: "output_text", text: "It is three.", annotations: [SOURCE] }],
};
const response = { id: "resp_1", object: "response", model: "gpt-5-1", status: "in_progress", output: [] };
const at = (type: string, output_index: number, rest: object) => ({ type: `response.${type}`, output_index, ...rest });
const text = (delta: string) => at("output_text.delta", 2, { content_index: 0, delta });

const responses: Example = {
  name: "OpenAI Responses",
  url: "https://api.openai.com/v1/responses",
  request: {
    model: "gpt-5",
    instructions: "Be short.",
    input: [
      { role: "user", content: [{ type: "input_text", text: "What is 1 + 2?" }] },
      CALL,
      { type: "function_call_output", call_id: "c1", output: "3" },
    ],
    reasoning: { effort: "low", summary: "auto" },
    text: { format: { type: "json_schema", name: "sum" } },
    tools: [{ type: "function", name: "add" }, { type: "web_search" }],
  },
  whole: { ...response, status: "completed", output: [REASONING, SEARCH, SAID, CALL] },
  stream: named(
    { type: "response.created", response },
    at("output_item.added", 0, { item: { ...REASONING, summary: [] } }),
    at("reasoning_summary_text.delta", 0, { summary_index: 0, delta: "A " }),
    at("reasoning_summary_text.delta", 0, { summary_index: 0, delta: "sum." }),
    at("output_item.done", 0, { item: REASONING }),
    at("output_item.added", 1, { item: { ...SEARCH, status: "in_progress" } }),
    at("output_item.done", 1, { item: SEARCH }),
    at("output_item.added", 2, { item: { ...SAID, content: [] } }),
    at("content_part.added", 2, { content_index: 0, part: { type: "output_text", text: "" } }),
    text("It is "),
    text("three."),
    at("output_text.annotation.added", 2, { content_index: 0, annotation: SOURCE }),
    at("output_item.added", 3, { item: { ...CALL, arguments: "" } }),
    at("function_call_arguments.delta", 3, { delta: '{"a"' }),
    at("function_call_arguments.delta", 3, { delta: ":1}" }),
    {
      type: "response.completed",
      response: { ...response, status: "completed", output: [REASONING, SEARCH, SAID, CALL] },
    },
  ),
};

const PAGE = { type: "web_search_result_location", title: "A page", url: "https://a.example/", cited_text: "three" };
const FOUND = {
  type: "web_search_tool_result",
  tool_use_id: "s1",
  content: [{ type: "web_search_result", title: "A page", url: "https://a.example/" }],
};
const BLOCKS = [
  { type: "thinking", thinking: "One and two.", signature: "c2ln" },
  { type: "redacted_thinking", data: "eA==" },
  { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "sums" } },
  FOUND,
  { type: "text", text: "It is three.", citations: [PAGE] },
  { type: "tool_use", id: "t1", name: "add", input: { a: 1, b: 2 } },
];
const start = (index: number, block: unknown) => ({ type: "content_block_start", index, content_block: block });
const delta = (index: number, type: string, rest: object) => ({
  type: "content_block_delta",
  index,
  delta: { type, ...rest },
});
const MESSAGE = { type: "message", id: "msg_1", role: "assistant", model: "claude-haiku-4-5-1", stop_reason: null };

const anthropic: Example = {
  name: "Anthropic",
  url: "https://api.anthropic.com/v1/messages",
  request: {
    model: "claude-haiku-4-5",
    max_tokens: 100,
    system: [{ type: "text", text: "Be short." }],
    messages: [
      { role: "user", content: "What is 1 + 2?" },
      { role: "assistant", content: [{ type: "tool_use", id: "t0", name: "add", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t0", content: [{ type: "text", text: "3" }] }] },
    ],
    tools: [{ name: "add", input_schema: {} }, { type: "web_search_20250305", name: "web_search" }],
    thinking: { type: "enabled", budget_tokens: 1024 },
  },
  whole: { ...MESSAGE, content: BLOCKS, stop_reason: "tool_use" },
  stream: named(
    { type: "message_start", message: { ...MESSAGE, content: [] } },
    { type: "ping" },
    start(0, { type: "thinking", thinking: "", signature: "" }),
    delta(0, "thinking_delta", { thinking: "One " }),
    delta(0, "thinking_delta", { thinking: "and two." }),
    delta(0, "signature_delta", { signature: "c2ln" }),
    { type: "content_block_stop", index: 0 },
    start(1, BLOCKS[1]),
    start(2, { ...BLOCKS[2], input: {} }),
    delta(2, "input_json_delta", { partial_json: "" }),
    delta(2, "input_json_delta", { partial_json: '{"query":' }),
    delta(2, "input_json_delta", { partial_json: '"sums"}' }),
    start(3, FOUND),
    start(4, { type: "text", text: "", citations: [] }),
    delta(4, "text_delta", { text: "It is " }),
    delta(4, "citations_delta", { citation: PAGE }),
    delta(4, "text_delta", { text: "three." }),
    start(5, { ...BLOCKS[5], input: {} }),
    delta(5, "input_json_delta", { partial_json: '{"a":1,"b":2}' }),
    { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 9 } },
    { type: "message_stop" },
  ),
};

const GROUNDING = { groundingChunks: [{ web: { uri: "https://a.example/", title: "A page" } }] };
const PARTS = [
  { text: "One and two.", thought: true },
  { text: "It is three." },
  { executableCode: { language: "PYTHON", code: "1 + 2" } },
  { codeExecutionResult: { outcome: "OUTCOME_OK", output: "3" } },
  { functionCall: { name: "add", args: { a: 1 } } },
];
const candidate = (parts: unknown[], rest: object = {}) => ({
  candidates: [{ content: { role: "model", parts }, index: 0, ...rest }],
  modelVersion: "gemini-2.5-flash",
});
const ASKED_OF_GEMINI = {
  systemInstruction: { parts: [{ text: "Be short." }] },
  contents: [
    {
      role: "user",
      parts: [{ text: "What is 1 + 2?" }, {
        fileData: { fileUri: "https://f.example/1", mimeType: "application/pdf" },
      }],
    },
    { role: "model", parts: [{ functionCall: { name: "add", args: { a: 1 } } }] },
    { role: "user", parts: [{ functionResponse: { name: "add", response: { output: 3 } } }] },
  ],
  generationConfig: { temperature: 0.2 },
  tools: [{ functionDeclarations: [{ name: "add" }] }, { googleSearch: {} }],
};

const gemini: Example = {
  name: "Gemini",
  url: "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
  request: ASKED_OF_GEMINI,
  whole: candidate(PARTS, { finishReason: "STOP", groundingMetadata: GROUNDING }),
  stream: sse(
    candidate([{ text: "One ", thought: true }]),
    candidate([{ text: "and two.", thought: true }]),
    candidate([{ text: "It is " }]),
    candidate([{ text: "three." }, ...PARTS.slice(2, 4)]),
    candidate(PARTS.slice(4)),
    candidate([{ text: "", thoughtSignature: "c2ln" }], { finishReason: "STOP", groundingMetadata: GROUNDING }),
  ).map((event) => event.replaceAll("\n", "\r\n")),
};

const CITED = {
  start: 6,
  end: 11,
  text: "three",
  sources: [{ type: "document", id: "d1", document: { id: "d1", title: "A page" } }],
};
const cohereDelta = (type: string, index: number, message: object) => ({ type, index, delta: { message } });
const cohereText = (text: string) => cohereDelta("content-delta", 0, { content: { text } });

const cohere: Example = {
  name: "Cohere",
  url: "https://api.cohere.com/v2/chat",
  request: { model: "command-a-03-2025", messages: [{ role: "user", content: "What is 1 + 2?" }], temperature: 0.2 },
  whole: {
    id: "1",
    finish_reason: "TOOL_CALL",
    message: {
      role: "assistant",
      tool_plan: "I will add.",
      tool_calls: [{ id: "c1", type: "function", function: { name: "add", arguments: '{"a":1}' } }],
      content: [{ type: "text", text: "It is three." }],
      citations: [CITED],
    },
  },
  stream: named(
    { type: "message-start", delta: { message: { role: "assistant", content: [], tool_plan: "", tool_calls: [] } } },
    { type: "tool-plan-delta", delta: { message: { tool_plan: "I will " } } },
    { type: "tool-plan-delta", delta: { message: { tool_plan: "add." } } },
    cohereDelta("content-start", 0, { content: { type: "text", text: "" } }),
    cohereText("It is "),
    cohereText("three."),
    cohereDelta("citation-start", 0, { citations: CITED }),
    { type: "content-end", index: 0 },
    cohereDelta("tool-call-start", 0, {
      tool_calls: { id: "c1", type: "function", function: { name: "add", arguments: "" } },
    }),
    cohereDelta("tool-call-delta", 0, { tool_calls: { function: { arguments: '{"a"' } } }),
    cohereDelta("tool-call-delta", 0, { tool_calls: { function: { arguments: ":1}" } } }),
    { type: "message-end", delta: { finish_reason: "TOOL_CALL" } },
  ),
};

const said = (message: object, rest: object = { done: false }) => ({ model: "qwen3", message, ...rest });
const OLLAMA_CALLS = [{ function: { name: "add", arguments: { a: 1 } } }];

const ollama: Example = {
  name: "Ollama chat",
  url: "http://localhost:11434/api/chat",
  request: {
    model: "qwen3",
    messages: [{ role: "user", content: "What is 1 + 2?", images: ["iVBORw0KGgo="] }],
    options: { temperature: 0.2 },
  },
  whole: said(
    { role: "assistant", thinking: "One and two.", content: "It is three.", tool_calls: OLLAMA_CALLS },
    { done: true, done_reason: "stop" },
  ),
  streamType: "application/x-ndjson",
  stream: lines(
    said({ role: "assistant", content: "", thinking: "One " }),
    said({ role: "assistant", content: "", thinking: "and two." }),
    said({ role: "assistant", content: "It is " }),
    said({ role: "assistant", content: "three." }),
    said({ role: "assistant", content: "", tool_calls: OLLAMA_CALLS }),
    said({ role: "assistant", content: "" }, { done: true, done_reason: "stop" }),
  ),
};

const generate: Example = {
  name: "Ollama generate",
  url: "http://localhost:11434/api/generate",
  request: { model: "qwen3", system: "Be short.", prompt: "What is 1 + 2?" },
  whole: { model: "qwen3", thinking: "One and two.", response: "It is three.", done: true, done_reason: "stop" },
  streamType: "application/x-ndjson",
  stream: lines(
    { model: "qwen3", thinking: "One and two.", response: "", done: false },
    { model: "qwen3", response: "It is ", done: false },
    { model: "qwen3", response: "three.", done: false },
    { model: "qwen3", response: "", done: true, done_reason: "stop" },
  ),
};

const completed = (text: string, finish_reason: string | null = null) => ({
  object: "text_completion",
  model: "gpt-3.5-turbo-instruct",
  choices: [{ index: 0, text, finish_reason }],
});

const completion: Example = {
  name: "text completion",
  url: "https://api.together.xyz/v1/completions",
  request: { model: "gpt-3.5-turbo-instruct", prompt: "1 + 2 is", max_tokens: 5 },
  whole: completed("It is three.", "length"),
  stream: sse(completed("It is "), completed("three."), completed("", "length"), "[DONE]"),
};

const mistralText = (text: string) => ({ type: "text", text });
const thought = (text: string) => ({ type: "thinking", thinking: [mistralText(text)] });

const mistral: Example = {
  name: "Mistral with thoughts",
  url: "https://api.mistral.ai/v1/chat/completions",
  request: { model: "magistral-small", messages: [{ role: "user", content: "What is 1 + 2?" }] },
  whole: {
    object: "chat.completion",
    model: "gpt-5-mini-1",
    choices: [{
      index: 0,
      finish_reason: "stop",
      message: { role: "assistant", content: [thought("One and two."), mistralText("It is three.")] },
    }],
  },
  stream: sse(
    chunk({ role: "assistant", content: [thought("One ")] }),
    chunk({ content: [thought("and two.")] }),
    chunk({ content: "It is " }),
    chunk({ content: "three." }, "stop"),
    "[DONE]",
  ),
};

const tool = { type: "tool-call", toolCallId: "c1", toolName: "add", input: '{"a":1}' };

const gateway: Example = {
  name: "Vercel's gateway",
  url: "https://ai-gateway.vercel.sh/v3/ai/language-model",
  request: {
    prompt: [
      { role: "system", content: "Be short." },
      { role: "user", content: [{ type: "text", text: "What is 1 + 2?" }] },
      {
        role: "tool",
        content: [{ type: "tool-result", toolCallId: "c0", toolName: "add", output: { type: "text", value: "3" } }],
      },
    ],
    temperature: 0.2,
  },
  whole: {
    content: [{ type: "reasoning", text: "One and two." }, { type: "text", text: "It is three." }, tool],
    finishReason: { unified: "tool-calls", raw: "tool_calls" },
  },
  stream: sse(
    { type: "stream-start", warnings: [] },
    { type: "reasoning-start", id: "r" },
    { type: "reasoning-delta", id: "r", delta: "One and two." },
    { type: "text-start", id: "t" },
    { type: "text-delta", id: "t", delta: "It is " },
    { type: "text-delta", id: "t", delta: "three." },
    { type: "text-end", id: "t" },
    tool,
    { type: "finish", finishReason: { unified: "tool-calls", raw: "tool_calls" }, usage: {} },
    "[DONE]",
  ),
};

/** All families with conversations. Each says "It is three.". */
export const EXAMPLES: readonly Example[] = [
  chat,
  responses,
  anthropic,
  gemini,
  cohere,
  ollama,
  generate,
  completion,
  mistral,
  gateway,
];
