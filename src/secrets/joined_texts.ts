import { jsonLinesParser, sseParser, startsLikeEvents, startsLikeJsonLines } from "../lib/framing.ts";
import { asRecord } from "../lib/json.ts";

/** Longer streams are not read once more: it would take the time of the caller who waits for the end. In characters. */
const LONGEST_STREAM = 8_000_000;

/**
 * The texts that a stream spells in pieces, put together: models send a word or a part of one with each event.
 *
 * @returns One text for each place in the events where strings stand; none if it is no stream.
 */
export function joinedTexts(body: string): string[] {
  if (body.length > LONGEST_STREAM) return [];
  const isEvents = startsLikeEvents(body);
  if (!isEvents && !startsLikeJsonLines(body)) return [];
  const parser = isEvents ? sseParser() : jsonLinesParser();
  const texts = new Map<string, string[]>();
  for (const { data } of [...parser.push(body), ...parser.end()]) {
    collectStrings(data, String(asRecord(data)?.type ?? ""), texts);
  }
  return [...texts.values()].filter((pieces) => pieces.length > 1).map((pieces) => pieces.join(""));
}

/** Events of one type have their pieces at the same place. */
function collectStrings(value: unknown, place: string, texts: Map<string, string[]>): void {
  if (typeof value === "string") {
    const pieces = texts.get(place) ?? [];
    pieces.push(value);
    texts.set(place, pieces);
  } else if (typeof value === "object" && value !== null) {
    for (const [name, member] of Object.entries(value)) collectStrings(member, `${place}/${name}`, texts);
  }
}
