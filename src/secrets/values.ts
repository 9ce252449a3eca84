import { includesBytes, utf8 } from "../lib/bytes.ts";
import { canonicalString } from "../lib/canonical_json.ts";
import type { Entry, RecordedRequest } from "../store/entry.ts";
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

/** What is kept of a request, without the values of credentials and without what looks like a key. */
export function hideSecretValues(request: RecordedRequest, credentials: readonly Credential[]): RecordedRequest {
  const hide = (text: string) => hideInText(text, credentials);
  const { url, headers, body, namespace } = request;
  const hidden = {
    ...request,
    url: hide(url),
    headers: headers && Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, hide(value)])),
    body: hide(body),
    namespace: namespace === undefined ? undefined : hide(namespace),
  };
  return { ...hidden, exact: request.exact && JSON.stringify(hidden) === JSON.stringify(request) };
}

/** What is searched of an answer besides its entry. */
export interface SearchedBody {
  /** The bytes of the body, for those that are no text. */
  readonly body: Uint8Array;
  /** What a stream spells in pieces, see `spelledTexts`. */
  readonly spelled: readonly string[];
}

/**
 * Looks for the values of credentials in what is kept of an answer.
 *
 * @returns The name of the variable and the part of the answer, if there is one.
 */
export function credentialIn(
  { headers = {}, response, binary }: Entry,
  { body, spelled }: SearchedBody,
  credentials: readonly Credential[],
): { readonly name: string; readonly where: string } | undefined {
  for (const { name, forms } of credentials) {
    const isIn = (text: string) => forms.some((form) => text.includes(form));
    const header = Object.keys(headers).find((header) => isIn(headers[header] ?? ""));
    if (header !== undefined) return { name, where: `header ${header}` };
    const isInBody = binary
      ? forms.some((form) => includesBytes(body, utf8(form)))
      : isIn(response) || spelled.some(isIn);
    if (isInBody) return { name, where: "body" };
  }
  return undefined;
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

/** What looks like a key in the text of an answer, in words. */
export function keyShapeIn({ binary, response }: Entry, spelled: readonly string[] = []): string | undefined {
  if (binary) return undefined;
  const texts = [response, ...spelled];
  return KEY_SHAPES.find(([, pattern]) => texts.some((text) => text.search(pattern) !== -1))?.[0];
}
