/**
 * Waits for an answer, but not for ever.
 *
 * The time is taken in two halves: when a program that was busy for longer than the limit goes on, its timers come
 * before the answers that have arrived meanwhile.
 *
 * @param answer A value, or the promise of one. What it gives after the time is up is thrown away, an error too.
 * @param limit In milliseconds.
 * @throws What the promise rejects with, or that the time is up.
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

/** How long a shared store may take by default, in milliseconds. */
export const DEFAULT_TIME_LIMIT_MS = 1000;

/** The longest time that a timer can wait, in milliseconds: it holds 31 bits, and a longer one is over at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;

/** Whether a number can be a time limit, in milliseconds. */
export function isTimeLimit(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value <= LONGEST_TIMER_MS;
}

/**
 * Waits for a promise, but no longer than until the signal is aborted.
 *
 * The listener is removed as soon as the wait is over: on Deno a listener that stays keeps the process alive.
 *
 * @throws The signal's reason, if it is aborted first.
 */
export function waitUnlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    const finish = () => signal.removeEventListener("abort", abort);
    promise.then(resolve, reject).finally(finish); // first: what it throws later must not be left unhandled
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
  });
}
