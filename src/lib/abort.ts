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
