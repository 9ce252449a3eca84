import { byteStream, enqueueBytes } from "../lib/bytes.ts";
import { clearTimeout, setTimeout, waitUnlessAborted } from "../lib/wait.ts";
import { errorBodyFor, matchDomains } from "../request/domains.ts";
import type { RequestData } from "../request/request.ts";
import { labelled } from "./labelled.ts";
import { STATUS_TEXTS } from "./replay.ts";

/** The request that the function in {@linkcode Fault.match} gets. */
export interface FaultRequest {
  /** `"POST"`, `"GET"` … */
  readonly method: string;
  /** As the program sent it. */
  readonly url: URL;
  /** The body as text; empty for forms and bytes. */
  readonly body: string;
}

/**
 * A failure in place of a response, for tests of retry and fallback code.
 *
 * It has one of `status`, `reset` and `cutAfter`, or only `delayMs`. A delay comes before the failure.
 */
export interface Fault {
  /**
   * The requests that fail: those to a host or URL prefix, those whose URL matches a RegExp, or those for which a function
   * returns true.
   *
   * @default all cached requests
   */
  readonly match?: string | RegExp | ((request: FaultRequest) => boolean);
  /** How many requests fail. @default all */
  readonly times?: number;
  /** Answers with this status, from 400 to 599, and an error in the form of the provider. Nothing is sent. */
  readonly status?: number;
  /** Headers of the response, with `status`: `{ "retry-after": "1" }`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Rejects like a connection that was reset. Nothing is sent. */
  readonly reset?: boolean;
  /** Breaks a replayed body off after this number of chunks. Responses of the network arrive whole. */
  readonly cutAfter?: number;
  /** Delays the response, in milliseconds. The signal of the request ends the delay. */
  readonly delayMs?: number;
}

/** A source of a response, which tells whether the response was replayed. */
export type ReplaySource = () => Promise<{ readonly response: Response; readonly isReplay?: boolean }>;

/** A fault that a request meets. */
export interface MetFault {
  /** A short description: `delay 50 ms, status 429`. */
  readonly detail: string;
  /**
   * Answers the request with the fault.
   *
   * @param source Answers the request without it.
   * @throws The reset of a connection, or the reason of the request's signal.
   */
  answer(source: ReplaySource): Promise<Response>;
}

/** The faults of a handle. */
export interface Faults {
  /** The fault that a request meets, counted; undefined if no fault matches. */
  take(request: RequestData): MetFault | undefined;
}

/** Makes the faults of a handle. Each counts how often it may still occur. */
export function createFaults(faults: readonly Fault[]): Faults {
  const open = faults.map((fault) => ({ fault, left: fault.times ?? Infinity, matches: matcherOf(fault.match) }));
  return {
    take(request) {
      const met = open.find(({ left, matches }) => left > 0 && matches(request));
      if (!met) return undefined;
      met.left--;
      return { detail: describeFault(met.fault), answer: (source) => answerWithFault(met.fault, request, source) };
    },
  };
}

function matcherOf(match: Fault["match"]): (request: RequestData) => boolean {
  if (match === undefined) return () => true;
  if (typeof match !== "function") {
    const matches = matchDomains([match]);
    return ({ url }) => matches(url);
  }
  return ({ method, url, body }) => match({ method, url, body: typeof body === "string" ? body : "" }) === true;
}

function describeFault({ status, reset, cutAfter, delayMs }: Fault): string {
  return [
    delayMs === undefined ? [] : `delay ${delayMs} ms`,
    status === undefined ? [] : `status ${status}`,
    reset ? "connection reset" : [],
    cutAfter === undefined ? [] : `cut after ${cutAfter} chunks`,
  ].flat().join(", ");
}

async function answerWithFault(fault: Fault, request: RequestData, source: ReplaySource): Promise<Response> {
  const { status, reset, cutAfter, delayMs = 0 } = fault;
  if (delayMs > 0) await delay(delayMs, request.signal);
  if (status !== undefined) return errorResponse(fault, status, request.url);
  if (reset) throw connectionReset("fetch failed");
  const { response, isReplay } = await source();
  return cutAfter !== undefined && isReplay ? cut(response, cutAfter) : response;
}

/** A timer that stays would keep the process alive. */
async function delay(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await waitUnlessAborted(new Promise((resolve) => timer = setTimeout(resolve, ms)), signal);
  } finally {
    clearTimeout(timer);
  }
}

/** The types that OpenAI and Anthropic use in their errors. */
const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  429: "rate_limit_error",
  529: "overloaded_error",
};

function errorResponse({ headers }: Fault, status: number, url: URL): Response {
  const text = STATUS_TEXTS[status] ?? "";
  const type = ERROR_TYPES[status] ?? "api_error";
  const message = `Status ${status}, injected by the option "faults".`;
  const body = errorBodyFor(url, { type, code: status, status: type.toUpperCase(), message });
  const response = new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
  return labelled(response, { url: url.href, statusText: text });
}

/** What undici and Bun throw when a server closes the connection. */
function connectionReset(message: string): TypeError {
  const cause = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" });
  return Object.assign(new TypeError(message, { cause }), "Bun" in globalThis ? { code: "ECONNRESET" } : {});
}

function cut(response: Response, chunks: number): Response {
  const reader = response.body?.getReader();
  let left = chunks;
  const body = byteStream({
    async pull(controller) {
      const { done, value } = left-- > 0 && reader ? await reader.read() : { done: true, value: undefined };
      if (!done && value) return enqueueBytes(controller, value);
      await reader?.cancel();
      controller.error(connectionReset("terminated"));
    },
    cancel: (reason) => reader?.cancel(reason),
  });
  const { status, headers, url, redirected, statusText, type } = response;
  return labelled(new Response(body, { status, headers }), { url, redirected, statusText, type });
}
