import { framingOf, type Repetition, type StreamEvent, streamParser, terseParser } from "../lib/framing.ts";
import { asRecord, canonicalString, parseJson } from "../lib/json.ts";
import { hideKeys } from "./key_shapes.ts";
import { isSecretName, REDACTED } from "./redact.ts";

/** A secret whose value is known: an environment variable, or a header of the request. */
export interface Credential {
  /** The name of the variable, or `header NAME`. */
  readonly name: string;
  /** The value as it appears in texts, JSON and URLs, the longest form first. */
  readonly forms: readonly string[];
}

/** In characters. Shorter values may be words, which prompts may contain by chance. */
const SHORTEST_SECRET = 12;

/** Names of environment variables whose values are credentials. */
const CREDENTIAL_VARIABLE =
  /(?<!MON|DON|TUR|HOC|JOC|WHIS)KEYS?\d*(?:_|$)|TOKENS?\d*(?:_|$)|SECRET|PASSWORD|PASSWD|PASSPHRASE|(?:^|_)(?:PASS|PWD|PAT|AUTH|CREDENTIALS?|CREDS|APIKEY|BEARER|COOKIE|SAS)\d*$|CONNECTION_?STRING|CONN_STR|WEBHOOK/i;
/** Names of variables whose values are URLs. They may contain a password. */
const URL_VARIABLE = /(?:URL|URI|DSN|ENDPOINT|PROXY)\d*$/i;
/** Names of variables that only locate or name a credential. */
const HARMLESS_VARIABLE = /^(?:OLD)?PWD$|_(?:FILE|PATH|DIR|URL|NAME|SOCK|HEADER|TYPE|METHOD)$/i;

/** Whether an environment variable of this name holds a credential. */
export function isCredentialVariable(name: string): boolean {
  return CREDENTIAL_VARIABLE.test(name) && !HARMLESS_VARIABLE.test(name);
}

/** The credentials among environment variables, the longest value first, because it may contain a shorter one. */
export function credentialsOf(variables: Iterable<readonly [name: string, value: string]>): Credential[] {
  return credentialsIn(
    [...variables].map(([name, value]) =>
      [name, isCredentialVariable(name) ? value : passwordOf(name, value)] as const
    ),
  );
}

function credentialsIn(values: readonly (readonly [name: string, value: string])[]): Credential[] {
  return values
    .filter(([, value]) => value.length >= SHORTEST_SECRET)
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([name, value]) => {
      return { name, forms: [...new Set(formsOf(value))].sort((a, b) => b.length - a.length) };
    });
}

/** The credentials in the headers of a request, without their scheme. A response may repeat them. */
export function credentialsOfHeaders(headers: Iterable<readonly [name: string, value: string]>): Credential[] {
  return credentialsIn(
    [...headers].filter(([name]) => isSecretName(name)).map(([name, value]) => [
      `header ${name}`,
      value.replace(/^[A-Za-z]+ +/, ""),
    ]),
  );
}

/** The password in the URL of a variable such as `DATABASE_URL`; empty for a URL without one. */
function passwordOf(name: string, value: string): string {
  return URL_VARIABLE.test(name) ? /^[a-z][\w+.-]*:\/\/[^/?#\s]*?:([^/?#\s]*)@/i.exec(value)?.[1] ?? "" : "";
}

/** The forms of a value: as it is, in URLs, in forms, in JSON (as Unicode and as ASCII), and in JSON within JSON. */
function formsOf(value: string): string[] {
  const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
  const ascii = canonicalString(value).slice(1, -1);
  const form = new URLSearchParams([["", value]]).toString().slice(1);
  return [value, encodeURIComponent(value), form, inJson(value), ascii, inJson(inJson(value)), inJson(ascii)];
}

/** Redacts the values of credentials, and text that looks like a key. */
export function hideInText(text: string, credentials: readonly Credential[]): string {
  const forms = credentials.flatMap(({ forms }) => forms);
  return hideKeys(forms.reduce((hidden, form) => hidden.replaceAll(form, REDACTED), text));
}

/** In bytes or characters. Longer streams are not searched, because the caller would wait for the search. */
const LONGEST_STREAM = 8_000_000;

/**
 * Joins the pieces of the texts that a stream sends: each event contains a word or less.
 *
 * @returns One text for each place in the events that contains strings; empty if the body is not a stream.
 */
export function joinedTexts(contentType: string, body: string | Uint8Array): string[] {
  if (body.length > LONGEST_STREAM) return [];
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
      addPiece(place, json === undefined ? text : parseJson(json) as string);
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

/** The framing of a body, and its events; undefined if it is not a stream. */
export function eventsOf(contentType: string, body: string | Uint8Array) {
  const framing = framingOf(contentType, () => body);
  const parser = streamParser(framing);
  return { framing, events: parser && [...parser.push(body), ...parser.end()] };
}
