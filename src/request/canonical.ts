import { replaceBytes, sha256Hex, textOf, utf8 } from "../lib/bytes.ts";
import { asRecord, canonicalJson, type JsonRewrite, parseJson } from "../lib/json.ts";
import { identityUrl, redactString } from "../secrets/redact.ts";
import type { FormPart } from "./body.ts";
import { PROVIDERS } from "./providers.ts";
import type { RequestData } from "./request.ts";

/** A pattern and what takes its place before a request is hashed. A string pattern is literal. */
export type Normalization = readonly [pattern: string | RegExp, replacement: string];

/** What of a request decides about its answer. */
export interface CanonicalRequest {
  readonly method: string;
  /** Without secrets and fragment. */
  readonly url: string;
  readonly streaming: boolean;
  /** Text, or the bytes of a body that is no valid UTF-8. */
  readonly body: string | Uint8Array<ArrayBuffer>;
  /**
   * How `body` is written, for those who show it or take secrets out of it. `multipart`: JSON with the hashes of the
   * parts. `binary`: whatever nobody wants to read, even if it happens to be valid UTF-8.
   */
  readonly format: "json" | "form" | "multipart" | "text" | "binary";
  /** Those that change the answer, sorted by their lower-case names, without the credentials in known ones. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** What the user adds to the rules. */
export interface CanonicalOptions {
  readonly keyHeaders: ReadonlySet<string>;
  readonly normalize: readonly Normalization[];
}

/** Headers by which two requests with the same URL and body mean different things, as `name:value`. */
const KEY_HEADER = new RegExp(
  `^(?:${PROVIDERS.flatMap(({ keyHeaders }) => keyHeaders ? [keyHeaders.source] : []).join("|")})`,
);

/** Reduces a request to what decides about its answer, in a form that does not change between runs. */
export async function canonicalRequest(request: RequestData, options: CanonicalOptions): Promise<CanonicalRequest> {
  const { method, url } = request;
  const headers = [...request.headers].flatMap(([name, value]) => {
    if (options.keyHeaders.has(name)) return [[name, value] as const];
    return KEY_HEADER.test(`${name}:${value}`) ? [[name, redactString(value)] as const] : [];
  });
  const body = await canonicalBody(request, options.normalize);
  return {
    method,
    url: identityUrl(url),
    streaming: body.streaming || isStreamingUrl(url),
    body: body.body,
    format: body.format,
    headers,
  };
}

/** Whether a URL asks for a stream. */
export function isStreamingUrl({ pathname }: URL): boolean {
  return pathname.endsWith(":streamGenerateContent");
}

/** Whether a JSON body asks for a stream. */
export function isStreamingJson(body: unknown): boolean {
  return asRecord(body)?.stream === true;
}

interface CanonicalBody extends Pick<CanonicalRequest, "body" | "format"> {
  readonly streaming?: boolean;
}

async function canonicalBody(request: RequestData, normalize: readonly Normalization[]): Promise<CanonicalBody> {
  const { body = "", contentType } = request;
  if (typeof body !== "string" && !(body instanceof Uint8Array)) {
    return {
      body: JSON.stringify(await Promise.all(body.map((part) => hashPart(part, normalize)))),
      format: "multipart",
    };
  }
  const text = typeof body === "string" ? body.toWellFormed() : textOf(body);
  if (/json/i.test(contentType) && text !== undefined) {
    const json = canonicalJsonBody(request.url, text, normalize);
    if (json) return json;
  }
  const boundary = boundaryOf(contentType);
  if (boundary) {
    return withoutBoundary(text ?? body as Uint8Array, boundary, normalize);
  }
  if (text === undefined) {
    return { body: body as Uint8Array<ArrayBuffer>, format: "binary" };
  }
  const isForm = /^application\/x-www-form-urlencoded/i.test(contentType);
  return { body: normalizeText(text, normalize), format: isForm ? "form" : "text" };
}

function canonicalJsonBody(url: URL, text: string, normalize: readonly Normalization[]): CanonicalBody | undefined {
  const parsed = parseJson(text);
  if (parsed === undefined) return undefined;
  const rewrites: NonNullable<JsonRewrite["string"]>[] = [];
  if (GEMINI_PATH.test(url.pathname)) rewrites.push(renumberCallIds());
  if (normalize.length) {
    rewrites.push((value) => normalizeText(value, normalize));
  }
  const rewrite: JsonRewrite = rewrites.length
    ? {
      string: (value, path) => rewrites.reduce((text, change) => change(text, path), value),
    }
    : {};
  // Twice, so that what is numbered first does not depend on the order in which members are written.
  const body = canonicalJson(rewrites.length ? canonicalJson(text) ?? text : text, rewrite);
  if (body === undefined) return undefined;
  return { body, format: "json", streaming: isStreamingJson(parsed) };
}

const GEMINI_PATH = /:(?:generateContent|streamGenerateContent|batchGenerateContent|countTokens)$/;
const GEMINI_CALL = /^function_?(?:call|response)$/i;

/**
 * Gemini may leave out the ids of function calls; the AI SDK then invents random ones, and its next request would never
 * be the same again. Which call an answer belongs to stays visible: equal ids get equal numbers.
 */
function renumberCallIds(): NonNullable<JsonRewrite["string"]> {
  const numbers = new Map<string, string>();
  return (value, path) => {
    const call = path.findIndex((name) => GEMINI_CALL.test(name)); // what stands deeper belongs to the program
    if (call === -1 || call !== path.length - 2 || path.at(-1) !== "id") return value;
    const number = numbers.get(value) ?? `call-${numbers.size + 1}`;
    numbers.set(value, number);
    return number;
  };
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

/** The part's own content type is left out: runtimes change it. */
async function hashPart({ name, filename, value }: FormPart, normalize: readonly Normalization[]): Promise<unknown> {
  const bytes = typeof value === "string" ? utf8(normalizeText(value, normalize)) : value;
  return [name, filename ?? null, await sha256Hex(bytes)];
}

function boundaryOf(contentType: string): string | undefined {
  if (!/^multipart\//i.test(contentType)) return undefined;
  const match = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

/** SDKs that build a multipart body by themselves invent a boundary for every request. */
function withoutBoundary(
  body: string | Uint8Array,
  boundary: string,
  normalize: readonly Normalization[],
): CanonicalBody {
  const fixed = "cachy-boundary";
  if (typeof body === "string") {
    return { body: normalizeText(body.replaceAll(boundary, () => fixed), normalize), format: "binary" };
  }
  const bytes = replaceBytes(body, utf8(boundary), utf8(fixed));
  return { body: bytes as Uint8Array<ArrayBuffer>, format: "binary" };
}
