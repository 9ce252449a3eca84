import { includesBytes, utf8 } from "../../lib/bytes.ts";
import { REDACTED, redactText } from "../../secrets/redact.ts";
import { type Credential, KEY_SHAPES } from "../../secrets/values.ts";
import { placeholderLength } from "../../store/entry_request.ts";

/** Secrets of one kind in one text. */
export interface Match {
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
  for (const [what, pattern] of KEY_SHAPES) {
    const keys = rest.match(pattern);
    if (keys) found.push({ what, count: keys.length, excerpt: excerptOf(keys[0]) });
  }
  return found;
}

/** Finds the values of credentials in bytes. What looks like a key means nothing there. */
export function matchesInBytes(bytes: Uint8Array, credentials: readonly Credential[]): Match[] {
  return credentials.flatMap(({ name, forms }) => {
    const form = forms.find((form) => includesBytes(bytes, utf8(form)));
    return form === undefined ? [] : [{ what: valueOf(name), count: 1, excerpt: excerptOf(form) }];
  });
}

/** The same as `matchesIn`, and user and password or secret parameters of the URLs in the text. */
export function matchesWithUrls(text: string, credentials: readonly Credential[]): Match[] {
  const found = matchesIn(text, credentials);
  const isInUrl = redactText(text) !== text;
  return isInUrl ? [...found, { what: "a credential in a URL", count: 1 }] : found;
}

function valueOf(variable: string): string {
  return `the value of ${variable}`;
}

/** Whether nothing secret is left of a value: it is empty, or was taken out. */
export function isHarmless(value: unknown): boolean {
  if (value === null || typeof value === "boolean") return true;
  if (typeof value === "object") return Object.keys(value).length === 0;
  if (typeof value !== "string") return false;
  const rest = value.replaceAll(REDACTED, "").trim();
  return rest === "" || placeholderLength(rest) !== undefined ||
    (rest !== value.trim() && /^(?:basic|bearer|token)$/i.test(rest));
}

/** What a value is that its name tells to be a secret. If it is a known one, it is called by that name. */
export function namedSecret(name: string, value: unknown, credentials: readonly Credential[]): Match[] {
  if (isHarmless(value)) return [];
  const what = /cookie/i.test(name) ? "a cookie" : "a credential";
  if (typeof value !== "string") return [{ what, count: 1 }];
  const known = matchesIn(value, credentials);
  return known.length ? known : [{ what, count: 1, excerpt: excerptOf(value) }];
}
