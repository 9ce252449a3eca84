import assert from "node:assert/strict";
import type { Part } from "../src/cli/read/parts/message.ts";
import { readEntry, type Reading } from "../src/cli/read/reading.ts";
import { entryOf, type Example, EXAMPLES, sse } from "./cli_reading_examples.ts";
import { test } from "./suite.ts";

const whole = ({ url, request, whole }: Example): Reading => readEntry(entryOf({ url, request, response: whole }));

const streamed = (
  { url, request, stream, streamType = "text/event-stream" }: Example,
  events = stream.length,
): Reading => readEntry(entryOf({ url, request, response: stream.slice(0, events).join(""), type: streamType }));

function example(name: string): Example {
  return EXAMPLES.find((item) => item.name === name) ?? assert.fail(name);
}

/** All texts of a response. */
function textOf(reading: Reading): string {
  return reading.answered.flatMap(({ parts }) => parts).map((part) => part.kind === "text" ? part.text : "").join("");
}

for (const item of EXAMPLES) {
  test(`readEntry() reads a stream like the complete response, in the format of ${item.name}`, () => {
    const [expected, found] = [whole(item), streamed(item)];
    assert.ok(textOf(expected).includes("It is three."));
    assert.deepEqual({ ...found, isStream: false }, expected);
    assert.deepEqual([expected.isStream, found.isStream], [false, true]);
  });

  test(`readEntry() reads the available part of a truncated stream, in the format of ${item.name}`, () => {
    const all = textOf(streamed(item));
    let known = "";
    for (let events = 0; events <= item.stream.length; events++) {
      const text = textOf(streamed(item, events));
      // Two choices grow side by side: the text of the second one follows that of the first one.
      const first = streamed(item, events).answered[0]?.parts.flatMap((part) => part.kind === "text" ? part.text : "");
      assert.ok(all.startsWith(first?.join("") ?? ""), `after ${events} events: ${text}`);
      assert.ok(text.length >= known.length, `after ${events} events: ${text}`);
      known = text;
    }
    assert.equal(known, all);
  });

  test(`readEntry() reads the response without its request, in the format of ${item.name}`, () => {
    const [{ answered, finish, kind }, bare] = [
      streamed(item),
      readEntry({ key: "5ece2360", response: item.stream.join("") }),
    ];
    assert.deepEqual({ ...bare, provider: undefined, model: undefined }, {
      provider: undefined,
      model: undefined,
      kind,
      isStream: true,
      asked: [],
      answered,
      finish,
      settings: [],
    });
  });
}

test("readEntry() reads OpenAI's chat completions", () => {
  const reading = whole(example("OpenAI chat"));
  assert.deepEqual(reading, {
    provider: "OpenAI",
    model: "gpt-5-mini",
    kind: "chat",
    isStream: false,
    asked: [
      { role: "developer", parts: [{ kind: "text", text: "Be short." }] },
      { role: "user", parts: [{ kind: "text", text: "What is 1 + 2?" }] },
      { role: "assistant", parts: [{ kind: "call", name: "add", arguments: "{}", id: "c0" }] },
      { role: "tool", parts: [{ kind: "result", id: "c0", text: "3" }] },
    ],
    answered: [
      {
        role: "assistant",
        parts: [
          { kind: "thinking", text: "One and two." },
          { kind: "text", text: "It is three." },
          { kind: "call", name: "add", arguments: '{"a":1,"b":2}', id: "c1" },
          { kind: "citation", title: "A page", url: "https://a.example/" },
        ],
      },
      { role: "assistant", parts: [{ kind: "text", text: "I won't." }] },
    ],
    finish: "tool_calls",
    settings: [["temperature", "0.2"], ["tools", "add"], ["response_format", "json_schema sum"]],
  });
});

test("readEntry() reads OpenAI's Responses", () => {
  const reading = whole(example("OpenAI Responses"));
  assert.deepEqual(reading, {
    provider: "OpenAI",
    model: "gpt-5",
    kind: "responses",
    isStream: false,
    asked: [
      { role: "system", parts: [{ kind: "text", text: "Be short." }] },
      { role: "user", parts: [{ kind: "text", text: "What is 1 + 2?" }] },
      { role: "assistant", parts: [{ kind: "call", name: "add", arguments: '{"a":1}', id: "c1" }] },
      { role: "tool", parts: [{ kind: "result", id: "c1", text: "3" }] },
    ],
    answered: [{
      role: "assistant",
      parts: [
        { kind: "thinking", text: "A sum." },
        { kind: "call", name: "web_search", arguments: '{"type":"search","query":"sums"}', id: "ws_1" },
        { kind: "text", text: "It is three." },
        { kind: "citation", title: "A page", url: "https://a.example/" },
        { kind: "call", name: "add", arguments: '{"a":1}', id: "c1" },
      ],
    }],
    finish: "completed",
    settings: [
      ["reasoning", "effort low, summary auto"],
      ["text", "json_schema sum"],
      ["tools", "add, web_search"],
    ],
  });
});

test("readEntry() reads a Responses stream without its last event", () => {
  const item = example("OpenAI Responses");
  const cut = streamed(item, item.stream.length - 1);
  assert.deepEqual(cut.answered, streamed(item).answered);
  assert.equal(cut.finish, "in_progress");
});

test("readEntry() reads a truncated first event", () => {
  const [first = ""] = sse({ type: "response.created", response: { model: "gpt-5", instructions: "x".repeat(100) } });
  const response = `event: response.created\n${first.slice(0, 100)}`;
  const reading = readEntry({ key: "5ece2360", response });
  assert.deepEqual([reading.model, reading.kind, reading.isStream], ["gpt-5", "responses", true]);
});

test("readEntry() reads Anthropic's messages", () => {
  const reading = whole(example("Anthropic"));
  assert.deepEqual(reading, {
    provider: "Anthropic",
    model: "claude-haiku-4-5",
    kind: "messages",
    isStream: false,
    asked: [
      { role: "system", parts: [{ kind: "text", text: "Be short." }] },
      { role: "user", parts: [{ kind: "text", text: "What is 1 + 2?" }] },
      { role: "assistant", parts: [{ kind: "call", name: "add", arguments: "{}", id: "t0" }] },
      { role: "user", parts: [{ kind: "result", id: "t0", text: "3" }] },
    ],
    answered: [{
      role: "assistant",
      parts: [
        { kind: "thinking", text: "One and two." },
        { kind: "thinking", text: "", note: "redacted" },
        { kind: "call", name: "web_search", arguments: '{"query":"sums"}', id: "s1" },
        { kind: "result", id: "s1", text: "A page https://a.example/" },
        { kind: "text", text: "It is three." },
        { kind: "citation", title: "A page", url: "https://a.example/", text: "three" },
        { kind: "call", name: "add", arguments: '{"a":1,"b":2}', id: "t1" },
      ],
    }],
    finish: "tool_use",
    settings: [
      ["max_tokens", "100"],
      ["tools", "add, web_search"],
      ["thinking", "type enabled, budget_tokens 1024"],
    ],
  });
});

test("readEntry() reads Gemini's contents", () => {
  const reading = whole(example("Gemini"));
  assert.deepEqual(reading, {
    provider: "Google",
    model: "gemini-2.5-flash",
    kind: "generate",
    isStream: false,
    asked: [
      { role: "system", parts: [{ kind: "text", text: "Be short." }] },
      {
        role: "user",
        parts: [
          { kind: "text", text: "What is 1 + 2?" },
          { kind: "media", what: "file", type: "application/pdf", url: "https://f.example/1" },
        ],
      },
      { role: "model", parts: [{ kind: "call", name: "add", arguments: '{"a":1}' }] },
      { role: "user", parts: [{ kind: "result", name: "add", text: '{"output":3}' }] },
    ],
    answered: [{
      role: "model",
      parts: [
        { kind: "thinking", text: "One and two." },
        { kind: "text", text: "It is three." },
        { kind: "call", name: "code_execution", arguments: "1 + 2" },
        { kind: "result", name: "code_execution", text: "3" },
        { kind: "call", name: "add", arguments: '{"a":1}' },
        { kind: "citation", title: "A page", url: "https://a.example/" },
      ],
    }],
    finish: "STOP",
    settings: [["temperature", "0.2"], ["tools", "add, googleSearch"]],
  });
});

test("readEntry() reads a Gemini stream that is a list, complete and truncated", () => {
  const { url, request, stream } = example("Gemini");
  const items = stream.map((event) => event.trim().slice("data: ".length));
  const list = `[${items.join("\r\n,\r\n")}\r\n]`;
  const reading = readEntry(entryOf({ url, request, response: list }));
  assert.deepEqual(reading, streamed(example("Gemini")));
  const cut = readEntry(entryOf({ url, request, response: list.slice(0, list.indexOf("three.") + 3) }));
  assert.deepEqual([cut.isStream, textOf(cut)], [true, "It is thr"]);
});

test("readEntry() reads Cohere's chat", () => {
  const reading = whole(example("Cohere"));
  assert.deepEqual([reading.provider, reading.model, reading.kind, reading.finish], [
    "Cohere",
    "command-a-03-2025",
    "chat",
    "TOOL_CALL",
  ]);
  assert.deepEqual(reading.asked, [{ role: "user", parts: [{ kind: "text", text: "What is 1 + 2?" }] }]);
  assert.deepEqual(reading.answered[0]?.parts, [
    { kind: "thinking", text: "I will add." },
    { kind: "text", text: "It is three." },
    { kind: "call", name: "add", arguments: '{"a":1}', id: "c1" },
    { kind: "citation", title: "A page", text: "three" },
  ]);
});

test("readEntry() reads Cohere's older chat, complete and streamed", () => {
  const url = "https://api.cohere.com/v1/chat";
  const request = {
    model: "command-r",
    preamble: "Be short.",
    chat_history: [{ role: "CHATBOT", message: "Hello." }],
    message: "1 + 2?",
  };
  const response = { text: "It is three.", generation_id: "1", finish_reason: "COMPLETE" };
  const events = [
    { event_type: "stream-start", generation_id: "1" },
    { event_type: "text-generation", text: "It is " },
    { event_type: "text-generation", text: "three." },
    { event_type: "stream-end", finish_reason: "COMPLETE", response },
  ].map((event) => JSON.stringify(event));
  const reading = readEntry(entryOf({ url, request, response }));
  assert.deepEqual(reading.asked, [
    { role: "system", parts: [{ kind: "text", text: "Be short." }] },
    { role: "assistant", parts: [{ kind: "text", text: "Hello." }] },
    { role: "user", parts: [{ kind: "text", text: "1 + 2?" }] },
  ]);
  assert.deepEqual([textOf(reading), reading.finish], ["It is three.", "COMPLETE"]);
  for (const kept of [4, 3]) {
    const stream = readEntry(entryOf({ url, request, response: `${events.slice(0, kept).join("\n")}\n` }));
    assert.deepEqual([stream.isStream, stream.answered], [true, reading.answered]);
  }
});

test("readEntry() reads Ollama's chat and its images", () => {
  const reading = whole(example("Ollama chat"));
  assert.deepEqual([reading.provider, reading.model, reading.finish, reading.settings], [
    "Ollama",
    "qwen3",
    "stop",
    [["temperature", "0.2"]],
  ]);
  assert.deepEqual(reading.asked[0]?.parts, [
    { kind: "text", text: "What is 1 + 2?" },
    { kind: "media", what: "image", type: "image/png", bytes: 8 },
  ]);
  assert.deepEqual(reading.answered[0]?.parts, [
    { kind: "thinking", text: "One and two." },
    { kind: "text", text: "It is three." },
    { kind: "call", name: "add", arguments: '{"a":1}' },
  ]);
});

test("readEntry() reads requests and responses of Vercel's gateway, with the model from a header", () => {
  const { url, request, whole } = example("Vercel's gateway");
  const entry = entryOf({ url, request, response: whole });
  const headers = { "ai-language-model-id": "openai/gpt-5" };
  const reading = readEntry({ ...entry, request: { ...entry.request ?? assert.fail(), headers } });
  assert.deepEqual(reading, {
    provider: "Vercel AI Gateway",
    model: "openai/gpt-5",
    kind: "chat",
    isStream: false,
    asked: [
      { role: "system", parts: [{ kind: "text", text: "Be short." }] },
      { role: "user", parts: [{ kind: "text", text: "What is 1 + 2?" }] },
      { role: "tool", parts: [{ kind: "result", name: "add", id: "c0", text: "3" }] },
    ],
    answered: [{
      role: "assistant",
      parts: [
        { kind: "thinking", text: "One and two." },
        { kind: "text", text: "It is three." },
        { kind: "call", name: "add", arguments: '{"a":1}', id: "c1" },
      ],
    }],
    finish: "tool-calls",
    settings: [["temperature", "0.2"]],
  });
});

test("readEntry() keeps the texts of a question apart", () => {
  const content = [{ type: "text", text: "One." }, { type: "text", text: "Two." }];
  const { url } = example("OpenAI chat");
  const reading = readEntry(entryOf({ url, request: { messages: [{ role: "user", content }] }, response: {} }));
  assert.deepEqual(reading.asked[0]?.parts, [{ kind: "text", text: "One." }, { kind: "text", text: "Two." }]);
});

test("readEntry() reads the additions of compatible servers to a chat", () => {
  const parts = (message: object, rest: object = {}): readonly Part[] | undefined =>
    readEntry(entryOf({
      url: "https://llm.example:8443/v1/chat/completions",
      response: { choices: [{ message: { role: "assistant", content: "Yes.", ...message } }], ...rest },
    })).answered[0]?.parts;
  const yes = { kind: "text", text: "Yes." } as const;
  assert.deepEqual(parts({ reasoning: "Hm." }), [{ kind: "thinking", text: "Hm." }, yes]);
  assert.deepEqual(parts({}, { citations: ["https://a.example/"] }), [yes, {
    kind: "citation",
    url: "https://a.example/",
  }]);
  assert.deepEqual(parts({ executed_tools: [{ type: "search", arguments: '{"query":"x"}', output: "y" }] }), [
    yes,
    { kind: "call", name: "search", arguments: '{"query":"x"}' },
    { kind: "result", name: "search", text: "y" },
  ]);
  assert.deepEqual(parts({ content: null, audio: { id: "a", data: "AAAA", transcript: "Spoken." } }), [
    { kind: "text", text: "Spoken." },
    { kind: "media", what: "audio", bytes: 3 },
  ]);
  assert.deepEqual(parts({ function_call: { name: "old", arguments: "{}" } }), [
    yes,
    { kind: "call", name: "old", arguments: "{}" },
  ]);
});

test("readEntry() shows every tool that Responses run, and its result", () => {
  const output = [
    { type: "code_interpreter_call", id: "ci", code: "1 + 2", outputs: [{ type: "logs", logs: "3" }] },
    { type: "file_search_call", id: "fs", queries: ["sums"], results: [{ filename: "a.txt", text: "three" }] },
    { type: "image_generation_call", id: "ig", result: "iVBORw0KGgo=" },
    { type: "mcp_call", id: "mcp", name: "add", server_label: "s", arguments: "{}", output: "3", error: null },
    { type: "custom_tool_call", call_id: "ct", name: "write", input: "text" },
    { type: "reasoning", summary: [], encrypted_content: "eA==" },
    { type: "mcp_list_tools", id: "l", server_label: "s", tools: [] },
  ];
  const reading = readEntry(
    entryOf({
      response: {
        object: "response",
        status: "incomplete",
        incomplete_details: { reason: "max_output_tokens" },
        output,
      },
    }),
  );
  assert.deepEqual(reading.answered[0]?.parts, [
    { kind: "call", name: "code_interpreter", arguments: "1 + 2", id: "ci" },
    { kind: "result", name: "code_interpreter", text: "3" },
    { kind: "call", name: "file_search", arguments: '["sums"]', id: "fs" },
    { kind: "result", name: "a.txt", text: "three" },
    { kind: "call", name: "image_generation", arguments: "{}", id: "ig" },
    { kind: "media", what: "image", type: "image/png", bytes: 8 },
    { kind: "call", name: "add", arguments: "{}", id: "mcp" },
    { kind: "result", name: "add", id: "mcp", text: "3" },
    { kind: "call", name: "write", arguments: "text", id: "ct" },
    { kind: "thinking", text: "", note: "encrypted" },
    { kind: "json", json: '{"type":"mcp_list_tools","id":"l","server_label":"s","tools":[]}' },
  ]);
  assert.equal(reading.finish, "max_output_tokens");
});

test("readEntry() prefers the events to the path if they disagree", () => {
  const url = "https://llm.example:8443/proxy/v9";
  for (const item of EXAMPLES) {
    const reading = streamed({ ...item, url });
    assert.deepEqual([reading.kind, reading.provider], [streamed(item).kind, "llm.example:8443"], item.name);
    assert.deepEqual(reading.answered, streamed(item).answered, item.name);
  }
});

test("readEntry() shows a response of an unknown format unchanged", () => {
  const url = "https://llm.example/v9/unheard";
  const reading = readEntry(entryOf({ url, request: { a: 1 }, response: { b: [2] } }));
  assert.deepEqual(reading, {
    provider: "llm.example",
    kind: "other",
    isStream: false,
    asked: [{ role: "user", parts: [{ kind: "json", json: '{"a":1}' }] }],
    answered: [{ role: "assistant", parts: [{ kind: "json", json: '{"b":[2]}' }] }],
    settings: [],
  });
  const stream = readEntry(
    entryOf({ url, response: sse({ b: 1 }, { b: 2 }, "[DONE]").join(""), type: "text/event-stream" }),
  );
  assert.deepEqual(stream.answered[0]?.parts, [{ kind: "json", json: '[{"b":1},{"b":2}]' }]);
  assert.deepEqual(readEntry({ key: "5ece2360", response: "" }).answered, []);
});
