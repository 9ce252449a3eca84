import { encodeBase64, sha256Hex, utf8 } from "../lib/bytes.ts";
import { canonicalJson, parseJson } from "../lib/json.ts";
import { withinTime } from "../lib/wait.ts";
import type { FormPart } from "../request/body.ts";
import type { CanonicalRequest } from "../request/canonical.ts";
import type { DigestExtras } from "../request/identify.ts";
import {
  isCredentialMember,
  isSecretName,
  REDACTED,
  redactForm,
  redactJson,
  redactJsonText,
  redactString,
  redactText,
} from "../secrets/redact.ts";
import { type Credential, hideInText } from "../secrets/values.ts";
import { bodyLength, checkEntry, type Entry, type RecordedRequest } from "./entry.ts";

/**
 * How much of a request is recorded with its response.
 *
 * - `brief`: everything, except that long strings and binary parts are replaced with their length and SHA-256
 * - `whole`: everything
 * - `none`: nothing
 */
export type KeepRequest = "brief" | "whole" | "none";

/** `brief` replaces longer strings. In characters. */
const BRIEF_LENGTH = 4096;
/** `brief` replaces longer bodies: searching them for secrets would block the program for too long. In characters. */
const SEARCHED_LENGTH = 1 << 20;

/** The recorded form of a request, without its secrets. */
export async function recordedRequest(
  canonical: CanonicalRequest,
  { keep, n, namespace }: DigestExtras & { readonly keep: KeepRequest },
): Promise<RecordedRequest | undefined> {
  if (keep === "none") return undefined;
  const { method, headers } = canonical;
  const url = redactText(canonical.url);
  const shown = headers.map(redactHeader);
  const body = keep === "whole" ? wholeBody(canonical) : await briefBody(canonical);
  const isExact = body === canonical.body && url === canonical.url &&
    headers.every(([, value], index) => value === shown[index]?.[1]);
  return {
    method,
    url,
    headers: headers.length ? Object.fromEntries(shown) : undefined,
    body,
    exact: isExact,
    namespace,
    n,
  };
}

/** A header without secrets. */
export function redactHeader([name, value]: readonly [string, string]): readonly [string, string] {
  return [name, isSecretName(name) ? REDACTED : redactString(value)];
}

function wholeBody({ body, format, parts = [] }: CanonicalRequest): string {
  if (format === "multipart") return JSON.stringify(parts.map(wholePart));
  return typeof body === "string" ? redactBody(body, format) ?? redactText(body) : base64(body);
}

/** A part of a form in the file. `value` is the value, or its SHA-256 in hex. */
export type RecordedPart = readonly [name: string, filename: string | null, value: string];

/** Whether JSON is a recorded form. Unlike a JSON body, a form is recorded without spaces between its items. */
export function areRecordedParts(value: unknown, text: string): value is readonly RecordedPart[] {
  return Array.isArray(value) && value.length > 0 && value.every(isRecordedPart) && JSON.stringify(value) === text;
}

function isRecordedPart(part: unknown): boolean {
  if (!Array.isArray(part) || part.length !== 3) return false;
  const [name, filename, value] = part;
  return typeof name === "string" && (filename === null || typeof filename === "string") && typeof value === "string";
}

/** Whether the value of a recorded part is a SHA-256. */
export function isHash(value: string): boolean {
  return /^[0-9a-f]{64}$/.test(value);
}

function wholePart({ name, filename, value }: FormPart): RecordedPart {
  if (isSecretName(name)) return [name, filename ?? null, REDACTED];
  return [name, filename ?? null, typeof value === "string" ? redactString(value) : base64(value)];
}

function base64(bytes: Uint8Array): string {
  return `base64:${encodeBase64(bytes)}`;
}

/** Redacts the secrets of a body; undefined if its format cannot be searched for secrets. */
function redactBody(body: string, format: CanonicalRequest["format"]): string | undefined {
  switch (format) {
    case "json":
      return canonicalJson(body, redactJson);
    case "form":
      return redactForm(body);
    case "multipart": // hashes
      return body;
    case "text":
      return redactJsonText(body) ?? redactJsonLines(body);
    case "binary":
      return undefined;
  }
}

function redactJsonLines(text: string): string | undefined {
  const lines = text.split("\n").map((line) => line.trim() === "" ? line : redactJsonText(line));
  return lines.includes(undefined) ? undefined : lines.join("\n");
}

async function briefBody({ body, format }: CanonicalRequest): Promise<string> {
  const redacted = typeof body === "string" && body.length <= SEARCHED_LENGTH ? redactBody(body, format) : undefined;
  if (redacted === undefined) return body.length ? await placeholder(body) : "";
  if (redacted.length <= BRIEF_LENGTH || format === "multipart") return redacted;
  if (format !== "json") return await placeholder(redacted);
  const placeholders = await replaceLongStrings(redacted);
  return canonicalJson(redacted, { string: (value) => placeholders.get(value) ?? value }) ??
    await placeholder(redacted);
}

/** The placeholders of long strings. They are computed first, because hashing is asynchronous and rewriting is not. */
async function replaceLongStrings(json: string): Promise<ReadonlyMap<string, string>> {
  const long = new Set<string>();
  canonicalJson(json, { string: (value) => (value.length > BRIEF_LENGTH && long.add(value), value) });
  return new Map(await Promise.all([...long].map(async (value) => [value, await placeholder(value)] as const)));
}

/** Replaces a long string or a binary part. */
async function placeholder(content: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const [bytes, unit] = typeof content === "string" ? [utf8(content), "characters"] : [content, "bytes"];
  return `[${content.length} ${unit}, sha256 ${await sha256Hex(bytes)}]`;
}

const PLACEHOLDER = /\[(\d{1,15}) (characters|bytes), sha256 [0-9a-f]{64}\]/;
const PLACEHOLDER_ALONE = new RegExp(`^${PLACEHOLDER.source}$`);

/** Whether a text contains a placeholder. */
export function holdsPlaceholder(text: string): boolean {
  return PLACEHOLDER.test(text);
}

/** The length of the content that a placeholder replaces; undefined if the text is not a placeholder. */
export function placeholderLength(
  text: string,
): { readonly count: number; readonly unit: "characters" | "bytes" } | undefined {
  const [, count, unit] = PLACEHOLDER_ALONE.exec(text) ?? [];
  return count === undefined ? undefined : { count: Number(count), unit: unit as "characters" | "bytes" };
}

/** The places of a recorded request where it may differ although it looks alike: redacted values that were hashed. */
export function hiddenPlaces({ headers = {}, body }: RecordedRequest): string[] {
  const places = Object.keys(headers).filter((name) => headers[name]?.includes(REDACTED)).map((name) =>
    `headers.${name}`
  );
  const parts = parseJson(body);
  if (areRecordedParts(parts, body)) {
    return [...places, ...parts.filter((part) => part[2].includes(REDACTED)).map(([name]) => `form.${name}`)];
  }
  if (parts === undefined) return body.includes(REDACTED) ? [...places, "body"] : places;
  canonicalJson(body, {
    string(value, path) {
      const isHashed = value !== REDACTED || !isCredentialMember(path);
      if (value.includes(REDACTED) && isHashed) places.push(path.join("."));
      return value;
    },
  });
  return [...new Set(places)];
}

/** Redacts the values of credentials, and text that looks like a key. */
export function hideSecretValues(request: RecordedRequest, credentials: readonly Credential[]): RecordedRequest {
  const hide = (text: string) => hideInText(text, credentials);
  const { url, headers, body, namespace } = request;
  const hidden = {
    ...request,
    url: hide(url),
    headers: headers && Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, hide(value)])),
    body: hide(body),
    namespace: namespace === undefined ? undefined : hide(namespace),
  };
  return { ...hidden, exact: request.exact && JSON.stringify(hidden) === JSON.stringify(request) };
}

/** The option `redact`: gives the entry to store. */
export type Redact = (entry: Entry) => Entry | Promise<Entry>;

/** In milliseconds: the end of the response waits for it. */
const REDACT_LIMIT_MS = 10_000;

/**
 * Applies the option `redact` to an entry, before anything of it is written.
 *
 * @throws {Error} If the function throws or takes too long, or if its result is not the same entry with other contents.
 */
export async function redactEntry(entry: Entry, redact: Redact): Promise<Entry> {
  const { headers, request } = entry;
  const copy = { ...entry, headers: headers && { ...headers }, request: request && { ...request } };
  const result: unknown = await withinTime(redact(copy), REDACT_LIMIT_MS);
  const checked = checkEntry(result);
  if (typeof checked === "string") throw new Error(`it did not return an entry: ${checked}`);
  const changed = (["key", "sha256", "v"] as const).find((name) => checked[name] !== entry[name]);
  if (changed) throw new Error(`it changed "${changed}"`);
  if (checked.request && typeof checked.request.body !== "string") throw new Error(`"request.body" is not a string`);
  const { key, sha256, v } = entry; // The key comes first in a line.
  return Object.assign({ key, sha256, v }, checked, {
    request: sameOrInexact(checked.request, request),
    chunks: fitChunks(checked),
  });
}

function sameOrInexact(redacted: RecordedRequest | undefined, request: RecordedRequest | undefined) {
  return redacted && JSON.stringify(redacted) !== JSON.stringify(request) ? { ...redacted, exact: false } : redacted;
}

/** Moves the borders of the chunks, so that a stream of another length is still replayed in as many chunks. */
function fitChunks({ chunks, ...entry }: Entry): Entry["chunks"] {
  const [length, total] = [bodyLength(entry), chunks?.reduce((sum, [, bytes]) => sum + bytes, 0) ?? 0];
  if (!chunks || total === length || total === 0) return chunks;
  let [given, used] = [0, 0];
  const fitted = chunks.map(([ms, bytes]) => {
    const start = used;
    given += bytes;
    used = Math.round(given / total * length);
    return [ms, used - start] as const;
  });
  return fitted.filter(([, bytes]) => bytes > 0);
}
