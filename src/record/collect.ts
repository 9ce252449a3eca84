import { blockCollector, type Blocks, joined, oneBlock } from "../lib/blocks.ts";
import { messageOf } from "../lib/errors.ts";
import { bell, clearTimeout, deferred, isPromise, monotonicNow, setTimeout } from "../lib/wait.ts";
import type { Problem } from "../report/events.ts";
import { isErrorStatus } from "../store/entry.ts";
import { checkCompleteness, type CompletenessCheck } from "./completeness.ts";
import type { AnswerHead } from "./json_answer.ts";
import { type BodyForm, formOf, LONG_BODY } from "./long_body.ts";

/** Reads one branch of a body. */
export type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** A complete and successful body, as it was received. */
export interface ReceivedBody extends BodyForm {
  readonly bytes: Blocks;
  /** Milliseconds since the headers and length in bytes of each chunk. */
  readonly chunks: readonly (readonly [ms: number, bytes: number])[];
}

/** How a copy is collected. */
export interface CollectOptions {
  readonly maxBodyBytes: number;
  /** The clock, in milliseconds. */
  readonly now: () => number;
  /** The signal of the caller. It also ends the wait for the store. */
  readonly signal?: AbortSignal;
  /**
   * Called when the body is complete, before the caller sees its end: at the terminal event, and again at the end if
   * bytes followed. It must not throw: it returns the reason if nothing was stored.
   */
  readonly commit: (body: ReceivedBody) => Promise<Problem | undefined>;
}

/** The copy that is collected beside the caller's stream. */
export interface Copy {
  /** Resolves after the last commit: to undefined if the body is stored, otherwise to the reason why not. */
  readonly settled: Promise<Problem | undefined>;
  /** Resolves to true as soon as the body is stored, or to false if the body ended and is not stored. */
  readonly committed: Promise<boolean>;
  /** Milliseconds since bytes last arrived or were written. */
  readonly idleMs: () => number;
  /**
   * Starts the copy of a stream before the caller reads it. Unread streams are not copied: a response that is dropped
   * must not keep the process alive.
   */
  readonly start: () => void;
  /**
   * Resolves when the copy contains this many chunks and a body that they complete is stored, or when the copy has ended.
   *
   * @returns Undefined if this is already so.
   */
  holds(chunks: number): Promise<void> | undefined;
  /** The memory of the first chunk that the copy got. */
  firstMemory(): ArrayBufferLike | undefined;
  /** Stops the copy, because the caller has stopped reading. */
  cancel(reason: unknown): void;
}

/** How long an empty body or an error that the caller cancels may take to end, in milliseconds. */
const REST_MS = 100;

/**
 * Collects a copy of a body, and commits it when it is complete. The copy never waits for the caller, so they cannot
 * deadlock.
 */
export function collect(reader: () => Reader, head: AnswerHead, options: CollectOptions): Copy {
  const collector = createCollector(head, options);
  const isError = isErrorStatus(head.status);
  const state: CopyState = {
    held: 0,
    isStarted: false,
    hasEnded: false,
    isCancelled: false,
    progress: bell(),
    goesOn: isError,
  };
  const result = deferred<Problem | undefined>();
  const settled = result.promise.catch((error) => {
    return collector.giveUp({ reason: "broken", detail: messageOf(error) });
  }).finally(() => {
    state.hasEnded = true;
    collector.forget();
    state.progress.notify();
    collector.settle();
    // Of a body that was read before, there is no reader.
    Promise.resolve().then(() => reader().cancel()).catch(() => {});
  });
  const start = () => {
    if (!state.isStarted) result.resolve(copyChunks(reader, collector, state));
  };

  return {
    settled,
    committed: collector.stored,
    idleMs: collector.idleMs,
    start,
    holds(count) {
      if (state.held >= count || state.hasEnded) return undefined;
      return state.progress.next().then(() => this.holds(count));
    },
    firstMemory: () => state.firstMemory,
    cancel(reason) {
      if (state.hasEnded) return;
      state.stopping = { reason };
      // An empty body is complete, and many clients cancel it unread, some (MCP, status 202) before it has started.
      const mayBeStream = isStream(head.headers) && head.headers.has("content-type") && head.status !== 202;
      // SDKs cancel the body of an error before they retry.
      if (!isError && (state.held > 0 || mayBeStream)) {
        stop(reader, state);
      } else {
        const timer = setTimeout(() => stop(reader, state), REST_MS);
        settled.finally(() => clearTimeout(timer));
      }
      start();
    },
  };
}

/** The state of a copy. */
interface CopyState {
  /** How many chunks the copy contains. */
  held: number;
  firstMemory?: ArrayBufferLike;
  isStarted: boolean;
  hasEnded: boolean;
  /** Whether the end of the body comes from `cancel()`, not from the network. */
  isCancelled: boolean;
  /** Whether the copy still takes chunks after the caller has stopped reading. */
  readonly goesOn: boolean;
  /** Set when the caller has stopped reading. */
  stopping?: { readonly reason: unknown };
  readonly progress: ReturnType<typeof bell>;
}

async function copyChunks(
  reader: () => Reader,
  collector: Collector,
  state: CopyState,
): Promise<Problem | undefined> {
  state.isStarted = true;
  for (;;) {
    const { done, value } = await reader().read();
    if (done) return await collector.end(state.isCancelled);
    state.firstMemory ??= value.buffer;
    const taken = state.stopping && !state.goesOn ? CANCELLED : collector.take(value);
    const problem = isPromise(taken) ? await taken : taken;
    state.held++;
    state.progress.notify();
    if (problem) return collector.giveUp(problem);
  }
}

function stop(reader: () => Reader, state: CopyState): void {
  state.isCancelled = true;
  reader().cancel(state.stopping?.reason).catch(() => {});
}

/** Checks and commits a body while it arrives. */
interface Collector {
  /** @returns Why the body cannot be recorded, if this is already certain; a promise if the chunk completed the body. */
  take(chunk: Uint8Array): Problem | undefined | Promise<undefined>;
  /** Called when the body has ended. @returns Why it was not stored; undefined if it was. */
  end(isCancelled: boolean): Promise<Problem | undefined>;
  /** Called when the rest of the body will not arrive. A body that was stored before stays stored. */
  giveUp(problem: Problem): Problem | undefined;
  /** Releases the memory. */
  forget(): void;
  /** Called when nothing more will be stored. */
  settle(): void;
  /** Resolves to true when a body is stored, or to false when nothing more will be. */
  readonly stored: Promise<boolean>;
  /** For how long nothing has arrived or been written, in milliseconds. */
  idleMs(): number;
}

const CANCELLED: Problem = { reason: "cancelled", detail: "the caller stopped reading" };

function createCollector(head: AnswerHead, { now, maxBodyBytes, commit }: CollectOptions): Collector {
  let check: CompletenessCheck | undefined = checkCompleteness(head);
  const received = createReceived(now, head.headers.get("content-type") ?? "");
  const committer = createCommitter(commit);
  let committedSize = 0;

  const commitReceived = async (body: ReceivedBody): Promise<undefined> => {
    committedSize = received.bytes.byteLength;
    await committer.commit(body);
  };
  const giveUp = (problem: Problem) => committedSize > 0 ? committer.failure() : problem;

  return {
    take(chunk) {
      committer.noteActivity();
      if (received.bytes.byteLength + chunk.byteLength > maxBodyBytes) return tooLarge(maxBodyBytes);
      received.add(chunk);
      const isMarked = check?.push(chunk, received.bytes) ?? false;
      return isMarked && committedSize === 0 ? commitReceived(received.body()) : undefined;
    },
    async end(isCancelled) {
      if (isCancelled) return giveUp(CANCELLED);
      if (committedSize > 0 && committedSize === received.bytes.byteLength) return committer.failure();
      const body = received.body();
      const problem = check?.end(body.bytes, body.text);
      if (problem) return giveUp(problem);
      await commitReceived(body);
      return committer.failure();
    },
    giveUp,
    forget() {
      received.forget();
      check = undefined;
    },
    stored: committer.stored,
    settle: committer.settle,
    idleMs: committer.idleMs,
  };
}

/** Commits a body, a second time if bytes followed, and knows whether one of both commits stored it. */
function createCommitter(commit: CollectOptions["commit"]) {
  const stored = deferred<boolean>();
  let failure: Problem | undefined;
  let isStored = false;
  let isWriting = false;
  let activeAt = monotonicNow();
  return {
    stored: stored.promise,
    settle: () => stored.resolve(isStored),
    failure: () => failure,
    /** Called when bytes arrive. */
    noteActivity: () => void (activeAt = monotonicNow()),
    idleMs: () => isWriting ? 0 : monotonicNow() - activeAt,
    async commit(body: ReceivedBody): Promise<void> {
      isWriting = true;
      const problem = await commit(body);
      isWriting = false;
      activeAt = monotonicNow();
      isStored ||= problem === undefined;
      if (isStored) stored.resolve(true);
      failure = isStored ? undefined : problem;
    },
  };
}

/** The chunks that have arrived, and when. */
function createReceived(now: () => number, contentType: string) {
  const start = now();
  const chunks: [ms: number, bytes: number][] = [];
  let memory = blockCollector();
  return {
    /** What has arrived so far. It grows. */
    get bytes(): Blocks {
      return memory;
    },
    /** Copies the chunk, because Bun's tee() gives both branches the same memory and the caller may write into it. */
    add(chunk: Uint8Array): void {
      chunks.push([Math.round(now() - start), chunk.byteLength]);
      memory.add(chunk);
    },
    body(): ReceivedBody {
      const all = memory.collected();
      const bytes = all.byteLength > LONG_BODY ? all : oneBlock(joined(all));
      return { bytes, ...formOf(bytes, contentType), chunks: [...chunks] };
    },
    forget(): void {
      memory = blockCollector();
    },
  };
}

/** Why a body that is longer than the option `maxBodyBytes` is not recorded. */
export function tooLarge(maxBodyBytes: number): Problem {
  return { reason: "too-large", detail: `the body is longer than maxBodyBytes (${maxBodyBytes})` };
}

/** Whether a body may take long: its length is unknown, and it is not one JSON document. */
export function isStream(headers: Headers): boolean {
  return !headers.has("content-length") && !/^application\/json\b/i.test(headers.get("content-type") ?? "");
}
