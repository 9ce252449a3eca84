import { clearTimeout, LONGEST_TIMER_MS, monotonicNow, onAbort, setTimeout } from "../lib/wait.ts";
import type { Entry } from "../store/entry.ts";

/** The speed of a replayed stream: as recorded, a factor, or a fixed delay before each chunk. */
export type Pace = "recorded" | number | { readonly chunkMs: number };

/** A clock with timers. Tests replace it. */
export interface Clock {
  /** In milliseconds, from any start. */
  now(): number;
  /**
   * Calls a function later.
   *
   * @param ms Milliseconds, more than 0.
   * @returns A function that cancels the call.
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
   * @returns Undefined if the chunk is due now. Otherwise a promise that resolves to true when it is due, or to false after
   * `stop()`. The promise rejects with the signal's reason when the signal is aborted.
   */
  wait(index: number): Promise<boolean> | undefined;
  /** Ends the current wait. */
  stop(): void;
}

/**
 * Creates the pacer of a body that starts now.
 *
 * Recorded delays count from this start, as on a real connection: chunks that are due wait for a slow caller. A fixed
 * delay counts from the read of a chunk.
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
    // A line of another program may contain anything.
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
          ignoreAbort();
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
        const ignoreAbort = signal ? onAbort(signal, abort) : () => {};
      });
    },
    stop: () => stop(),
  };
}
