import { framingOf, type StreamEvent, streamParser } from "../lib/framing.ts";
import { asRecord, parseJson } from "../lib/json.ts";
import { type Repetition, terseParser } from "../lib/repetitions.ts";

/** In bytes or characters. Longer bodies are not searched, because the caller would wait for the search. */
export const LONGEST_SEARCHED = 8_000_000;

/**
 * Joins the pieces of the texts that a stream sends: each event contains a word or less.
 *
 * @returns One text for each place in the events that contains strings; empty if the body is not a stream.
 */
export function joinedTexts(contentType: string, body: string | Uint8Array): string[] {
  if (body.length > LONGEST_SEARCHED) return [];
  const places = newPlace();
  const framing = framingOf(contentType, () => body);
  const parser = framing === "events" || framing === "lines"
    ? terseParser(framing, repeatedPieces(framing, places))
    : streamParser(framing);
  if (!parser) return [];
  for (const event of [...parser.push(body), ...parser.end()]) eachString(event, places, addPiece);
  // A search of the body finds a text with a single piece, unless a frame contains it as base64.
  const least = framing === "frames" ? 1 : 2;
  return joinedIn(places, least);
}

/** Adds the texts of repetitions to the places of the first event, in the order of the stream. */
function repeatedPieces(framing: "events" | "lines", places: Place) {
  let known: Repetition | undefined;
  let pieces: (readonly [place: Place, text: string])[] = [];
  return (repetition: Repetition, texts: readonly string[], before: StreamEvent[]): void => {
    for (const event of before.splice(0)) eachString(event, places, addPiece);
    if (repetition !== known) {
      known = repetition;
      pieces = [];
      for (const event of streamParser(framing).push(repetition.numbered)) {
        eachString(event, places, (place, text) => pieces.push([place, text]));
      }
    }
    for (const [place, text] of pieces) {
      const json = text.startsWith("\0") ? texts[Number(text.slice(1))] : undefined;
      addPiece(place, json === undefined ? text : json.includes("\\") ? parseJson(json) as string : json.slice(1, -1));
    }
  };
}

/** A place in the events: the pieces of its text, and the places below it. */
interface Place {
  readonly pieces: string[];
  /** Whether the pieces differ. Ids and names of models are the same in all events, so that joining them is useless. */
  differ: boolean;
  readonly members: Map<string, Place>;
}

function newPlace(): Place {
  return { pieces: [], differ: false, members: new Map() };
}

function memberOf({ members }: Place, name: string): Place {
  const known = members.get(name);
  if (known) return known;
  const place = newPlace();
  members.set(name, place);
  return place;
}

function addPiece(place: Place, text: string): void {
  place.differ ||= place.pieces.length > 0 && text !== place.pieces[0];
  place.pieces.push(text);
}

/** Calls a function for each string of an event, with its place. */
function eachString({ name, text, data }: StreamEvent, places: Place, add: typeof addPiece): void {
  // Data that is not an object is a piece of plain text, even if it is a JSON number.
  if (typeof data !== "object" || data === null) add(memberOf(places, name), text);
  eachStringIn(data, memberOf(places, `${name} ${asRecord(data)?.type ?? ""}`), add);
}

function eachStringIn(value: unknown, place: Place, add: typeof addPiece): void {
  if (typeof value === "string") {
    add(place, value);
  } else if (typeof value === "object" && value !== null) {
    for (const name in value) eachStringIn((value as Record<string, unknown>)[name], memberOf(place, name), add);
  }
}

function joinedIn({ pieces, differ, members }: Place, least: number): string[] {
  const own = pieces.length >= least && (differ || pieces.length === 1) ? [pieces.join("")] : [];
  return [...own, ...[...members.values()].flatMap((member) => joinedIn(member, least))];
}
