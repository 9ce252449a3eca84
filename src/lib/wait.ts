import { shared } from "./shared_state.ts";

/**
 * The timers and clocks of the platform, taken when this module is loaded: fake timers that a test installs later neither
 * hold up a call nor reach a recording.
 */
export const { setTimeout, clearTimeout, Date: PlatformDate } = globalThis;

/** Milliseconds since the start of the process, from the clock of the platform. */
export const monotonicNow: () => number = globalThis.performance.now.bind(globalThis.performance);

/**
 * Waits for an answer up to a time limit.
 *
 * Two half timers: after a blocked event loop, one would fire before answers that have already arrived.
 *
 * @param answer A value, or the promise of one. A result or an error that comes after the limit is discarded.
 * @param limit In milliseconds.
 * @throws What the promise rejects with, or an error that says that the time is up.
 */
export async function withinTime<Answer>(answer: Answer | Promise<Answer>, limit: number): Promise<Answer> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = (then: () => void) => void (timer = setTimeout(then, limit / 2));
  const timeUp = new Promise<never>((_, reject) => {
    wait(() => wait(() => reject(new Error(`there was no answer within ${limit} ms`))));
  });
  try {
    return await Promise.race([answer, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}

/** How long to look once more after a limit has passed: answers that arrived in a blocked event loop come first. */
const SECOND_LOOK_MS = 20;

/**
 * Waits for a promise as long as something goes on.
 *
 * @param promise It must not reject.
 * @param idleMs How long nothing has happened, in milliseconds.
 * @param limit How long nothing may happen, in milliseconds.
 * @returns What the promise gives, or `undefined` when nothing has happened for longer than the limit.
 */
export async function unlessIdle<Result>(
  promise: Promise<Result>,
  idleMs: () => number,
  limit: number,
): Promise<Result | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const idle = new Promise<undefined>((resolve) => {
    const look = (isSecond: boolean) => {
      const left = limit - idleMs();
      if (left <= 0 && isSecond) return resolve(undefined);
      timer = setTimeout(look, left <= 0 ? SECOND_LOOK_MS : left, left <= 0);
    };
    look(false);
  });
  try {
    return await Promise.race([promise, idle]);
  } finally {
    clearTimeout(timer);
  }
}

/** A promise, and the function that resolves it. */
export interface Deferred<Result> {
  readonly promise: Promise<Result>;
  readonly resolve: (result: Result | PromiseLike<Result>) => void;
}

/** Makes a promise to resolve later; `Promise.withResolvers` is missing on Node 20. */
export function deferred<Result>(): Deferred<Result> {
  let resolve: Deferred<Result>["resolve"] = () => {};
  const promise = new Promise<Result>((done) => resolve = done);
  return { promise, resolve };
}

/** Whether a value has to be awaited. */
export function isPromise<Value>(value: Value | Promise<Value>): value is Promise<Value> {
  return typeof (value as { readonly then?: unknown } | undefined)?.then === "function";
}

/** How long a shared store may take by default, in milliseconds. */
export const DEFAULT_TIME_LIMIT_MS = 1000;

/** The longest time that a timer can wait, in milliseconds: it holds 31 bits, and a longer one is over at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;

/** Whether a number can be a time limit, in milliseconds. */
export function isTimeLimit(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value <= LONGEST_TIMER_MS;
}

/** The reason of an aborted signal. Signals of the package `abort-controller` have none. */
export function abortReason(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException("This operation was aborted", "AbortError");
}

/** @throws The reason of the signal, if it is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortReason(signal);
}

interface AbortListener {
  readonly calls: Set<() => void>;
  readonly callAll: () => void;
}

/** The one listener of each signal: Node warns of more than ten. */
const listeners = () => shared("abortListeners", () => new WeakMap<AbortSignal, AbortListener>());

function newListener(): AbortListener {
  const calls = new Set<() => void>();
  return { calls, callAll: () => [...calls].forEach((call) => call()) };
}

/**
 * Calls a function when a signal is aborted.
 *
 * @returns Ends it. The listener is removed with the last one: on Deno a listener that stays keeps the process alive.
 */
function listen(signal: AbortSignal, call: () => void): () => void {
  const { calls, callAll } = listeners().get(signal) ?? newListener();
  listeners().set(signal, { calls, callAll });
  if (calls.size === 0) signal.addEventListener("abort", callAll);
  calls.add(call);
  return () => {
    calls.delete(call);
    if (calls.size === 0) signal.removeEventListener("abort", callAll);
  };
}

/**
 * Waits for a promise, but no longer than until the signal is aborted.
 *
 * @throws The signal's reason, if it is aborted first.
 */
export function waitUnlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(abortReason(signal));
    const finish = signal.aborted ? () => {} : listen(signal, abort);
    promise.then(resolve, reject).finally(finish); // first: what it throws later must not be left unhandled
    if (signal.aborted) abort();
  });
}
