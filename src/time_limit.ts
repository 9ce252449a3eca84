/**
 * Waits for an answer, but not for ever.
 *
 * @param answer A value, or the promise of one. What it gives after the time is up is thrown away, an error too.
 * @param limit In milliseconds.
 * @throws What the promise rejects with, or that the time is up.
 */
export async function withinTime<Answer>(answer: Answer | Promise<Answer>, limit: number): Promise<Answer> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`there was no answer within ${limit} ms`)), limit);
  });
  try {
    return await Promise.race([answer, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}

/** How long a shared store may take by default, in milliseconds. */
export const DEFAULT_TIME_LIMIT_MS = 1000;

/** Whether a number can be a time limit, in milliseconds. */
export function isTimeLimit(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value <= LONGEST_TIMER;
}

/** Timers hold 31 bits. */
const LONGEST_TIMER = 2 ** 31 - 1;
