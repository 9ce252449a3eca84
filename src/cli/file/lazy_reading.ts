import { framingOf } from "../../lib/framing.ts";
import { contentTypeOf, type Entry } from "../../store/entry.ts";
import { readEntry, type Reading } from "../read/reading.ts";

/** An entry in readable form, read on demand. */
export interface Readings {
  /** Reads only the start of a long stream, because joining 100 MB of events takes seconds. */
  start(): Reading;
  whole(): Reading;
}

/** Reads an entry at most once for each method. */
export function readingsOf(entry: Entry): Readings {
  let [startReading, wholeReading]: (Reading | undefined)[] = [];
  const whole = () => wholeReading ??= readEntry(entry);
  return { whole, start: () => wholeReading ?? (startReading ??= readStart(entry) ?? whole()) };
}

/** How much of a stream is read, in characters: more if the first length does not reach the text of the response. */
const START_LENGTHS = [1 << 14, 1 << 16];

/** How much of a message a row needs, in characters. */
export const FIRST_WORDS = 200;

/** The reading of a long stream's start; undefined for any other response. */
function readStart(entry: Entry): Reading | undefined {
  const { response, binary } = entry;
  const lengths = binary ? [] : START_LENGTHS.filter((length) => response.length > length);
  const framing = lengths.length ? framingOf(contentTypeOf(entry), () => response) : undefined;
  if (framing !== "events" && framing !== "lines") return undefined;
  let reading: Reading | undefined;
  for (const length of lengths) {
    reading = readEntry({ ...entry, response: response.slice(0, length) });
    if (saysEnough(reading)) return reading;
  }
  return lengths.length === START_LENGTHS.length ? reading : undefined;
}

function saysEnough({ answered: [first] }: Reading): boolean {
  return first?.parts.some((part) => part.kind === "text" && part.text.length >= FIRST_WORDS) ?? false;
}
