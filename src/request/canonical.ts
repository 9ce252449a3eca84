import { replaceBytes, sha256Hex, textOf, utf8 } from "../lib/bytes.ts";
import { asRecord, canonicalJson, parseJson } from "../lib/json.ts";
import { whenKnown } from "../lib/wait.ts";
import {
  identityUrl,
  isCredentialName,
  maskUrlCredentials,
  parameterName,
  REDACTED,
  redactString,
} from "../secrets/redact.ts";
import type { FormPart } from "./body.ts";
import { formParts, isOmitted, jsonIdentity, type OmitPath, withoutClock } from "./body_identity.ts";
import { PROVIDERS } from "./providers.ts";
import type { RequestData } from "./request.ts";

/** A pattern and what takes its place before a request is hashed. A string pattern is literal. */
export type Normalization = readonly [pattern: string | RegExp, replacement: string];

/** The parts of a request that decide its answer. */
export interface CanonicalRequest {
  readonly method: string;
  /** Without secrets and fragment. */
  readonly url: string;
  readonly streaming: boolean;
  /** Text, or the bytes of a body that is no valid UTF-8. */
  readonly body: string | Uint8Array<ArrayBuffer>;
  /**
   * How `body` is written, for those who show it or take secrets out of it. `multipart`: JSON with the hashes of the
   * parts. `binary`: bytes that are not shown, even if they are valid UTF-8.
   */
  readonly format: "json" | "form" | "multipart" | "text" | "binary";
  /** The parts of a form, if `format` is `multipart`. */
  readonly parts?: readonly FormPart[];
  /** Those that change the answer, sorted by their lower-case names, without the credentials in known ones. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** True if the rules of version 0.1 certainly give the same text, so that its recording has the same key. */
  readonly isAsEarlier?: boolean;
}

/** Options that change the rules. */
export interface CanonicalOptions {
  readonly keyHeaders: ReadonlySet<string>;
  readonly normalize: readonly Normalization[];
  /** Members of JSON bodies and fields of forms that are not part of the key. */
  readonly omit?: readonly OmitPath[];
}

/** The rules that apply to one request. */
interface KeyRules {
  readonly normalize: (text: string) => string;
  readonly hasPatterns: boolean;
  readonly omit: readonly OmitPath[];
  /** Whether to apply the rules of version 0.1, whose recordings are still found. */
  readonly isEarlier: boolean;
}

/** Headers by which two requests with the same URL and body mean different things, as `name:value`. */
const KEY_HEADER = new RegExp(
  `^(?:${PROVIDERS.flatMap(({ keyHeaders }) => keyHeaders ? [keyHeaders.source] : []).join("|")})`,
);

/**
 * Reduces a request to what decides about its answer, in a form that does not change between runs.
 *
 * @param isEarlier Whether to apply the rules of version 0.1.
 */
export function canonicalRequest(
  request: RequestData,
  { keyHeaders, normalize, omit = [] }: CanonicalOptions,
  isEarlier = false,
): CanonicalRequest | Promise<CanonicalRequest> {
  const { method, url } = request;
  const rules: KeyRules = {
    normalize: (text) => normalizeText(text, normalize),
    hasPatterns: normalize.length > 0,
    omit,
    isEarlier,
  };
  const headers: (readonly [string, string])[] = [];
  request.headers.forEach((value, name) => {
    if (keyHeaders.has(name)) headers.push([name, value]);
    else if (KEY_HEADER.test(`${name}:${value}`)) headers.push([name, redactString(value)]);
  });
  const whole = (body: CanonicalBody): CanonicalRequest => ({
    ...body,
    method,
    url: isEarlier ? identityUrl(url) : keyUrl(url, rules),
    streaming: body.streaming || isStreamingUrl(url),
    headers: isEarlier ? headers : headers.map(([name, value]) => [name, rules.normalize(value)]),
  });
  return whenKnown(canonicalBody(request, rules), whole);
}

function keyUrl(url: URL, rules: KeyRules): string {
  const address = identityUrl(url);
  if (!rules.hasPatterns) return address;
  const [, origin = "", path = "", query] = /^([^/]*\/\/[^/]*)([^?]*)(?:\?(.*))?$/s.exec(address) ?? [];
  const rest = query === undefined ? "" : `?${pairsIdentity(query, rules.normalize)}`;
  return origin + rules.normalize(path) + rest;
}

/** Whether a URL asks for a stream. */
export function isStreamingUrl({ pathname }: URL): boolean {
  return pathname.endsWith(":streamGenerateContent");
}

/** Whether a JSON body asks for a stream. */
export function isStreamingJson(body: unknown): boolean {
  return asRecord(body)?.stream === true;
}

interface CanonicalBody extends Pick<CanonicalRequest, "body" | "format" | "parts" | "isAsEarlier"> {
  readonly streaming?: boolean;
}

function canonicalBody(request: RequestData, rules: KeyRules): CanonicalBody | Promise<CanonicalBody> {
  const { body = "", contentType } = request;
  if (typeof body !== "string" && !(body instanceof Uint8Array)) return canonicalForm(body, rules);
  const text = typeof body === "string" ? body.toWellFormed() : textOf(body);
  if (/json/i.test(contentType) && text !== undefined) {
    const json = canonicalJsonBody(request.url, text, rules);
    if (json) return json;
  }
  const boundary = boundaryOf(contentType);
  if (boundary) return canonicalMultipart(text ?? body as Uint8Array<ArrayBuffer>, contentType, boundary, rules);
  if (text === undefined) {
    return { body: body as Uint8Array<ArrayBuffer>, format: "binary" };
  }
  const isForm = /^application\/x-www-form-urlencoded/i.test(contentType);
  return { body: isForm ? canonicalPairs(text, rules) : textIdentity(text, rules), format: isForm ? "form" : "text" };
}

function canonicalJsonBody(url: URL, text: string, rules: KeyRules): CanonicalBody | undefined {
  const parsed = parseJson(text);
  const names = new Set<string>();
  const canonical = parsed === undefined ? undefined : canonicalJson(text, { names });
  if (canonical === undefined) return undefined;
  const { omit, isEarlier, hasPatterns } = rules;
  const normalize = hasPatterns ? rules.normalize : undefined;
  const body = jsonIdentity({ text: canonical, names }, { url, omit, normalize, isEarlier });
  return { body, format: "json", streaming: isStreamingJson(parsed), isAsEarlier: body === canonical && !hasPatterns };
}

/** Recorded parts of a form, with the options applied to fields and file names. */
export function normalizeParts(
  parts: readonly (readonly [name: string, filename: string | null, value: string])[],
  { normalize, omit = [] }: CanonicalOptions,
): (readonly [name: string, filename: string | null, value: string])[] {
  const kept = parts.filter(([name]) => !isOmitted([name], omit));
  return kept.map(([name, file, value]) => {
    return file === null
      ? [name, file, normalizeText(value, normalize)]
      : [name, normalizeText(withoutClock(file), normalize), value];
  });
}

function normalizeText(text: string, normalize: readonly Normalization[]): string {
  return normalize.reduce((current, [pattern, replacement]) => {
    if (typeof pattern === "string") {
      return current.replaceAll(pattern, () => replacement);
    }
    return current.replaceAll(everyMatch(pattern), replacement);
  }, text);
}

function everyMatch(pattern: RegExp): RegExp {
  return new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, "")}g`);
}

function textIdentity(text: string, { isEarlier, normalize }: KeyRules): string {
  return normalize(isEarlier ? text : maskUrlCredentials(text));
}

/** The fields of a form (`a=1&password=x`). */
function canonicalPairs(text: string, rules: KeyRules): string {
  if (rules.isEarlier) return rules.normalize(text);
  const kept = text.split("&").filter((pair) => !isOmitted([parameterName(pair)], rules.omit));
  return pairsIdentity(kept.join("&"), (value, name) => fieldIdentity(name, value, rules));
}

/** Changes the decoded values of pairs; what does not change stays as it was written. */
function pairsIdentity(text: string, change: (value: string, name: string) => string): string {
  return text.split("&").map((pair) => {
    const [, start = "", written = ""] = /^([^=]*=?)(.*)$/s.exec(pair) ?? [];
    const value = decoded(written);
    const changed = change(value, parameterName(pair));
    return changed === value ? pair : start + encodeURIComponent(changed);
  }).join("&");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

function fieldIdentity(name: string, value: string, rules: KeyRules): string {
  return !rules.isEarlier && isCredentialName(name) ? REDACTED : textIdentity(value, rules);
}

async function canonicalForm(parts: readonly FormPart[], rules: KeyRules): Promise<CanonicalBody> {
  const kept = rules.isEarlier ? parts : parts.filter(({ name }) => !isOmitted([name], rules.omit));
  const hashed = await Promise.all(kept.map((part) => hashPart(part, rules)));
  return { body: JSON.stringify(hashed), format: "multipart", parts };
}

/** The part's own content type is left out: runtimes change it. */
async function hashPart({ name, filename, value }: FormPart, rules: KeyRules): Promise<unknown> {
  if (typeof value !== "string") return [name, fileNameIdentity(filename, rules), await sha256Hex(value)];
  // Line ends are CR LF on the wire, whatever the program wrote.
  const text = rules.isEarlier ? value : value.replace(/\r\n?/g, "\n");
  return [name, fileNameIdentity(filename, rules), await sha256Hex(utf8(fieldIdentity(name, text, rules)))];
}

function fileNameIdentity(name: string | undefined, { isEarlier, normalize }: KeyRules): string | null {
  if (name === undefined) return null;
  return isEarlier ? name : normalize(withoutClock(name));
}

function boundaryOf(contentType: string): string | undefined {
  if (!/^multipart\//i.test(contentType)) return undefined;
  const match = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

/** A form that was serialized before is one of the same parts. Others lose the boundary, which SDKs invent. */
async function canonicalMultipart(
  body: string | Uint8Array<ArrayBuffer>,
  contentType: string,
  boundary: string,
  rules: KeyRules,
): Promise<CanonicalBody> {
  const isForm = !rules.isEarlier && /^multipart\/form-data/i.test(contentType);
  const parts = isForm ? formParts(typeof body === "string" ? utf8(body) : body, boundary) : undefined;
  if (parts) return await canonicalForm(parts, rules);
  const fixed = "cachy-boundary";
  if (typeof body === "string") {
    return { body: textIdentity(body.replaceAll(boundary, () => fixed), rules), format: "binary" };
  }
  const bytes = replaceBytes(body, utf8(boundary), utf8(fixed));
  return { body: bytes as Uint8Array<ArrayBuffer>, format: "binary" };
}
