import { shared } from "../lib/shared_state.ts";
import { isPromise, waitUnlessAborted, whenKnown } from "../lib/wait.ts";
import {
  type BodyRead,
  bodyReader,
  isReadable,
  type ReadLimits,
  type RequestBody,
  requestReader,
  sizeOf,
} from "./body.ts";

/** The arguments of `fetch`. */
export type FetchArguments = Parameters<typeof fetch>;
/** The first argument: a URL or a Request. */
export type FetchInput = FetchArguments[0];
/** The second argument: the options of a request. */
export type FetchInit = FetchArguments[1];

/** Headers, or a map of them by their names in lower case, which is read faster. */
export type HeaderValues = Headers | ReadonlyMap<string, string>;

/** A call of `fetch` before its body is read. */
export interface RequestHead {
  readonly method: string;
  readonly url: URL;
  readonly headers: HeaderValues;
  /** The caller's signal, or one with all members of the standard that follows it. */
  readonly signal: AbortSignal | undefined;
  /** With `error` and `manual`, a response behind a redirect does not answer the request. */
  readonly redirect: RequestRedirect;
  /** The length of the body in bytes, as far as it is known unread. For text, a lower bound. */
  readonly knownSize: number;
  /** Whether the kind of the body is known. */
  readonly isReadable: boolean;
  /** A copy of the caller's arguments, to be sent instead of them: reading may have consumed iterators and bodies. */
  readonly call: FetchArguments;
  /** Reads the body, once. @throws The error of the caller's body or signal. */
  readonly readBody: (limits: ReadLimits) => BodyRead | Promise<BodyRead>;
}

/** A call of `fetch`, as data. */
export interface RequestData extends Omit<RequestHead, "readBody" | "knownSize" | "isReadable"> {
  /** As it is sent, including a type that the runtime derives from the body; empty if there is no type. */
  readonly contentType: string;
  /** Text, bytes or form parts, as they are sent; undefined without a body. */
  readonly body: RequestBody;
  /** Whether the body is longer than the limit, so that `body` is undefined. */
  readonly isTooLong: boolean;
}

/** The URL of a call; undefined if only the original fetch can resolve it. */
export function urlOf(input: FetchInput): URL | undefined {
  try {
    return new URL(typeof input === "string" ? input : input instanceof Request ? input.url : String(input));
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
    if (init instanceof Request) input = new Request(input, init);
    const request = input instanceof Request ? input : undefined;
    const copy = copyInit(init);
    const method = methodAsSent(copy?.method ?? request?.method ?? "GET");
    const headers = headersOf(copy?.headers ?? request?.headers);
    const signal = standardSignal((copy?.signal === undefined ? request?.signal : copy.signal) ?? undefined);
    const redirect = copy?.redirect ?? request?.redirect ?? "follow";
    const given: unknown = copy?.body ?? undefined;
    const call: FetchArguments = [input instanceof URL ? new URL(input) : input, copy];
    const hasBody = given === undefined && method !== "GET" && method !== "HEAD";
    if (hasBody && request?.bodyUsed) return undefined;
    return {
      method,
      url,
      headers,
      signal,
      redirect,
      call,
      isReadable: isReadable(given),
      knownSize: sizeOf(given),
      readBody: given === undefined ? requestReader(hasBody ? request : undefined) : bodyReader(given),
    };
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
export function readRequest(head: RequestHead, maxBytes = Infinity): RequestData | Promise<RequestData> {
  const { method, url, headers, signal, redirect, call, readBody } = head;
  const read = readBody({ signal, maxBytes });
  // A body that takes time ends itself when the signal is aborted.
  if (!isPromise(read)) signal?.throwIfAborted();
  return whenKnown(
    isPromise(read) ? waitUnlessAborted(read, signal) : read,
    ({ type, body, sent, isTooLong = false }) => ({
      method,
      url,
      headers,
      signal,
      redirect,
      isTooLong,
      contentType: headers.get("content-type") ?? type,
      body,
      call: sent === undefined ? call : [call[0], { ...call[1], body: sent }],
    }),
  );
}

/**
 * Copies an init, because callers reuse one object for several calls and change it between them. The copy includes
 * members that the object inherits from a class, and those of a runtime: `dispatcher` (Node), `proxy` and `tls` (Bun),
 * `client` (Deno). Each getter is called once. From a Request, only members that Request itself lacks are copied.
 */
function copyInit(init: FetchInit): FetchInit {
  if (!init) return init;
  const copy: Record<PropertyKey, unknown> = {};
  const ends: (object | null)[] = [null, Object.prototype, Request.prototype];
  for (let level: object | null = init; level && !ends.includes(level); level = Object.getPrototypeOf(level)) {
    for (const name of Reflect.ownKeys(level)) {
      if (name !== "constructor" && !Object.hasOwn(copy, name)) {
        copy[name] = (init as Record<PropertyKey, unknown>)[name];
      }
    }
  }
  if (copy.headers) copy.headers = copyHeaders(copy.headers as HeadersInit);
  return copy;
}

/** Turns iterables into lists, because Deno sends both headers if a name is listed twice. */
function copyHeaders(headers: HeadersInit): HeadersInit {
  if (headers instanceof Headers) return new Headers(headers);
  if (Symbol.iterator in headers) return Array.from(headers, (pair) => [...pair] as [string, string]);
  return { ...headers };
}

/** Names and values that `Headers` leaves as they are, but for the case of the name. */
const USUAL_NAME = /^[\w-]+$/;
const USUAL_VALUE = /^(?:[!-~](?:[ -~]*[!-~])?)?$/;

function isUsual(pair: readonly unknown[]): pair is readonly [name: string, value: string] {
  const [name, value] = pair;
  return typeof name === "string" && typeof value === "string" && pair.length === 2 &&
    USUAL_NAME.test(name) && USUAL_VALUE.test(value);
}

/**
 * The headers in the order of their names, as they are sent. After a pause, `Headers` takes several times the time of
 * this for usual names and values.
 *
 * @throws If there is a name or a value that cannot be sent.
 */
function headersOf(given: HeadersInit = {}): HeaderValues {
  if (given instanceof Headers) return valuesOf(given);
  const pairs: readonly (readonly unknown[])[] = Symbol.iterator in given ? [...given] : Object.entries(given);
  const isUsualList = pairs.every(isUsual) && Object.getOwnPropertySymbols(given).length === 0;
  const headers = isUsualList && new Map(pairs.map(([name, value]) => [name.toLowerCase(), value]));
  // A name that is listed twice has both values.
  if (!headers || headers.size !== pairs.length) return valuesOf(new Headers(given));
  return new Map([...headers].sort(([a], [b]) => a < b ? -1 : 1));
}

/** A copy. A map cannot have several values of `set-cookie`, which `Headers` does not join. */
function valuesOf(headers: Headers): HeaderValues {
  return headers.has("set-cookie") ? new Headers(headers) : new Map(headers);
}

/**
 * Returns a signal with all members of the standard. Signals of libraries may lack `reason`, `throwIfAborted()` and
 * `removeEventListener()`, so a signal of the runtime follows them. All calls share it: the library's signal gets one
 * listener.
 *
 * @returns Undefined without a signal, or if fetch will reject it.
 */
function standardSignal(given: AbortSignal | undefined): AbortSignal | undefined {
  const isStandard: boolean = given instanceof AbortSignal;
  if (isStandard) return given;
  if (typeof given?.addEventListener !== "function") return undefined;
  const followers = shared("signalFollowers", () => new WeakMap<AbortSignal, AbortController>());
  const follower = followers.get(given) ?? new AbortController();
  if (!followers.has(given)) given.addEventListener("abort", () => follower.abort(given.reason));
  followers.set(given, follower);
  if (given.aborted) follower.abort(given.reason);
  return follower.signal;
}

const METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];

/** The runtime decides about unusual spellings: Bun sends `pOst` as GET, and `patch` as PATCH. */
function methodAsSent(method: string): string {
  const upper = method.toUpperCase();
  const isKnown = METHODS.includes(upper) && (method === upper || method === method.toLowerCase());
  return isKnown ? upper : new Request("http://localhost/", { method }).method;
}
