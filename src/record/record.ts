import { oneBlock } from "../lib/blocks.ts";
import { byteStream, closeBytes, enqueueBytes } from "../lib/bytes.ts";
import { undecodedEncoding } from "../lib/environment.ts";
import { waitUnlessAborted } from "../lib/wait.ts";
import { labelled } from "../replay/labelled.ts";
import type { Problem } from "../report/events.ts";
import { collect, type CollectOptions, type Copy, isStream, type Reader, tooLarge } from "./collect.ts";
import { announcedLength, checkCompleteness } from "./completeness.ts";
import type { AnswerHead } from "./json_answer.ts";
import { formOf } from "./long_body.ts";

/** A response that is being recorded. */
export interface Recording extends Pick<Copy, "settled" | "committed" | "idleMs" | "start"> {
  /** The caller's response. It delivers every chunk when it arrives. */
  readonly response: Response;
}

/**
 * Gives the caller a response that streams live, while a copy of it is collected.
 *
 * The caller never gets a branch of `tee()` itself. `cancel()` of a branch waits until the other branch ends, so a
 * `break` out of a stream would wait for the server.
 */
export function record(original: Response, head: AnswerHead, options: CollectOptions): Recording {
  if (!hasBody(original)) return recordEmpty(original, head, options);
  const { maxBodyBytes } = options;
  // The caller gets the original response.
  if ((announcedLength(head) ?? 0) > maxBodyBytes) {
    return settledRecording(original, Promise.resolve(tooLarge(maxBodyBytes)));
  }
  const branches = readTwice(original);
  const copy = collect(() => branches().copied, head, options);
  const { status } = original;
  const headers = decodedHeaders(original.headers);
  if (!isStream(headers)) copy.start();
  const response = new Response(callerStream(branches, copy, options.signal), { status, headers });
  // On Deno a later abort() is lost if the original response is collected before its body has ended.
  const settled = copy.settled.then((problem) => (void original, problem));
  const { committed, idleMs, start } = copy;
  return { response: labelled(response, original), settled, committed, idleMs, start };
}

/**
 * The headers of a decoded body. A server that passes the response on would otherwise label decoded bytes as compressed.
 */
function decodedHeaders(headers: Headers): Headers {
  if (!headers.has("content-encoding")) return headers;
  const copy = new Headers(headers);
  copy.delete("content-encoding");
  copy.delete("content-length");
  return copy;
}

const isBun = "Bun" in globalThis;

/**
 * Whether a response has a body. Does not touch the body of a network stream on Bun: a touched body keeps the process
 * alive. Elsewhere the body is asked first, because on Deno the URL is parsed each time that it is read.
 */
function hasBody(response: Response): boolean {
  return isBun && isNetworkStream(response) || response.body !== null;
}

/** Whether the body is a network stream that may take long. */
function isNetworkStream({ url, status, headers }: Response): boolean {
  return url !== "" && status !== 204 && status !== 205 && isStream(headers);
}

/**
 * Why the body of a response cannot be recorded: bodies of other implementations of fetch, such as node-fetch, cannot be
 * copied while they are read, and a recording has no content encoding.
 */
export function streamProblem(response: Response): Problem | undefined {
  const encoding = undecodedEncoding(response.headers);
  if (encoding !== undefined) {
    return { reason: "not-readable", detail: `fetch does not decode the content encoding ${encoding} here` };
  }
  if (response.bodyUsed) {
    return { reason: "not-readable", detail: "the option fetch gave a response whose body was read before" };
  }
  const isStandard = () => response instanceof Response && isNetworkStream(response);
  if (isBun && isStandard() || response.body === null || response.body instanceof ReadableStream || isStandard()) {
    return undefined;
  }
  return { reason: "not-readable", detail: "the option fetch gave a response whose body is no ReadableStream" };
}

/**
 * Both branches of a body. The first read creates them, because on Bun they keep the process alive.
 *
 * The first branch gets each chunk first. It is the copied one, so that the caller rarely waits for the copy.
 */
function readTwice(response: Response): () => Branches {
  let branches: Branches | undefined;
  return () => {
    if (branches) return branches;
    const [copied, live] = (response.body ?? new Blob().stream()).tee();
    return branches = { live: live.getReader(), copied: copied.getReader() };
  };
}

interface Branches {
  readonly live: Reader;
  readonly copied: Reader;
}

/**
 * Whether the chunks of the live branch may be passed on without a copy. `tee()` of a byte stream gives each branch its
 * own chunks, and of any other stream the same ones. On Bun, both branches always get the same ones, but the copy has
 * copied a chunk when the caller gets it, and Bun does not take the memory of an enqueued chunk away.
 *
 * @param first The memory of the first chunk that the copy got; undefined if it got none.
 */
function ownsChunks(firstLive: Uint8Array, first: ArrayBufferLike | undefined): boolean {
  return isBun || first !== undefined && first !== firstLive.buffer;
}

/** Records a response without a body. The caller gets the original response. */
function recordEmpty(response: Response, head: AnswerHead, { commit }: CollectOptions): Recording {
  const bytes = oneBlock(new Uint8Array());
  const problem = checkCompleteness(head).end(bytes);
  const form = formOf(bytes, head.headers.get("content-type") ?? "");
  const settled = problem ? Promise.resolve(problem) : commit({ bytes, ...form, chunks: [] });
  return settledRecording(response, settled);
}

/** A recording that does not depend on what the caller reads. */
function settledRecording(response: Response, settled: Recording["settled"]): Recording {
  return { response, settled, committed: settled.then((failed) => !failed), idleMs: () => 0, start() {} };
}

/** The stream that the caller reads. It passes on a chunk once the copy contains it, and ends once the line is written. */
function callerStream(
  branches: () => Branches,
  copy: Copy,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> {
  let given = 0;
  let cancelled = false;
  let isOwned: boolean | undefined;
  return byteStream({
    async pull(controller) {
      copy.start();
      // A network error rejects here, so the caller gets the original error.
      for (;;) {
        const { done, value } = await branches().live.read();
        const wait = done ? copy.settled : copy.holds(given + 1);
        if (wait) await waitUnlessAborted<unknown>(wait, signal);
        else signal?.throwIfAborted();
        if (cancelled) return;
        if (done) return closeBytes(controller);
        given++;
        isOwned ??= ownsChunks(value, copy.firstMemory());
        // A byte stream takes no empty chunk.
        if (value.byteLength !== 0) return enqueueBytes(controller, value, isOwned);
      }
    },
    cancel(reason) {
      cancelled = true;
      branches().live.cancel(reason).catch(() => {});
      copy.cancel(reason);
    },
  });
}
