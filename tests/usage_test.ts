import assert from "node:assert/strict";
import { type TokenCount, usageOf } from "../src/report/usage.ts";
import type { Answer, Family, ProviderRequest } from "./provider/answer.ts";
import { anthropic } from "./provider/anthropic.ts";
import { bedrock } from "./provider/bedrock.ts";
import { cohere } from "./provider/cohere.ts";
import { gemini } from "./provider/gemini.ts";
import { ollama } from "./provider/ollama.ts";
import { openai } from "./provider/openai.ts";
import { sse } from "./provider/answer.ts";
import { test } from "./suite.ts";

const textOf = (answer: Answer | undefined): string => {
  assert.ok(answer);
  return answer.kind === "stream" ? answer.events.join("") : new TextDecoder().decode(answer.body);
};

function answerOf(family: Family, path: string, body: object): string {
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  const request: ProviderRequest = {
    method: "POST",
    path,
    headers: {},
    body: JSON.stringify(body),
    bytes,
  };
  return textOf(family(request, { number: 1 }));
}

const usage = (response: unknown): TokenCount | undefined =>
  usageOf({
    key: "5ece2360",
    response: typeof response === "string" ? response : JSON.stringify(response),
  });

const GIVEN = { input: 19, output: 23 };

test("usageOf() reads the responses of all families, complete and streamed", () => {
  const withUsage = { stream_options: { include_usage: true } };
  const cases: [string, Family, string, object, TokenCount?][] = [
    ["chat", openai, "/v1/chat/completions", {}],
    ["chat stream", openai, "/v1/chat/completions", {
      stream: true,
      ...withUsage,
    }],
    ["responses", openai, "/v1/responses", {}],
    ["responses stream", openai, "/v1/responses", { stream: true }],
    ["embeddings", openai, "/v1/embeddings", { input: ["a", "b"] }, {
      input: 5,
      output: 0,
    }],
    ["messages", anthropic, "/v1/messages", {}],
    ["messages stream", anthropic, "/v1/messages", { stream: true }],
    ["gemini", gemini, "/v1beta/models/gemini-2.5-flash:generateContent", {}],
    [
      "gemini stream",
      gemini,
      "/v1beta/models/gemini-2.5-flash:streamGenerateContent",
      {},
    ],
    ["bedrock", bedrock, "/model/anthropic.claude/converse", {}],
    ["cohere", cohere, "/v2/chat", {}],
    ["cohere stream", cohere, "/v2/chat", { stream: true }],
    ["ollama", ollama, "/api/chat", { stream: false }],
    ["ollama stream", ollama, "/api/chat", {}],
  ];
  for (const [name, family, path, body, expected = GIVEN] of cases) {
    assert.deepEqual(usage(answerOf(family, path, body)), expected, name);
  }
});

test("usageOf() returns undefined for responses without usage", () => {
  const answers = [
    "",
    "{}",
    "[]",
    "Hello.",
    { usage: null },
    { usage: {} },
    { usage: 5 },
    { usage: { type: "duration", seconds: 3 } },
    { usage: { prompt_tokens: "19", completion_tokens: null } },
    { usage: { prompt_tokens: -1 } },
    `{"usage":{"prompt_tokens":19`,
    `{"usage`,
    `{"eval_count":"many"}`,
    `{"eval_count":`,
    answerOf(openai, "/v1/chat/completions", { stream: true }),
    answerOf(openai, "/v1/audio/transcriptions", {}),
  ];
  for (const answer of answers) {
    assert.equal(usage(answer), undefined, JSON.stringify(answer));
  }
  assert.equal(
    usageOf({
      key: "5ece2360",
      binary: true,
      response: `{"usage":{"prompt_tokens":19}}`,
    }),
    undefined,
  );
});

test("usageOf() counts the tokens that Anthropic wrote to its cache and read from it", () => {
  const cached = {
    input_tokens: 10,
    cache_creation_input_tokens: 200,
    cache_read_input_tokens: 3000,
  };
  const cache_creation = {
    ephemeral_5m_input_tokens: 200,
    ephemeral_1h_input_tokens: 0,
  };
  const message = {
    content: [],
    usage: { ...cached, cache_creation, output_tokens: 7 },
  };
  const parts = { cachedInput: 3000, cacheWrite: 200 };
  assert.deepEqual(usage(message), { input: 3210, output: 7, ...parts });
  const stream = (delta: object) =>
    sse({
      type: "message_start",
      message: { usage: { ...cached, output_tokens: 1 } },
    }, "message_start") +
    sse({ type: "message_delta", delta: {}, usage: delta }, "message_delta") +
    sse({ type: "message_stop" });
  assert.deepEqual(usage(stream({ output_tokens: 7 })), { input: 3210, output: 7, ...parts });
  // Newer streams report all counts again at the end, including those that tools have added.
  assert.deepEqual(
    usage(stream({ ...cached, input_tokens: 15, output_tokens: 7 })),
    { input: 3215, output: 7, ...parts },
  );
});

test("usageOf() counts the tokens that OpenAI read from its cache once, since they are part of the input", () => {
  const prompt_tokens_details = { cached_tokens: 1024, audio_tokens: 0 };
  assert.deepEqual(
    usage({
      usage: {
        prompt_tokens: 2000,
        completion_tokens: 9,
        prompt_tokens_details,
      },
    }),
    { input: 2000, output: 9, cachedInput: 1024 },
  );
});

test("usageOf() counts the tokens of Gemini's thoughts and of its tools", () => {
  const usageMetadata = {
    promptTokenCount: 10,
    toolUsePromptTokenCount: 5,
    cachedContentTokenCount: 4,
    candidatesTokenCount: 20,
    thoughtsTokenCount: 300,
  };
  assert.deepEqual(usage({ candidates: [], usageMetadata }), {
    input: 15,
    output: 320,
    cachedInput: 4,
    reasoning: 300,
  });
});

test("usageOf() uses the last usage of a stream, and skips empty ones", () => {
  const events = [
    { choices: [], usage: { prompt_tokens: 5, completion_tokens: 1 } },
    { choices: [], usage: { prompt_tokens: 5, completion_tokens: 8 } },
    { choices: [], usage: null },
    { choices: [], usage: {} },
  ];
  assert.deepEqual(
    usage(events.map((event) => sse(event)).join("") + sse("[DONE]")),
    { input: 5, output: 8 },
  );
});

test("usageOf() ignores texts and members of other objects that look like usage", () => {
  const text = `{"usage": {"prompt_tokens": 1000}} "eval_count": 5`;
  const answer = {
    choices: [{ message: { content: text } }],
    usage: { prompt_tokens: 2, completion_tokens: 3 },
  };
  assert.deepEqual(
    usage({
      ...answer,
      metadata: { usage: "billing", usage_note: { prompt: 1 } },
    }),
    {
      input: 2,
      output: 3,
    },
  );
  assert.equal(usage({ choices: [{ message: { content: text } }] }), undefined);
  assert.deepEqual(usage(JSON.stringify(answer, null, 2)), {
    input: 2,
    output: 3,
  });
});

test("usageOf() reads Cohere's older responses, Bedrock's, and Ollama's without new input", () => {
  assert.deepEqual(
    usage({ embeddings: {}, meta: { billed_units: { input_tokens: 3 } } }),
    { input: 3, output: 0 },
  );
  assert.deepEqual(
    usage({
      usage: { inputTokens: 3, cacheReadInputTokens: 4, outputTokens: 5 },
    }),
    {
      input: 7,
      output: 5,
      cachedInput: 4,
    },
  );
  assert.deepEqual(usage({ done: true, eval_count: 5 }), {
    input: 0,
    output: 5,
  });
});
