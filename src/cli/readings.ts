import type { Entry } from "../entry.ts";
import { startsLikeEvents, startsLikeJsonLines } from "../stream_events.ts";
import { readEntry, type Reading } from "./reading/reading.ts";

/** What an entry says, read when it is asked for. */
export interface Readings {
  /** Of a long stream only the start: to put 100 MB of events together takes seconds. */
  start(): Reading;
  whole(): Reading;
}

/** Reads an entry at most once each way. */
export function readingsOf(entry: Entry): Readings {
  const start = startOf(entry);
  let [startReading, wholeReading]: (Reading | undefined)[] = [];
  const whole = () => wholeReading ??= readEntry(entry);
  return { whole, start: () => start === entry ? whole() : wholeReading ?? (startReading ??= readEntry(start)) };
}

/** In characters. Enough for the first words and whatever comes before them. */
const START_LENGTH = 1 << 16;

function startOf(entry: Entry): Entry {
  const { response, binary } = entry;
  const isLong = !binary && response.length > START_LENGTH;
  const isStream = isLong && (startsLikeEvents(response) || startsLikeJsonLines(response));
  return isStream ? { ...entry, response: response.slice(0, START_LENGTH) } : entry;
}
