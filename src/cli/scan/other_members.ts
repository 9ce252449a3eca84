import type { Entry } from "../../store/entry.ts";
import { asRecord } from "../../lib/json.ts";
import type { Credential } from "../../secrets/values.ts";
import { type PlacedSighting, secretsInJson } from "./request_body.ts";

/**
 * Finds secrets in what no recording has: in members of other names, and in members that are not of the right type.
 * Files are edited, and written by others.
 */
export function secretsElsewhere(entry: Entry, credentials: readonly Credential[]): PlacedSighting[] {
  const { response: _, headers, request, chunks, ...members } = entry as unknown as Record<string, unknown>;
  const others = isListOfNumbers(chunks) ? members : { ...members, chunks };
  const asked = asRecord(request);
  // Each begins anew: within "headers", everything would count as a secret by its name.
  return [
    ...secretsInJson(others, credentials),
    ...secretsInJson(withoutTexts(headers), credentials, "response header"),
    ...secretsInJson(asked ? withoutTexts(asked, REQUEST_TEXTS) : request, credentials, "request"),
    ...secretsInJson(withoutTexts(asked?.headers), credentials, "request header"),
  ];
}

/** Those of a request that are searched by rules of their own, if they are texts. */
const REQUEST_TEXTS = ["method", "url", "body", "namespace"];

/** @param names Which texts are left out; by default all. */
function withoutTexts(value: unknown, names?: readonly string[]): unknown {
  const record = asRecord(value);
  if (!record) return value;
  const { headers: _, ...request } = record;
  const rest = Object.entries(names ? request : record)
    .filter(([name, member]) => typeof member !== "string" || names?.includes(name) === false);
  return Object.fromEntries(rest);
}

/** Most have thousands of them, and no text. */
function isListOfNumbers(chunks: unknown): boolean {
  return Array.isArray(chunks) &&
    chunks.every((chunk) => Array.isArray(chunk) && chunk.every((item) => typeof item === "number"));
}
