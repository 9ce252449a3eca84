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
