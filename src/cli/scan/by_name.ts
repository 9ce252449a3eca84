import { isSummary } from "../../store/entry_request.ts";
import type { Credential } from "../../secrets/values.ts";
import { REDACTED } from "../../secrets/redact.ts";
import { excerptOf, type Sighting, sightingsIn } from "./by_value.ts";

/** Whether nothing secret is left of a value: it is empty, or was taken out. */
export function isHarmless(value: unknown): boolean {
  if (value === null || typeof value === "boolean") return true;
  if (typeof value === "object") return Object.keys(value).length === 0;
  if (typeof value !== "string") return false;
  const rest = value.replaceAll(REDACTED, "").trim();
  return rest === "" || isSummary(rest) || (rest !== value.trim() && /^(?:basic|bearer|token)$/i.test(rest));
}

/** What a value is that its name tells to be a secret. If it is a known one, it is called by that name. */
export function namedSecret(name: string, value: unknown, credentials: readonly Credential[]): Sighting[] {
  if (isHarmless(value)) return [];
  const what = /cookie/i.test(name) ? "a cookie" : "a credential";
  if (typeof value !== "string") return [{ what, count: 1 }];
  const known = sightingsIn(value, credentials);
  return known.length ? known : [{ what, count: 1, excerpt: excerptOf(value) }];
}
