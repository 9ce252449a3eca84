import { framingOf } from "../../lib/framing.ts";
import { contentTypeOf, type Entry } from "../../store/entry.ts";
import { readEntry, type Reading } from "../read/reading.ts";

/** What an entry says, read when it is asked for. */
export interface Readings {
  /** Of a long stream only the start: to put 100 MB of events together takes seconds. */
  start(): Reading;
  whole(): Reading;
}

/** Reads an entry at most once each way. */
export function readingsOf(entry: Entry): Readings {
  let [startReading, wholeReading]: (Reading | undefined)[] = [];
  const whole = () => wholeReading ??= readEntry(entry);
  return { whole, start: () => wholeReading ?? (startReading ??= readStart(entry) ?? whole()) };
}

/** In characters. The first is enough for most first words, the last for whatever comes before them. */
const START_LENGTHS = [1 << 14, 1 << 16];

/** How much of what was said is enough for a row, in characters. */
export const FIRST_WORDS = 200;

/** The start of a stream; undefined of anything else. */
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
