import { bodyLength } from "../store/entry_body.ts";
import type { Lookup } from "../flow/context.ts";
import type { Entry } from "../store/entry.ts";
import type { CachyEvent } from "./events.ts";
import { eventRequest } from "../flow/find.ts";
import { usageOf } from "./usage.ts";

/**
 * What there is to tell of an answer from the store.
 *
 * @param ms How long it took.
 */
export function hitEvent(lookup: Lookup, entry: Entry, ms: number): CachyEvent & { readonly kind: "hit" } {
  const { duration_ms: savedMs, recorded_at: recordedAt } = entry;
  return {
    kind: "hit",
    request: eventRequest(lookup),
    ms,
    bytes: bodyLength(entry),
    // A line that somebody else wrote may hold anything.
    savedMs: Number.isFinite(savedMs) && Number(savedMs) >= 0 ? savedMs : undefined,
    // Whoever fetches an answer once more, by its id, does not pay for it.
    savedTokens: lookup.canonical.method === "POST" ? usageOf(entry) : undefined,
    recordedAt: typeof recordedAt === "string" ? recordedAt : undefined,
  };
}
