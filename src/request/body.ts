import { concatBytes, utf8 } from "../lib/bytes.ts";
import { onAbort } from "../lib/wait.ts";

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
  /** The body is longer than the limit: only its start was read, and it is sent as it arrives. */
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

/** Prepares to read the body of a Request. Without a Request, there is no body. */
export function requestReader(request: Request | undefined): (limits: ReadLimits) => Promise<BodyRead> {
  return async (limits) => {
    if (!request) return { type: "", body: undefined };
    const { bytes, isTooLong } = await readCopy(request, limits);
    return { type: "", body: bytes?.byteLength ? bytes : undefined, isTooLong };
  };
}

/**
 * Prepares to read the body of an init. Bodies that the caller can change later are copied at once.
 */
export function bodyReader(given: unknown): (limits: ReadLimits) => BodyRead | Promise<BodyRead> {
  if (given instanceof FormData) return formReader(given);
  if (given instanceof Blob) {
    return async () => ({ type: given.type, body: new Uint8Array(await given.arrayBuffer()) });
  }
  if (isBytes(given)) {
    const bytes = copyOfBytes(given);
    return () => ({ type: "", body: bytes, sent: bytes });
  }
  if (isAsyncIterable(given)) {
    return async (limits) => {
      const original = new Response(given instanceof ReadableStream ? given : streamOf(given));
      const { bytes: body, isTooLong } = await readCopy(original, limits);
      return { type: "", body, sent: original.body ?? undefined, isTooLong };
    };
  }
  const type = given instanceof URLSearchParams ? "application/x-www-form-urlencoded" : "text/plain";
  const text = String(given);
  const sent = given instanceof URLSearchParams ? new URLSearchParams(given) : text;
  return () => ({ type: `${type};charset=UTF-8`, body: text, sent });
}

/** Whether a file in a form has the name that it was added under. On Bun it has its own name, if any. */
function filesHaveSentNames(): boolean {
  const form = new FormData();
  form.append("file", new File([], "own"), "sent");
  return (form.get("file") as File).name === "sent";
}

/** Reads a form. A copy of it is sent, because the caller may change the form after the call. */
function formReader(form: FormData): () => Promise<BodyRead> {
  const entries = [...form];
  const written = filesHaveSentNames() ? undefined : new Response(form);
  return async () => {
    const read = written && [...await written.formData()];
    const sent = new FormData();
    const body = await Promise.all(entries.map(async ([name, value], at): Promise<FormPart> => {
      if (typeof value === "string") {
        sent.append(name, value);
        return { name, value };
      }
      const sentName = read ? (read[at]?.[1] as File).name ?? "" : value.name;
      sent.append(name, value, sentName);
      const filename = read ? nameOnOtherRuntimes(sentName, value.name) : sentName;
      return { name, filename, value: new Uint8Array(await value.arrayBuffer()) };
    }));
    return { type: "multipart/form-data", body, sent };
  };
}

/**
 * The name for the key. Bun returns names as they are sent, with three characters escaped. If the caller gives no name,
 * Bun sends an empty one for a Blob, and the whole path for `Bun.file()`, which differs between machines.
 */
function nameOnOtherRuntimes(sentName: string, ownName: string | undefined): string {
  if (sentName === "") return "blob";
  if (sentName === ownName && /^(?:\/|[a-z]:)/i.test(sentName)) return sentName.replace(/^.*[\\/]/s, "");
  return sentName.replace(/%(?:22|0D|0A)/g, decodeURIComponent);
}

function copyOfBytes(given: ArrayBuffer | ArrayBufferView): Uint8Array<ArrayBuffer> {
  const bytes = given instanceof ArrayBuffer
    ? new Uint8Array(given)
    : new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  return new Uint8Array(bytes);
}

/** A ReadableStream is async iterable on every runtime; Node also sends other async iterables. */
function isAsyncIterable(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === "object" && body !== null &&
    Symbol.asyncIterator in body;
}

/**
 * Reads a clone of a body, so that the original can be sent. Servers can tell a stream from bytes, and Bun sends the
 * length of its own streams. Deno sends a Request in chunks if its `body` was touched, so only the clone's is.
 *
 * @returns No bytes if there are more than the limit. The original still has the whole body.
 */
async function readCopy(
  original: Request | Response,
  { signal, maxBytes }: ReadLimits,
): Promise<{ readonly bytes?: Uint8Array<ArrayBuffer>; readonly isTooLong?: boolean }> {
  const reader = original.clone().body?.getReader();
  if (!reader) return {};
  const stop = () => {
    for (const branch of [reader, original.body]) branch?.cancel(signal?.reason).catch(() => {});
  };
  if (signal?.aborted) stop();
  const stopListening = signal && onAbort(signal, stop);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (let result = await reader.read(); !result.done; result = await reader.read()) {
      const chunk = bytesOf(result.value);
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size > maxBytes) {
        reader.cancel().catch(() => {});
        return { isTooLong: true };
      }
    }
  } finally {
    stopListening?.();
  }
  return { bytes: concatBytes(chunks) };
}

/** @throws {TypeError} If the chunk is neither text nor bytes: no runtime can send it. */
function bytesOf(chunk: unknown): Uint8Array {
  if (typeof chunk === "string") return utf8(chunk);
  if (isBytes(chunk)) return copyOfBytes(chunk);
  throw new TypeError(
    "Cannot send the request body: a chunk is neither text nor bytes. Encode it, for example with TextEncoder.",
  );
}

function streamOf(iterable: AsyncIterable<unknown>): ReadableStream<Uint8Array> {
  const iterator = iterable[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(bytesOf(value));
    },
    async cancel() {
      await iterator.return?.();
    },
  }, { highWaterMark: 0 });
}
