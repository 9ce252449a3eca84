import { framingOf, streamParser } from "../lib/framing.ts";
import { asRecord, canonicalString } from "../lib/json.ts";
import { REDACTED } from "./redact.ts";

/** A secret that is known by its value: that of an environment variable. */
export interface Credential {
  /** The name of the variable. */
  readonly name: string;
  /** The value, and how it is written inside of JSON and URLs; the longest first. */
  readonly forms: readonly string[];
}

/** Shorter values may be words, which a prompt may hold by chance. In characters. */
const SHORTEST_SECRET = 12;

/** Names of environment variables whose values are credentials. */
const CREDENTIAL_VARIABLE = /(?<!MON|DON|TUR|HOC|JOC|WHIS)KEYS?(?:_|$)|TOKENS?(?:_|$)|SECRET|PASSWORD|PASSWD/i;
/** … and those that only tell where one is, or what it is called. */
const HARMLESS_VARIABLE = /_(?:FILE|PATH|DIR|URL|NAME)$/i;

/** Whether an environment variable of this name holds a credential. */
export function isCredentialVariable(name: string): boolean {
  return CREDENTIAL_VARIABLE.test(name) && !HARMLESS_VARIABLE.test(name);
}

/** The credentials among environment variables, the longest value first: a shorter one may be a part of it. */
export function credentialsOf(variables: Iterable<readonly [name: string, value: string]>): Credential[] {
  return [...variables]
    .filter(([name, value]) => value.length >= SHORTEST_SECRET && isCredentialVariable(name))
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([name, value]) => {
      return { name, forms: [...new Set(formsOf(value))].sort((a, b) => b.length - a.length) };
    });
}

/** A value as it is, in URLs, in forms, in JSON with and without characters beyond ASCII, and in JSON inside of JSON. */
function formsOf(value: string): string[] {
  const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
  const ascii = canonicalString(value).slice(1, -1);
  const form = new URLSearchParams([["", value]]).toString().slice(1);
  return [value, encodeURIComponent(value), form, inJson(value), ascii, inJson(inJson(value)), inJson(ascii)];
}

/** A text without the values of credentials and without what looks like a key. */
export function hideInText(text: string, credentials: readonly Credential[]): string {
  const forms = credentials.flatMap(({ forms }) => forms);
  return hideKeys(forms.reduce((hidden, form) => hidden.replaceAll(form, REDACTED), text));
}

/**
 * A key that begins at the start of the text or behind a character that is none of some; or, as texts are searched in
 * their JSON form, behind an escape, whose letter is no part of the key.
 *
 * What is before it is looked at last: a pattern that begins with it is searched for twenty times as slowly on Node 20.
 */
function keyShape(notBefore: string, start: string, rest: string, flags = "g"): RegExp {
  const before = String.raw`(?:(?<!${notBefore})|\\[bfnrt]|\\u[\da-fA-F]{4})`;
  return new RegExp(`${start}(?<=${before}${start})${rest}`, flags);
}

/** Keys that can be told by how they look, without the tokens that texts about tokens are full of (JWT). */
export const KEY_SHAPES: readonly (readonly [what: string, pattern: RegExp])[] = [
  // Either digits or a long run of letters: "sk-spinner-wandering-cubes" is a name.
  ["an API key (sk-…)", keyShape("[\\w-]", "sk-", "(?=[\\w-]*\\d|[\\w-]*[a-z0-9]{16})[\\w-]{20,}", "gi")],
  ["a Google API key (AIza…)", keyShape("[\\w-]", "AIza", "[\\w-]{35}")],
  ["a GitHub token (ghp_…)", keyShape("\\w", "gh[pousr]_", "[A-Za-z0-9]{36,}")],
  ["a GitHub token (github_pat_…)", keyShape("\\w", "github_pat_", "\\w{22,}")],
  ["a Slack token (xox…)", keyShape("[\\w-]", "xox[abeoprs]-", "[\\w-]{10,}")],
  ["an AWS access key (AKIA…)", keyShape("[A-Za-z0-9]", "A(?:KIA|SIA)", "[A-Z0-9]{16}(?![A-Za-z0-9])")],
  ["a Hugging Face token (hf_…)", keyShape("\\w", "hf_", "[A-Za-z0-9]{30,}")],
  ["a Groq API key (gsk_…)", keyShape("\\w", "gsk_", "[A-Za-z0-9]{40,}")],
  // What is public by its label stays.
  [
    "a PEM block",
    /-----BEGIN (?![A-Z0-9 ]*(?:PUBLIC KEY|CERTIFICATE))([A-Z0-9 ]{1,40})-----(?:(?!-----)[^]){0,20000}-----END \1-----/g,
  ],
];

function hideKeys(text: string): string {
  return KEY_SHAPES.reduce((hidden, [, pattern]) => hidden.replace(pattern, REDACTED), text);
}

/** Longer streams are not read once more: it would take the time of the caller who waits for the end. */
const LONGEST_STREAM = 8_000_000;

/**
 * The texts that a stream sends in pieces, put together: models send a word or a part of one with each event.
 *
 * @returns One text for each place in the events where strings stand; none if the body is no stream.
 */
export function joinedTexts(contentType: string, body: string | Uint8Array): string[] {
  if (body.length > LONGEST_STREAM) return [];
  const framing = framingOf(contentType, () => body);
  const parser = streamParser(framing);
  if (!parser) return [];
  const texts = new Map<string, string[]>();
  for (const { name, text, data } of [...parser.push(body), ...parser.end()]) {
    const record = asRecord(data);
    // A token that is a number is a piece of bare text, too.
    if (typeof data !== "object" || data === null) collectStrings(text, name, texts);
    collectStrings(data, `${name} ${record?.type ?? ""}`, texts);
  }
  // A single piece is found in the body itself, unless a frame holds it as base64.
  const least = framing === "frames" ? 1 : 2;
  return [...texts.values()].filter((pieces) => pieces.length >= least).map((pieces) => pieces.join(""));
}

/** Events of one name and type have their pieces at the same place. */
function collectStrings(value: unknown, place: string, texts: Map<string, string[]>): void {
  if (typeof value === "string") {
    const pieces = texts.get(place) ?? [];
    pieces.push(value);
    texts.set(place, pieces);
  } else if (typeof value === "object" && value !== null) {
    for (const [name, member] of Object.entries(value)) collectStrings(member, `${place}/${name}`, texts);
  }
}
