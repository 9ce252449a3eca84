import { messageOf } from "../lib/errors.ts";
import { redactText } from "../secrets/redact.ts";
import { isLoopback, upstreamOf } from "./address.ts";

/** What of a request decides whether the proxy forwards it. */
export interface RequestLine {
  readonly method: string;
  /** As it was sent. */
  readonly target: string;
  /** The values of all `host` headers, and of `:authority`. */
  readonly hosts: readonly string[];
  readonly header: (name: string) => string | undefined;
}

/** Whom the proxy serves. */
export interface Policy {
  /** Whether requests to a URL are forwarded. */
  readonly isForwarded: (url: URL) => boolean;
  /** The origins of pages that may use the proxy. */
  readonly pages: readonly string[];
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
}

/** Returns the URL that a request is forwarded to, or why it is refused. */
export function admit(line: RequestLine, policy: Policy): URL | Refusal {
  return hostRefusal(line) ?? originRefusal(line, policy) ?? targetOf(line, policy);
}

/** The name in the `host` header: a page may have pointed its own name to 127.0.0.1. */
function hostRefusal({ hosts }: RequestLine): Refusal | undefined {
  if (hosts.length > 0 && hosts.every((host) => isLoopbackAuthority(host))) return undefined;
  const given = hosts.length ? hosts.map((host) => JSON.stringify(host)).join(", ") : "missing";
  return {
    status: 421,
    message: `Cannot answer a request whose Host header is ${given}: cachy serves only programs on this machine. ` +
      `Send it to 127.0.0.1 or localhost.`,
  };
}

function isLoopbackAuthority(host: string): boolean {
  const [, name = ""] = /^([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.exec(host) ?? [];
  return isLoopback(name);
}

/** Browsers say which page asks. A navigation of the user has no origin. */
function originRefusal({ header }: RequestLine, { pages }: Policy): Refusal | undefined {
  const origin = header("origin");
  const isOtherSite = /^(?:cross-site|same-site)$/.test(header("sec-fetch-site") ?? "");
  if (origin === undefined ? !isOtherSite : pages.includes(origin)) return undefined;
  const page = origin === undefined ? "a page of another origin" : `a page of ${origin}`;
  return {
    status: 403,
    message: `Cannot answer ${page}: pages may not use this proxy. If the page is yours, start the proxy with ` +
      `cachy proxy --cors ${origin === undefined || origin === "null" ? "ORIGIN" : origin}.`,
  };
}

function targetOf({ method, target }: RequestLine, { isForwarded }: Policy): URL | Refusal {
  if (method === "CONNECT" || !target.startsWith("/")) return { status: 400, message: NO_FORWARD_PROXY };
  const url = upstreamOf(target);
  if (!url) return { status: 404, message: NO_HOST };
  if (isForwarded(url)) return url;
  return {
    status: 403,
    message: `Cannot forward a request to ${url.host}: it is not an LLM API that cachy knows. ` +
      `To record it, start cachy with --domains ${url.host}.`,
  };
}

const NO_FORWARD_PROXY = "Cannot serve as a forward proxy: it would have to break encryption. Remove cachy from " +
  "HTTP_PROXY and HTTPS_PROXY, and set the base URL of the client, such as " +
  "OPENAI_BASE_URL=http://127.0.0.1:PORT/api.openai.com/v1.";

const NO_HOST = "Cannot forward a request whose path does not begin with a host: expected /api.openai.com/v1/… for " +
  "https://api.openai.com/v1/…. Set the base URL of the client to the whole address that cachy printed.";

/** Bun's errors advise an option of its `fetch`, which the proxy calls. */
const OF_BUN = / For more information, pass `verbose: true`[^.]*\.?/;

/** Why a call to the provider failed, and what to do. */
export function unreachable({ host }: URL, error: unknown): Refusal {
  const { cause } = error as { readonly cause?: unknown };
  const reason = redactText(messageOf(cause ?? error)).replace(OF_BUN, "").replace(/\.$/, "");
  return { status: 502, message: `Cannot reach ${host}: ${reason}. ${cureOf(reason)}` };
}

function cureOf(reason: string): string {
  if (/certificate/i.test(reason)) {
    return "If you trust its certificate, name the file of its authority before you start cachy: by NODE_EXTRA_CA_CERTS " +
      "on Node and Bun, by DENO_CERT on Deno.";
  }
  if (/headers overflow/i.test(reason)) {
    return "Its headers are too long for Node: start cachy with NODE_OPTIONS=--max-http-header-size=65536.";
  }
  if (/HTTP|bad response|closed|ECONNRESET/.test(reason)) {
    return "Check that it speaks HTTP, and whether its base URL begins with http: or https:.";
  }
  return "Check that it is running and that this machine has a network.";
}
