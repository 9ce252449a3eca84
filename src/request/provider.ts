/**
 * Which URLs belong to an LLM API.
 *
 * - `"api.openai.com"`: this host and its subdomains, on any port, by http or https
 * - `"localhost:4000"`: this host and its subdomains on this port only
 * - `"https://proxy.example/openai"`: this URL and every one below it
 * - a `RegExp`: every URL that it matches (anchor it: it sees the whole URL)
 * - a function: every URL for which it returns true
 */
export type DomainMatcher = string | RegExp | ((url: URL) => boolean);

/** The JSON of an error: `{ "error": "message" }`, or `{ "error": { "message": … } }` and nothing else. */
export type ErrorForm = "text" | "object";

/**
 * A row of the table in `providers.ts`: the facts about one provider.
 *
 * There is no column for the stream family. Events identify the family, because gateways relay streams of all families.
 */
export interface Provider {
  /** The name that the command line shows. */
  readonly name: string;
  /** The URLs that are cached by default. A host that serves more than the API is restricted by path. */
  readonly hosts: readonly DomainMatcher[];
  /** Environment variables with its credentials; the first is the one that {@linkcode auth} sends. */
  readonly keys?: readonly string[];
  /** The header that carries the credential, up to its value; by default `authorization: Bearer `. */
  readonly auth?: string;
  /** Another header that every request needs. */
  readonly needs?: string;
  /**
   * Headers that change the response. The pattern applies to every host, because proxies relay these headers. It must
   * match the start of `name:value`, with the name in lower case. It must not match a value that means the same as no
   * header.
   */
  readonly keyHeaders?: RegExp;
  /** Matches the model in a URL and nothing around it. The pattern applies to every host, because of proxies. */
  readonly model?: RegExp;
  /** Matches the name of a header with the model. */
  readonly modelHeader?: RegExp;
  /** The form of errors that its SDKs need to show the message. The pattern applies to every host, because of proxies. */
  readonly errors?: { readonly urls: RegExp; readonly form: ErrorForm };
  /**
   * Environment variable that replaces the base URL of SDKs → default URL, or "" if it depends on the customer. `{NAME}`
   * stands for the value of another variable.
   */
  readonly baseUrls?: Readonly<Record<string, string>>;
  /** The port of its local server. */
  readonly localPort?: string;
}
