import { asRecord } from "../../lib/json.ts";
import { joinedTexts } from "../../record/joined_texts.ts";
import { issuedCredentials } from "../../record/json_answer.ts";
import { isSecretName } from "../../secrets/redact.ts";
import { type Credential, hideInText } from "../../secrets/values.ts";
import { contentTypeOf, decodeBody, type Entry } from "../../store/entry.ts";
import { excerptOf, type Match, matchesIn, matchesInBytes, matchesWithUrls, namedSecret } from "./matches.ts";
import { type PlacedMatch, secretsInBody, secretsInJson } from "./request_body.ts";

/** Secrets of one kind in one place of an entry. */
export interface SecretFinding {
  /** `an API key (sk-…)`, `the value of OPENAI_API_KEY`, `a cookie`, `a credential`, `a credential in a URL` … */
  readonly what: string;
  /** `response`, `response header set-cookie`, `request url`, `request body, tools[0].headers.Authorization` … */
  readonly where: string;
  /** How many were found there. */
  readonly count: number;
  /** The first four characters and the length of the first one. */
  readonly excerpt?: string;
}

/**
 * Finds the secrets in an entry by the rules of recording: text that would be redacted in its request, text that keeps a
 * response out of the file, and text that looks like a key.
 *
 * @param credentials Secrets with known values.
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

/** In characters. Names of members may have any length, and may contain secrets, too. */
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
  // A stream often repeats the joined text of its events. Do not report it twice.
  const joined = joinedTexts(contentTypeOf(entry), body).flatMap((text) => matchesIn(text, credentials))
    .filter(({ what }) => !seen.has(what));
  const issued = issuedCredentials(entry);
  return [
    ...placed("response", written),
    ...placed("response, across several events", joined),
    ...issued.flatMap(({ place, value }) => {
      return matchesIn(value, credentials).length
        ? []
        : placed(`response, ${place}`, [{ what: "a credential", count: 1, excerpt: excerptOf(value) }]);
    }),
  ];
}

/** Headers with secret-like names that only set browser permissions. */
const HARMLESS_HEADER = /^access-control-/i;

function headerSecrets(of: string, headers: unknown, credentials: readonly Credential[]): SecretFinding[] {
  return Object.entries(asRecord(headers) ?? {}).flatMap(([name, value]) => {
    if (typeof value !== "string") return [];
    const isSecret = isSecretName(name) && !HARMLESS_HEADER.test(name);
    const matches = isSecret ? namedSecret(name, value, credentials) : matchesWithUrls(value, credentials);
    return placed(`${of} header ${name}`, matches);
  });
}

/** The members of the request are not validated. */
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

/** Merges findings of the same kind in the same place. */
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
 * Finds secrets in members that recording does not write: unknown names and wrong types. The file may be edited, or
 * written by another tool.
 */
function secretsElsewhere(entry: Entry, credentials: readonly Credential[]): PlacedMatch[] {
  const { response: _, headers, request, chunks, ...members } = entry as unknown as Record<string, unknown>;
  const others = Object.entries(isListOfNumbers(chunks) ? members : { ...members, chunks }).filter(isUnusual);
  const asked = asRecord(request);
  // Names start again for each part: under "headers", every member would count as a secret.
  return [
    ...secretsInJson(Object.fromEntries(others), credentials),
    ...secretsInJson(withoutTexts(headers), credentials, "response header"),
    ...secretsInJson(asked ? withoutTexts(asked, REQUEST_TEXTS) : request, credentials, "request"),
    ...secretsInJson(withoutTexts(asked?.headers), credentials, "request header"),
  ];
}

/** Members that every recording has, and their usual texts. */
const USUAL_TEXTS: Readonly<Record<string, RegExp>> = {
  key: /^[0-9a-f]{8}$/,
  sha256: /^[0-9a-f]{64}$/,
  recorded_at: /^[\d-]{10}T[\d:.]{8,20}Z$/,
};
const USUAL_NUMBERS = ["v", "status_code", "duration_ms"];

/** Whether a member may contain a secret. Searching those that cannot takes as long as searching the request. */
function isUnusual([name, value]: readonly [string, unknown]): boolean {
  if (typeof value === "string") return !(Object.hasOwn(USUAL_TEXTS, name) && USUAL_TEXTS[name]?.test(value));
  return typeof value === "number" ? !USUAL_NUMBERS.includes(name) : typeof value !== "boolean";
}

/** Texts of a request that `requestSecrets` searches. */
const REQUEST_TEXTS = ["method", "url", "body", "namespace"];

/** An object without its texts and headers. @param names The texts to leave out; by default all. */
function withoutTexts(value: unknown, names?: readonly string[]): unknown {
  const record = asRecord(value);
  if (!record) return value;
  const { headers: _, ...request } = record;
  const rest = Object.entries(names ? request : record)
    .filter(([name, member]) => typeof member !== "string" || names?.includes(name) === false);
  return Object.fromEntries(rest);
}

/** Whether there is no text to search. A list may have thousands of chunks. */
function isListOfNumbers(chunks: unknown): boolean {
  return Array.isArray(chunks) &&
    chunks.every((chunk) => Array.isArray(chunk) && chunk.every((item) => typeof item === "number"));
}
