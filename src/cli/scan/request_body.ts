import { asRecord, parseJson } from "../../lib/json.ts";
import {
  isSecretContainer,
  isSecretMember,
  isSecretName,
  isSecretParameter,
  parameterName,
  REDACTED,
  redactForm,
  redactJsonText,
  redactText,
} from "../../secrets/redact.ts";
import type { Credential } from "../../secrets/values.ts";
import type { RecordedRequest } from "../../store/entry.ts";
import {
  areRecordedParts,
  hideSecretValues,
  isHash,
  type RecordedPart,
  redactHeader,
} from "../../store/entry_request.ts";
import { type Match, matchesIn, matchesWithUrls, namedSecret } from "./matches.ts";

/** Secrets of one kind, and their place in a request body. */
export interface PlacedMatch extends Match {
  /** `tools[0].headers.Authorization`, `field password` …; empty for the body as a whole. */
  readonly place: string;
}

/** Finds text in a recorded body that recording would redact. */
export function secretsInBody(body: string, credentials: readonly Credential[]): PlacedMatch[] {
  const placed = placedSecrets(body, credentials);
  const seen = new Set(placed.map(({ what }) => what));
  // For example in names of members. Secrets with a known place are not repeated.
  const elsewhere = matchesIn(body, credentials).filter(({ what }) => !seen.has(what));
  return [...placed, ...elsewhere.map((match) => ({ ...match, place: "" }))];
}

function placedSecrets(body: string, credentials: readonly Credential[]): PlacedMatch[] {
  const value = jsonIn(body);
  if (areRecordedParts(value, body)) return value.flatMap((part) => secretsInPart(part, credentials));
  if (value !== undefined) return secretsInJson(value, credentials);
  if (isForm(body)) return body.split("&").flatMap((pair) => secretsInPair(pair, credentials));
  const lines = body.includes("\n") ? body.split("\n").filter((line) => line.trim() !== "") : [];
  const values = lines.map(jsonIn);
  if (values.length && !values.includes(undefined)) {
    return values.flatMap((line, index) => secretsInJson(line, credentials, `line ${index + 1}`));
  }
  return at("", matchesWithUrls(body, credentials));
}

/** A JSON object or list; undefined for any other text. */
function jsonIn(text: string): unknown {
  return /^\s*[{[]/.test(text) ? parseJson(text) : undefined;
}

function at(place: string, matches: readonly Match[]): PlacedMatch[] {
  return matches.map((match) => ({ ...match, place }));
}

const FORM = /^[^\s=&{[]+=[^\s&]*(?:&[^\s=&]+=[^\s&]*)*$/;

/** Whether a body looks like a URL-encoded form. */
export function isForm(body: string): boolean {
  return FORM.test(body);
}

function secretsInPair(pair: string, credentials: readonly Credential[]): PlacedMatch[] {
  const name = parameterName(pair);
  const value = pair.slice(pair.indexOf("=") + 1);
  const isSecret = isSecretMember([name]) || isSecretParameter(pair);
  return at(
    `field ${name}`,
    isSecret ? namedSecret(name, value, credentials) : matchesIn(value, credentials),
  );
}

/** The secrets in a part of a multipart form. The file may contain only its hash. */
function secretsInPart([name, , value]: RecordedPart, credentials: readonly Credential[]): PlacedMatch[] {
  const place = `part ${name}`;
  if (isHash(value)) return [];
  if (isSecretName(name)) return at(place, namedSecret(name, value, credentials));
  const json = jsonIn(value);
  return json === undefined ? at(place, matchesWithUrls(value, credentials)) : secretsInJson(json, credentials, place);
}

interface Spot {
  readonly value: unknown;
  /** The names of the members on the path, without list indexes. */
  readonly names: readonly string[];
  /** The name or index in the value around it; undefined for JSON inside a string. */
  readonly step?: string | number;
  readonly outer?: Spot;
  readonly depth: number;
  /** Whether its name makes any value a secret. */
  readonly isSecret?: boolean;
}

/** Members that are nested deeper are not searched by name. No API needs this depth. */
const MAX_DEPTH = 900;

/** Finds secrets in a JSON value, by name and by value. */
export function secretsInJson(root: unknown, credentials: readonly Credential[], place = ""): PlacedMatch[] {
  const found: PlacedMatch[] = [];
  // A work list instead of recursion: deep nesting cannot exhaust the stack.
  const open: Spot[] = [{ value: root, names: [], depth: 0 }];
  for (let spot = open.pop(); spot; spot = open.pop()) {
    const { value, depth } = spot;
    const name = spot.names.at(-1) ?? "";
    if (spot.isSecret || (typeof value === "string" && isSecretContainer(name))) {
      found.push(...at(placeOf(spot, place), namedSecret(name, value, credentials)));
    } else if (typeof value === "string" && jsonIn(value) === undefined) {
      const matches = matchesWithUrls(value, credentials);
      if (matches.length) found.push(...at(placeOf(spot, place), matches));
    } else if (depth < MAX_DEPTH && (typeof value === "object" || typeof value === "string")) {
      for (const inner of spotsIn(spot).reverse()) open.push(inner);
    }
  }
  return found;
}

function spotsIn(outer: Spot): Spot[] {
  const { value, names } = outer;
  const depth = outer.depth + 1;
  // Names start again for JSON inside a string: outer names do not make its members secret.
  if (typeof value === "string") return [{ value: jsonIn(value), names: [], outer, depth }];
  if (Array.isArray(value)) return value.map((item, step) => ({ value: item, names, step, outer, depth }));
  return Object.entries(asRecord(value) ?? {}).map(([step, member]) => {
    const path = [...names, step];
    return { value: member, names: path, step, outer, depth, isSecret: isSecretMember(path) };
  });
}

/** The path of a value in readable form, below the place of the root. */
function placeOf({ step, outer }: Spot, root: string): string {
  if (!outer) return root;
  const place = placeOf(outer, root);
  if (step === undefined) return place;
  if (typeof step === "number") return `${place}[${step}]`;
  return /^[\w-]+$/.test(step) ? `${place}${place ? "." : ""}${step}` : `${place}[${JSON.stringify(step)}]`;
}

/**
 * Redacts a recorded request again, by the rules of recording: the file may be edited, or written by another tool.
 */
export function redactRequest(request: RecordedRequest): RecordedRequest {
  const { method, url, headers, body, exact, namespace, n } = request;
  // Unknown members may be nested too deeply to be compared.
  const known = { method, url, headers, body, exact, namespace, n };
  const redacted = {
    ...known,
    url: redactText(url),
    headers: headers && Object.fromEntries(Object.entries(headers).map(redactHeader)),
    body: redactBody(body),
  };
  const isSame = JSON.stringify(redacted) === JSON.stringify(known);
  return hideSecretValues({ ...redacted, exact: exact && isSame }, []);
}

function redactBody(body: string): string {
  const parts = parseJson(body);
  if (areRecordedParts(parts, body)) {
    return JSON.stringify(
      parts.map(([name, filename, value]) => [name, filename, isSecretName(name) ? REDACTED : redactText(value)]),
    );
  }
  return redactJsonText(body) ?? (isForm(body) ? redactForm(body) : redactText(body));
}
