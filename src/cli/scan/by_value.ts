import { includesBytes, utf8 } from "../../lib/bytes.ts";
import { type Credential, KEY_SHAPES } from "../../secrets/values.ts";
import { REDACTED, redactText } from "../../secrets/redact.ts";

/** Secrets of one kind in one text. */
export interface Sighting {
  /** `an API key (sk-…)`, `the value of OPENAI_API_KEY` … */
  readonly what: string;
  /** How many there are. */
  readonly count: number;
  /** The first characters of the first one, and its length; missing where the secret cannot be told from its text. */
  readonly excerpt?: string;
}

/** How much of a secret is shown. In characters. */
const SHOWN_LENGTH = 4;
/** Of a shorter one nothing is shown: it could be guessed. In characters. */
const SHORTEST_SHOWN = 12;

/** The first characters of a secret and its length: enough to recognize it, too little to use it. */
export function excerptOf(secret: string): string {
  const shown = secret.length < SHORTEST_SHOWN ? "" : secret.slice(0, SHOWN_LENGTH);
  return `${shown}… (${secret.length} characters)`;
}

/**
 * Finds the values of credentials in a text, and what looks like a key.
 *
 * A value that looks like a key is seen once, by the name of its variable.
 */
export function sightingsIn(text: string, credentials: readonly Credential[]): Sighting[] {
  const found: Sighting[] = [];
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
  for (const [what, pattern] of KEY_SHAPES) {
    const keys = rest.match(pattern);
    if (keys) found.push({ what, count: keys.length, excerpt: excerptOf(keys[0]) });
  }
  return found;
}

/** Finds the values of credentials in bytes. What looks like a key means nothing there. */
export function sightingsInBytes(bytes: Uint8Array, credentials: readonly Credential[]): Sighting[] {
  return credentials.flatMap(({ name, forms }) => {
    const form = forms.find((form) => includesBytes(bytes, utf8(form)));
    return form === undefined ? [] : [{ what: valueOf(name), count: 1, excerpt: excerptOf(form) }];
  });
}

/** The same as `sightingsIn`, and user and password or secret parameters of the URLs in the text. */
export function sightingsWithUrls(text: string, credentials: readonly Credential[]): Sighting[] {
  const found = sightingsIn(text, credentials);
  const isInUrl = redactText(text) !== text;
  return isInUrl ? [...found, { what: "a credential in a URL", count: 1 }] : found;
}

function valueOf(variable: string): string {
  return `the value of ${variable}`;
}
