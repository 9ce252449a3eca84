import type { JsonRewrite } from "./canonical_json.ts";

/** What stands in the file in place of a secret. */
export const REDACTED = "[redacted]";

/** URL parameters that carry a credential or a signature, in lower case. */
const SECRET_PARAMETERS: ReadonlySet<string> = new Set([
  "key",
  "api_key",
  "api-key",
  "apikey",
  "subscription-key",
  "access_token",
  "token",
  "sig",
  "signature",
  "x-goog-signature",
  "x-goog-credential",
]);

/** Member names that carry a credential, in lower case and without `-` and `_`. */
const SECRET_MEMBERS: ReadonlySet<string> = new Set([
  "authorization",
  "authorizationtoken",
  "proxyauthorization",
  "authtoken",
  "bearertoken",
  "apikey",
  "xapikey",
  "xgoogapikey",
  "apitoken",
  "accesskey",
  "accesskeyid",
  "secretaccesskey",
  "accesstoken",
  "refreshtoken",
  "idtoken",
  "sessiontoken",
  "token",
  "secret",
  "secretkey",
  "clientsecret",
  "privatekey",
  "password",
  "passphrase",
  "credentials",
  "cookie",
]);

/** Members of an object named `headers` that are known to be harmless; MCP definitions hold credentials in the others. */
const HARMLESS_HEADERS: ReadonlySet<string> = new Set(["accept", "contenttype", "useragent", "acceptlanguage"]);

/** Response headers that are kept: what SDKs and replays need. */
const KEPT_HEADERS: readonly string[] = [
  "content-type",
  "x-request-id",
  "request-id",
  "x-goog-upload-url",
  "x-goog-upload-status",
];

/** Response headers that are never kept, asked for or not: credentials, and what describes bytes on the wire. */
export const NEVER_KEPT_HEADERS: ReadonlySet<string> = new Set([
  "set-cookie",
  "content-encoding",
  "content-length",
  "transfer-encoding",
]);

function isSecretParameter(name: string): boolean {
  const lower = name.toLowerCase();
  return SECRET_PARAMETERS.has(lower) || lower.startsWith("x-amz-");
}

/**
 * Takes secret parameters, credentials and the fragment out of a URL.
 *
 * What stays of the query stays byte for byte.
 */
export function withoutSecrets(url: URL): string {
  const all = url.search.slice(1).split("&");
  const base = `${url.protocol}//${url.host}${url.pathname}`;
  const kept = all.filter((pair) => !isSecretParameter(parameterName(pair)));
  if (kept.length === all.length) return `${base}${url.search}`;
  return kept.length ? `${base}?${kept.join("&")}` : base;
}

function parameterName(pair: string): string {
  const name = (pair.split("=", 1)[0] ?? "").replaceAll("+", " ");
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The same for text that may or may not be a URL. */
export function textWithoutSecrets(text: string): string {
  if (!/^https?:\/\/\S*[?@]/i.test(text)) return text;
  try {
    const url = new URL(text);
    const secretFree = withoutSecrets(url);
    return secretFree + url.hash === url.href.replace(/\?(?=#|$)/, "") ? text : secretFree;
  } catch {
    return text;
  }
}

/** Whether a member, a form field or a header of this name carries a credential. */
export function isSecretName(name: string): boolean {
  return SECRET_MEMBERS.has(name.toLowerCase().replace(/[-_]/g, ""));
}

function isSecretMember(path: readonly string[]): boolean {
  const name = (path.at(-1) ?? "").toLowerCase().replace(/[-_]/g, "");
  return isSecretName(name) || (path.at(-2) === "headers" && !HARMLESS_HEADERS.has(name));
}

/** Redacts the secrets of a JSON body: members with a telling name, wherever they stand, and secrets in URLs. */
export const redactJson: Required<JsonRewrite> = {
  member: (path) => isSecretMember(path) ? REDACTED : undefined,
  string: (value, path) => path.at(-1) === "headers" ? REDACTED : textWithoutSecrets(value),
};

/** Redacts the secrets of a form body (`a=1&password=x`). */
export function redactForm(body: string): string {
  return body.split("&").map((pair) => {
    const name = parameterName(pair);
    return isSecretMember([name]) || isSecretParameter(name) ? `${pair.split("=", 1)[0]}=${REDACTED}` : pair;
  }).join("&");
}

/** The response headers that go into the file. */
export function keptHeaders(headers: Headers, alsoKept: ReadonlySet<string>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of [...KEPT_HEADERS, ...alsoKept]) {
    const value = headers.get(name);
    if (value !== null && !NEVER_KEPT_HEADERS.has(name)) {
      kept[name] = textWithoutSecrets(value);
    }
  }
  return kept;
}
