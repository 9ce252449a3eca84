import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { sendQuestion } from "../src/cli/file/prices.ts";
import { costOf } from "../src/report/cost.ts";
import { type Prices, readPrices } from "../src/report/prices.ts";
import type { Entry } from "../src/store/entry.ts";
import { cachyJson, cachyOn, project } from "./cli.ts";
import { runProgram } from "./processes.ts";
import { test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

/** Rows as LiteLLM's list has them. */
const LITELLM = {
  sample_spec: { input_cost_per_token: 0, litellm_provider: "one of https://docs.litellm.ai/docs/providers" },
  "gpt-4o": {
    litellm_provider: "openai",
    input_cost_per_token: 2.5e-6,
    cache_read_input_token_cost: 1.25e-6,
    output_cost_per_token: 1e-5,
    input_cost_per_token_priority: 4.25e-6,
    input_cost_per_audio_token: null,
  },
  "gpt-4o-2024-05-13": { litellm_provider: "openai", input_cost_per_token: 5e-6, output_cost_per_token: 1.5e-5 },
  "azure/gpt-4o": { litellm_provider: "azure", input_cost_per_token: 3e-6, output_cost_per_token: 1e-5 },
  "groq/llama-3.3-70b": { litellm_provider: "groq", input_cost_per_token: 6e-7, output_cost_per_token: 8e-7 },
  "gemini-2.5-flash": {
    litellm_provider: "vertex_ai-language-models",
    input_cost_per_token: 9e-7,
    output_cost_per_token: 9e-6,
  },
  "gemini/gemini-2.5-flash": {
    litellm_provider: "gemini",
    input_cost_per_token: 3e-7,
    output_cost_per_token: 2e-6,
    output_cost_per_reasoning_token: 2.5e-6,
    input_cost_per_token_above_200k_tokens: 6e-7,
  },
  "claude-sonnet-4-5": {
    litellm_provider: "anthropic",
    input_cost_per_token: 3e-6,
    output_cost_per_token: 1.5e-5,
    cache_read_input_token_cost: 3e-7,
    cache_creation_input_token_cost: 3.75e-6,
    cache_creation_input_token_cost_above_1hr: 6e-6,
  },
  "bedrock/eu-central-1/amazon.nova-v1:0": {
    litellm_provider: "bedrock",
    input_cost_per_token: 2e-6,
    output_cost_per_token: 2e-6,
  },
  "openrouter/openai/gpt-4o": { litellm_provider: "openrouter", input_cost_per_token: 1e-6, output_cost_per_token: 0 },
  "whisper-1": { litellm_provider: "openai", input_cost_per_second: 1e-4, mode: "audio_transcription" },
  "dall-e-3": { litellm_provider: "openai", output_cost_per_image: 0.04, mode: "image_generation" },
  "command-r": { litellm_provider: "cohere_chat", input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 },
  "rerank-v3.5": { litellm_provider: "cohere", input_cost_per_query: 0.002, input_cost_per_token: 0, mode: "rerank" },
  "tts-1": { litellm_provider: "openai", input_cost_per_character: 1.5e-5, mode: "audio_speech" },
};

function pricesIn(t: TestContext, content: unknown, name = "prices.json"): Prices {
  const path = join(temporaryFolder(t), name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return readPrices(path);
}

const CHAT = "https://api.openai.com/v1/chat/completions";

function entryOf(url: string, body: object, answer: object, members: Partial<Entry> = {}): Entry {
  const request = { method: "POST", url, body: JSON.stringify(body), exact: true };
  return { key: "00000000", response: JSON.stringify(answer), request, ...members };
}

/** A thousand tokens each way. */
const CHAT_USAGE = { usage: { prompt_tokens: 1000, completion_tokens: 1000, total_tokens: 2000 } };

function chat(model: string, url = CHAT, answer: object = CHAT_USAGE): Entry {
  return entryOf(url, { model }, answer);
}

function isCost(entry: Entry, prices: Prices, usd: number): void {
  const cost = costOf(entry, prices);
  assert.ok(Math.abs((cost.usd ?? NaN) - usd) < 1e-12, `${JSON.stringify(cost)} instead of ${usd}`);
}

test("costOf() finds the model under its whole name, the prefix of its provider, and only then without a date", (t) => {
  const prices = pricesIn(t, LITELLM);
  const azure = "https://x.openai.azure.com/openai/deployments/ours/chat/completions?api-version=1";
  const gemini = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent";
  const nova = "https://bedrock-runtime.eu-central-1.amazonaws.com/model/amazon.nova-v1%3A0/converse";
  const tokens = { usageMetadata: { promptTokenCount: 1000, candidatesTokenCount: 1000 } };
  const cases: [name: string, entry: Entry, usd: number][] = [
    ["exact", chat("gpt-4o"), 0.0125],
    ["a dated model that is listed", chat("gpt-4o-2024-05-13"), 0.02],
    ["a dated model that is not listed", chat("gpt-4o-2024-08-06"), 0.0125],
    ["a short date", chat("claude-sonnet-4-5-20250929", "https://api.anthropic.com/v1/messages"), 0.018],
    ["a prefix", chat("llama-3.3-70b", "https://api.groq.com/openai/v1/chat/completions"), 0.0014],
    ["OpenRouter's prefix", chat("openai/gpt-4o", "https://openrouter.ai/api/v1/chat/completions"), 0.001],
    ["Azure's model", chat("", azure, { ...CHAT_USAGE, model: "gpt-4o-2024-08-06" }), 0.013],
    ["Gemini's API, not Vertex", entryOf(gemini, {}, tokens), 0.0023],
    ["Bedrock's region", entryOf(nova, {}, { usage: { inputTokens: 1000, outputTokens: 1000 } }), 0.004],
    ["a proxy", chat("azure/gpt-4o", "http://localhost:4000/v1/chat/completions"), 0.013],
  ];
  for (const [name, entry, usd] of cases) {
    const cost = costOf(entry, prices);
    assert.ok(Math.abs((cost.usd ?? NaN) - usd) < 1e-12, `${name}: ${JSON.stringify(cost)} instead of ${usd}`);
  }
});

test("costOf() never guesses: it says which model has no price, and which one reports no tokens", (t) => {
  const prices = pricesIn(t, LITELLM);
  const groq = "https://api.groq.com/openai/v1/chat/completions";
  assert.deepEqual(costOf(chat("gpt-4o-mini"), prices), { unknown: "no price of gpt-4o-mini" });
  assert.deepEqual(costOf(chat("gpt-4o", groq), prices), { unknown: "no price of gpt-4o" }, "the price of OpenAI");
  assert.deepEqual(costOf(chat("gpt-9", CHAT, { ...CHAT_USAGE, model: "gpt-4o" }), prices).usd, undefined);
  assert.deepEqual(costOf(chat("gpt-4o", CHAT, {}), prices), { unknown: "gpt-4o reports no tokens" });
  const count = "https://api.anthropic.com/v1/messages/count_tokens";
  assert.deepEqual(costOf(chat("claude-sonnet-4-5", count, { input_tokens: 5 }), prices), {}, "free");
  assert.deepEqual(costOf({ ...chat("gpt-4o"), status_code: 429 }, prices), {}, "an error");
  assert.deepEqual(costOf({ key: "00000000", response: "{}" }, prices), {}, "no model");
});

test("costOf() prices cached, written, reasoning and audio tokens, tiers and long requests apart", (t) => {
  const prices = pricesIn(t, LITELLM);
  const messages = "https://api.anthropic.com/v1/messages";
  const gemini = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent";
  const usage = {
    input_tokens: 10,
    cache_read_input_tokens: 1000,
    cache_creation_input_tokens: 300,
    cache_creation: { ephemeral_5m_input_tokens: 200, ephemeral_1h_input_tokens: 100 },
    output_tokens: 20,
  };
  isCost(
    chat("claude-sonnet-4-5", messages, { usage }),
    prices,
    10 * 3e-6 + 1000 * 3e-7 + 200 * 3.75e-6 + 100 * 6e-6 + 20 * 1.5e-5,
  );
  const details = {
    prompt_tokens_details: { cached_tokens: 600 },
    completion_tokens_details: { reasoning_tokens: 50 },
  };
  const cached = { prompt_tokens: 1000, completion_tokens: 200, ...details };
  isCost(chat("gpt-4o", CHAT, { usage: cached }), prices, 400 * 2.5e-6 + 600 * 1.25e-6 + 200 * 1e-5);
  isCost(chat("gpt-4o", CHAT, { service_tier: "priority", ...CHAT_USAGE }), prices, 1000 * 4.25e-6 + 1000 * 1e-5);
  const thought = { promptTokenCount: 100, candidatesTokenCount: 20, thoughtsTokenCount: 30 };
  isCost(entryOf(gemini, {}, { usageMetadata: thought }), prices, 100 * 3e-7 + 20 * 2e-6 + 30 * 2.5e-6);
  const long = { promptTokenCount: 200_001, candidatesTokenCount: 1 };
  isCost(entryOf(gemini, {}, { usageMetadata: long }), prices, 200_001 * 6e-7 + 2e-6);
  // xAI counts reasoning apart.
  const xai = {
    prompt_tokens: 10,
    completion_tokens: 5,
    total_tokens: 115,
    completion_tokens_details: { reasoning_tokens: 100 },
  };
  isCost(chat("gpt-4o", CHAT, { usage: xai }), prices, 10 * 2.5e-6 + 105 * 1e-5);
});

test("costOf() prices what Cohere bills: fewer tokens than the model processed, and searches", (t) => {
  const prices = pricesIn(t, LITELLM);
  const usage = {
    billed_units: { input_tokens: 5, output_tokens: 3 },
    tokens: { input_tokens: 70, output_tokens: 9 },
  };
  isCost(chat("command-r", "https://api.cohere.com/v2/chat", { usage }), prices, 5e-6 + 3 * 2e-6);
  const meta = { api_version: {}, billed_units: { search_units: 2 } };
  isCost(chat("rerank-v3.5", "https://api.cohere.com/v2/rerank", { meta }), prices, 0.004);
});

test("costOf() prices images, seconds and characters, where responses report no tokens", (t) => {
  const prices = pricesIn(t, LITELLM);
  isCost(chat("dall-e-3", "https://api.openai.com/v1/images/generations", { data: [{}, {}] }), prices, 0.08);
  const audio = "https://api.openai.com/v1/audio/transcriptions";
  const form = JSON.stringify([["model", null, "whisper-1"]]);
  const request = { method: "POST", url: audio, body: form, exact: true };
  isCost({ key: "00000000", response: `{"duration":30}`, request }, prices, 0.003);
  const speech = entryOf("https://api.openai.com/v1/audio/speech", { model: "tts-1", input: "Hello" }, {}, {
    binary: true,
    response: "AA==",
  });
  isCost(speech, prices, 5 * 1.5e-5);
});

test("sendQuestion() says what requests cost when they were recorded", (t) => {
  const entries = [chat("gpt-4o"), chat("gpt-9")];
  assert.equal(sendQuestion(entries, undefined), "Send 2 requests to the network?");
  assert.equal(
    sendQuestion(entries, pricesIn(t, LITELLM)),
    "Send 2 requests to the network? When they were recorded, they cost $0.013, without 1 of unknown cost.",
  );
});

test("readPrices() reads a file of one's own: JSON by model, a list, or CSV, per million tokens", (t) => {
  const files: [content: unknown, name: string][] = [
    [{ "my-model": { input: 2, output: 8, cachedInput: 0.5 } }, "a.json"],
    [[{ model: "my-model", input: 2, output: 8, cached_input: 0.5 }], "b.json"],
    ["\ufeff# ours\nmodel,input,output,cached input\r\nmy-model,2,8,0.5\r\n", "c.csv"],
  ];
  const usage = { prompt_tokens: 1000, completion_tokens: 100, prompt_tokens_details: { cached_tokens: 400 } };
  for (const [content, name] of files) {
    isCost(chat("my-model", CHAT, { usage }), pricesIn(t, content, name), 600 * 2e-6 + 400 * 5e-7 + 100 * 8e-6);
  }
});

test("readPrices() names the wrong value and its cure", (t) => {
  const wrong: [content: unknown, message: RegExp][] = [
    [{ m: { input: "cheap" } }, /"input" of "m" is "cheap"\. Write US dollars per million tokens/],
    [{ m: { input: -1 } }, /"input" of "m" is -1\./],
    [{ m: { inptu: 1 } }, /"inptu" of "m" is unknown\. Known: input, output, cachedInput/],
    [{ m: 3 }, /the price of "m" is 3\. Expected LiteLLM's/],
    [{}, /contains no prices\. Expected/],
    ["not json", /neither a JSON object nor CSV\. Expected/],
    [[{ input: 1 }], /a row has no model: \{"input":1\}\. Add/],
  ];
  for (const [content, message] of wrong) assert.throws(() => pricesIn(t, content), message);
  assert.throws(() => readPrices(join(temporaryFolder(t), "none.json")), /there is no such file\. Correct --prices/);
  assert.throws(() => readPrices(temporaryFolder(t)), /it is a folder\. Name a file in it/);
});

test("stats, list and show print costs with --prices, and say which are unknown", async (t) => {
  const { folder, file, keys } = await project(t);
  const own = join(folder, "own.json");
  writeFileSync(own, JSON.stringify({ "gpt-4.1": { input: 100, output: 1000 }, "claude-haiku-4-5": { input: 0 } }));
  const { stdout } = await cachyOn(file, "stats", "--prices", own);
  assert.match(stdout, /^spent +\$0\.011 to record$/m);
  assert.match(stdout, /^saved +\$0\.011 by each replay of all entries$/m);
  assert.match(stdout, /^unpriced .*no price of gpt-5-mini \(1 entry\)/m);
  assert.match(stdout, /^OpenAI +gpt-4\.1 .* \$0\.011$/m);
  const { total, spent, unknownCosts } = await cachyJson(file, "stats", "--prices", own) as {
    total: { cost: number };
    spent: number;
    unknownCosts: object;
  };
  assert.ok(Math.abs(total.cost - 0.011) < 1e-9 && Math.abs(spent - 0.011) < 1e-9);
  assert.deepEqual(unknownCosts, {
    "no price of gpt-5-mini": 1,
    "no complete price of claude-haiku-4-5": 1,
    "no price of tts-1": 1,
  });
  const rows = await cachyOn(file, "list", "--sort", "cost", "--prices", own);
  assert.match(rows.stdout, /^KEY .* COST\n.*gpt-4\.1.* \$0\.011\n(?:.* \?\n){3}$/);
  assert.match(rows.stderr, /Costs are unknown: .*no price of gpt-5-mini \(1 entry\)/);
  assert.match((await cachyOn(file, "show", keys[0] ?? "", "--prices", own)).stdout, /7 output tokens, \$0\.011, /);
  const unpriced = await cachyOn(file, "list", "--sort", "cost");
  assert.deepEqual([unpriced.code, /Name their file with --prices/.test(unpriced.stderr)], [2, true]);
});

test("CACHY_PRICES adds costs to stats and events, and a line at the end of the process", async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, "own.json"), JSON.stringify({ "gpt-4o": { input: 2, output: 10, cachedInput: 1 } }));
  const env = { CACHY_PRICES: "own.json" };
  const { stdout, stderr } = await runProgram("cost", ["gpt-4o", "gpt-9"], { cwd, env });
  const { hits, costSaved, costRecorded } = JSON.parse(stdout);
  // One of three hits at the same time saved the call.
  assert.equal(hits, 6);
  assert.ok(Math.abs(costSaved - 0.0034) < 1e-9 && Math.abs(costRecorded - 0.0034) < 1e-9, stdout);
  const line = "cachy: 1 hit saved $0.0034, 1 recorded call cost $0.0034. Not included: no price of gpt-9.";
  assert.equal(stderr.trim(), line);
  const wrong = await runProgram("cost", ["gpt-4o"], { cwd, env: { CACHY_PRICES: "none.json" } });
  assert.deepEqual([wrong.code, /Cannot read prices from .*none\.json: there is no such file/.test(wrong.stderr)], [
    0,
    true,
  ]);
});
