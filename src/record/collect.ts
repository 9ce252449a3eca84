import { concatBytes } from "../lib/bytes.ts";
import { messageOf } from "../lib/errors.ts";
import { clearTimeout, deferred, monotonicNow, setTimeout } from "../lib/wait.ts";
import type { Problem } from "../report/events.ts";
import { checkCompleteness } from "./completeness.ts";
import type { AnswerHead } from "./json_answer.ts";

/** Reads one branch of a body. */
export type Reader = ReadableStreamDefaultReader<Uint8Array>;

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
  /** Of the caller: ends the wait for the store, too. */
  readonly signal?: AbortSignal;
  /**
   * Called when the body is whole, before the caller can see that it is: with the terminal marker, and again at the end
   * if bytes followed. It must not throw: it returns why nothing was stored.
   */
  readonly commit: (body: ReceivedBody) => Promise<Problem | undefined>;
}

/** The copy that is collected beside the caller's stream. */
export interface Copy {
  /** Resolves when nothing more will be committed: to undefined if the body was, else to the reason why not. */
  readonly settled: Promise<Problem | undefined>;
  /** Resolves as soon as the body is committed, to true; or to false when it ended without. */
  readonly committed: Promise<boolean>;
  /** For how long nothing has arrived or been written, in milliseconds. */
  readonly idleMs: () => number;
  /**
   * Starts the copy of a stream before the caller reads it. Unread streams are not copied: a response that is dropped
   * must not keep the process alive.
   */
  readonly start: () => void;
  /** Resolves as soon as the copy holds this many chunks, and what they complete is committed; or when it ended. */
  holds(chunks: number): Promise<void>;
  /** The caller has stopped reading. */
  cancel(reason: unknown): void;
}

/** How long an empty body that the caller cancels may take to end, in milliseconds. */
const EMPTY_END_MS = 100;

/**
 * Collects a copy of a body, and commits it when it is whole. The copy never waits for the caller, so they cannot
 * deadlock.
 */
export function collect(reader: () => Reader, head: AnswerHead, options: CollectOptions): Copy {
  const collector = createCollector(head, options);
  const progress = bell();
  const result = deferred<Problem | undefined>();
  let held = 0;
  let isStarted = false;
  let ended = false;
  let stopping: { readonly reason: unknown } | undefined;
  let isCancelled = false;

  const stop = () => {
    isCancelled = true;
    reader().cancel(stopping?.reason).catch(() => {});
  };
  const run = async (): Promise<Problem | undefined> => {
    for (;;) {
      const { done, value } = await reader().read();
      if (done) return await collector.end(isCancelled);
      const problem = stopping ? CANCELLED : await collector.take(value);
      held++;
      progress.notify();
      if (problem) return collector.giveUp(problem);
    }
  };
  const settled = result.promise.catch((error) => {
    return collector.giveUp({ reason: "broken", detail: messageOf(error) });
  }).finally(() => {
    ended = true;
    collector.forget();
    progress.notify();
    reader().cancel().catch(() => {});
  });
  const start = () => {
    if (isStarted) return;
    isStarted = true;
    result.resolve(run());
  };

  return {
    settled,
    committed: Promise.race([collector.stored, settled.then(() => collector.isStored())]),
    idleMs: collector.idleMs,
    start,
    async holds(count) {
      while (held < count && !ended) await progress.next();
    },
    cancel(reason) {
      if (ended) return;
      stopping = { reason };
      const mayBeEmpty = head.status === 202 || isStarted && !isStream(head.headers);
      if (held === 0 && mayBeEmpty) {
        start();
        // An empty body is whole, and many clients cancel it unread.
        const timer = setTimeout(stop, EMPTY_END_MS);
        settled.finally(() => clearTimeout(timer));
      } else {
        stop();
        start();
      }
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
  /** Resolves to true when a body is stored. */
  readonly stored: Promise<true>;
  isStored(): boolean;
  /** For how long nothing has arrived or been written, in milliseconds. */
  idleMs(): number;
}

const CANCELLED: Problem = { reason: "cancelled", detail: "the caller stopped reading" };

function createCollector(head: AnswerHead, { now, maxBodyBytes, commit }: CollectOptions): Collector {
  const check = checkCompleteness(head);
  const received = createReceived(now);
  let committedSize = 0;
  let failure: Problem | undefined;
  const stored = deferred<true>();
  let isStored = false;
  let isWriting = false;
  let activeAt = monotonicNow();

  const commitReceived = async (bytes: Uint8Array<ArrayBuffer>) => {
    committedSize = received.size;
    isWriting = true;
    const problem = await commit({ bytes, chunks: [...received.chunks] });
    isWriting = false;
    activeAt = monotonicNow();
    isStored ||= problem === undefined;
    if (isStored) stored.resolve(true);
    failure = isStored ? undefined : problem;
  };
  const giveUp = (problem: Problem) => committedSize > 0 ? failure : problem;

  return {
    async take(chunk) {
      activeAt = monotonicNow();
      received.add(chunk);
      const isMarked = check.push(chunk);
      const isTooLarge = received.size > maxBodyBytes;
      if (isMarked && committedSize === 0 && !isTooLarge) await commitReceived(received.bytes());
      return isTooLarge ? tooLarge(maxBodyBytes) : undefined;
    },
    async end(isCancelled) {
      if (isCancelled) return giveUp(CANCELLED);
      if (committedSize > 0 && committedSize === received.size) return failure;
      const bytes = received.bytes();
      const problem = check.end(bytes);
      if (problem) return giveUp(problem);
      await commitReceived(bytes);
      return failure;
    },
    giveUp,
    forget: received.forget,
    stored: stored.promise,
    isStored: () => isStored,
    idleMs: () => isWriting ? 0 : monotonicNow() - activeAt,
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

/** Whether a body may go on for long: it has no known length, and is not one JSON document. */
export function isStream(headers: Headers): boolean {
  return !headers.has("content-length") && !/^application\/json\b/i.test(headers.get("content-type") ?? "");
}
