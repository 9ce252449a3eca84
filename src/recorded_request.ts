import { encodeBase64 } from "./base64.ts";
import { sha256Hex, utf8 } from "./bytes.ts";
import { canonicalJson } from "./canonical_json.ts";
import type { CanonicalRequest } from "./canonical_request.ts";
import type { DigestExtras } from "./digest.ts";
import type { RecordedRequest } from "./entry.ts";
import type { RequestData } from "./request.ts";
import type { FormPart } from "./request_body.ts";
import { isSecretName, REDACTED, redactForm, redactJson } from "./secrets.ts";

/**
 * How much of a request is kept beside its answer.
 *
 * - `brief`: everything, but long strings and binary parts by their length and SHA-256
 * - `whole`: everything
 * - `none`: nothing
 */
export type KeepRequest = "brief" | "whole" | "none";

/** Strings up to this many characters stay in `brief`. */
const BRIEF_LENGTH = 4096;

/** What the file keeps of a request, without its secrets. */
export async function recordedRequest(
  request: RequestData,
  canonical: CanonicalRequest,
  { keep, n, namespace }: DigestExtras & { readonly keep: KeepRequest },
): Promise<RecordedRequest | undefined> {
  if (keep === "none") return undefined;
  const { method, url, headers } = canonical;
  const body = keep === "whole" ? wholeBody(request, canonical) : await briefBody(canonical);
  return {
    method,
    url,
    headers: headers.length ? Object.fromEntries(headers.map(withoutCredential)) : undefined,
    body,
    exact: body === canonical.body && !headers.some(([name]) => isSecretName(name)),
    namespace,
    n,
  };
}

function wholeBody(request: RequestData, { body, format }: CanonicalRequest): string {
  if (format === "multipart") {
    return JSON.stringify((request.body as readonly FormPart[]).map(wholePart));
  }
  return typeof body === "string" ? redact(body, format) : base64(body);
}

function withoutCredential([name, value]: readonly [string, string]): readonly [string, string] {
  return [name, isSecretName(name) ? REDACTED : value];
}

function wholePart({ name, filename, value }: FormPart): unknown {
  if (isSecretName(name)) return [name, filename ?? null, REDACTED];
  return [name, filename ?? null, typeof value === "string" ? value : base64(value)];
}

function base64(bytes: Uint8Array): string {
  return `base64:${encodeBase64(bytes)}`;
}

function redact(body: string, format: CanonicalRequest["format"]): string {
  if (format === "json") return canonicalJson(body, redactJson) ?? body;
  if (format === "form") return redactForm(body);
  return format === "text" && isJson(body) ? redactedText(body) : body;
}

/** As it is, unless it holds a secret. */
function redactedText(text: string): string {
  const redacted = canonicalJson(text, redactJson);
  return redacted === undefined || redacted === canonicalJson(text) ? text : redacted;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function briefBody({ body, format }: CanonicalRequest): Promise<string> {
  if (format === "binary") return await summary(body);
  const redacted = redact(body as string, format);
  if (redacted.length <= BRIEF_LENGTH || format === "multipart") {
    return redacted;
  }
  if (format !== "json") return await summary(redacted);
  const summaries = await summarizeLongStrings(redacted);
  return canonicalJson(redacted, { string: (value) => summaries.get(value) ?? value }) ?? redacted;
}

/** Hashing is asynchronous and rewriting is not, so the long strings are collected first. */
async function summarizeLongStrings(json: string): Promise<ReadonlyMap<string, string>> {
  const long = new Set<string>();
  canonicalJson(json, { string: (value) => (value.length > BRIEF_LENGTH && long.add(value), value) });
  return new Map(await Promise.all([...long].map(async (value) => [value, await summary(value)] as const)));
}

async function summary(content: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const [bytes, unit] = typeof content === "string" ? [utf8(content), "characters"] : [content, "bytes"];
  return `[${content.length} ${unit}, sha256 ${await sha256Hex(bytes)}]`;
}
