import { CachyError } from "../lib/errors.ts";
import { PROVIDERS } from "../request/providers.ts";
import { addressAt } from "./address.ts";

/** A variable that replaces the base URL of clients. */
export interface BaseUrl {
  /** Such as `OPENAI_BASE_URL`. */
  readonly name: string;
  /** The URL that the proxy calls instead of the client. */
  readonly upstream: string;
  /** Whether the user set it, so that it need not be an LLM API that cachy knows. */
  readonly isGiven: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The base URLs of all providers: as the environment says, else the default ones.
 *
 * @param named Variables that the table of providers lacks, or other values for them.
 */
export function baseUrlsOf(environment: Environment, named: Readonly<Record<string, string>> = {}): BaseUrl[] {
  const rows = PROVIDERS.flatMap(({ baseUrls = {} }) => Object.entries(baseUrls));
  const known = rows.filter(([name]) => !Object.hasOwn(named, name)).flatMap(([name, usual]): BaseUrl[] => {
    const given = urlOf(name, environment[name]);
    const upstream = given ?? (isWithheld(name, environment) ? undefined : filled(usual, environment));
    return upstream ? [{ name, upstream, isGiven: given !== undefined }] : [];
  });
  return [...known, ...Object.entries(named).map(([name, upstream]) => ({ name, upstream, isGiven: true }))];
}

/**
 * The URL in a variable. `OLLAMA_HOST` may lack the scheme, and be the address that a server listens on.
 *
 * @throws {CachyError} `invalid_option`, if it is no URL: without it, another server would be called.
 */
function urlOf(name: string, text: string | undefined): string | undefined {
  if (!text) return undefined;
  const url = (name === "OLLAMA_HOST" && !text.includes("://") ? `http://${text}` : text)
    .replace(/:\/\/(?:0\.0\.0\.0)?(?=[:/]|$)/, "://127.0.0.1");
  if (URL.canParse(url) && /^https?:\/\//i.test(url)) return url;
  throw new CachyError(
    "invalid_option",
    `Cannot use ${name}=${text}: expected a URL by http or https. Correct it, or unset it.`,
  );
}

/** Replaces `{AWS_REGION}` and the like. @returns Undefined if such a variable is not set. */
function filled(usual: string, environment: Environment): string | undefined {
  const names = [...usual.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  if (!usual || names.some((name) => !environment[name])) return undefined;
  return usual.replace(/\{(\w+)\}/g, (_, name) => environment[name] ?? "").replace("://global-", "://");
}

/**
 * Clients of Azure OpenAI reject a base URL of OpenAI beside the one of Azure. A signature of AWS covers the host and the
 * path, so only bearer tokens are valid behind a proxy.
 */
function isWithheld(name: string, { AZURE_OPENAI_ENDPOINT, AWS_BEARER_TOKEN_BEDROCK }: Environment): boolean {
  if (/^OPENAI_(?:BASE_URL|API_BASE)$/.test(name)) return Boolean(AZURE_OPENAI_ENDPOINT);
  return /BEDROCK/.test(name) && !AWS_BEARER_TOKEN_BEDROCK;
}

/** The variables for a client of the proxy, with their values. */
export function variablesFor(proxy: string, baseUrls: readonly BaseUrl[]): Record<string, string> {
  return Object.fromEntries(baseUrls.map(({ name, upstream }) => [name, addressAt(proxy, upstream)]));
}

/** The variables that keep an HTTP proxy of the user out of the way to this machine. */
export function withoutHttpProxy(environment: Environment): Record<string, string> {
  const hasProxy = Object.keys(environment).some((name) => /^(?:https?|all)_proxy$/i.test(name) && environment[name]);
  if (!hasProxy) return {};
  const value = (name: string) => [environment[name] || [], "127.0.0.1", "localhost"].flat().join(",");
  return { NO_PROXY: value("NO_PROXY"), no_proxy: value("no_proxy") };
}
