import { clearTimeout, LONGEST_TIMER_MS, monotonicNow, setTimeout } from "../lib/wait.ts";
import type { Entry } from "../store/entry.ts";

/** How fast a stream is replayed: as recorded, so many times as fast, or with a delay before each chunk. */
export type Pace = "recorded" | number | { readonly chunkMs: number };

/** Tells the time and wakes somebody up later; tests put their own in its place. */
export interface Clock {
  /** In milliseconds, from any start. */
  now(): number;
  /**
   * Calls a function later.
   *
   * @param ms Milliseconds, more than 0.
   * @returns What calls it off.
   */
  after(ms: number, call: () => void): () => void;
}

/** The clock of the runtime. */
const systemClock: Clock = {
  now: monotonicNow,
  after(ms, call) {
    const timer = setTimeout(call, Math.min(ms, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** Holds the chunks of one replayed body back until they are due. */
export interface Pacer {
  /**
   * Waits for a chunk; at most one wait at a time.
   *
   * @returns Undefined if the chunk is due already; else a promise of whether it is to be given, which is false after
   * `stop()`, and which rejects with the reason of the signal as soon as that is aborted.
   */
  wait(index: number): Promise<boolean> | undefined;
  /** Ends the wait that is under way, if there is one. */
  stop(): void;
}

/**
 * Makes the pacer of a body that starts now.
 *
 * Recorded delays count from here, as they do on a real connection: a caller who reads slowly finds the chunks of
 * meanwhile waiting, and is not delayed further. A fixed delay counts from when a chunk is asked for.
 */
export function createPacer(
  pace: Pace,
  chunks: NonNullable<Entry["chunks"]>,
  { signal, clock = systemClock }: { readonly signal?: AbortSignal; readonly clock?: Clock },
): Pacer {
  const start = clock.now();
  const delayOf = (index: number): number => {
    if (typeof pace === "object") return pace.chunkMs;
    const ms = chunks[index]?.[0];
    const factor = pace === "recorded" ? 1 : pace;
    // A line that somebody else wrote may hold anything.
    return typeof ms === "number" ? start + ms / factor - clock.now() : 0;
  };
  let stop = () => {};
  return {
    wait(index) {
      const ms = delayOf(index);
      if (!(ms > 0)) return undefined;
      return new Promise<boolean>((resolve, reject) => {
        const finish = () => {
          callOff();
          signal?.removeEventListener("abort", abort); // on Deno, one that stays keeps the process alive
        };
        const end = (isDue: boolean) => {
          finish();
          resolve(isDue);
        };
        const abort = () => {
          finish();
          reject(signal?.reason);
        };
        const callOff = clock.after(ms, () => end(true));
        stop = () => end(false);
        signal?.addEventListener("abort", abort);
      });
    },
    stop: () => stop(),
  };
}
