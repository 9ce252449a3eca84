import { canonicalJson, type JsonRewrite } from "../lib/canonical_json.ts";
import { parseJson } from "../lib/json.ts";
import { isCredentialParameter, isSecretContainer, isSecretMember, isSecretParameter, parameterName } from "./names.ts";

/** What stands in the file in place of a secret. */
export const REDACTED = "[redacted]";

/**
 * The URL by which a request is identified: without credentials, signatures and the fragment.
 *
 * What stays of the query stays byte for byte.
 */
export function identityUrl({ protocol, host, pathname, search }: URL): string {
  const all = search.slice(1).split("&");
  const kept = all.filter((pair) => !isCredentialParameter(pair));
  const base = `${protocol}//${host}${pathname}`;
  if (kept.length === all.length) return `${base}${search}`;
  return kept.length ? `${base}?${kept.join("&")}` : base;
}

/** Schemes are short; without the limit a long text of dots would take a time that grows with its square. */
const URL_IN_TEXT = /(?<![a-z0-9])[a-z][a-z0-9+.-]{0,20}:\/\/[^\s"'<>`)]+/gi;

/** Takes credentials out of the URLs in a text: user and password, and parameters with a telling name. */
export function redactText(text: string): string {
  return text.includes("://") && /[?@#]/.test(text) ? text.replace(URL_IN_TEXT, redactUrl) : text;
}

function redactUrl(url: string): string {
  const [, start = "", query = "", fragment = ""] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(url) ?? [];
  return start.replace(/^([^:]+:\/\/)[^/]*@/, "$1") + redactPairs(query) + redactPairs(fragment);
}

/** What follows a `?` or a `#`, with it. */
function redactPairs(text: string): string {
  const pairs = text.slice(1).split(/[&;]/);
  const kept = pairs.filter((pair) => !isSecretParameter(pair));
  if (kept.length === pairs.length) return text;
  return kept.length ? text.charAt(0) + kept.join("&") : "";
}

/** Redacts the secrets of JSON: members with a telling name, wherever they stand, and secrets inside of strings. */
export const redactJson: Required<JsonRewrite> = {
  member: (path) => isSecretMember(path) ? REDACTED : undefined,
  string: (value, path) => isSecretContainer(path.at(-1) ?? "") ? REDACTED : redactString(value),
};

/** Redacts the secrets of a text that may be JSON. */
export function redactString(text: string): string {
  return redactJsonText(text) ?? redactText(text);
}

/** Redacts the secrets of a text that is a JSON object or list, or gives undefined; without any, it stays as written. */
export function redactJsonText(text: string): string | undefined {
  if (!/^\s*[{[]/.test(text) || parseJson(text) === undefined) return undefined;
  const redacted = canonicalJson(text, redactJson);
  if (redacted === undefined) return REDACTED; // nested too deeply to be searched
  return redacted === canonicalJson(text) ? text : redacted;
}

/** Redacts the secrets of a form body (`a=1&password=x`). */
export function redactForm(body: string): string {
  return body.split("&").map((pair) => {
    const isSecret = isSecretMember([parameterName(pair)]) || isSecretParameter(pair);
    return isSecret ? `${pair.split("=", 1)[0]}=${REDACTED}` : pair;
  }).join("&");
}
