import { waitUnlessAborted } from "../lib/wait.ts";
import { labelled } from "../replay/replay.ts";
import type { Problem } from "../report/events.ts";
import { collect, type CollectOptions, type Copy, isStream, type Reader } from "./collect.ts";
import { checkCompleteness } from "./completeness.ts";
import type { AnswerHead } from "./json_answer.ts";

/** A response that is being recorded. */
export interface Recording extends Omit<Copy, "holds" | "cancel"> {
  /** For the caller: every chunk when it arrives. */
  readonly response: Response;
}

/**
 * Gives the caller a response that streams as it arrives, while a copy is collected beside it.
 *
 * The caller never gets a raw branch of `tee()`: its `cancel()` would wait until the other branch ends, so a `break`
 * out of a stream would block until the server is done.
 */
export function record(original: Response, head: AnswerHead, options: CollectOptions): Recording {
  if (!hasBody(original)) return recordEmpty(original, head, options);
  const branches = readTwice(original);
  const copy = collect(() => branches()[1], head, options);
  const { status, headers } = original;
  if (!isStream(headers)) copy.start();
  const response = new Response(callerStream(() => branches()[0], copy, options.signal), { status, headers });
  // On Deno a later abort() is lost if the original response is collected before its body has ended.
  const settled = copy.settled.then((problem) => (void original, problem));
  const { committed, idleMs, start } = copy;
  return { response: labelled(response, original), settled, committed, idleMs, start };
}

/**
 * Whether a response has a body, without touching the one of a stream from the network: on Bun a touched body keeps the
 * process alive.
 */
function hasBody(response: Response): boolean {
  return isUntouchable(response) || response.body !== null;
}

/** Whether the body is a stream from the network that may go on for long. */
function isUntouchable({ url, status, headers }: Response): boolean {
  return url !== "" && status !== 204 && status !== 205 && isStream(headers);
}

/** Other implementations of fetch, such as node-fetch, have bodies that cannot be copied while they are read. */
export function streamProblem(response: Response): Problem | undefined {
  const isStandard = response instanceof Response && isUntouchable(response);
  if (isStandard || response.body === null || response.body instanceof ReadableStream) return undefined;
  return { reason: "not-readable", detail: "the option fetch gave a response whose body is no ReadableStream" };
}

/** Both branches of a body. They are made by the first read: on Bun they keep the process alive. */
function readTwice(response: Response): () => readonly [live: Reader, copied: Reader] {
  let readers: readonly [Reader, Reader] | undefined;
  return () => {
    if (readers) return readers;
    const [live, copied] = (response.body ?? new Blob().stream()).tee();
    return readers = [live.getReader(), copied.getReader()];
  };
}

/** Without a body there is nothing to wait for, and the original response has no stream that could be read twice. */
function recordEmpty(response: Response, head: AnswerHead, { commit }: CollectOptions): Recording {
  const bytes = new Uint8Array();
  const problem = checkCompleteness(head).end(bytes);
  const settled = problem ? Promise.resolve(problem) : commit({ bytes, chunks: [] });
  return { response, settled, committed: settled.then((failed) => !failed), idleMs: () => 0, start() {} };
}

/** The stream that the caller reads: hands a chunk out once the copy holds it, and the end once the line is written. */
function callerStream(
  live: () => Reader,
  copy: Copy,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> {
  let given = 0;
  let cancelled = false;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      copy.start();
      // A failure of the network rejects here, and so reaches the caller as the error that it is.
      const { done, value } = await live().read();
      await waitUnlessAborted<unknown>(done ? copy.settled : copy.holds(given + 1), signal);
      if (cancelled) return;
      if (done) return controller.close();
      given++;
      controller.enqueue(value);
    },
    cancel(reason) {
      cancelled = true;
      live().cancel(reason).catch(() => {});
      copy.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
