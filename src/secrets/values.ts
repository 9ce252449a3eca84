import { canonicalString } from "../lib/json.ts";
import { hideKeys } from "./key_shapes.ts";
import { isSecretName, REDACTED } from "./redact.ts";

/** A secret whose value is known: an environment variable, or a header of the request. */
export interface Credential {
  /** The name of the variable, or `header NAME`. */
  readonly name: string;
  /** The value as it appears in texts, JSON and URLs, the longest form first. */
  readonly forms: readonly string[];
}

/** In characters. Shorter values may be words, which prompts may contain by chance. */
const SHORTEST_SECRET = 12;

/** Names of environment variables whose values are credentials. */
const CREDENTIAL_VARIABLE =
  /(?<!MON|DON|TUR|HOC|JOC|WHIS)KEYS?\d*(?:_|$)|TOKENS?\d*(?:_|$)|SECRET|PASSWORD|PASSWD|PASSPHRASE|(?:^|_)(?:PASS|PWD|PAT|AUTH|CREDENTIALS?|CREDS|APIKEY|BEARER|COOKIE|SAS)\d*$|CONNECTION_?STRING|CONN_STR|WEBHOOK/i;
/** Names of variables whose values are URLs. They may contain a password. */
const URL_VARIABLE = /(?:URL|URI|DSN|ENDPOINT|PROXY)\d*$/i;
/** Names of variables that only locate or name a credential. */
const HARMLESS_VARIABLE = /^(?:OLD)?PWD$|_(?:FILE|PATH|DIR|URL|NAME|SOCK|HEADER|TYPE|METHOD)$/i;

/** Whether an environment variable of this name holds a credential. */
export function isCredentialVariable(name: string): boolean {
  return CREDENTIAL_VARIABLE.test(name) && !HARMLESS_VARIABLE.test(name);
}

/** The credentials among environment variables, the longest value first, because it may contain a shorter one. */
export function credentialsOf(variables: Iterable<readonly [name: string, value: string]>): Credential[] {
  return credentialsIn(
    [...variables].map(([name, value]) =>
      [name, isCredentialVariable(name) ? value : passwordOf(name, value)] as const
    ),
  );
}

function credentialsIn(values: readonly (readonly [name: string, value: string])[]): Credential[] {
  return values
    .filter(([, value]) => value.length >= SHORTEST_SECRET)
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([name, value]) => {
      return { name, forms: [...new Set(formsOf(value))].sort((a, b) => b.length - a.length) };
    });
}

/** The credentials in the headers of a request, without their scheme. A response may repeat them. */
export function credentialsOfHeaders(headers: Iterable<readonly [name: string, value: string]>): Credential[] {
  return credentialsIn(
    [...headers].filter(([name]) => isSecretName(name)).map(([name, value]) => [
      `header ${name}`,
      value.replace(/^[A-Za-z]+ +/, ""),
    ]),
  );
}

/** The password in the URL of a variable such as `DATABASE_URL`; empty for a URL without one. */
function passwordOf(name: string, value: string): string {
  return URL_VARIABLE.test(name) ? /^[a-z][\w+.-]*:\/\/[^/?#\s]*?:([^/?#\s]*)@/i.exec(value)?.[1] ?? "" : "";
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
