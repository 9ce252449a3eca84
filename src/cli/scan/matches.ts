import { includesBytes, utf8 } from "../../lib/bytes.ts";
import { keysIn } from "../../secrets/key_shapes.ts";
import { REDACTED, redactText } from "../../secrets/redact.ts";
import type { Credential } from "../../secrets/values.ts";
import { placeholderLength } from "../../store/entry_request.ts";

/** Secrets of one kind in one text. */
export interface Match {
  /** `an API key (sk-…)`, `the value of OPENAI_API_KEY` … */
  readonly what: string;
  /** How many were found. */
  readonly count: number;
  /** The first characters and the length of the first one; missing if the exact secret is unknown. */
  readonly excerpt?: string;
}

/** How many characters of a secret are shown. */
const SHOWN_LENGTH = 4;
/** Of a shorter secret, no characters are shown: the rest could be guessed. */
const SHORTEST_SHOWN = 12;

/** The first characters and the length of a secret: enough to recognize it, too little to use it. */
export function excerptOf(secret: string): string {
  const shown = secret.length < SHORTEST_SHOWN ? "" : secret.slice(0, SHOWN_LENGTH);
  return `${shown}… (${secret.length} characters)`;
}

/**
 * Finds the values of credentials in a text, and text that looks like a key.
 *
 * A known value that also looks like a key is reported once, with the name of its variable.
 */
export function matchesIn(text: string, credentials: readonly Credential[]): Match[] {
  const found: Match[] = [];
  let rest = text;
  for (const { name, forms } of credentials) {
    const present = forms.filter((form) => rest.includes(form));
    let count = 0;
    for (const form of present) {
      const pieces = rest.split(form);
      count += pieces.length - 1;
      rest = pieces.join(REDACTED);
    }
    if (count) found.push({ what: valueOf(name), count, excerpt: excerptOf(present[0] ?? "") });
  }
  const keys = [...keysIn(rest)].map(([what, all]) => ({ what, count: all.length, excerpt: excerptOf(all[0] ?? "") }));
  return [...found, ...keys];
}

/** Finds the values of credentials in bytes. Key shapes are not searched: in binary data, they mean nothing. */
export function matchesInBytes(bytes: Uint8Array, credentials: readonly Credential[]): Match[] {
  return credentials.flatMap(({ name, forms }) => {
    const form = forms.find((form) => includesBytes(bytes, utf8(form)));
    return form === undefined ? [] : [{ what: valueOf(name), count: 1, excerpt: excerptOf(form) }];
  });
}

/** Like `matchesIn`, and finds credentials in URLs: user and password, and secret parameters. */
export function matchesWithUrls(text: string, credentials: readonly Credential[]): Match[] {
  const found = matchesIn(text, credentials);
  const isInUrl = redactText(text) !== text;
  return isInUrl ? [...found, { what: "a credential in a URL", count: 1 }] : found;
}

function valueOf(variable: string): string {
  return `the value of ${variable}`;
}

/** Whether a value contains no secret: it is empty or redacted. */
function isHarmless(value: unknown): boolean {
  if (value === null || typeof value === "boolean") return true;
  if (typeof value === "object") return Object.keys(value).length === 0;
  if (typeof value !== "string") return false;
  const rest = value.replaceAll(REDACTED, "").trim();
  return rest === "" || placeholderLength(rest) !== undefined ||
    (rest !== value.trim() && /^(?:basic|bearer|token)$/i.test(rest));
}

/** The matches for a value with a secret name. A known value is reported with the name of its variable. */
export function namedSecret(name: string, value: unknown, credentials: readonly Credential[]): Match[] {
  if (isHarmless(value)) return [];
  const what = /cookie/i.test(name) ? "a cookie" : "a credential";
  if (typeof value !== "string") return [{ what, count: 1 }];
  const known = matchesIn(value, credentials);
  return known.length ? known : [{ what, count: 1, excerpt: excerptOf(value) }];
}
