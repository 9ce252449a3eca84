import { undecodedEncoding } from "../lib/environment.ts";

/** Headers as a list of pairs. */
export type HeaderPairs = (readonly [name: string, value: string])[];

/** They belong to one connection (RFC 9110, 7.6.1). */
const HOP_BY_HOP = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

/**
 * Request headers that are not forwarded. `fetch` sets its own `host` and `accept-encoding`, because it decodes the
 * response. The origin of a page would make providers treat the request as one from a browser.
 */
const NOT_SENT: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  "proxy-authorization",
  "host",
  "content-length",
  "expect",
  "accept-encoding",
  "origin",
  "referer",
]);

/** Header names, in pairs with their values as Node lists them. */
export function pairsOf(raw: readonly string[]): HeaderPairs {
  return Array.from({ length: raw.length >> 1 }, (_, at) => [(raw[2 * at] ?? "").toLowerCase(), raw[2 * at + 1] ?? ""]);
}

/** The headers that are sent to the provider. */
export function sentHeaders(received: HeaderPairs): HeaderPairs {
  const ofConnection = received.filter(([name]) => name === "connection").flatMap(([, value]) => listOf(value));
  return received.filter(([name]) =>
    !NOT_SENT.has(name) && !ofConnection.includes(name) && !/^(?::|sec-fetch-|access-control-request-)/.test(name)
  );
}

/** Response headers that hold a URL which the client calls next. */
const URL_HEADERS = ["location", "operation-location", "x-goog-upload-url"];

/**
 * The headers that the client gets.
 *
 * @param translate Returns the address at the proxy of a URL that the proxy forwards.
 */
export function answeredHeaders(headers: Headers, translate: (url: string) => string): HeaderPairs {
  const isDecoded = headers.has("content-encoding") && undecodedEncoding(headers) === undefined;
  const ofConnection = listOf(headers.get("connection") ?? "");
  const pairs: HeaderPairs = [];
  for (const [name, value] of headers) {
    const isOwn = HOP_BY_HOP.includes(name) || ofConnection.includes(name) || name.startsWith("access-control-");
    if (isOwn || isDecoded && /^content-(?:encoding|length)$/.test(name)) continue;
    pairs.push([name, URL_HEADERS.includes(name) ? translate(value) : value]);
  }
  return pairs;
}

function listOf(value: string): string[] {
  return value.toLowerCase().split(",").map((name) => name.trim());
}

/** The headers that allow a page to read a response. */
export function corsHeaders(origin: string): HeaderPairs {
  return [
    ["access-control-allow-origin", origin],
    ["access-control-expose-headers", "*"],
    ["vary", "origin"],
  ];
}

/** The answer to a browser that asks whether its page may send a request. */
export function preflightHeaders(origin: string, requested: string | undefined): HeaderPairs {
  return [
    ["access-control-allow-origin", origin],
    ["access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE"],
    ["access-control-allow-headers", requested ?? "*"],
    ["access-control-allow-private-network", "true"],
    ["access-control-max-age", "600"],
    ["vary", "origin"],
  ];
}
