import { waitUnlessAborted } from "../lib/wait.ts";
import {
  type BodyRead,
  bodyReader,
  cloneReader,
  isReadable,
  type ReadLimits,
  type RequestBody,
  sizeOf,
} from "./body.ts";

/** The arguments of `fetch`. */
export type FetchArguments = Parameters<typeof fetch>;
/** The first argument: a URL or a Request. */
export type FetchInput = FetchArguments[0];
/** The second argument: the options of a request. */
export type FetchInit = FetchArguments[1];

/** A call of `fetch` before its body is read. */
export interface RequestHead {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly signal: AbortSignal | undefined;
  readonly redirect: RequestRedirect;
  /** The length of the body in bytes, as far as it is known unread. For text, a lower bound. */
  readonly knownSize: number;
  /** Whether the kind of the body is known. */
  readonly isReadable: boolean;
  /** The caller's arguments. */
  readonly call: FetchArguments;
  /** Reads the body, once. @throws The error of the caller's body or signal. */
  readonly readBody: (limits: ReadLimits) => Promise<BodyRead>;
}

/** A call of `fetch`, as data. */
export interface RequestData extends Omit<RequestHead, "readBody" | "knownSize" | "isReadable"> {
  /** As it is sent, including a type that the runtime derives from the body; empty if there is no type. */
  readonly contentType: string;
  /** Text, bytes or form parts, as they are sent; undefined without a body. */
  readonly body: RequestBody;
  /** Whether the body is longer than the limit, so that only its start is known. */
  readonly isTooLong: boolean;
}

/** The URL of a call; undefined if only the original fetch can resolve it. */
export function urlOf(input: FetchInput): URL | undefined {
  try {
    return new URL(input instanceof Request ? input.url : String(input));
  } catch {
    return undefined;
  }
}

/**
 * Reads a call of `fetch` up to its body, without changing what is sent.
 *
 * It is synchronous, as in `fetch` itself, because a caller may change all its arguments after the call.
 *
 * @returns Undefined if the original fetch will reject the call, so that the caller gets its error.
 */
export function readHead(url: URL, input: FetchInput, init?: FetchInit): RequestHead | undefined {
  try {
    if (init instanceof Request) {
      [input, init] = [new Request(input, init), undefined];
    }
    const request = input instanceof Request ? input : undefined;
    const copy = copyInit(init);
    const method = normalizeMethod(copy?.method ?? request?.method ?? "GET");
    const headers = new Headers(copy?.headers ?? request?.headers);
    const signal = (copy?.signal === undefined ? request?.signal : copy.signal) ?? undefined;
    const redirect = copy?.redirect ?? request?.redirect ?? "follow";
    const given: unknown = copy?.body ?? undefined;
    const call: FetchArguments = [input instanceof URL ? new URL(input) : input, copy];
    const head = { method, url, headers, signal, redirect, call, isReadable: isReadable(given) };
    if (given !== undefined) {
      return { ...head, knownSize: sizeOf(given), readBody: bodyReader(given) };
    }
    // A clone, because Deno sends a request in chunks if its `body` was touched.
    const clone = method === "GET" || method === "HEAD" ? undefined : request?.clone();
    return { ...head, knownSize: 0, readBody: cloneReader(clone) };
  } catch {
    return undefined;
  }
}

/**
 * Reads the body of a call.
 *
 * @param maxBytes How much of a stream is read, in bytes.
 * @returns The request; its `call` is what is to be sent.
 * @throws The error of the caller's body, or the signal's reason.
 */
export async function readRequest(head: RequestHead, maxBytes = Infinity): Promise<RequestData> {
  const { method, url, headers, signal, redirect, call, readBody } = head;
  const { type, body, sent, sentType, isTooLong = false } = await waitUnlessAborted(
    readBody({ signal, maxBytes }),
    signal,
  );
  const [input, init] = call;
  const more = { ...sent instanceof ReadableStream && { duplex: "half" }, ...typed(headers, sentType) };
  return {
    method,
    url,
    headers,
    signal,
    redirect,
    isTooLong,
    contentType: headers.get("content-type") ?? type,
    body,
    call: sent === undefined ? call : [input, { ...init, ...more, body: sent }],
  };
}

/** The headers of an init, with a content type that the runtime cannot derive from the body. */
function typed(headers: Headers, type: string | undefined): RequestInit {
  if (type === undefined || headers.has("content-type")) return {};
  const copy = new Headers(headers);
  copy.set("content-type", type);
  return { headers: copy };
}

/**
 * Copies an init, because callers reuse one object for several calls and change it between them. The copy includes
 * members that the object inherits from a class, and those of a runtime: `dispatcher` (Node), `proxy` and `tls` (Bun),
 * `client` (Deno).
 */
function copyInit(init: FetchInit): FetchInit {
  if (!init) return init;
  const copy: Record<PropertyKey, unknown> = {};
  for (let level: object | null = init; level && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const name of Reflect.ownKeys(level)) {
      if (name !== "constructor" && !Object.hasOwn(copy, name)) {
        copy[name] = (init as Record<PropertyKey, unknown>)[name];
      }
    }
  }
  if (init.headers) copy.headers = copyHeaders(init.headers);
  return copy;
}

function copyHeaders(headers: HeadersInit): HeadersInit {
  // As a list, because Deno sends both headers if a name is listed twice.
  if (Array.isArray(headers)) return headers.map((pair) => [...pair] as [string, string]);
  if (Object.getPrototypeOf(headers) === Object.prototype) return { ...headers as Record<string, string> };
  return new Headers(headers);
}

/** As in the Fetch standard: known methods become upper case, others stay. */
function normalizeMethod(method: string): string {
  const upper = method.toUpperCase();
  return ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"].includes(upper) ? upper : method;
}
