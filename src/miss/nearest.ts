import type { IdentifiedRequest } from "../request/identify.ts";
import { ENTRY_VERSION, type RecordedRequest } from "../store/entry.ts";
import { hiddenPlaces, hideSecretValues, recordedRequest, type Redact, redactEntry } from "../store/entry_request.ts";
import { likelyCause } from "./cause.ts";
import type { FoundNearest, Nearest, NearestSources, Search } from "./comparison.ts";
import { findNearest, showDifference } from "./difference.ts";

/** How many differences are shown. */
const SHOWN_DIFFERENCES = 8;

/**
 * Searches the recorded request that is most like a missing one, and describes how they differ.
 *
 * @returns Undefined if the store cannot list its entries, or fails.
 */
export async function searchNearest(
  identified: IdentifiedRequest,
  { store, credentials, redact, options, now, wording }: NearestSources,
): Promise<FoundNearest | undefined> {
  if (!store.entries) return undefined;
  try {
    const forms: RecordedRequest[] = [];
    for (const keep of ["brief", "whole"] as const) {
      const form = await recordedRequest(identified.canonical, { keep, ...identified.extras });
      const hidden = form && await redactRequest(identified, hideSecretValues(form, credentials), redact);
      if (hidden) forms.push(hidden);
    }
    const isAlike = forms[0]?.body === forms[1]?.body;
    const search = await findNearest(isAlike ? forms.slice(0, 1) : forms, store.entries(), now);
    return await describeSearch(search, identified, { options, wording });
  } catch {
    return undefined;
  }
}

/** The request as the option `redact` would have stored it: the message must not show what the file hides. */
async function redactRequest(
  { digest }: IdentifiedRequest,
  request: RecordedRequest,
  redact: Redact | undefined,
): Promise<RecordedRequest | undefined> {
  if (!redact) return request;
  const headers = { "content-type": "application/json" };
  return (await redactEntry({ ...digest, v: ENTRY_VERSION, headers, response: "{}", request }, redact)).request;
}

async function describeSearch(
  search: Search,
  identified: IdentifiedRequest,
  { options, wording }: Pick<NearestSources, "options" | "wording">,
): Promise<FoundNearest> {
  const { nearest, isComplete, seen } = search;
  if (!nearest) return { lines: describeNothing(search) };
  const { differences, entry, request: recorded, asked } = nearest;
  const cause = await likelyCause({ identified, options, wording, recorded, asked, differences }).catch(() =>
    undefined
  );
  const url = identified.canonical.url === recorded.url ? [] : ["url"];
  const lines = describeNearest(nearest, isComplete ? "" : `, of the newest ${seen}`, [
    ...url,
    ...hiddenPlaces(recorded),
  ]);
  return {
    lines: cause ? [...lines, `Likely cause: ${cause}`] : lines,
    cause,
    nearest: { key: entry.key, recordedAt: entry.recorded_at, differences },
  };
}

function describeNearest({ entry, differences }: Nearest, among: string, hidden: readonly string[]): string[] {
  const date = typeof entry.recorded_at === "string" ? `, recorded ${entry.recorded_at.slice(0, 10)}` : "";
  if (differences.length === 0) {
    const places = hidden.slice(0, SHOWN_DIFFERENCES).join(", ");
    const what = places ? `what differs is redacted in the file (${places})` : "what differs is not kept in the file";
    return [`A request that looks alike is recorded (key ${entry.key}${date}); ${what}.`];
  }
  const shown = differences.slice(0, SHOWN_DIFFERENCES).map((difference) => `  ${showDifference(difference)}`);
  const more = differences.length - shown.length;
  return [
    `The nearest recorded request (key ${entry.key}${date}${among}) differs in (recorded → sent):`,
    ...shown,
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ];
}

function describeNothing({ seen, told }: Search): string[] {
  if (seen === 0) return ["No requests are recorded there. Check that it is the right file."];
  if (told === 0) return ["Its entries contain no requests to compare with."];
  return ["No recorded request has this method and path."];
}
