import { shared } from "./shared_state.ts";

/**
 * The platform's timers and clock, captured when this module is loaded. Fake timers that a test installs later therefore
 * do not delay calls or change the times in recordings.
 */
export const { setTimeout, clearTimeout, Date: PlatformDate } = globalThis;

/** Milliseconds since the start of the process, from the platform's clock. */
export const monotonicNow: () => number = globalThis.performance.now.bind(globalThis.performance);

/**
 * Waits for a result up to a time limit.
 *
 * Two half timers: after a blocked event loop, a single timer would fire before the results that have already arrived.
 *
 * @param result A value, or a promise of one. What it settles to after the limit is discarded.
 * @param limit In milliseconds.
 * @throws The reason with which the promise rejects, or an error if the time is up.
 */
export async function withinTime<Result>(result: Result | Promise<Result>, limit: number): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = (then: () => void) => void (timer = setTimeout(then, limit / 2));
  const timeUp = new Promise<never>((_, reject) => {
    wait(() => wait(() => reject(new Error(`no response within ${limit} ms`))));
  });
  try {
    return await Promise.race([result, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}

/** The time from the limit to a second check: results that arrived while the event loop was blocked come before it. */
const SECOND_CHECK_MS = 20;

/**
 * Waits for a promise until there is no activity for longer than a limit.
 *
 * @param promise Must not reject.
 * @param idleMs Returns the time since the last activity, in milliseconds.
 * @param limit The longest time without activity, in milliseconds.
 * @returns The value of the promise; `undefined` after the limit.
 */
export async function unlessIdle<Result>(
  promise: Promise<Result>,
  idleMs: () => number,
  limit: number,
): Promise<Result | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const idle = new Promise<undefined>((resolve) => {
    const check = (isSecond: boolean) => {
      const left = limit - idleMs();
      if (left <= 0 && isSecond) return resolve(undefined);
      timer = setTimeout(check, left <= 0 ? SECOND_CHECK_MS : left, left <= 0);
    };
    check(false);
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

/** Makes a promise to resolve later. Node 20 has no `Promise.withResolvers`. */
export function deferred<Result>(): Deferred<Result> {
  let resolve: Deferred<Result>["resolve"] = () => {};
  const promise = new Promise<Result>((done) => resolve = done);
  return { promise, resolve };
}

/** Whether a value is a promise. */
export function isPromise<Value>(value: Value | Promise<Value>): value is Promise<Value> {
  return typeof (value as { readonly then?: unknown } | undefined)?.then === "function";
}

/** Uses a value, or what a promise resolves to. Without a promise, there is no wait: after a pause, each wait costs microseconds. */
export function whenKnown<Value, Result>(
  value: Value | Promise<Value>,
  use: (value: Value) => Result | Promise<Result>,
): Result | Promise<Result> {
  return isPromise(value) ? value.then(use) : use(value);
}

/** The default time limit of a shared store, in milliseconds. */
export const DEFAULT_TIME_LIMIT_MS = 1000;

/** The longest delay of a timer, in milliseconds: it has 31 bits, and a timer with a longer delay fires immediately. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;

/** Whether a number can be a time limit, in milliseconds. */
export function isTimeLimit(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value <= LONGEST_TIMER_MS;
}

/** In milliseconds. */
const UNITS: Readonly<Record<string, number>> = { s: 1e3, min: 6e4, h: 36e5, d: 864e5, w: 6048e5 };

/** The milliseconds of an age: `30d`, `12h`, `2w`, `45min`, `10s`; undefined for any other text. */
export function parseAge(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?)\s*(s|min|h|d|w)$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * (UNITS[unit] ?? 0);
}

interface AbortListener {
  readonly calls: Set<() => void>;
  readonly callAll: () => void;
}

/** One listener for each signal: Node prints a warning if a signal has more than ten. */
const listeners = () => shared("abortListeners", () => new WeakMap<AbortSignal, AbortListener>());

function newListener(): AbortListener {
  const calls = new Set<() => void>();
  return { calls, callAll: () => [...calls].forEach((call) => call()) };
}

/**
 * Calls a function when a signal is aborted.
 *
 * @returns A function that cancels this. Without calls, the signal has no listener, because on Deno a listener keeps the
 * process alive.
 */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
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
 * Waits for a promise until a signal is aborted.
 *
 * @throws The signal's reason, if it is aborted first.
 */
export function waitUnlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    const finish = signal.aborted ? () => {} : onAbort(signal, abort);
    promise.then(resolve, reject).finally(finish); // also if already aborted: a later rejection must be handled
    if (signal.aborted) abort();
  });
}

/** Wakes all waiting readers, each time that it is notified. */
export function bell(): { notify(): void; next(): Promise<void> } {
  let waiting: Deferred<void> | undefined;
  return {
    notify() {
      waiting?.resolve();
      waiting = undefined;
    },
    next: () => (waiting ??= deferred<void>()).promise,
  };
}
