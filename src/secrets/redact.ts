import { canonicalJson, type JsonRewrite, parseJson } from "../lib/json.ts";

/** Removes case and separators from a name: `X-API-Key`, `x_api_key` and `xApiKey` are the same name. */
function squash(name: string): string {
  return SQUASHED.test(name) ? name : name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

const SQUASHED = /^[a-z0-9]*$/;

/** Ends of squashed names whose values are credentials. */
const KEY_OWNERS =
  "(?:api|access|account|admin|auth|client|encryption|master|private|secret|service|shared|signing|subscription)";
const SECRET_NAME = new RegExp(
  `(?:${KEY_OWNERS}keys?(?:id|string)?` +
    "|apitokens|authtokens|accesstokens|token|secrets?|passwords?|passwd|pwd|passphrase|credentials?" +
    "|auth|authentication|authorization|authconfig|bearer|cookies?|connectionstring)$",
);

/** Whether a member of a body, a form field or a header with this name contains a credential. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(squash(name));
}

/** Headers and environments of MCP servers: all their members count as credentials, except harmless headers. */
const CONTAINER_NAME = /(?:headers|^env|environmentvariables)$/;
const HARMLESS_HEADERS: ReadonlySet<string> = new Set(["accept", "contenttype", "useragent", "acceptlanguage"]);

/** Whether the members of an object with this name may be credentials, whatever their names are. */
export function isSecretContainer(name: string): boolean {
  return CONTAINER_NAME.test(squash(name));
}

/** Whether the member at a path contains a credential. The `properties` of a JSON schema contain no values. */
export function isSecretMember(path: readonly string[]): boolean {
  const [schema, container = "", name = ""] = ["", "", ...path].slice(-3);
  if (container === "properties" || schema === "properties") return false;
  return isSecretName(name) || (isSecretContainer(container) && !HARMLESS_HEADERS.has(squash(name)));
}

/** Names of a token that may be a word or a page mark, and so may change the answer. */
const OTHER_TOKEN =
  /^(?!.*(?:access|api|app|auth|authorization|bearer|client|hf|id|refresh|security|awssession|secret)token$).*token$/;
/** Paths of what a model reads or wrote, and of schemas: names have a meaning there. */
const CONTENT =
  /^(?:messages|contents|prompt|system|system_?instruction|instructions|instances|documents|input\/[^/]+|params\/arguments)\/|(?:^|\/)(?:properties|\$defs|definitions)\//i;

/** Members of a response that the model or a tool wrote: a tool may have an argument `password`. */
const WRITTEN =
  /(?:^|\/)(?:choices|candidates|contents?|output|outputs|messages?|parts|delta|input|args|arguments|parameters|properties|\$defs|definitions|tool_?calls?|tool_?use|function_?calls?|structured_?content|parsed|logprobs|text|snippet|results|documents|data\/embedding)(?:\/|$)/i;
const ISSUED =
  /^(?:(?:access|refresh|id|auth|session|bearer|security|oauth)token|(?:client|consumer|app|api|shared)secret|secret|(?:api|secret|private|secretaccess|signing|encryption)key|password|passwd|passphrase|connectionstring)$/;

/**
 * Whether a member of a response is a credential that a server issues or repeats, such as `access_token`. Members inside
 * of what a model wrote are content, whatever their names are.
 */
export function isIssuedCredential(path: readonly string[]): boolean {
  return ISSUED.test(squash(path.at(-1) ?? "")) && !WRITTEN.test(path.slice(0, -1).join("/"));
}

/** Whether a text may contain members or form fields that `isIssuedCredential` finds. */
export function mayIssueCredential(text: string): boolean {
  return /(?:token|secret|key|pass(?:word|wd|phrase)|string)(?:"\s*:|=)/i.test(text);
}

/** Whether a member of a body may be a credential, or contain some: {@linkcode isCredentialMember} decides. */
export function mayHoldCredential(name: string): boolean {
  return isCredentialName(name) || HEADERS_NAME.test(squash(name));
}

const HEADERS_NAME = /headers$/;

/** Whether a form field of this name is a credential, and so not part of the key. */
export function isCredentialName(name: string): boolean {
  return isSecretName(name) && !OTHER_TOKEN.test(squash(name));
}

/**
 * Whether a member of a body is a credential, and so not part of the key. The file redacts more members: a wrong guess
 * hides a text there, but here it would give the response to another request.
 */
export function isCredentialMember(path: readonly string[]): boolean {
  const [container = "", name = ""] = ["", ...path].slice(-2);
  const isHeader = HEADERS_NAME.test(squash(container)) && !HARMLESS_HEADERS.has(squash(name));
  return (isHeader || isCredentialName(name)) && !CONTENT.test(path.join("/"));
}

/** Squashed names of URL parameters that are not part of the digest: credentials and signatures change between runs. */
const CREDENTIAL_PARAMETERS: ReadonlySet<string> = new Set([
  "key",
  "apikey",
  "xapikey",
  "xgoogapikey",
  "subscriptionkey",
  "ocpapimsubscriptionkey",
  "token",
  "accesstoken",
  "apitoken",
  "authtoken",
  "refreshtoken",
  "clientsecret",
  "password",
  "authorization",
  "sig",
  "signature",
  "xgoogsignature",
  "xgoogcredential",
]);

/** Whether the digest ignores a URL parameter, given as `name=value`. */
function isCredentialParameter(pair: string): boolean {
  const name = squash(parameterName(pair));
  return CREDENTIAL_PARAMETERS.has(name) || name.startsWith("xamz");
}

/** Whether a URL parameter is removed from recordings and messages: also those that may be credentials. */
export function isSecretParameter(pair: string): boolean {
  return isCredentialParameter(pair) || isSecretName(parameterName(pair));
}

/** The name in a `name=value` pair, decoded. Invalid escapes stay as they are. */
export function parameterName(pair: string): string {
  const name = pair.split("=", 1)[0] ?? "";
  return name.replaceAll("+", " ").replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}

/** Replaces a secret in the file. */
export const REDACTED = "[redacted]";

/**
 * The URL of a request for the digest: without credentials, signatures and the fragment. The rest of the query is
 * unchanged.
 */
export function identityUrl({ protocol, host, pathname, search }: URL): string {
  const base = `${protocol}//${host}${pathname}`;
  if (search === "") return base;
  const all = search.slice(1).split("&");
  const kept = all.filter((pair) => !isCredentialParameter(pair));
  if (kept.length === all.length) return `${base}${search}`;
  return kept.length ? `${base}?${kept.join("&")}` : base;
}

/** Schemes are short. Without a limit, the time to search a long text of dots would grow with its square. */
const URL_IN_TEXT = /(?<![a-z0-9])[a-z][a-z0-9+.-]{0,20}:\/\/[^\s"'<>`)]+/gi;

/** A URL that is percent-encoded, once or several times, as URLs contain other URLs. */
const ENCODED_URL = /[a-z][a-z0-9+.-]{0,20}(?::|%(?:25)*3A)%(?:25)*2F%(?:25)*2F[^\s"'<>`)&;?#/]+/gi;
const MAY_HOLD_URL = /:\/\/|%(?:25)*2F%(?:25)*2F/i;

/**
 * Removes credentials from the URLs in a text: user and password, and parameters with secret names. Also from URLs that
 * are parts of other URLs, percent-encoded or not.
 */
export function redactText(text: string): string {
  if (!/[?@#%]/.test(text) || !MAY_HOLD_URL.test(text)) return text;
  return text.replace(ENCODED_URL, redactEncoded).replace(URL_IN_TEXT, redactUrl);
}

function redactEncoded(encoded: string): string {
  const url = decode(encoded);
  if (url === undefined) return encoded;
  const redacted = redactText(url);
  return redacted === url ? encoded : encodeURIComponent(redacted);
}

/** Undefined if nothing is encoded, or not validly. */
function decode(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text);
    return decoded === text ? undefined : decoded;
  } catch {
    return undefined;
  }
}

function redactUrl(url: string): string {
  const [, scheme = "", authority = "", path = "", query = "", fragment = ""] =
    /^([^:]+:\/\/)([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(url) ?? [];
  const host = authority.replace(/^.*@/s, "");
  return scheme + host + redactText(path) + redactPairs(query) + redactPairs(fragment);
}

/** Redacts a query or a fragment, which starts with `?` or `#`. */
function redactPairs(text: string): string {
  const pairs = text.slice(1).split(/[&;]/);
  const kept = pairs.filter((pair) => !isSecretParameter(pair)).map(redactText);
  if (kept.length === pairs.length && kept.every((pair, at) => pair === pairs[at])) return text;
  return kept.length ? text.charAt(0) + kept.join("&") : "";
}

const URL_PARAMETER = /([?&;#])([^=&;#?]+)=([^&;#]*)/g;
const SIGNATURE = /^(?:xamz|xgoog)|^(?:sig|signature|token|(?:access|api|auth)token|apikey)$/;
/** Parameters that accompany a signature and change with it. */
const SIGNED = /^(?:se|st|ske|skt|expires|policy|keypairid|googleaccessid|awsaccesskeyid|ossaccesskeyid)$/;

/** Whether a text may contain a URL with credentials. */
export function mayHoldUrlCredential(text: string): boolean {
  return text.includes("://") && /[?&;#](?:x-|sig|[a-z_-]{0,20}(?:token|key|%))[^=\s]{0,60}=/i.test(text);
}

/** Replaces the credentials and signatures of the URLs in a text: presigned URLs differ each time they are made. */
export function maskUrlCredentials(text: string): string {
  if (!mayHoldUrlCredential(text)) return text;
  return text.replace(URL_IN_TEXT, (url) => {
    const names = [...url.matchAll(URL_PARAMETER)].map(([, , name = ""]) => squash(parameterName(name)));
    const isSigned = names.some((name) => /^(?:xamz|xgoog)?sig(?:nature)?$/.test(name));
    const isHidden = (name: string) => SIGNATURE.test(name) || isSigned && SIGNED.test(name);
    if (!names.some(isHidden)) return url;
    let at = 0;
    return url.replace(URL_PARAMETER, (pair, mark, name) => {
      return isHidden(names[at++] ?? "") ? `${mark}${name}=${REDACTED}` : pair;
    });
  });
}

/** Redacts the secrets of JSON: members with secret names at any depth, and secrets within strings. */
export const redactJson = {
  member: (path) => isSecretMember(path) ? REDACTED : undefined,
  string: (value, path) => isSecretContainer(path.at(-1) ?? "") ? REDACTED : redactString(value),
} satisfies JsonRewrite;

/** Redacts the secrets of a text, which may be JSON. */
export function redactString(text: string): string {
  return redactJsonText(text) ?? redactText(text);
}

/** Redacts the secrets of a JSON object or list; undefined for other texts. Without secrets, the text is unchanged. */
export function redactJsonText(text: string): string | undefined {
  if (!/^\s*[{[]/.test(text) || parseJson(text) === undefined) return undefined;
  const redacted = canonicalJson(text, redactJson);
  if (redacted === undefined) return REDACTED; // nested too deeply to search
  return redacted === canonicalJson(text) ? text : redacted;
}

/** Redacts the secrets of a form body (`a=1&password=x`). */
export function redactForm(body: string): string {
  return body.split("&").map((pair) => {
    const isSecret = isSecretMember([parameterName(pair)]) || isSecretParameter(pair);
    return isSecret ? `${pair.split("=", 1)[0]}=${REDACTED}` : pair;
  }).join("&");
}
