import type { Entry } from "../../store/entry.ts";
import { FIRST_WORDS, readEntry, type Reading, readStart, type StartReading } from "../read/reading.ts";

/** An entry in readable form, read on demand. */
export interface Readings {
  /** Reads only the start of a stream, because joining 100 MB of events takes seconds. */
  start(): StartReading;
  whole(): Reading;
}

/** Whether a text fills a row. */
export function fillsRow(text: string): boolean {
  return text.slice(0, FIRST_WORDS).trim().length === FIRST_WORDS;
}

/**
 * Reads an entry at most once for each method.
 *
 * @param isEnough Whether a row needs no more of a streamed response that begins with this text.
 */
export function readingsOf(entry: Entry, isEnough: (text: string) => boolean = fillsRow): Readings {
  let start: StartReading | undefined;
  let whole: Reading | undefined;
  return {
    whole: () => whole ??= readEntry(entry),
    start: () => whole ?? (start ??= readStart(entry, isEnough)),
  };
}
