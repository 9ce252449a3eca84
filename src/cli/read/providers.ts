import type { Kind } from "./parts/format.ts";
import { type Json, objectOf, textOf } from "./parts/members.ts";

/** Gemini and Vertex AI, Azure, Bedrock, Cloudflare, fal and Replicate name the model in the path. */
const PATHS = [
  /\/models\/([^/:]+):\w+$/,
  /\/deployments\/([^/]+)\//,
  /\/model\/([^/]+)\/(?:invoke|converse)/,
  /\/ai\/run\/(.+)$/,
  /\/models\/([^/]+\/[^/]+)\/predictions$/,
];

/** Where a model may be named. */
export interface ModelPlaces {
  readonly request: Json;
  readonly headers: Json;
  readonly path: string;
  readonly answer: Json;
}

/** The model that a request, its headers, its path or its answer names, in this order. */
export function modelOf({ request, headers, path, answer }: ModelPlaces): string | undefined {
  const header = Object.keys(headers).find((name) => /^ai-(?:.*-)?model-id$/i.test(name));
  const named = textOf(request.model) ?? textOf(request.model_id) ?? textOf(request.modelId) ??
    (header && textOf(headers[header]));
  const found = named ?? modelOfPath(path) ?? modelOfAnswer(answer);
  return found?.replace(/^models\//, "");
}

function modelOfPath(path: string): string | undefined {
  const found = PATHS.map((pattern) => pattern.exec(path)?.[1]).find((name) => name !== undefined);
  if (found === undefined) return undefined;
  try {
    return decodeURIComponent(found);
  } catch {
    return found; // a per cent sign that escapes nothing
  }
}

function modelOfAnswer(answer: Json): string | undefined {
  return textOf(answer.model) ?? textOf(answer.modelVersion) ?? textOf(objectOf(answer.meta).model);
}

/** Hosts, with all that is below them → the name that people know. */
const HOSTS: Readonly<Record<string, string>> = {
  "openai.com": "OpenAI",
  "chatgpt.com": "OpenAI",
  "openai.azure.com": "Azure OpenAI",
  "cognitiveservices.azure.com": "Azure OpenAI",
  "services.ai.azure.com": "Azure AI",
  "models.ai.azure.com": "Azure AI",
  "models.inference.ai.azure.com": "GitHub Models",
  "models.github.ai": "GitHub Models",
  "githubcopilot.com": "GitHub Copilot",
  "anthropic.com": "Anthropic",
  "generativelanguage.googleapis.com": "Google",
  "aiplatform.googleapis.com": "Google Vertex AI",
  "amazonaws.com": "Amazon Bedrock",
  "amazonaws.com.cn": "Amazon Bedrock",
  "api.aws": "Amazon Bedrock",
  "mistral.ai": "Mistral",
  "groq.com": "Groq",
  "cohere.com": "Cohere",
  "cohere.ai": "Cohere",
  "deepseek.com": "DeepSeek",
  "fireworks.ai": "Fireworks",
  "openrouter.ai": "OpenRouter",
  "together.xyz": "Together",
  "together.ai": "Together",
  "x.ai": "xAI",
  "moonshot.ai": "Moonshot",
  "moonshot.cn": "Moonshot",
  "ai-gateway.vercel.sh": "Vercel AI Gateway",
  "gateway.ai.cloudflare.com": "Cloudflare AI Gateway",
  "perplexity.ai": "Perplexity",
  "cerebras.ai": "Cerebras",
  "sambanova.ai": "SambaNova",
  "nebius.com": "Nebius",
  "hyperbolic.xyz": "Hyperbolic",
  "novita.ai": "Novita",
  "siliconflow.com": "SiliconFlow",
  "siliconflow.cn": "SiliconFlow",
  "deepinfra.com": "DeepInfra",
  "minimax.io": "MiniMax",
  "z.ai": "Z.ai",
  "bigmodel.cn": "Z.ai",
  "aliyuncs.com": "Alibaba Cloud",
  "volces.com": "Volcengine",
  "nvidia.com": "NVIDIA",
  "huggingface.co": "Hugging Face",
  "replicate.com": "Replicate",
  "voyageai.com": "Voyage AI",
  "jina.ai": "Jina AI",
  "ai21.com": "AI21",
  "elevenlabs.io": "ElevenLabs",
  "stability.ai": "Stability AI",
  "ollama.com": "Ollama",
};
/** Ollama's own port, wherever it runs. */
const OLLAMA_PORT = "11434";

/** The provider behind a URL; the host with its port, if nobody knows it. */
export function providerOf(url: URL): string {
  for (let host = regionless(url.hostname); host !== "";) {
    const known = Object.hasOwn(HOSTS, host) ? HOSTS[host] : undefined;
    if (known !== undefined) return known;
    const dot = host.indexOf(".");
    host = dot === -1 ? "" : host.slice(dot + 1);
  }
  return url.port === OLLAMA_PORT ? "Ollama" : url.host;
}

/** Vertex AI has hosts of regions that are names of their own. */
function regionless(host: string): string {
  return host.replace(/^[a-z0-9-]+-(aiplatform\.googleapis\.com)$/, "$1");
}

/** Kinds of answers that one provider alone has invented, or whose copies are rare. */
const BY_KIND: Partial<Record<Kind, string>> = { messages: "Anthropic", responses: "OpenAI" };

/** The provider by the shape of its answer, where nothing was kept of the request; undefined where several fit. */
export function guessProvider(kind: Kind, answer: Json): string | undefined {
  if (BY_KIND[kind] !== undefined) return BY_KIND[kind];
  if (answer.candidates !== undefined || answer.usageMetadata !== undefined) return "Google";
  if (/^files\//.test(textOf(objectOf(answer.file).name) ?? "")) return "Google";
  if (answer.type === "file") return "Anthropic";
  if (typeof answer.done === "boolean") return "Ollama";
  if (answer.x_groq !== undefined) return "Groq";
  return /^(?:gpt-|o\d|chatgpt|text-embedding-|omni-moderation)/.test(textOf(answer.model) ?? "")
    ? "OpenAI"
    : undefined;
}
