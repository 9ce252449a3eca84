/**
 * How a request is treated.
 *
 * - `plain`: the same request means the same answer
 * - `stateful`: the n-th time means the n-th answer (creating, listing, polling)
 * - `uncached`: its answer is good for this moment only (a part of a body, a short-lived token)
 * - `telemetry`: traces that an SDK sends on its own
 */
export type RequestKind = "plain" | "stateful" | "uncached" | "telemetry";

/** Path segments of POSTs that create or change something at the provider. */
const STATEFUL_SEGMENTS: ReadonlySet<string> = new Set([
  "files",
  "upload",
  "uploads",
  "vector_stores",
  "conversations",
  "containers",
  "batches",
  "threads",
  "runs",
  "fine_tuning",
  "cachedContents",
  "fileSearchStores",
]);

const SHORT_LIVED_PATH = /\/realtime\/|\/chatkit\/sessions|\/auth_tokens|\/(?:admin_)?api_keys\b|\/service_accounts\b/;

/** Tells the kind of a request from its method, path and headers. */
export function requestKind(method: string, url: URL, headers: Headers): RequestKind {
  if (SHORT_LIVED_PATH.test(url.pathname) || isConditional(headers)) {
    return "uncached";
  }
  if (url.pathname.endsWith("/v1/traces/ingest")) return "telemetry";
  if (method !== "POST") return "stateful";
  return url.pathname.split("/").some((segment) => STATEFUL_SEGMENTS.has(segment)) ? "stateful" : "plain";
}

/** With `Range` the answer is a part, with `If-*` it may be a 304 that only the caller's own cache can use. */
function isConditional(headers: Headers): boolean {
  for (const name of headers.keys()) {
    if (name === "range" || name.startsWith("if-")) return true;
  }
  return false;
}
