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
  /** The content type of `sent`, if the runtime cannot derive it. */
  readonly sentType?: string;
  /** The body is longer than the limit: it was not read to its end, and is sent as it arrives. */
  readonly isTooLong?: boolean;
}

/** How far a body is read. */
export interface ReadLimits {
  readonly signal: AbortSignal | undefined;
  readonly maxBytes: number;
}

/**
 * Whether the kind of a body is known. Only the runtime can read other kinds: forms and blobs of libraries, and functions
 * on Bun.
 */
export function isReadable(body: unknown): boolean {
  if (typeof body !== "object" && typeof body !== "function" || body === null) return true;
  return isBytes(body) || isAsyncIterable(body) ||
    [FormData, Blob, URLSearchParams].some((kind) => body instanceof kind);
}

function isBytes(body: unknown): body is ArrayBuffer | ArrayBufferView {
  return body instanceof ArrayBuffer || ArrayBuffer.isView(body);
}

/** The length of a body in bytes, as far as it is known unread. For text, a lower bound. */
export function sizeOf(body: unknown): number {
  if (typeof body === "string") return body.length;
  if (body instanceof Blob) return body.size;
  if (isBytes(body)) return body.byteLength;
  if (body instanceof URLSearchParams) return String(body).length;
  if (!(body instanceof FormData)) return 0;
  return [...body].reduce((size, [, value]) => size + (typeof value === "string" ? value.length : value.size), 0);
}

/** Reads the body of a clone of the caller's request. */
export function cloneReader(clone: Request | undefined): (limits: ReadLimits) => Promise<BodyRead> {
  return async (limits) => {
    if (!clone?.body) return { type: "", body: undefined };
    const chunks = fromStream(clone.body);
    const { bytes, isTooLong } = await readChunks(chunks, limits);
    // The caller's own request still has the whole body.
    if (isTooLong) chunks.cancel(undefined).catch(() => {});
    return { type: "", body: bytes.byteLength ? bytes : undefined, isTooLong };
  };
}

/**
 * Prepares to read the body of an init. Bodies that the caller can change later are copied at once.
 */
export function bodyReader(given: unknown): (limits: ReadLimits) => Promise<BodyRead> {
  if (given instanceof FormData) {
    if ("Bun" in globalThis) return writtenForm(given);
    const sent = copyOfForm(given);
    return async () => ({
      type: "multipart/form-data",
      body: await Promise.all([...sent].map(readPart)),
      sent,
    });
  }
  if (given instanceof Blob) {
    return async () => ({ type: given.type, body: new Uint8Array(await given.arrayBuffer()) });
  }
  if (isBytes(given)) {
    const bytes = copyOfBytes(given);
    return () => Promise.resolve({ type: "", body: bytes, sent: bytes });
  }
  if (isAsyncIterable(given)) {
    return async (limits) => {
      const chunks = given instanceof ReadableStream ? fromStream(given) : fromIterable(given);
      const { bytes, isTooLong } = await readChunks(chunks, limits);
      return { type: "", body: bytes, sent: isTooLong ? streamOf(bytes, chunks) : bytes, isTooLong };
    };
  }
  const type = given instanceof URLSearchParams ? "application/x-www-form-urlencoded" : "text/plain";
  const text = String(given);
  const sent = given instanceof URLSearchParams ? new URLSearchParams(given) : text;
  return () => Promise.resolve({ type: `${type};charset=UTF-8`, body: text, sent });
}

/** On Bun, a file in a form reports its own name, not the name in the form. So the form is read as it is sent. */
function writtenForm(form: FormData): () => Promise<BodyRead> {
  const written = new Response(form);
  const sentType = written.headers.get("content-type") ?? undefined; // before the body is read, which is when Bun forgets it
  return async () => {
    const sent = new Uint8Array(await written.clone().arrayBuffer());
    const body = await Promise.all([...await written.formData()].map(readPart));
    return { type: "multipart/form-data", body, sent, sentType };
  };
}

function copyOfForm(form: FormData): FormData {
  const copy = new FormData();
  for (const [name, value] of form) {
    if (typeof value === "string") copy.append(name, value);
    else copy.append(name, value, value.name);
  }
  return copy;
}

function copyOfBytes(given: ArrayBuffer | ArrayBufferView): Uint8Array<ArrayBuffer> {
  const bytes = given instanceof ArrayBuffer
    ? new Uint8Array(given)
    : new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  return new Uint8Array(bytes);
}

async function readPart([partName, value]: [string, FormDataEntryValue]): Promise<FormPart> {
  const name = unescapeName(partName);
  if (typeof value === "string") return { name, value };
  return { name, filename: unescapeName(value.name ?? "blob"), value: new Uint8Array(await value.arrayBuffer()) };
}

/** Bun reads the names in a form as they are sent, with three characters escaped. */
function unescapeName(name: string): string {
  return "Bun" in globalThis ? name.replace(/%(?:22|0D|0A)/g, decodeURIComponent) : name;
}

/** A ReadableStream is async iterable on every runtime; Node also sends other async iterables. */
function isAsyncIterable(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === "object" && body !== null &&
    Symbol.asyncIterator in body;
}

/** Reads until a limit is exceeded. */
async function readChunks(
  { next, cancel }: Chunks,
  { signal, maxBytes }: ReadLimits,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly isTooLong?: boolean }> {
  const stop = () => void cancel(signal?.reason).catch(() => {});
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (let result = await next(); !result.done; result = await next()) {
      const chunk = bytesOf(result.value);
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size > maxBytes) return { bytes: concatBytes(chunks), isTooLong: true };
    }
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  return { bytes: concatBytes(chunks) };
}

function bytesOf(chunk: unknown): Uint8Array {
  return typeof chunk === "string" ? utf8(chunk) : copyOfBytes(chunk as Uint8Array);
}

/** A stream of the bytes that were already read, and of the rest. */
function streamOf(start: Uint8Array, { next, cancel }: Chunks): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(start),
    async pull(controller) {
      const { done, value } = await next();
      if (done) controller.close();
      else controller.enqueue(bytesOf(value));
    },
    async cancel(reason) {
      await cancel(reason);
    },
  }, { highWaterMark: 1 });
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
