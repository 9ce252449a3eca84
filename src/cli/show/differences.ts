import { parseJson } from "../../lib/json.ts";
import type { Difference } from "../../miss/comparison.ts";
import { differencesOf, differencesOfRequests } from "../../miss/difference.ts";
import type { Entry } from "../../store/entry.ts";
import { readEntry } from "../read/reading.ts";

/** The differences of the requests; none if an entry has no request. */
export function differencesOfAsked(a: Entry, b: Entry): Difference[] {
  if (!a.request || !b.request) return [];
  return [
    ...differencesOf(a.request.method, b.request.method, "method"),
    ...differencesOfRequests(a.request, b.request),
  ];
}

/** The differences of the responses. JSON is compared as it is, anything else in readable form. */
export function differencesOfAnswers(a: Entry, b: Entry): Difference[] {
  const [jsonA, jsonB] = [parseJson(a.response), parseJson(b.response)];
  if (jsonA !== undefined && jsonB !== undefined) return differencesOf(jsonA, jsonB);
  const differences = differencesOf(readEntry(a).answered, readEntry(b).answered, "answered");
  if (differences.length || a.response === b.response) return differences;
  return readEntry(a).isStream && readEntry(b).isStream
    ? []
    : [{ kind: "changed", path: "response", recorded: a.response, asked: b.response }];
}
