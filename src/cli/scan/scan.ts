import { asRecord } from "../../lib/json.ts";
import { isSecretName } from "../../secrets/redact.ts";
import { type Credential, hideInText, joinedTexts } from "../../secrets/values.ts";
import { contentTypeOf, decodeBody, type Entry } from "../../store/entry.ts";
import { type Match, matchesIn, matchesInBytes, matchesWithUrls, namedSecret } from "./matches.ts";
import { type PlacedMatch, secretsInBody, secretsInJson } from "./request_body.ts";

/** Secrets of one kind in one place of an entry. */
export interface SecretFinding {
  /** `an API key (sk-…)`, `the value of OPENAI_API_KEY`, `a cookie`, `a credential`, `a credential in a URL` … */
  readonly what: string;
  /** `response`, `response header set-cookie`, `request url`, `request body, tools[0].headers.Authorization` … */
  readonly where: string;
  /** How many of the kind stand there. */
  readonly count: number;
  /** The first four characters of the first one, and its length. */
  readonly excerpt?: string;
}

/**
 * Finds the secrets in an entry by the rules of recording: what would have been taken out of its request, what keeps an
 * answer out of the file, and what looks like a key.
 *
 * @param credentials The secrets that are known by their values.
 */
export function secretFindings(entry: Entry, credentials: readonly Credential[]): SecretFinding[] {
  const found = [
    ...responseSecrets(entry, credentials),
    ...headerSecrets("response", entry.headers, credentials),
    ...requestSecrets(entry.request, credentials),
    ...secretsElsewhere(entry, credentials).flatMap(({ place, ...match }) => placed(place, [match])),
  ];
  return merged(found).map((finding) => ({ ...finding, where: shownPlace(finding.where, credentials) }));
}

/** Names of members can be secrets, too, and of any length. In characters. */
const LONGEST_PLACE = 200;

function shownPlace(where: string, credentials: readonly Credential[]): string {
  const hidden = hideInText(where, credentials);
  return hidden.length > LONGEST_PLACE ? `${hidden.slice(0, LONGEST_PLACE)}…` : hidden;
}

/** A finding in words, without a full stop. */
export function showSecret({ what, where, count, excerpt }: SecretFinding): string {
  const times = count > 1 ? `, ${count} times` : "";
  return `${what} in ${where}${excerpt === undefined ? "" : `: ${excerpt}`}${times}`;
}

function placed(where: string, matches: readonly Match[]): SecretFinding[] {
  return matches.map(({ what, count, excerpt }) => ({ what, where, count, excerpt }));
}

function responseSecrets(entry: Entry, credentials: readonly Credential[]): SecretFinding[] {
  const body = decodeBody(entry);
  const written = typeof body === "string" ? matchesIn(body, credentials) : matchesInBytes(body, credentials);
  const seen = new Set(written.map(({ what }) => what));
  // A stream often repeats as a whole what it spelled in pieces.
  const joined = joinedTexts(contentTypeOf(entry), body).flatMap((text) => matchesIn(text, credentials))
    .filter(({ what }) => !seen.has(what));
  return [...placed("response", written), ...placed("response, spelled in several events", joined)];
}

/** It tells browsers what they may do. */
const HARMLESS_HEADER = /^access-control-/i;

function headerSecrets(of: string, headers: unknown, credentials: readonly Credential[]): SecretFinding[] {
  return Object.entries(asRecord(headers) ?? {}).flatMap(([name, value]) => {
    if (typeof value !== "string") return [];
    const isSecret = isSecretName(name) && !HARMLESS_HEADER.test(name);
    const matches = isSecret ? namedSecret(name, value, credentials) : matchesWithUrls(value, credentials);
    return placed(`${of} header ${name}`, matches);
  });
}

/** Nobody has checked the members of a request yet. */
function requestSecrets(given: unknown, credentials: readonly Credential[]): SecretFinding[] {
  const { method, url, headers, body, namespace } = asRecord(given) ?? {};
  const inBody = typeof body === "string" ? secretsInBody(body, credentials) : [];
  return [
    ...Object.entries({ method, url, namespace }).flatMap(([name, text]) =>
      typeof text === "string" ? placed(`request ${name}`, matchesWithUrls(text, credentials)) : []
    ),
    ...headerSecrets("request", headers, credentials),
    ...inBody.flatMap(({ place, ...match }) => placed(place ? `request body, ${place}` : "request body", [match])),
  ];
}

/** Several secrets of one kind in one place are one finding. */
function merged(findings: readonly SecretFinding[]): SecretFinding[] {
  const byPlace = new Map<string, SecretFinding>();
  for (const finding of findings) {
    const place = `${finding.what}\n${finding.where}`;
    const count = (byPlace.get(place)?.count ?? 0) + finding.count;
    byPlace.set(place, { ...byPlace.get(place) ?? finding, count });
  }
  return [...byPlace.values()];
}

/**
 * Finds secrets in what no recording has: in members of other names, and in members that are not of the right type.
 * Files are edited, and written by others.
 */
export function secretsElsewhere(entry: Entry, credentials: readonly Credential[]): PlacedMatch[] {
  const { response: _, headers, request, chunks, ...members } = entry as unknown as Record<string, unknown>;
  const others = isListOfNumbers(chunks) ? members : { ...members, chunks };
  const asked = asRecord(request);
  // Each begins anew: within "headers", everything would count as a secret by its name.
  return [
    ...secretsInJson(others, credentials),
    ...secretsInJson(withoutTexts(headers), credentials, "response header"),
    ...secretsInJson(asked ? withoutTexts(asked, REQUEST_TEXTS) : request, credentials, "request"),
    ...secretsInJson(withoutTexts(asked?.headers), credentials, "request header"),
  ];
}

/** Those of a request that are searched by rules of their own, if they are texts. */
const REQUEST_TEXTS = ["method", "url", "body", "namespace"];

/** @param names Which texts are left out; by default all. */
function withoutTexts(value: unknown, names?: readonly string[]): unknown {
  const record = asRecord(value);
  if (!record) return value;
  const { headers: _, ...request } = record;
  const rest = Object.entries(names ? request : record)
    .filter(([name, member]) => typeof member !== "string" || names?.includes(name) === false);
  return Object.fromEntries(rest);
}

/** Most have thousands of them, and no text. */
function isListOfNumbers(chunks: unknown): boolean {
  return Array.isArray(chunks) &&
    chunks.every((chunk) => Array.isArray(chunk) && chunk.every((item) => typeof item === "number"));
}
