import { asRecord, parseJson } from "../lib/json.ts";
import { domainLookup, modelOfUrl } from "../request/domains.ts";
import { PROVIDERS } from "../request/providers.ts";
import type { Entry } from "../store/entry.ts";
import { areRecordedParts, holdsPlaceholder } from "../store/entry_request.ts";
import type { Price, Prices } from "./prices.ts";
import { type TokenCount, usageOf } from "./usage.ts";

/** What a recorded call cost. Both members are undefined if the call has no price, such as a GET request. */
export interface Cost {
  /** US dollars; undefined if it is unknown. */
  readonly usd?: number;
  /** Why it is unknown: `no price of gpt-9`, or `gpt-5 reports no tokens`. */
  readonly unknown?: string;
}

/**
 * Computes what a recorded call cost.
 *
 * A cost is never guessed. It is unknown if the file does not list the model, or if the response reports no tokens.
 *
 * @param prices As {@linkcode readPrices} returns them.
 */
export function costOf(entry: Entry, prices: Prices): Cost {
  const url = urlOf(entry);
  if (Number(entry.status_code) >= 400 || entry.request?.method === "GET" || url && UNBILLED.test(url.pathname)) {
    return {};
  }
  const body = requestBody(entry);
  const models = modelsOf(entry, body, url);
  const [model] = models;
  if (model === undefined) return {};
  const price = findPrice(models, url, prices);
  if (!price) return { unknown: `no price of ${model}` };
  const billed = billedUnits(entry.response);
  const tokens = billed ? tokensOf(billed) : usageOf(entry);
  const tier = TIER.exec(entry.response)?.[1];
  const usd = tokens ? tokenCost(tokens, price, tier) : otherCost(entry, { body, billed }, price);
  if (usd !== undefined) return { usd };
  return { unknown: tokens ? `no complete price of ${model}` : `${model} reports no tokens` };
}

/** Paths of calls that cost nothing. */
const UNBILLED = /\/count_tokens$|:countTokens$|\/tokenize$|\/input_tokens$|\/(?:api\/(?:show|pull|tags)|files)$/;

/** The service tiers that LiteLLM lists rates for. */
const TIER = /"service_tier"\s*:\s*"(flex|priority)"/;

function urlOf({ request }: Entry): URL | undefined {
  return typeof request?.url === "string" && URL.canParse(request.url) ? new URL(request.url) : undefined;
}

/** The members of the request. Those of a form are texts. */
function requestBody({ request }: Entry): Record<string, unknown> {
  const text = typeof request?.body === "string" ? request.body : "";
  const value = parseJson(text);
  if (!areRecordedParts(value, text)) return asRecord(value) ?? {};
  return Object.fromEntries(value.map(([name, , content]) => [name, content]));
}

/**
 * The model that the request names. The model that the response names follows if the request names none, and for Azure,
 * gateways and unknown hosts, where the request may name a deployment or a route.
 */
function modelsOf({ binary, response }: Entry, body: Record<string, unknown>, url: URL | undefined): string[] {
  const answered = binary ? undefined : MODEL_MEMBER.exec(response.slice(0, MODEL_WITHIN))?.[1];
  const inUrl = url && modelOfUrl(url);
  const named = [body.model, body.model_id, body.modelId, inUrl && decoded(inUrl), answered];
  const models = named.flatMap((name) => typeof name === "string" && name ? [name.replace(/^models\//, "")] : []);
  const provider = (url && providerAt(url)) ?? "";
  return Object.hasOwn(PREFIXES, provider) && !NAMES_ROUTES.test(provider) ? models.slice(0, 1) : [...new Set(models)];
}

/** Providers whose requests may name a deployment or a route instead of a model. */
const NAMES_ROUTES = /^Azure|^OpenRouter$|Gateway$/;

const MODEL_MEMBER = /"model(?:Version)?"\s*:\s*"([^"\\]+)"/;
/** In characters. */
const MODEL_WITHIN = 100_000;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // an invalid percent escape
  }
}

/** What LiteLLM puts before the models of a provider. It names the provider the same. */
const PREFIXES: Readonly<Record<string, readonly string[]>> = {
  OpenAI: ["openai/"],
  Anthropic: ["anthropic/"],
  Google: ["gemini/"],
  "Google Vertex AI": ["vertex_ai/"],
  "Amazon Bedrock": ["bedrock/", "bedrock_converse/"],
  "Azure OpenAI": ["azure/"],
  "Azure AI": ["azure_ai/", "azure/"],
  "GitHub Models": ["github/"],
  "GitHub Copilot": ["github_copilot/"],
  OpenRouter: ["openrouter/"],
  "Vercel AI Gateway": ["vercel_ai_gateway/"],
  Cloudflare: ["cloudflare/"],
  DeepSeek: ["deepseek/"],
  Fireworks: ["fireworks_ai/"],
  Groq: ["groq/"],
  Together: ["together_ai/"],
  Mistral: ["mistral/", "codestral/"],
  xAI: ["xai/"],
  Moonshot: ["moonshot/"],
  Cohere: ["cohere/"],
  Perplexity: ["perplexity/"],
  Cerebras: ["cerebras/"],
  SambaNova: ["sambanova/"],
  Nebius: ["nebius/"],
  Hyperbolic: ["hyperbolic/"],
  Novita: ["novita/"],
  DeepInfra: ["deepinfra/"],
  MiniMax: ["minimax/"],
  "Z.ai": ["zai/"],
  "Alibaba Cloud": ["dashscope/"],
  Volcengine: ["volcengine/"],
  NVIDIA: ["nvidia_nim/"],
  "Hugging Face": ["huggingface/"],
  Replicate: ["replicate/"],
  fal: ["fal_ai/"],
  Deepgram: ["deepgram/"],
  AssemblyAI: ["assemblyai/"],
  ElevenLabs: ["elevenlabs/"],
  "Stability AI": ["stability/"],
  Ollama: ["ollama/"],
  "Voyage AI": ["voyage/"],
  "Jina AI": ["jina_ai/"],
  AI21: ["ai21/"],
  Baseten: ["baseten/"],
  "Meta Llama": ["meta_llama/"],
  "W&B": ["wandb/"],
};

const providerAt = domainLookup(PROVIDERS.flatMap(({ name, hosts }) => hosts.map((host) => [host, name] as const)));

/** A date at the end of a model's name: `-2024-08-06`, `-20250514`, `@20250514`. */
const DATE = /[-@](?:\d{4}-\d{2}-\d{2}|20\d{6})$/;

/** The price of the first listed model: under its whole name, and only then without a date. */
function findPrice(models: readonly string[], url: URL | undefined, { models: listed }: Prices): Price | undefined {
  const prefixes = PREFIXES[url && providerAt(url) || ""];
  const region = /^bedrock-runtime\.([\w-]+)\./.exec(url?.hostname ?? "")?.[1];
  const undated = models.flatMap((model) => DATE.test(model) ? [model.replace(DATE, "")] : []);
  for (const model of [...models, ...undated]) {
    const exact = listed.get(model);
    if (exact && isOf(exact, prefixes)) return exact;
    const regional = region ? [`bedrock/${region}/${model}`] : [];
    for (const name of [...regional, ...(prefixes ?? []).map((prefix) => prefix + model)]) {
      const price = listed.get(name);
      if (price) return price;
    }
  }
  return undefined;
}

/** Whether a price is one of the provider: the same model costs something else elsewhere. */
function isOf({ provider }: Price, prefixes: readonly string[] | undefined): boolean {
  return provider === undefined || !prefixes || prefixes.some((prefix) => provider.includes(prefix.slice(0, -1)));
}

/** The rates of each part of the tokens: the first one that is listed applies. */
const INPUT = ["input_cost_per_token"];
const CACHE_WRITE = ["cache_creation_input_token_cost", ...INPUT];
const OUTPUT = ["output_cost_per_token"];

function tokenCost(tokens: TokenCount, { rates }: Price, tier: string | undefined): number | undefined {
  const { cachedInput = 0, cacheWrite = 0, hourCacheWrite = 0, audioInput = 0, reasoning = 0, audioOutput = 0 } =
    tokens;
  const rateOf = (name: string) => {
    const limits = Object.keys(rates).flatMap((key) => {
      const limit = key.startsWith(`${name}_above_`) && /^_above_(\d+)k_tokens$/.exec(key.slice(name.length))?.[1];
      return limit && tokens.input > Number(limit) * 1000 ? [Number(limit)] : [];
    });
    const above = limits.length ? `${name}_above_${Math.max(...limits)}k_tokens` : undefined;
    return rates[above ?? ""] ?? (tier && rates[`${name}_${tier}`]) ?? rates[name];
  };
  const parts: (readonly [count: number, names: readonly string[]])[] = [
    [Math.max(0, tokens.input - cachedInput - cacheWrite - audioInput), INPUT],
    [cachedInput, ["cache_read_input_token_cost", ...INPUT]],
    [cacheWrite - hourCacheWrite, CACHE_WRITE],
    [hourCacheWrite, ["cache_creation_input_token_cost_above_1hr", ...CACHE_WRITE]],
    [audioInput, ["input_cost_per_audio_token", ...INPUT]],
    [Math.max(0, tokens.output - reasoning - audioOutput), OUTPUT],
    [reasoning, ["output_cost_per_reasoning_token", ...OUTPUT]],
    [audioOutput, ["output_cost_per_audio_token", ...OUTPUT]],
  ];
  let usd = 0;
  for (const [count, names] of parts) {
    const rate = names.map(rateOf).find((rate) => rate !== undefined);
    if (count > 0 && rate === undefined) return undefined;
    usd += count * (rate || 0);
  }
  return usd;
}

/** What Cohere bills: fewer tokens than the model processed, or searches. */
function billedUnits(response: string): Record<string, unknown> | undefined {
  const at = response.lastIndexOf(`"billed_units"`);
  const units = at === -1 ? undefined : BILLED_UNITS.exec(response.slice(at, at + 1000))?.[1];
  return units === undefined ? undefined : asRecord(parseJson(units));
}

const BILLED_UNITS = /^"billed_units"\s*:\s*(\{[^{}]*\})/;

function tokensOf({ input_tokens: input, output_tokens: output }: Record<string, unknown>): TokenCount | undefined {
  return input === undefined && output === undefined
    ? undefined
    : { input: Number(input ?? 0) || 0, output: Number(output ?? 0) || 0 };
}

/** The request and the billed units of a response without tokens. */
interface Untokenized {
  readonly body: Record<string, unknown>;
  readonly billed: Record<string, unknown> | undefined;
}

/** The cost of a response that reports no tokens: of images, seconds of audio, spoken characters, or searches. */
function otherCost(entry: Entry, { body: { input }, billed }: Untokenized, { rates }: Price): number | undefined {
  const searches = billed?.search_units;
  if (rates.input_cost_per_query !== undefined && typeof searches === "number") {
    return searches * rates.input_cost_per_query;
  }
  const answer = entry.binary ? undefined : asRecord(parseJson(entry.response));
  const perImage = rates.output_cost_per_image ?? rates.input_cost_per_image;
  if (perImage !== undefined && Array.isArray(answer?.data)) return answer.data.length * perImage;
  const seconds = asRecord(answer?.usage)?.seconds ?? answer?.duration;
  if (rates.input_cost_per_second !== undefined && typeof seconds === "number") {
    return seconds * rates.input_cost_per_second;
  }
  const isWhole = typeof input === "string" && !holdsPlaceholder(input);
  if (rates.input_cost_per_character !== undefined && isWhole) return input.length * rates.input_cost_per_character;
  return Object.values(rates).every((rate) => rate === 0) ? 0 : undefined;
}
