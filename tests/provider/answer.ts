/** Requests and responses of the provider, before a fault is applied. */
import type { Turn } from "./text.ts";

/** A request as it arrived. */
export interface ProviderRequest {
  readonly method: string;
  /** Path with its query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body decoded as UTF-8; see `bytes` for uploads. */
  readonly body: string;
  readonly bytes: Uint8Array;
}

export type AnswerHeaders = Readonly<
  Record<string, string | readonly string[]>
>;

/** A response whose complete body is known. */
export interface WholeAnswer {
  readonly kind: "whole";
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: Uint8Array;
  /** The borders between writes, in bytes from the start of the body. By default, one write with a content-length. */
  readonly pieces?: readonly number[];
}

/** A response that is sent event by event. */
export interface StreamAnswer {
  readonly kind: "stream";
  readonly headers: AnswerHeaders;
  /** The events, each with its delimiter. Together they are the body. */
  readonly events: readonly StreamedEvent[];
  /** The event that reports a failure during a stream, in the format of this family. */
  readonly error: StreamedEvent;
}

/** As text, or as bytes if the family frames its events. */
export type StreamedEvent = string | Uint8Array;

export type Answer = WholeAnswer | StreamAnswer;

/** Returns the response to a request, or undefined if the path belongs to another family. */
export type Family = (request: ProviderRequest, turn: Turn) => Answer | undefined;

/** Headers that a store must omit, the same in every response. */
export const SECRET_HEADERS = {
  "set-cookie": ["__cf_bm=cookie-of-the-tests; path=/; HttpOnly; Secure", "_cfuvid=second-cookie-of-the-tests; path=/"],
  "openai-organization": "organisation-of-the-tests",
  "openai-project": "proj_of_the_tests",
  "anthropic-organization-id": "organisation-of-the-tests",
} as const;

export function whole(body: Uint8Array, headers: AnswerHeaders, status = 200): WholeAnswer {
  return { kind: "whole", status, headers: { ...SECRET_HEADERS, ...headers }, body };
}

export function json(value: unknown, headers: AnswerHeaders = {}, status = 200): WholeAnswer {
  return whole(new TextEncoder().encode(JSON.stringify(value)), {
    "content-type": "application/json",
    ...headers,
  }, status);
}

export function stream(
  events: readonly StreamedEvent[],
  error: StreamedEvent,
  headers: AnswerHeaders = {},
): StreamAnswer {
  const type = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };
  return { kind: "stream", headers: { ...SECRET_HEADERS, ...type, ...headers }, events, error };
}

/** A server-sent event; `event` is the name on its own line, which only some families send. */
export function sse(value: unknown, event?: string): string {
  const name = event === undefined ? "" : `event: ${event}\n`;
  return `${name}data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`;
}

/** The request body as JSON, or an empty object. */
export function bodyOf<Body>(request: ProviderRequest): Partial<Body> {
  try {
    return JSON.parse(request.body) as Partial<Body>;
  } catch {
    return {};
  }
}
