import { byteWriter, decodeBase64, encodeBase64, textOf, utf8, utf8Length } from "../lib/bytes.ts";
import { shared } from "../lib/shared_state.ts";
import { identityUrl, redactText } from "../secrets/redact.ts";

/** In bytes. Some runtimes cannot hold longer lines in one string. */
export const LONGEST_LINE: number = 2 ** 29 - 25;

/** The version of the line format: this code writes it, and reads no newer one. */
export const ENTRY_VERSION = 1;

/** The recorded form of a request. It serves to explain misses and to verify the digest. A replay does not need it. */
export interface RecordedRequest {
  /** `"POST"`, `"GET"` … */
  readonly method: string;
  /** Without credentials. */
  readonly url: string;
  /** Only the headers that are part of the digest. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The canonical body without secrets. `brief` also replaces long strings and binary parts. */
  readonly body: string;
  /** Whether the members of this object are exactly what was hashed, so that the digest can be computed again. */
  readonly exact: boolean;
  /** The option `namespace` of the handle. */
  readonly namespace?: string;
  /** The ordinal of a stateful request among identical ones; only from 2 on. */
  readonly n?: number;
}

/**
 * A recorded response: one parsed line of the file. FORMAT.md describes every member.
 *
 * pycachy also writes `key`, `response`, `headers`, `status_code` and `binary`. Its older lines have only the first two.
 */
export interface Entry {
  /** The first 8 hex digits of the digest. */
  readonly key: string;
  /** The whole digest, 64 hex digits. Lines by pycachy do not have it. */
  readonly sha256?: string;
  /** The version of the line format. */
  readonly v?: number;
  /** The HTTP status: from 200 to 299, but not 206. With {@linkcode Entry.error}, from 400 to 599. */
  readonly status_code?: number;
  /** The recorded response headers, by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether `response` is base64. */
  readonly binary?: boolean;
  /** The body of the response. */
  readonly response: string;
  /** The request. */
  readonly request?: RecordedRequest;
  /** When the end of the response arrived, in ISO 8601 and UTC. */
  readonly recorded_at?: string;
  /** The time from the start of the request to the end of the response, in milliseconds. */
  readonly duration_ms?: number;
  /** The URL of the response, without credentials, if redirects led to another URL. */
  readonly final_url?: string;
  /** The chunks of a streamed response: milliseconds since the headers, and length in bytes. */
  readonly chunks?: readonly (readonly [ms: number, bytes: number])[];
  /** For an error, recorded with the option `recordErrors`: the number of the error among those of its request. */
  readonly error?: number;
  /** How many recorded errors the same request got before this response. */
  readonly after_errors?: number;
}

/** Characters that JSON allows within strings, but that some readers treat as line ends. */
const LINE_SEPARATORS = /[\u0085\u2028\u2029]/g;

/** Formats an entry as one line, with a line feed. */
export function formatEntry(entry: Entry): string {
  return `${formatJson(entry)}\n`;
}

/** JSON in one line for every reader. */
export function formatJson(value: unknown): string {
  const json = JSON.stringify(value);
  // Looking for each of them takes a tenth of the time of the regular expression.
  if (!["\u0085", "\u2028", "\u2029"].some((separator) => json.includes(separator))) return json;
  return json.replace(
    LINE_SEPARATORS,
    (separator) => `\\u${separator.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** In UTF-16 units. */
const PIECE_LENGTH = 1 << 14;

/** The parts of a line before and after its response. */
export function aroundResponse(entry: Entry): { readonly before: string; readonly after: string } {
  const names = Object.keys(entry);
  const place = names.indexOf("response");
  const members = (from: number, to?: number) =>
    formatJson(Object.fromEntries(names.slice(from, to).map((name) => [name, entry[name as keyof Entry]])));
  const before = members(0, place).slice(0, -1);
  const after = members(place + 1).slice(1);
  return {
    before: `${before}${before === "{" ? "" : ","}"response":"`,
    after: `"${after === "}" ? "" : ","}${after}\n`,
  };
}

/** Functions that make the lines of entries without reading `response`. */
export const lineMakers = (): WeakMap<Entry, () => Uint8Array<ArrayBuffer>> =>
  shared("lineMakers", () => new WeakMap());

/** The bytes of {@linkcode formatEntry}. A long response is written in pieces, so that there are no copies of the whole. */
export function entryBytes(entry: Entry): Uint8Array<ArrayBuffer> {
  const makeLine = lineMakers().get(entry);
  // A store may have replaced the member.
  if (makeLine && Object.getOwnPropertyDescriptor(entry, "response")?.get) return makeLine();
  const { response, binary } = entry;
  if (response.length <= PIECE_LENGTH) return utf8(formatEntry(entry));
  const { before, after } = aroundResponse(entry);
  // Memory that is not touched costs nothing, and enlarging it would copy all.
  const written = byteWriter((1 << 17) + response.length * (binary ? 1 : 1.6));
  written.add(before);
  if (binary) written.add(response); // base64 needs no escapes
  for (let at = 0, end = 0; at < response.length && !binary; at = end) {
    end = at + PIECE_LENGTH;
    // Both halves of a surrogate pair are in one piece.
    if (/[\ud800-\udbff]/.test(response[end - 1] ?? "")) end++;
    written.add(formatJson(response.slice(at, end)).slice(1, -1));
  }
  written.add(after);
  return written.bytes();
}

/**
 * Parses one line.
 *
 * @returns The entry, or a short reason why the line is not an entry.
 */
export function parseEntry(line: string): Entry | string {
  // Check this before parsing: a million blank lines would throw a million exceptions, which take ten seconds on Node.
  if (!line.trim()) return "blank line";
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return /^(?:<{7}|={7}|>{7}|\|{7})/.test(line) ? "git conflict marker" : "not JSON";
  }
  const entry = checkEntry(value);
  if (typeof entry === "string") return entry;
  // The index reads the first "key" and the parser the last: both must be the same.
  return entry.key === (FIRST_KEY.exec(line)?.[1] ?? entry.key) ? entry : `duplicate "key"`;
}

/** Matches the key at the start of a line. Both cachy and pycachy write it there. */
const FIRST_KEY = /^\s*\{\s*"key"\s*:\s*"([0-9a-f]{8})"/;

/**
 * Checks a parsed line.
 *
 * @returns The entry, or a short reason why the value is not an entry.
 */
export function checkEntry(value: unknown): Entry | string {
  if (!isRecord(value)) return "not a JSON object";
  const { key, sha256, v, status_code: status, headers, binary, response, error } = value;
  if (v !== undefined && v !== ENTRY_VERSION) {
    return typeof v === "number" && v > ENTRY_VERSION
      ? `format ${v} needs a newer version of cachy`
      : `"v" is ${show(v)}`;
  }
  if (typeof key !== "string") return `"key" is ${show(key)}`;
  if (sha256 !== undefined && !(typeof sha256 === "string" && sha256.startsWith(key))) {
    return `"sha256" does not start with "key"`;
  }
  if (typeof response !== "string") return `"response" is ${show(response)}`;
  if (error !== undefined && !(Number.isInteger(error) && (error as number) > 0)) return `"error" is ${show(error)}`;
  const fits = error === undefined ? isSuccess : isErrorStatus;
  if (status !== undefined && status !== null && !fits(status)) {
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

/** Whether a status is one that the option `recordErrors` records. */
export function isErrorStatus(status: unknown): boolean {
  return Number.isInteger(status) && (status as number) >= 400 && (status as number) < 600;
}

/** Failed and partial responses of other programs are never replayed. */
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

/** In characters. Longer texts are cut, because they may contain a secret. */
const SHOWN_LENGTH = 12;

/** A short description of a value. Lists and objects are not formatted, because they may be nested too deeply. */
function show(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string") {
    return JSON.stringify(value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH)}…` : value);
  }
  if (Array.isArray(value)) return "a list";
  return isRecord(value) ? "an object" : String(value);
}

/** The text of a body; undefined if its content type is not textual, or if it is not valid UTF-8. */
export function textOfBody(body: Uint8Array, contentType: string): string | undefined {
  return isTextual(contentType) ? textOf(body) : undefined;
}

/**
 * The members of an entry that store a body.
 *
 * @param text The result of {@linkcode textOfBody}.
 */
export function encodeBody(
  body: Uint8Array,
  contentType: string,
  text: string | undefined = textOfBody(body, contentType),
): Required<Pick<Entry, "binary" | "response">> {
  return text === undefined ? { binary: true, response: encodeBase64(body) } : { binary: false, response: text };
}

/** The body of an entry: its text, or its bytes if it is binary. */
export function decodeBody(entry: Entry): string | Uint8Array<ArrayBuffer> {
  return entry.binary ? decodeBase64(entry.response) : entry.response;
}

/** The content type of an entry; empty if it has none. */
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

/** Whether bodies of a content type are stored as text, if they are valid UTF-8. */
export function isTextual(contentType: string): boolean {
  return /^text\/|json|xml|javascript|x-www-form-urlencoded|event-stream|yaml/i
    .test(contentType) &&
    !/eventstream/i.test(contentType);
}

/** Contains the URL of the SDK's next request. */
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
  // Errors have these.
  "retry-after",
  "retry-after-ms",
  "x-should-retry",
];

/** Response headers that are never recorded: credentials, and headers that describe the encoded body. */
export const NEVER_RECORDED_HEADERS: ReadonlySet<string> = new Set([
  "set-cookie",
  "content-encoding",
  "content-length",
  "transfer-encoding",
]);

/** The response headers to record, with redacted URLs. */
export function recordedHeaders(headers: Headers, alsoRecorded: ReadonlySet<string>): Record<string, string> {
  const recorded: Record<string, string> = {};
  for (const name of [...RECORDED_HEADERS, ...alsoRecorded]) {
    const value = headers.get(name);
    if (value === null || NEVER_RECORDED_HEADERS.has(name)) continue;
    recorded[name] = name === UPLOAD_URL && URL.canParse(value) ? identityUrl(new URL(value)) : redactText(value);
  }
  return recorded;
}
