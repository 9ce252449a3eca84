import type { IdentifiedRequest } from "../request/identify.ts";
import { redactText } from "../secrets/redact.ts";
import { bodyLength, type Entry } from "../store/entry.ts";
import { type TokenCount, usageOf } from "./usage.ts";

/** The request of an event. */
export interface EventRequest {
  /** `"POST"`, `"GET"` … */
  readonly method: string;
  /** Without credentials. */
  readonly url: string;
  /** The first 8 hex digits of the digest. */
  readonly key: string;
}

/** Why a response was not recorded. */
export type DropReason =
  /** The status is not a success, or the response is not ready yet. */
  | "status"
  /** The connection broke, or the caller's signal was aborted. */
  | "broken"
  /** The caller stopped reading before the end. */
  | "cancelled"
  /** The body ended too early, without an error. */
  | "truncated"
  /** The response, or one of its events, reports an error. */
  | "error"
  /** The response describes a job that is still running. */
  | "unfinished"
  /** The body is longer than `maxBodyBytes`. */
  | "too-large"
  /** The response contains the value of a credential in the environment, or a member such as `access_token`. */
  | "secret"
  /** The option `redact` threw, or returned something other than the entry. */
  | "redact"
  /**
   * The option `fetch` returned something other than a standard `Response`, or the `fetch` of the runtime does not decode
   * the content encoding of the body.
   */
  | "not-readable"
  /** The store failed. */
  | "not-written";

/** Why a response cannot be recorded: it is incomplete or reports a failure. */
export interface Problem {
  readonly reason: DropReason;
  readonly detail: string;
}

/**
 * An event of a handle, for logs, counters and tests.
 *
 * - `hit`: a response was replayed from the store
 * - `miss`: the store has no entry; in mode `replay` the caller gets an explanation, else the network is called
 * - `recorded`: a response was recorded
 * - `dropped`: a response was not recorded
 * - `fault`: a request met a fault of the option `faults`
 * - `warning`: there is a problem with the cache; the request is not affected
 */
export type CachyEvent =
  | {
    readonly kind: "hit";
    /** The request. */
    readonly request: EventRequest;
    /** The time from the start of the request to the response, in milliseconds. */
    readonly ms: number;
    /** The length of the body, in bytes. */
    readonly bytes: number;
    /**
     * The duration of the recorded call, in milliseconds. It is undefined if the entry does not contain it, and if the
     * request waited for an identical one in flight: only one of them saved the call.
     */
    readonly savedMs?: number;
    /** The tokens of the recorded call; undefined if the response does not contain them, and as for `savedMs`. */
    readonly savedTokens?: TokenCount;
    /** What the recorded call cost, in US dollars; undefined without a known price, and as for `savedMs`. */
    readonly savedCost?: number;
    /** When the response was recorded, in ISO 8601 and UTC; undefined if the entry does not contain it. */
    readonly recordedAt?: string;
  }
  | {
    readonly kind: "miss";
    /** The request. */
    readonly request: EventRequest;
    /** The time from the start of the request to the end of the search for an entry, in milliseconds. */
    readonly ms: number;
  }
  | {
    readonly kind: "recorded";
    /** The request. */
    readonly request: EventRequest;
    /** The length of the body, in bytes. */
    readonly bytes: number;
    /** The time from the start of the request to the end of the body, in milliseconds. */
    readonly ms: number;
    /** What the call cost, in US dollars; undefined without a known price. */
    readonly cost?: number;
  }
  | {
    readonly kind: "dropped";
    /** The request. */
    readonly request: EventRequest;
    /** The reason, for programs. */
    readonly reason: DropReason;
    /** A short description of the reason. */
    readonly detail: string;
  }
  | {
    readonly kind: "fault";
    /** The request. */
    readonly request: EventRequest;
    /** A short description of the fault. */
    readonly detail: string;
  }
  | { readonly kind: "warning"; readonly message: string };

/** The description of a request for events and messages. */
export function eventRequest({ canonical, digest }: IdentifiedRequest): EventRequest {
  return { method: canonical.method, url: redactText(canonical.url), key: digest.key };
}

/**
 * Makes the event of a cache hit.
 *
 * @param ms The time from the start of the request to the response, in milliseconds.
 * @param costOf Returns what the recorded call cost; undefined if the request waited for an identical one in flight.
 */
export function hitEvent(
  identified: IdentifiedRequest,
  entry: Entry,
  ms: number,
  costOf: ((entry: Entry) => number | undefined) | undefined,
): CachyEvent & { readonly kind: "hit" } {
  const { duration_ms: savedMs, recorded_at: recordedAt } = entry;
  return {
    kind: "hit",
    request: eventRequest(identified),
    ms,
    bytes: bodyLength(entry),
    // An edited file may contain any value.
    savedMs: costOf && Number.isFinite(savedMs) && Number(savedMs) >= 0 ? savedMs : undefined,
    // GET requests that retrieve an earlier response cost no tokens.
    savedTokens: costOf && identified.canonical.method === "POST" ? usageOf(entry) : undefined,
    savedCost: costOf?.(entry),
    recordedAt: typeof recordedAt === "string" ? recordedAt : undefined,
  };
}
