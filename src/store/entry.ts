import { decodeBase64, encodeBase64, textOf, utf8Length } from "../lib/bytes.ts";
import { identityUrl, redactText } from "../secrets/redact.ts";

/** The newest version of the line format that this code reads, and the one that it writes. */
export const ENTRY_VERSION = 1;

/** What is kept of a request: for people, for explaining a miss and for checking, never for answering. */
export interface RecordedRequest {
  /** `"POST"`, `"GET"` … */
  readonly method: string;
  /** Without credentials. */
  readonly url: string;
  /** Only those that are part of the digest. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The canonical body; secrets, and in `brief` also long strings and binary parts, are replaced. */
  readonly body: string;
  /** Whether `body` is the very text that was hashed, so that the digest can be computed again. */
  readonly exact: boolean;
  /** The option `namespace` that the request was made under. */
  readonly namespace?: string;
  /** The n-th identical stateful request, from 2 on. */
  readonly n?: number;
}

/**
 * One recorded answer: a line of the file, parsed. FORMAT.md describes every member.
 *
 * `key`, `response`, `headers`, `status_code` and `binary` are shared with pycachy, whose older lines have only the
 * first two.
 */
export interface Entry {
  /** The first 8 hex digits of the digest. */
  readonly key: string;
  /** The whole digest, 64 hex digits; missing in lines that pycachy wrote. */
  readonly sha256?: string;
  /** Version of the format. */
  readonly v?: number;
  /** HTTP status, always a success. */
  readonly status_code?: number;
  /** Those response headers that SDKs need, by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether `response` is base64. */
  readonly binary?: boolean;
  /** The body of the answer. */
  readonly response: string;
  /** What was asked. */
  readonly request?: RecordedRequest;
  /** When the answer had arrived, ISO 8601 in UTC. */
  readonly recorded_at?: string;
  /** From the start of the request to the end of the answer, in milliseconds. */
  readonly duration_ms?: number;
  /** For streamed answers: milliseconds since the headers and length in bytes of each chunk. */
  readonly chunks?: readonly (readonly [ms: number, bytes: number])[];
}

/** Characters that JSON allows inside a string but that some readers take for the end of a line. */
const LINE_SEPARATORS = /[\u0085\u2028\u2029]/g;

/** Writes an entry as one line, with its line feed. */
export function formatEntry(entry: Entry): string {
  const line = JSON.stringify(entry).replace(
    LINE_SEPARATORS,
    (separator) => `\\u${separator.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${line}\n`;
}

/**
 * Reads one line.
 *
 * @returns The entry, or in a few words why the line is none.
 */
export function parseEntry(line: string): Entry | string {
  // Not left to the parser: a million blank lines would be a million exceptions, which take ten seconds on Node.
  if (!line.trim()) return "blank line";
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return /^(?:<{7}|={7}|>{7}|\|{7})/.test(line) ? "git conflict marker" : "not JSON";
  }
  const entry = checkEntry(value);
  if (typeof entry === "string") return entry;
  // Whoever looks for a line by its start must not find another one than whoever parses it.
  return entry.key === (FIRST_KEY.exec(line)?.[1] ?? entry.key) ? entry : `"key" stands twice`;
}

/** The key of a line that begins with it, as all lines do that we or pycachy wrote. */
const FIRST_KEY = /^\s*\{\s*"key"\s*:\s*"([0-9a-f]{8})"/;

/**
 * Reads one line that is parsed already.
 *
 * @returns The entry, or in a few words why the value is none.
 */
export function checkEntry(value: unknown): Entry | string {
  if (!isRecord(value)) return "not a JSON object";
  const { key, sha256, v, status_code: status, headers, binary, response } = value;
  if (v !== undefined && v !== ENTRY_VERSION) {
    return typeof v === "number" && v > ENTRY_VERSION ? `format ${v} of a newer version` : `"v" is ${show(v)}`;
  }
  if (typeof key !== "string") return `"key" is ${show(key)}`;
  if (sha256 !== undefined && !(typeof sha256 === "string" && sha256.startsWith(key))) {
    return `"sha256" does not belong to "key"`;
  }
  if (typeof response !== "string") return `"response" is ${show(response)}`;
  if (status !== undefined && status !== null && !isSuccess(status)) {
    return `"status_code" is ${show(status)}`;
  }
  const optional: [string, unknown, boolean][] = [
    ["headers", headers, isRecord(headers)],
    ["binary", binary, typeof binary === "boolean"],
  ];
  const wrong = optional.find(([, member, fits]) => member !== undefined && member !== null && !fits);
  if (wrong) return `"${wrong[0]}" is ${show(wrong[1])}`;
  return binary && !isBase64(response) ? `"response" is not base64` : value as unknown as Entry;
}

/** Failed requests and parts of a body are never an answer, whoever wrote them down. */
function isSuccess(status: unknown): boolean {
  return Number.isInteger(status) && (status as number) >= 200 &&
    (status as number) < 300 && status !== 206;
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** How much of a text is shown: it may be a secret that was put into the wrong place. In characters. */
const SHOWN_LENGTH = 12;

/** A value in a few words. Lists and objects are not written out: they may be nested too deeply for that. */
function show(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string") {
    return JSON.stringify(value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH)}…` : value);
  }
  if (Array.isArray(value)) return "a list";
  return isRecord(value) ? "an object" : String(value);
}

/** A body as the members `binary` and `response` hold it. */
export function encodeBody(body: Uint8Array, contentType: string): Required<Pick<Entry, "binary" | "response">> {
  const text = isTextual(contentType) ? textOf(body) : undefined;
  return text === undefined ? { binary: true, response: encodeBase64(body) } : { binary: false, response: text };
}

/** The body of an entry: its text, or its bytes if it is binary. */
export function decodeBody(entry: Entry): string | Uint8Array<ArrayBuffer> {
  return entry.binary ? decodeBase64(entry.response) : entry.response;
}

/** The content type of an entry, as a replay has it; empty if none was kept. */
export function contentTypeOf({ headers }: Entry): string {
  const isType = ([name, value]: [string, unknown]) =>
    name.toLowerCase() === "content-type" && typeof value === "string";
  return Object.entries(headers ?? {}).findLast(isType)?.[1].trim() ?? "";
}

/** How many bytes the body of an entry has. */
export function bodyLength({ binary, response }: Entry): number {
  if (!binary) return utf8Length(response);
  const padding = response.endsWith("==") ? 2 : response.endsWith("=") ? 1 : 0;
  return response.length / 4 * 3 - padding;
}

function isTextual(contentType: string): boolean {
  return /^text\/|json|xml|javascript|x-www-form-urlencoded|event-stream|yaml/i
    .test(contentType) &&
    !/eventstream/i.test(contentType);
}

/** An SDK sends its next request there, which has to be the recorded one. */
const UPLOAD_URL = "x-goog-upload-url";

/** Response headers that are recorded: what SDKs and replays need. */
const RECORDED_HEADERS: readonly string[] = [
  "content-type",
  "x-request-id",
  "request-id",
  "x-amzn-requestid",
  UPLOAD_URL,
  "x-goog-upload-status",
  "mcp-session-id",
];

/** Response headers that are never recorded, asked for or not: credentials, and what describes bytes on the wire. */
export const NEVER_RECORDED_HEADERS: ReadonlySet<string> = new Set([
  "set-cookie",
  "content-encoding",
  "content-length",
  "transfer-encoding",
]);

/** The response headers that go into the file, without secrets in URLs. */
export function recordedHeaders(headers: Headers, alsoRecorded: ReadonlySet<string>): Record<string, string> {
  const recorded: Record<string, string> = {};
  for (const name of [...RECORDED_HEADERS, ...alsoRecorded]) {
    const value = headers.get(name);
    if (value === null || NEVER_RECORDED_HEADERS.has(name)) continue;
    recorded[name] = name === UPLOAD_URL && URL.canParse(value) ? identityUrl(new URL(value)) : redactText(value);
  }
  return recorded;
}
