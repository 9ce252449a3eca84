import type { IdentifiedRequest } from "../request/identify.ts";
import { redactText } from "../secrets/redact.ts";
import { bodyLength, type Entry } from "../store/entry.ts";
import { type TokenCount, usageOf } from "./usage.ts";

/** The request that an event is about. */
export interface EventRequest {
  /** `"POST"`, `"GET"` … */
  readonly method: string;
  /** Without credentials. */
  readonly url: string;
  /** The first 8 hex digits of its digest. */
  readonly key: string;
}

/** Why an answer did not become an entry. */
export type DropReason =
  /** The status is not a success, or means that there is no answer yet. */
  | "status"
  /** The connection broke, or the caller's signal was aborted. */
  | "broken"
  /** The caller stopped reading before the end. */
  | "cancelled"
  /** The body ended without an error, but too early. */
  | "truncated"
  /** The answer, or an event of it, reports an error. */
  | "error"
  /** A job that is still running. */
  | "unfinished"
  /** Longer than `maxBodyBytes`. */
  | "too-large"
  /** The answer holds the value of a credential from the environment. */
  | "secret"
  /** The option `fetch` gave something else than a standard `Response`. */
  | "not-readable"
  /** The store failed. */
  | "not-written";

/** Why a body is not whole or not successful. */
export interface Problem {
  readonly reason: DropReason;
  readonly detail: string;
}

/**
 * What happens, as it happens: for logs, counters and tests.
 *
 * - `hit`: answered from the store
 * - `miss`: not in the store; in mode `replay` the answer explains it, else the network is asked
 * - `recorded`: an answer became an entry
 * - `dropped`: an answer did not become an entry, and why
 * - `warning`: something is wrong with the cache itself; the call is answered all the same
 */
export type CachyEvent =
  | {
    readonly kind: "hit";
    /** What was asked. */
    readonly request: EventRequest;
    /** From the start of the request to the response, in milliseconds. */
    readonly ms: number;
    /** The length of the body. */
    readonly bytes: number;
    /** How long the answer had taken when it was recorded, in milliseconds; undefined if the entry does not say. */
    readonly savedMs?: number;
    /** What the answer had cost; undefined if it does not say. */
    readonly savedTokens?: TokenCount;
    /** When the answer was recorded, ISO 8601 in UTC; undefined if the entry does not say. */
    readonly recordedAt?: string;
  }
  | {
    readonly kind: "miss";
    /** What was asked. */
    readonly request: EventRequest;
    /** From the start of the request until it was clear that nothing is recorded for it, in milliseconds. */
    readonly ms: number;
  }
  | {
    readonly kind: "recorded";
    /** What was asked. */
    readonly request: EventRequest;
    /** The length of the body. */
    readonly bytes: number;
    /** From the start of the request to the end of the body, in milliseconds. */
    readonly ms: number;
  }
  | {
    readonly kind: "dropped";
    /** What was asked. */
    readonly request: EventRequest;
    /** Why, for programs. */
    readonly reason: DropReason;
    /** The reason in a few words. */
    readonly detail: string;
  }
  | { readonly kind: "warning"; readonly message: string };

/** What events and messages say of a request. */
export function eventRequest({ canonical, digest }: IdentifiedRequest): EventRequest {
  return { method: canonical.method, url: redactText(canonical.url), key: digest.key };
}

/**
 * What there is to tell of an answer from the store.
 *
 * @param ms How long it took.
 */
export function hitEvent(
  identified: IdentifiedRequest,
  entry: Entry,
  ms: number,
): CachyEvent & { readonly kind: "hit" } {
  const { duration_ms: savedMs, recorded_at: recordedAt } = entry;
  return {
    kind: "hit",
    request: eventRequest(identified),
    ms,
    bytes: bodyLength(entry),
    // A line that somebody else wrote may hold anything.
    savedMs: Number.isFinite(savedMs) && Number(savedMs) >= 0 ? savedMs : undefined,
    // Whoever fetches an answer once more, by its id, does not pay for it.
    savedTokens: identified.canonical.method === "POST" ? usageOf(entry) : undefined,
    recordedAt: typeof recordedAt === "string" ? recordedAt : undefined,
  };
}
