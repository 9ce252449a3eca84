import { escaped } from "../lib/show.ts";
import type { DomainMatcher, ErrorForm } from "./provider.ts";
import { PROVIDERS } from "./providers.ts";

/**
 * The LLM APIs that are cached by default. Extend them with `[...defaultDomains, "llm.example.com"]`.
 *
 * @example
 * ```ts
 * import { createCachy, defaultDomains } from "@cachy/core";
 *
 * const cachy = createCachy({ domains: [...defaultDomains, "localhost:4000"] });
 * ```
 */
export const defaultDomains: readonly DomainMatcher[] = Object.freeze(PROVIDERS.flatMap(({ hosts }) => hosts));

/**
 * Compiles matchers into one function.
 *
 * @returns Whether a URL is matched by at least one of the matchers.
 */
export function matchDomains(matchers: readonly DomainMatcher[]): (url: URL) => boolean {
  const { hosts, questions } = compile(matchers.map((matcher) => [matcher, true]));
  return (url) => valueOfHost(hosts, url) === true || questions.some(([question]) => question(url) === true);
}

/**
 * Compiles matchers with their values into a lookup.
 *
 * @returns The value for a URL: that of the first pattern, URL or function that matches, else that of the host.
 */
export function domainLookup<Value>(matchers: readonly (readonly [DomainMatcher, Value])[]) {
  const { hosts, questions } = compile(matchers);
  return (url: URL): Value | undefined => questions.find(([question]) => question(url))?.[1] ?? valueOfHost(hosts, url);
}

/** Compiled matchers with their values: hosts to look up, and tests to run one by one. */
interface Compiled<Value> {
  readonly hosts: ReadonlyMap<string, Value>;
  readonly questions: readonly (readonly [question: (url: URL) => boolean, value: Value])[];
}

function compile<Value>(matchers: readonly (readonly [DomainMatcher, Value])[]): Compiled<Value> {
  const hosts = new Map<string, Value>();
  const questions: [(url: URL) => boolean, Value][] = [];
  for (const [matcher, value] of matchers) {
    if (typeof matcher === "function") questions.push([matcher, value]);
    else if (matcher instanceof RegExp) questions.push([matchRegExp(matcher), value]);
    else if (matcher.includes("://")) questions.push([matchPrefix(matcher), value]);
    else hosts.set(hostOf(matcher), value);
  }
  return { hosts, questions };
}

/** `"Example.com"` → `"example.com"`, `"localhost:80"` → `"localhost:80"`, `"[::1]:80"` → the same. */
function hostOf(matcher: string): string {
  const url = new URL(`http://${matcher}/`);
  // The URL parser drops the default port of the scheme, so the port is read from the text.
  const port = /:(\d+)$/.exec(matcher)?.[1];
  return port ? `${url.hostname}:${Number(port)}` : url.hostname;
}

/** Looks up the host and each of its parents, so that a long list is as fast as a short one. */
function valueOfHost<Value>(hosts: ReadonlyMap<string, Value>, url: URL): Value | undefined {
  if (!hosts.size) return undefined;
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  for (let host = url.hostname; host !== "";) {
    const value = hosts.get(host) ?? hosts.get(`${host}:${port}`);
    if (value !== undefined) return value;
    const dot = host.indexOf(".");
    if (dot === -1) return undefined;
    host = host.slice(dot + 1);
  }
  return undefined;
}

/** A copy without the flags `g` and `y`: with them, a second call would start where the first one ended. */
function matchRegExp(pattern: RegExp): (url: URL) => boolean {
  const stateless = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ""));
  return (url) => stateless.test(url.href);
}

/** `https://a.example/v1` covers `/v1` and what is below it, never `/v10` nor `https://a.example.evil/`. */
function matchPrefix(prefix: string): (url: URL) => boolean {
  const { href } = new URL(prefix);
  const folder = href.endsWith("/") ? href : `${href}/`;
  return (url) => {
    const address = `${url.origin}${url.pathname}${url.search}`;
    return address.startsWith(folder) || address === href || address.startsWith(`${href}?`);
  };
}

/** The environment variables with credentials. */
export const credentialVariables: readonly string[] = PROVIDERS.flatMap(({ keys = [] }) => keys);

/** The model in a URL, as it is written there. */
export function modelOfUrl({ href }: URL): string | undefined {
  for (const { model } of PROVIDERS) {
    const found = model?.exec(href)?.[0];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Matches the names of models, in any case; `*` in the pattern stands for any text. */
export function modelPattern(pattern: string): RegExp {
  const parts = pattern.split("*").map(escaped);
  return new RegExp(`^${parts.join(".*")}$`, "is");
}

/** An error for {@linkcode errorBodyFor}. */
export interface ErrorFacts {
  readonly type: string;
  readonly code: number;
  readonly status: string;
  readonly message: string;
}

/** The JSON of an error, in the form in which the SDKs of the provider look for its message. */
export function errorBodyFor(url: URL, error: ErrorFacts): Record<string, unknown> {
  const { message, type } = error;
  const form = errorFormOf(url);
  if (form === "text") return { error: message };
  // The AI SDK shows the message only if the types are those of the provider: Google and Perplexity have numeric codes.
  // Anthropic has `type`, Mistral `object`, Cerebras `param`; AWS, Cohere and these two have the message outside `error`.
  return form === "object" ? { error } : { type: "error", object: "error", error, message, code: type, param: "" };
}

/** Where SDKs look for the message of an error; undefined if a body of all usual forms serves them. */
function errorFormOf({ href }: URL): ErrorForm | undefined {
  return PROVIDERS.find(({ errors }) => errors?.urls.test(href))?.errors?.form;
}
