import { waitUnlessAborted } from "./abort.ts";
import { concatBytes, utf8 } from "./bytes.ts";

/** What a caller hands to `fetch`. */
export type FetchArguments = Parameters<typeof fetch>;
/** What a request is made from: a URL or a Request. */
export type FetchInput = FetchArguments[0];
/** The options of a request. */
export type FetchInit = FetchArguments[1];

/** One part of a multipart form. */
export interface FormPart {
  readonly name: string;
  /** Undefined for a text field. */
  readonly filename?: string;
  readonly value: string | Uint8Array<ArrayBuffer>;
}

/** A call of `fetch` before its body is read. */
export interface RequestHead {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly signal: AbortSignal | undefined;
  /** In bytes, as far as it is known without reading the body; for text a lower bound. */
  readonly knownSize: number;
  /** The caller's arguments. */
  readonly call: FetchArguments;
  /** Reads the body, once. @throws What the caller's body or signal throws. */
  readonly readBody: () => Promise<ReadBody>;
}

/** A call of `fetch`, as data. */
export interface RequestData extends Omit<RequestHead, "readBody" | "knownSize"> {
  /** As it is sent, with what the runtime derives from the body; empty if there is none. */
  readonly contentType: string;
  /** Text, bytes or form parts, as they are sent; undefined if nothing is. */
  readonly body: RequestBody;
}

type RequestBody =
  | string
  | Uint8Array<ArrayBuffer>
  | readonly FormPart[]
  | undefined;

interface ReadBody {
  /** The content type that a runtime derives from this kind of body. */
  readonly type: string;
  readonly body: RequestBody;
  /** What to send in place of a body that can be read only once, or that the caller may change. */
  readonly sent?: BodyInit;
}

/** The URL that a call goes to, or undefined if only the original fetch can tell. */
export function urlOf(input: FetchInput): URL | undefined {
  try {
    return new URL(input instanceof Request ? input.url : String(input));
  } catch {
    return undefined;
  }
}

/**
 * Reads a call of `fetch` up to its body, without disturbing what is sent.
 *
 * It is synchronous, as in `fetch` itself, because a caller may change all its arguments after the call.
 *
 * @returns Undefined if the original fetch will refuse the call, and should say so itself.
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
    const given: unknown = copy?.body ?? undefined;
    const head = {
      method,
      url,
      headers,
      signal,
      call: [input instanceof URL ? new URL(input) : input, copy] as FetchArguments,
    };
    if (given !== undefined) {
      return { ...head, knownSize: sizeOf(given), readBody: bodyReader(given, signal) };
    }
    // A clone, because Deno sends the request in chunks as soon as its `body` was touched.
    const clone = method === "GET" || method === "HEAD" ? undefined : request?.clone();
    return { ...head, knownSize: 0, readBody: () => readClone(clone) };
  } catch {
    return undefined;
  }
}

/**
 * Reads the body of a call.
 *
 * @returns The request; its `call` is what is to be sent.
 * @throws What the caller's body throws, or the signal's reason.
 */
export async function readRequest({ method, url, headers, signal, call, readBody }: RequestHead): Promise<RequestData> {
  const { type, body, sent } = await waitUnlessAborted(readBody(), signal);
  const [input, init] = call;
  return {
    method,
    url,
    headers,
    signal,
    contentType: headers.get("content-type") ?? type,
    body,
    call: sent === undefined ? call : [input, { ...init, body: sent }],
  };
}

/** Callers reuse one init object for several calls, and change it between them. */
function copyInit(init: FetchInit): FetchInit {
  if (!init) return init;
  const copy: Record<string, unknown> = { ...init };
  for (const name of INHERITED) {
    const value = (init as Record<string, unknown>)[name];
    if (value !== undefined) copy[name] = value;
  }
  if (init.headers) copy.headers = copyHeaders(init.headers);
  return copy;
}

/** Members that an init may have from its class; a copy has only its own. */
const INHERITED = ["method", "body", "signal", "redirect", "credentials", "cache", "mode", "keepalive", "duplex"];

function copyHeaders(headers: HeadersInit): HeadersInit {
  if (Object.getPrototypeOf(headers) === Object.prototype) return { ...headers as Record<string, string> };
  return new Headers(headers);
}

/** As the Fetch standard does: the methods it knows become upper case, others stay. */
function normalizeMethod(method: string): string {
  const upper = method.toUpperCase();
  return ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"].includes(upper) ? upper : method;
}

function sizeOf(body: unknown): number {
  if (typeof body === "string") return body.length;
  if (body instanceof Blob) return body.size;
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) {
    return body.byteLength;
  }
  if (!(body instanceof FormData)) return 0;
  return [...body].reduce((size, [, value]) => size + (typeof value === "string" ? value.length : value.size), 0);
}

async function readClone(request: Request | undefined): Promise<ReadBody> {
  const bytes = new Uint8Array(await (request?.arrayBuffer() ?? []));
  return { type: "", body: bytes.byteLength ? bytes : undefined };
}

/** What can change until it is read is copied at once. */
function bodyReader(given: unknown, signal: AbortSignal | undefined): () => Promise<ReadBody> {
  if (given instanceof FormData) {
    const parts = [...given];
    const sent = new FormData();
    for (const [name, value] of parts) {
      if (typeof value === "string") sent.append(name, value);
      else sent.append(name, value, value.name);
    }
    return async () => ({ type: "multipart/form-data", body: await Promise.all(parts.map(readPart)), sent });
  }
  if (given instanceof Blob) {
    return async () => ({ type: given.type, body: new Uint8Array(await given.arrayBuffer()) });
  }
  if (given instanceof ArrayBuffer || ArrayBuffer.isView(given)) {
    const bytes = copyOfBytes(given);
    return () => Promise.resolve({ type: "", body: bytes, sent: bytes });
  }
  if (isAsyncIterable(given)) {
    return async () => {
      const bytes = await readStream(given, signal);
      return { type: "", body: bytes, sent: bytes };
    };
  }
  const type = given instanceof URLSearchParams ? "application/x-www-form-urlencoded" : "text/plain";
  const text = String(given);
  const sent = given instanceof URLSearchParams ? new URLSearchParams(given) : text;
  return () => Promise.resolve({ type: `${type};charset=UTF-8`, body: text, sent });
}

function copyOfBytes(given: ArrayBuffer | ArrayBufferView): Uint8Array<ArrayBuffer> {
  const bytes = given instanceof ArrayBuffer
    ? new Uint8Array(given)
    : new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  return new Uint8Array(bytes);
}

async function readPart([name, value]: [string, FormDataEntryValue]): Promise<FormPart> {
  if (typeof value === "string") return { name, value };
  return { name, filename: value.name, value: new Uint8Array(await value.arrayBuffer()) };
}

/** A ReadableStream is async iterable on every runtime; Node also sends other async iterables. */
function isAsyncIterable(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === "object" && body !== null &&
    Symbol.asyncIterator in body;
}

async function readStream(
  stream: AsyncIterable<Uint8Array | string>,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const { next, cancel } = stream instanceof ReadableStream ? fromStream(stream) : fromIterable(stream);
  const stop = () => void cancel(signal?.reason).catch(() => {});
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  const chunks: Uint8Array[] = [];
  try {
    for (let result = await next(); !result.done; result = await next()) {
      chunks.push(typeof result.value === "string" ? utf8(result.value) : copyOfBytes(result.value as Uint8Array));
    }
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  return concatBytes(chunks);
}

interface Chunks {
  readonly next: () => Promise<{ readonly done?: boolean; readonly value?: unknown }>;
  readonly cancel: (reason: unknown) => Promise<unknown>;
}

function fromStream(stream: ReadableStream): Chunks {
  const reader = stream.getReader();
  return { next: () => reader.read(), cancel: (reason) => reader.cancel(reason) };
}

function fromIterable(iterable: AsyncIterable<unknown>): Chunks {
  const iterator = iterable[Symbol.asyncIterator]();
  return { next: () => iterator.next(), cancel: async () => await iterator.return?.() };
}
