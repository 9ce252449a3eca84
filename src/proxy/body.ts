import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { concatBytes, textOf } from "../lib/bytes.ts";
import type { Refusal } from "./guard.ts";

interface BodyRead {
  /** Members of the init of `fetch`. */
  readonly body?: RequestInit & { readonly duplex?: "half" };
  readonly isTooLong?: boolean;
}

/**
 * Reads the body of a request, so that it is sent with its length, and again after a redirect.
 *
 * @param longest Longer bodies, in bytes, are not read: they are sent as they arrive.
 */
export async function readBody(request: IncomingMessage, longest: number): Promise<BodyRead> {
  const { "content-length": length, "transfer-encoding": coding } = request.headers;
  const isHttp2 = request.httpVersionMajor > 1;
  const hasBody = length !== undefined ? Number(length) > 0 : coding !== undefined || isHttp2 && !hasEnded(request);
  if (!hasBody) return {};
  if (request.method === "GET" || request.method === "HEAD") throw new RefusedBody(request.method);
  const { chunks, isWhole } = Number(length) > longest ? NOTHING_READ : await readChunks(request, longest);
  if (isWhole) return { body: { body: whole(chunks, request.headers) } };
  const rest = (request as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  return { body: { body: streamOf([...chunks], rest, request.socket), duplex: "half" }, isTooLong: true };
}

interface Chunks {
  readonly chunks: readonly Uint8Array[];
  readonly isWhole: boolean;
}

const NOTHING_READ: Chunks = { chunks: [], isWhole: false };

/** Reads a body to its end, or until it is too long. Events take a third of the time of an iterator. */
function readChunks(request: IncomingMessage, longest: number): Promise<Chunks> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    const finish = (isWhole: boolean) => {
      request.off("data", add).off("end", end).off("close", reject);
      resolve({ chunks, isWhole });
    };
    const end = () => finish(true);
    const add = (chunk: Uint8Array) => {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size <= longest) return;
      request.pause();
      finish(false);
    };
    request.on("data", add).on("end", end).on("close", reject);
  });
}

/**
 * A body that is sent with its length, and again after a redirect: bytes are not, on Node 20. Text is the fastest form,
 * but `fetch` would add a content type to it.
 */
function whole(
  chunks: readonly Uint8Array[],
  { "content-length": length, "content-type": type }: IncomingMessage["headers"],
): BodyInit {
  const bytes = concatBytes(chunks);
  if (length !== undefined && bytes.byteLength !== Number(length)) {
    throw new Error("the client closed the connection within its request");
  }
  const text = type === undefined ? undefined : textOf(bytes);
  return text ?? new Blob([bytes]);
}

function streamOf(
  start: Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
  socket: Socket,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  // Bun reads the whole body from a socket that its server did not accept itself.
  const isEager = "Bun" in globalThis;
  if (isEager) socket.pause();
  return new ReadableStream({
    async pull(controller) {
      if (isEager) socket.resume();
      const chunk = start.shift() ?? (await rest.next()).value;
      if (isEager && chunk) socket.pause();
      if (chunk) controller.enqueue(new Uint8Array(chunk));
      else controller.close();
    },
    cancel: () => void rest.return?.(),
  }, { highWaterMark: 0 });
}

/** Whether an HTTP/2 request ended with its headers. */
function hasEnded(request: IncomingMessage): boolean {
  const { stream } = request as unknown as { readonly stream?: { readonly endAfterHeaders?: boolean } };
  return stream?.endAfterHeaders === true;
}

/** A body that the proxy cannot send. */
export class RefusedBody extends Error implements Refusal {
  readonly status = 400;

  constructor(method: string) {
    super(
      `Cannot forward a ${method} request with a body: the proxy cannot send it. Send it by POST, or without a body.`,
    );
  }
}
