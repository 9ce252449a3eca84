import { framingOf, streamParser } from "../lib/framing.ts";
import { asRecord, canonicalString } from "../lib/json.ts";
import { REDACTED } from "./redact.ts";

/** A secret whose value is known: an environment variable. */
export interface Credential {
  /** The name of the variable. */
  readonly name: string;
  /** The value as it appears in texts, JSON and URLs, the longest form first. */
  readonly forms: readonly string[];
}

/** In characters. Shorter values may be words, which prompts may contain by chance. */
const SHORTEST_SECRET = 12;

/** Names of environment variables whose values are credentials. */
const CREDENTIAL_VARIABLE = /(?<!MON|DON|TUR|HOC|JOC|WHIS)KEYS?(?:_|$)|TOKENS?(?:_|$)|SECRET|PASSWORD|PASSWD/i;
/** Names of variables that only locate or name a credential. */
const HARMLESS_VARIABLE = /_(?:FILE|PATH|DIR|URL|NAME)$/i;

/** Whether an environment variable of this name holds a credential. */
export function isCredentialVariable(name: string): boolean {
  return CREDENTIAL_VARIABLE.test(name) && !HARMLESS_VARIABLE.test(name);
}

/** The credentials among environment variables, the longest value first, because it may contain a shorter one. */
export function credentialsOf(variables: Iterable<readonly [name: string, value: string]>): Credential[] {
  return [...variables]
    .filter(([name, value]) => value.length >= SHORTEST_SECRET && isCredentialVariable(name))
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([name, value]) => {
      return { name, forms: [...new Set(formsOf(value))].sort((a, b) => b.length - a.length) };
    });
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

/**
 * Makes the pattern of a key. The key must not follow a character of the class `notBefore`. It may follow a JSON escape
 * such as `\n`, because texts are searched in their JSON form.
 *
 * The pattern checks the preceding characters after `start`. On Node 20, a pattern that begins with this check is twenty
 * times as slow.
 */
function keyShape(notBefore: string, start: string, rest: string, flags = "g"): RegExp {
  const before = String.raw`(?:(?<!${notBefore})|\\[bfnrt]|\\u[\da-fA-F]{4})`;
  return new RegExp(`${start}(?<=${before}${start})${rest}`, flags);
}

/** Patterns of keys. JWTs are not among them, because texts often contain JWTs as examples. */
export const KEY_SHAPES: readonly (readonly [what: string, pattern: RegExp])[] = [
  // Requires a digit or a long run of letters: "sk-spinner-wandering-cubes" is not a key.
  ["an API key (sk-…)", keyShape("[\\w-]", "sk-", "(?=[\\w-]*\\d|[\\w-]*[a-z0-9]{16})[\\w-]{20,}", "gi")],
  ["a Google API key (AIza…)", keyShape("[\\w-]", "AIza", "[\\w-]{35}")],
  ["a GitHub token (ghp_…)", keyShape("\\w", "gh[pousr]_", "[A-Za-z0-9]{36,}")],
  ["a GitHub token (github_pat_…)", keyShape("\\w", "github_pat_", "\\w{22,}")],
  ["a Slack token (xox…)", keyShape("[\\w-]", "xox[abeoprs]-", "[\\w-]{10,}")],
  ["an AWS access key (AKIA…)", keyShape("[A-Za-z0-9]", "A(?:KIA|SIA)", "[A-Z0-9]{16}(?![A-Za-z0-9])")],
  ["a Hugging Face token (hf_…)", keyShape("\\w", "hf_", "[A-Za-z0-9]{30,}")],
  ["a Groq API key (gsk_…)", keyShape("\\w", "gsk_", "[A-Za-z0-9]{40,}")],
  // Public keys and certificates are not secret.
  [
    "a PEM block",
    /-----BEGIN (?![A-Z0-9 ]*(?:PUBLIC KEY|CERTIFICATE))([A-Z0-9 ]{1,40})-----(?:(?!-----)[^]){0,20000}-----END \1-----/g,
  ],
];

function hideKeys(text: string): string {
  return KEY_SHAPES.reduce((hidden, [, pattern]) => hidden.replace(pattern, REDACTED), text);
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
  const framing = framingOf(contentType, () => body);
  const parser = streamParser(framing);
  if (!parser) return [];
  const texts = new Map<string, string[]>();
  for (const { name, text, data } of [...parser.push(body), ...parser.end()]) {
    const record = asRecord(data);
    // Data that is not an object is a piece of plain text, even if it is a JSON number.
    if (typeof data !== "object" || data === null) collectStrings(text, name, texts);
    collectStrings(data, `${name} ${record?.type ?? ""}`, texts);
  }
  // A search of the body finds a text with a single piece, unless a frame contains it as base64.
  const least = framing === "frames" ? 1 : 2;
  return [...texts.values()].filter((pieces) => pieces.length >= least).map((pieces) => pieces.join(""));
}

/** Adds the strings of a value to `texts`, by their place: events with the same name and type share their places. */
function collectStrings(value: unknown, place: string, texts: Map<string, string[]>): void {
  if (typeof value === "string") {
    const pieces = texts.get(place) ?? [];
    pieces.push(value);
    texts.set(place, pieces);
  } else if (typeof value === "object" && value !== null) {
    for (const [name, member] of Object.entries(value)) collectStrings(member, `${place}/${name}`, texts);
  }
}
