import { byteStream, closeBytes, enqueueBytes, utf8 } from "../lib/bytes.ts";
import { type Framing, framingOf } from "../lib/framing.ts";
import { decodeBody, type Entry, NEVER_RECORDED_HEADERS } from "../store/entry.ts";
import { labelled } from "./labelled.ts";
import { type Clock, createPacer, type Pace, type Pacer } from "./pace.ts";

const isBun = "Bun" in globalThis;

/** HTTP/1.1 servers send these, and SDKs show them. */
export const STATUS_TEXTS: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  408: "Request Timeout",
  409: "Conflict",
  413: "Payload Too Large",
  422: "Unprocessable Entity",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** How a response is replayed. */
export interface ReplayRequest {
  /** The URL of the response. */
  readonly url: URL;
  /** Ends the body when it is aborted. */
  readonly signal?: AbortSignal;
  /** Undefined: without delays. */
  readonly pace?: Pace;
  /** The clock of a paced body. */
  readonly clock?: Clock;
}

/** Creates the response of an entry. */
export function replay(entry: Entry, request: ReplayRequest): Response {
  try {
    return replayWith(namedHeaders(entry, () => true), entry, request);
  } catch {
    return replayWith(namedHeaders(entry, isValidHeader), entry, request);
  }
}

function replayWith(headers: Record<string, string>, entry: Entry, request: ReplayRequest): Response {
  const status = entry.status_code ?? 200;
  const body = status === 204 || status === 205 ? null : bodyOf(entry, request);
  // Text would make the constructor add a content type that was not there, and keeps a byte order mark.
  const isSentAsBytes = typeof body === "string" && (!headers["content-type"] || body.startsWith("\uFEFF"));
  const sent = isSentAsBytes ? utf8(body) : body;
  return labelled(new Response(sent, { status, headers }), {
    url: entry.final_url ?? request.url.href.split("#", 1)[0] ?? "",
    redirected: entry.final_url !== undefined,
    type: isBun ? "default" : "basic",
    statusText: STATUS_TEXTS[status],
    whole: typeof sent === "string" || sent instanceof Uint8Array ? sent : undefined,
  });
}

function bodyOf(
  entry: Entry,
  { signal, pace, clock }: ReplayRequest,
): string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
  const body = decodeBody(entry);
  const { chunks } = entry;
  // On Bun and Deno, text is an order of magnitude faster than a stream.
  if (!chunks?.length) return body;
  const bytes = typeof body === "string" ? utf8(body) : body;
  const lengths = chunkLengths(chunks, bytes.byteLength);
  const pacer = lengths && pace !== undefined ? createPacer(pace, chunks, { signal, clock }) : undefined;
  return chunked(bytes, lengths ?? [bytes.byteLength], { signal, pacer });
}

/** The recorded chunk borders, or undefined if they do not describe this body. */
export function chunkLengths(chunks: NonNullable<Entry["chunks"]>, bodyLength: number): number[] | undefined {
  if (!Array.isArray(chunks)) return undefined;
  const lengths: unknown[] = chunks.map((chunk) => Array.isArray(chunk) ? chunk[1] : undefined);
  const isWhole = lengths.every((length) => Number.isInteger(length) && (length as number) >= 0);
  if (!isWhole) return undefined;
  const total = (lengths as number[]).reduce((sum, length) => sum + length, 0);
  return total === bodyLength ? lengths as number[] : undefined;
}

function chunked(
  bytes: Uint8Array,
  lengths: readonly number[],
  { signal, pacer }: { readonly signal?: AbortSignal; readonly pacer?: Pacer },
): ReadableStream<Uint8Array> {
  let at = 0;
  let index = 0;
  return byteStream({
    pull(controller) {
      while (lengths[index] === 0) index++; // a byte stream takes no empty chunk
      const length = lengths[index];
      if (signal?.aborted) return controller.error(signal.reason);
      if (length === undefined) return closeBytes(controller);
      const give = () => {
        enqueueBytes(controller, bytes.subarray(at, at + length));
        at += length;
        index++;
      };
      const wait = pacer?.wait(index);
      return wait ? wait.then((isDue) => isDue ? give() : undefined) : give();
    },
    cancel: () => pacer?.stop(),
  });
}

/** The headers of a replayed response. */
export function replayedHeaders(entry: Entry): Headers {
  return new Headers(namedHeaders(entry, isValidHeader));
}

/** The headers of a replayed response, by their lower-case names. An edited file may contain invalid ones. */
function namedHeaders(entry: Entry, isUsed: (name: string, value: string) => boolean): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [written, value] of Object.entries(entry.headers ?? {})) {
    const name = written.toLowerCase();
    const isText = typeof value === "string";
    if (isText && !NEVER_RECORDED_HEADERS.has(name) && isUsed(name, value)) headers[name] = value;
  }
  if (headers["content-type"] === undefined && entry.v === undefined) {
    const guessed = guessContentType(entry);
    if (guessed) headers["content-type"] = guessed;
  }
  return headers;
}

function isValidHeader(name: string, value: string): boolean {
  try {
    new Headers([[name, value]]);
    return true;
  } catch {
    return false;
  }
}

const GUESSED_TYPES: Readonly<Partial<Record<Framing, string>>> = {
  events: "text/event-stream",
  lines: "application/x-ndjson",
  json: "application/json",
};

/** pycachy stores no content type, and SDKs need one to parse a body. */
function guessContentType({ binary, response }: Entry): string | undefined {
  return binary ? undefined : GUESSED_TYPES[framingOf("", () => response)] ?? "text/plain; charset=utf-8";
}
