import { concatBytes } from "../lib/bytes.ts";
import { messageOf } from "../lib/errors.ts";
import { labelled } from "../replay/replay.ts";
import type { Problem } from "../report/events.ts";
import { checkCompleteness } from "./completeness.ts";
import type { AnswerHead } from "./json_answer.ts";

/** A response that is being recorded. */
export interface Recording {
  /** For the caller: every chunk when it arrives. */
  readonly response: Response;
  /** Resolves when nothing more will be committed: to undefined if the body was, else to the reason why not. */
  readonly settled: Promise<Problem | undefined>;
}

/**
 * Gives the caller a response that streams as it arrives, while a copy is collected beside it.
 *
 * The caller never gets a raw branch of `tee()`: its `cancel()` would wait until the other branch ends, so a `break`
 * out of a stream would block until the server is done.
 */
export function record(original: Response, head: AnswerHead, options: CollectOptions): Recording {
  if (!original.body) return recordEmpty(original, head, options);
  const [live, copied] = original.body.tee();
  const copy = collect(copied, head, options);
  const { status, headers } = original;
  const response = new Response(callerStream(live.getReader(), copy), { status, headers });
  // On Deno a later abort() is lost if the original response is collected before its body has ended.
  const settled = copy.settled.then((problem) => (void original, problem));
  return { response: labelled(response, original), settled };
}

/** Without a body there is nothing to wait for, and the original response has no stream that could be read twice. */
function recordEmpty(response: Response, head: AnswerHead, { commit }: CollectOptions): Recording {
  const bytes = new Uint8Array();
  const problem = checkCompleteness(head).end(bytes);
  return { response, settled: problem ? Promise.resolve(problem) : commit({ bytes, chunks: [] }) };
}

/** The stream that the caller reads: hands a chunk out once the copy holds it, and the end once the line is written. */
function callerStream(live: ReadableStreamDefaultReader<Uint8Array>, copy: Copy): ReadableStream<Uint8Array> {
  let given = 0;
  let cancelled = false;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      // A failure of the network rejects here, and so reaches the caller as the error that it is.
      const { done, value } = await live.read();
      await (done ? copy.settled : copy.holds(given + 1));
      if (cancelled) return;
      if (done) return controller.close();
      given++;
      controller.enqueue(value);
    },
    cancel(reason) {
      cancelled = true;
      live.cancel(reason).catch(() => {});
      copy.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

/** A whole and successful body, as it was received. */
export interface ReceivedBody {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Milliseconds since the headers and length in bytes of each chunk. */
  readonly chunks: readonly (readonly [ms: number, bytes: number])[];
}

/** What a copy is collected for. */
export interface CollectOptions {
  readonly maxBodyBytes: number;
  /** The clock, in milliseconds. */
  readonly now: () => number;
  /**
   * Called when the body is whole, before the caller can see that it is: with the terminal marker, and again at the end
   * if bytes followed. It must not throw: it returns why nothing was stored.
   */
  readonly commit: (body: ReceivedBody) => Promise<Problem | undefined>;
}

/** The copy that is collected beside the caller's stream. */
export interface Copy {
  readonly settled: Promise<Problem | undefined>;
  /** Resolves as soon as the copy holds this many chunks, and what they complete is committed; or when it ended. */
  holds(chunks: number): Promise<void>;
  /** The caller has stopped reading. */
  cancel(reason: unknown): void;
}

/** Collects a copy of a body, and commits it when it is whole. It never waits for the caller, so nobody can deadlock. */
export function collect(stream: ReadableStream<Uint8Array>, head: AnswerHead, options: CollectOptions): Copy {
  const reader = stream.getReader();
  const collector = createCollector(head, options);
  const progress = bell();
  let held = 0;
  let ended = false;
  let cancelled = false;

  const run = async (): Promise<Problem | undefined> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return await collector.end(cancelled);
      const problem = await collector.take(value);
      held++;
      progress.notify();
      if (problem) return collector.giveUp(problem);
    }
  };
  const settled = run().catch((error) => {
    return collector.giveUp({ reason: "broken", detail: messageOf(error) });
  }).finally(() => {
    ended = true;
    collector.forget();
    progress.notify();
    reader.cancel().catch(() => {});
  });

  return {
    settled,
    async holds(count) {
      while (held < count && !ended) await progress.next();
    },
    cancel(reason) {
      if (ended) return;
      cancelled = true;
      reader.cancel(reason).catch(() => {});
    },
  };
}

/** Checks and commits a body while it arrives. */
interface Collector {
  /** @returns Why the body cannot be recorded, if it is clear already. */
  take(chunk: Uint8Array): Promise<Problem | undefined>;
  /** Says that the body ended. @returns Why nothing was stored, if nothing was. */
  end(isCancelled: boolean): Promise<Problem | undefined>;
  /** Says that the rest of the body will not come. What was committed counts all the same. */
  giveUp(problem: Problem): Problem | undefined;
  /** Gives the memory back. */
  forget(): void;
}

function createCollector(head: AnswerHead, { now, maxBodyBytes, commit }: CollectOptions): Collector {
  const check = checkCompleteness(head);
  const received = createReceived(now);
  let committedSize = 0;
  let failure: Problem | undefined;
  let isStored = false;

  const commitReceived = async (bytes: Uint8Array<ArrayBuffer>) => {
    committedSize = received.size;
    const problem = await commit({ bytes, chunks: [...received.chunks] });
    isStored ||= problem === undefined;
    failure = isStored ? undefined : problem;
  };
  const giveUp = (problem: Problem) => committedSize > 0 ? failure : problem;

  return {
    async take(chunk) {
      received.add(chunk);
      const isMarked = check.push(chunk);
      const isTooLarge = received.size > maxBodyBytes;
      if (isMarked && committedSize === 0 && !isTooLarge) await commitReceived(received.bytes());
      return isTooLarge ? tooLarge(maxBodyBytes) : undefined;
    },
    async end(isCancelled) {
      if (isCancelled) return giveUp({ reason: "cancelled", detail: "the caller stopped reading" });
      if (committedSize > 0 && committedSize === received.size) return failure;
      const bytes = received.bytes();
      const problem = check.end(bytes);
      if (problem) return giveUp(problem);
      await commitReceived(bytes);
      return failure;
    },
    giveUp,
    forget: received.forget,
  };
}

/** The chunks that have arrived, and when. */
function createReceived(now: () => number) {
  const start = now();
  const parts: Uint8Array[] = [];
  const chunks: [ms: number, bytes: number][] = [];
  let size = 0;
  return {
    chunks,
    get size() {
      return size;
    },
    add(chunk: Uint8Array): void {
      // A copy, because Bun's tee() gives both branches the same memory and the caller may write into it.
      parts.push(chunk.slice());
      size += chunk.byteLength;
      chunks.push([Math.round(now() - start), chunk.byteLength]);
    },
    bytes: () => concatBytes(parts),
    forget(): void {
      parts.length = 0;
    },
  };
}

function tooLarge(maxBodyBytes: number): Problem {
  return { reason: "too-large", detail: `the body is longer than maxBodyBytes (${maxBodyBytes})` };
}

/** Wakes those who wait, again and again. */
function bell(): { notify(): void; next(): Promise<void> } {
  let ring = () => {};
  let next = new Promise<void>((resolve) => ring = resolve);
  return {
    notify() {
      ring();
      next = new Promise<void>((resolve) => ring = resolve);
    },
    next: () => next,
  };
}
