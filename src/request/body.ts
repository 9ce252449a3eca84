import { concatBytes, utf8 } from "../lib/bytes.ts";

/** One part of a multipart form. */
export interface FormPart {
  readonly name: string;
  /** Undefined for a text field. */
  readonly filename?: string;
  readonly value: string | Uint8Array<ArrayBuffer>;
}

/** Text, bytes or form parts, as they are sent; undefined if nothing is. */
export type RequestBody = string | Uint8Array<ArrayBuffer> | readonly FormPart[] | undefined;

/** A body that was read. */
export interface BodyRead {
  /** The content type that a runtime derives from this kind of body. */
  readonly type: string;
  readonly body: RequestBody;
  /** What to send in place of a body that can be read only once, or that the caller may change. */
  readonly sent?: BodyInit;
}

/**
 * Whether a body is of a kind that is known. What else a runtime may take (the form or the blob of a library, on Bun a
 * function) only the runtime can read.
 */
export function isReadable(body: unknown): boolean {
  if (typeof body !== "object" && typeof body !== "function" || body === null) return true;
  return isBytes(body) || isAsyncIterable(body) ||
    [FormData, Blob, URLSearchParams].some((kind) => body instanceof kind);
}

function isBytes(body: unknown): body is ArrayBuffer | ArrayBufferView {
  return body instanceof ArrayBuffer || ArrayBuffer.isView(body);
}

/** How long a body is, in bytes, as far as it is known without reading it; for text a lower bound. */
export function sizeOf(body: unknown): number {
  if (typeof body === "string") return body.length;
  if (body instanceof Blob) return body.size;
  if (isBytes(body)) return body.byteLength;
  if (!(body instanceof FormData)) return 0;
  return [...body].reduce((size, [, value]) => size + (typeof value === "string" ? value.length : value.size), 0);
}

/** Reads the body of a copy of the caller's request; without one there is none. */
export function cloneReader(clone: Request | undefined): () => Promise<BodyRead> {
  return async () => {
    const bytes = new Uint8Array(await (clone?.arrayBuffer() ?? []));
    return { type: "", body: bytes.byteLength ? bytes : undefined };
  };
}

/**
 * Prepares to read what was given as the body of an init. What the caller can change until then is copied at once.
 *
 * @param signal Ends the reading of a stream.
 */
export function bodyReader(given: unknown, signal: AbortSignal | undefined): () => Promise<BodyRead> {
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
  if (isBytes(given)) {
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
