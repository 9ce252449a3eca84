import { concatBytes, sha256Hex, textOf, utf8 } from "../lib/bytes.ts";
import { asRecord, parseJson } from "../lib/json.ts";
import { whenKnown } from "../lib/wait.ts";
import { type CanonicalOptions, type CanonicalRequest, canonicalRequest } from "./canonical.ts";
import type { HeaderValues, RequestData } from "./request.ts";

/**
 * How a request is treated.
 *
 * - `plain`: the same request gets the same response
 * - `stateful`: the n-th time means the n-th answer (creating, listing, polling)
 * - `uncached`: its response is valid only for this moment (a part of a body, a short-lived token)
 * - `telemetry`: traces that an SDK sends on its own, and requests that only open a connection (Cerebras, Claude Code)
 * - `standing`: a connection of an MCP session for messages of the server, or the end of the session
 */
export type RequestKind = "plain" | "stateful" | "uncached" | "telemetry" | "standing";

/** Path segments of POSTs that create or change something at the provider. */
const STATEFUL_SEGMENTS = [
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
];
const STATEFUL_PATH = new RegExp(`/(?:${STATEFUL_SEGMENTS.join("|")})(?:/|$)`);
const SHORT_LIVED_PATH =
  /\/realtime\/|\/chatkit\/sessions|\/auth_tokens|\/(?:admin_)?api_keys\b|\/service_accounts\b|\/tokens\/?$|\/single-use-token\//;
const TELEMETRY_PATH = /\/v1\/(?:traces\/ingest|tcp_warming)$|^\/api\/hello$/;
/** One search instead of three: most requests go to a model. */
const SPECIAL_PATH = new RegExp(
  [STATEFUL_PATH, SHORT_LIVED_PATH, TELEMETRY_PATH].map(({ source }) => source).join("|"),
);

/** Tells the kind of a request from its method, path and headers. */
export function requestKind(method: string, { pathname }: URL, headers: HeaderValues): RequestKind {
  const isSpecial = SPECIAL_PATH.test(pathname);
  if (isSpecial && SHORT_LIVED_PATH.test(pathname) || isConditional(headers)) return "uncached";
  if (isSpecial && TELEMETRY_PATH.test(pathname)) return "telemetry";
  if (isStanding(method, headers)) return "standing";
  return method !== "POST" || isSpecial && STATEFUL_PATH.test(pathname) ? "stateful" : "plain";
}

/** The header that names an MCP session. */
const SESSION_HEADER = "mcp-session-id";

/** A server without sessions has no such header, but its clients name the version of the protocol. */
function isStanding(method: string, headers: HeaderValues): boolean {
  if (method === "POST") return false;
  if (method === "DELETE") return headers.has(SESSION_HEADER);
  const isStream = headers.get("accept") === "text/event-stream";
  return method === "GET" && isStream && (headers.has(SESSION_HEADER) || headers.has("mcp-protocol-version"));
}

/** The message in a POST to an MCP server. With `text`, only a body that contains it is parsed. */
function mcpMessage({ method, headers, body }: RequestData, text = ""): Record<string, unknown> | undefined {
  if (method !== "POST" || !headers.get("accept")?.includes("text/event-stream")) return undefined;
  const json = body instanceof Uint8Array ? textOf(body) : body;
  const message = typeof json === "string" && json.includes(text) ? asRecord(parseJson(json)) : undefined;
  return message?.jsonrpc === "2.0" ? message : undefined;
}

/** Whether a request starts an MCP session. Its response names the session, which ends with the server. */
export function isSessionStart(request: RequestData): boolean {
  return mcpMessage(request, '"initialize"')?.method === "initialize";
}

/**
 * The answer that an MCP server without a recording would give in any case. Notifications have none but the status: a
 * client sends some of them only sometimes, and does not read the body. `server/discover` asks whether the server knows
 * a newer protocol: the error that says no is not recorded, and the client goes on with `initialize`.
 */
export function mcpAnswer(request: RequestData): Response | undefined {
  const message = mcpMessage(request);
  if (!message) return undefined;
  const { id, method } = message;
  if (id === undefined || method === undefined) return new Response(null, { status: 202 });
  if (method !== "server/discover") return undefined;
  return Response.json({ jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } }, { status: 400 });
}

/** Whether a request belongs to an MCP session. */
export function isSession(request: RequestData): boolean {
  return request.headers.has(SESSION_HEADER) || isSessionStart(request);
}

/** With `range`, the response is a part. With the others, it may be a 304 that only the caller's own cache can use. */
const CONDITIONS = ["range", "if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range"];

function isConditional(headers: HeaderValues): boolean {
  return CONDITIONS.some((name) => headers.has(name));
}

/** The identity of a request. */
export interface Digest {
  /** 64 lowercase hex digits. */
  readonly sha256: string;
  /** The first 8 of them: the short name that pycachy uses too. */
  readonly key: string;
}

/** Distinguishes requests with the same method, URL and body. */
export interface DigestExtras {
  /** The n-th identical stateful request of a handle, from 2 on. */
  readonly n?: number;
  readonly namespace?: string;
  /** The n-th recorded error of a request, from 1 on. Undefined for a success. */
  readonly error?: number;
}

/**
 * Computes the digest of a request: SHA-256 over its method, URL and body, and what little else changes the answer.
 *
 * For a POST without answer-changing headers and extras the key is the one that pycachy computes.
 *
 * @param request What is sent, in canonical form.
 * @param extras What tells it apart from requests that look the same.
 */
export function digestRequest(request: CanonicalRequest, extras: DigestExtras = {}): Digest | Promise<Digest> {
  const { method, url, streaming, body, headers } = request;
  const start = `${method === "POST" ? "" : `${method} `}${url}${streaming ? "True" : "False"}`;
  const end = extrasText(headers, extras);
  const preimage = typeof body === "string" ? start + body + end : concatBytes([utf8(start), body, utf8(end)]);
  return whenKnown(sha256Hex(preimage), (sha256) => ({ sha256, key: sha256.slice(0, 8) }));
}

function extrasText(headers: CanonicalRequest["headers"], { n, namespace, error }: DigestExtras): string {
  if (!headers.length && n === undefined && namespace === undefined && error === undefined) return "";
  return `\n${JSON.stringify({ headers: headers.length ? headers : undefined, n, namespace, error })}`;
}

/** The place of a stateful request among identical ones: 1, 2, 3 … */
export interface Ordinal {
  readonly number: number;
  /** Gives the number back, because nothing was stored under it; only the first call counts. */
  readonly release: () => void;
}

/** Numbers identical stateful requests. */
export interface Ordinals {
  /** Takes the smallest number that is free. */
  take(sha256: string): Ordinal;
}

/** Makes ordinals of which every number is free. */
export function createOrdinals(): Ordinals {
  const states = new Map<string, { next: number; readonly returned: Set<number> }>();
  return {
    take(sha256) {
      const state = states.get(sha256) ?? { next: 1, returned: new Set() };
      states.set(sha256, state);
      const number = state.returned.size ? Math.min(...state.returned) : state.next++;
      state.returned.delete(number);
      let isTaken = true;
      return {
        number,
        release() {
          if (isTaken) state.returned.add(number);
          isTaken = false;
        },
      };
    },
  };
}

/** A request with its identity. */
export interface IdentifiedRequest {
  readonly request: RequestData;
  readonly canonical: CanonicalRequest;
  readonly digest: Digest;
  /** The extras that were hashed with the canonical request. */
  readonly extras: DigestExtras;
  /** Set for stateful requests: which one of several identical ones this is. */
  readonly ordinal?: Ordinal;
  /** When the request was made, by the clock of the settings. */
  readonly started: number;
}

/** By what a request is identified besides itself. */
export interface IdentityOptions extends CanonicalOptions {
  readonly namespace: string | undefined;
  /** The clock, in milliseconds. */
  readonly now: () => number;
}

/**
 * Gives a request its identity.
 *
 * @param ordinals Where a stateful request takes its number; undefined for every other request.
 */
export function identify(
  request: RequestData,
  options: IdentityOptions,
  ordinals?: Ordinals,
): IdentifiedRequest | Promise<IdentifiedRequest> {
  const { namespace } = options;
  const started = options.now();
  return whenKnown(
    canonicalRequest(request, options),
    (canonical) =>
      whenKnown(digestRequest(canonical, { namespace }), (digest) => {
        const ordinal = ordinals?.take(digest.sha256);
        const first: IdentifiedRequest = { request, canonical, digest, extras: { namespace }, ordinal, started };
        if (!ordinal || ordinal.number === 1) return first;
        const extras = { n: ordinal.number, namespace };
        return whenKnown(digestRequest(canonical, extras), (digest) => ({ ...first, digest, extras }));
      }),
  );
}
