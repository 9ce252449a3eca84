/** A name without case and separators: `X-API-Key`, `x_api_key` and `xApiKey` are one. */
function squash(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** Ends of names that carry a credential, squashed. */
const SECRET_NAME = new RegExp(
  "(?:(?:api|access|account|admin|auth|client|encryption|master|private|secret|service|shared|signing|subscription)" +
    "keys?(?:id|string)?" +
    "|apitokens|authtokens|accesstokens|token|secrets?|passwords?|passwd|pwd|passphrase|credentials?" +
    "|auth|authentication|authorization|authconfig|bearer|cookies?|connectionstring)$",
);

/** Whether a member of a body, a form field or a header of this name carries a credential. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(squash(name));
}

/** Containers whose members are credentials unless known to be harmless: headers and environments of MCP servers. */
const CONTAINER_NAME = /(?:headers|^env|environmentvariables)$/;
const HARMLESS_HEADERS: ReadonlySet<string> = new Set(["accept", "contenttype", "useragent", "acceptlanguage"]);

/** Whether what stands directly inside a member of this name may be a credential, whatever it is called. */
export function isSecretContainer(name: string): boolean {
  return CONTAINER_NAME.test(squash(name));
}

/** Whether a member carries a credential, by its path. The properties of a schema are names only. */
export function isSecretMember(path: readonly string[]): boolean {
  const [schema, container = "", name = ""] = ["", "", ...path].slice(-3);
  if (container === "properties" || schema === "properties") return false;
  return isSecretName(name) || (isSecretContainer(container) && !HARMLESS_HEADERS.has(squash(name)));
}

/** URL parameters that are no part of a request's identity, squashed: credentials and signatures change between runs. */
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

/** Whether a URL parameter, as it stands in the URL, is left out of a request's identity. */
export function isCredentialParameter(pair: string): boolean {
  const name = squash(parameterName(pair));
  return CREDENTIAL_PARAMETERS.has(name) || name.startsWith("xamz");
}

/** Whether a URL parameter is left out of what people read: also those that only may be credentials. */
export function isSecretParameter(pair: string): boolean {
  return isCredentialParameter(pair) || isSecretName(parameterName(pair));
}

/** The name of a `name=value` pair, decoded as far as it can be. */
export function parameterName(pair: string): string {
  const name = pair.split("=", 1)[0] ?? "";
  return name.replaceAll("+", " ").replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}
