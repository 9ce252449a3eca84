import { domainLookup, modelOfUrl } from "../../request/domains.ts";
import type { Provider } from "../../request/provider.ts";
import { PROVIDERS } from "../../request/providers.ts";
import type { Kind } from "./parts/format.ts";
import { type Json, objectOf, textOf } from "./parts/json_members.ts";

/** Where to look for the name of a model. */
export interface ModelPlaces {
  readonly request: Json;
  readonly headers: Json;
  readonly url: URL | undefined;
  readonly answer: Json;
}

/** The model, from the request, its headers, its URL or the response, in this order. */
export function modelOf({ request, headers, url, answer }: ModelPlaces): string | undefined {
  const header = Object.keys(headers).find((name) => isModelHeader(name));
  const named = textOf(request.model) ?? textOf(request.model_id) ?? textOf(request.modelId) ??
    (header && textOf(headers[header]));
  const found = named ?? decodedModel(url) ?? modelOfAnswer(answer);
  return found?.replace(/^models\//, "");
}

function isModelHeader(name: string): boolean {
  return PROVIDERS.some(({ modelHeader }) => modelHeader?.test(name));
}

function decodedModel(url: URL | undefined): string | undefined {
  const found = url && modelOfUrl(url);
  if (found === undefined) return undefined;
  try {
    return decodeURIComponent(found);
  } catch {
    return found; // an invalid percent escape
  }
}

function modelOfAnswer(answer: Json): string | undefined {
  return textOf(answer.model) ?? textOf(answer.modelVersion) ?? textOf(objectOf(answer.meta).model);
}

const rowOf = domainLookup(PROVIDERS.flatMap((row) => row.hosts.map((host) => [host, row] as const)));

/** The provider of a URL. Local servers are identified by their port. */
export function providerOf(url: URL): Provider | undefined {
  return rowOf(url) ?? PROVIDERS.find(({ localPort }) => localPort !== undefined && localPort === url.port);
}

/** The name of a URL's provider; if it is unknown, the host with its port. */
export function providerName(url: URL): string {
  return providerOf(url)?.name ?? url.host;
}

/** Kinds that only one provider uses, or whose copies are rare. */
const BY_KIND: Partial<Record<Kind, string>> = { messages: "Anthropic", responses: "OpenAI" };

/** Guesses the provider from the response, for entries without a request; undefined if several match. */
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

/** Whether a URL leads to this machine. */
export function isLocal({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
