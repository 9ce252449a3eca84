import { decodeBody, type Entry } from "../../store/entry.ts";
import { asRecord } from "../../lib/json.ts";
import { isSecretName } from "../../secrets/redact.ts";
import { type Credential, hideInText } from "../../secrets/values.ts";
import { joinedTexts } from "../../secrets/joined_texts.ts";
import { namedSecret } from "./by_name.ts";
import { secretsInBody } from "./request_body.ts";
import { secretsElsewhere } from "./other_members.ts";
import { type Sighting, sightingsIn, sightingsInBytes, sightingsWithUrls } from "./by_value.ts";

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
    ...secretsElsewhere(entry, credentials).flatMap(({ place, ...sighting }) => placed(place, [sighting])),
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

function placed(where: string, sightings: readonly Sighting[]): SecretFinding[] {
  return sightings.map(({ what, count, excerpt }) => ({ what, where, count, excerpt }));
}

function responseSecrets(entry: Entry, credentials: readonly Credential[]): SecretFinding[] {
  const body = decodeBody(entry);
  if (typeof body !== "string") return placed("response", sightingsInBytes(body, credentials));
  const written = sightingsIn(body, credentials);
  const seen = new Set(written.map(({ what }) => what));
  // A stream often repeats as a whole what it spelled in pieces.
  const spelled = joinedTexts(body).flatMap((text) => sightingsIn(text, credentials))
    .filter(({ what }) => !seen.has(what));
  return [...placed("response", written), ...placed("response, spelled in several events", spelled)];
}

/** It tells browsers what they may do. */
const HARMLESS_HEADER = /^access-control-/i;

function headerSecrets(of: string, headers: unknown, credentials: readonly Credential[]): SecretFinding[] {
  return Object.entries(asRecord(headers) ?? {}).flatMap(([name, value]) => {
    if (typeof value !== "string") return [];
    const isSecret = isSecretName(name) && !HARMLESS_HEADER.test(name);
    const sightings = isSecret ? namedSecret(name, value, credentials) : sightingsWithUrls(value, credentials);
    return placed(`${of} header ${name}`, sightings);
  });
}

/** Nobody has checked the members of a request yet. */
function requestSecrets(given: unknown, credentials: readonly Credential[]): SecretFinding[] {
  const { method, url, headers, body, namespace } = asRecord(given) ?? {};
  const inBody = typeof body === "string" ? secretsInBody(body, credentials) : [];
  return [
    ...Object.entries({ method, url, namespace }).flatMap(([name, text]) =>
      typeof text === "string" ? placed(`request ${name}`, sightingsWithUrls(text, credentials)) : []
    ),
    ...headerSecrets("request", headers, credentials),
    ...inBody.flatMap(({ place, ...sighting }) =>
      placed(place ? `request body, ${place}` : "request body", [sighting])
    ),
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
