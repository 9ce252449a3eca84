import { CachyError } from "../lib/errors.ts";
import type { Wording } from "../lib/show.ts";
import { labelled } from "../replay/labelled.ts";
import { type EventRequest, eventRequest } from "../report/events.ts";
import { errorBodyFor } from "../request/domains.ts";
import type { CanonicalOptions } from "../request/canonical.ts";
import type { IdentifiedRequest } from "../request/identify.ts";
import { type Credential, hideInText } from "../secrets/values.ts";
import { ENTRY_VERSION, type RecordedRequest } from "../store/entry.ts";
import { hiddenPlaces, hideSecretValues, recordedRequest, type Redact, redactEntry } from "../store/entry_request.ts";
import type { Store } from "../store/store.ts";
import type { Difference, Nearest, Search } from "./comparison.ts";
import { findNearest, showDifference } from "./difference.ts";

/** A request that mode `replay` could not answer. */
export interface Miss extends EventRequest {
  /** The explanation that the caller got. */
  readonly message: string;
  /** The recorded request that is most like it. */
  readonly nearest?: {
    /** The key of its entry. */
    readonly key: string;
    /** When its response had arrived, ISO 8601 in UTC. */
    readonly recordedAt?: string;
    /** The differences: the recorded value and the requested one. Secrets are redacted. */
    readonly differences: readonly Difference[];
  };
  /** The likely cause, if it is one that is known. */
  readonly cause?: string;
}

/** How many differences are shown. */
const SHOWN_DIFFERENCES = 8;

/** The sources for the search of the nearest recorded request. */
export interface NearestSources {
  readonly store: Store;
  readonly credentials: readonly Credential[];
  readonly redact: Redact | undefined;
  /** The options that make the key. */
  readonly options: CanonicalOptions;
  /** The clock, in milliseconds. */
  readonly now: () => number;
  readonly wording: Wording;
}

/** The facts that explain a miss. */
export interface MissContext extends NearestSources {
  /** Why the mode is `replay`. */
  readonly because: string;
  /** How to record the response. */
  readonly cure: string;
  /** Why the store could not be read, if that is the reason. */
  readonly problem: string | undefined;
}

/**
 * Says which request is not recorded, how the nearest recorded one differs, why the network was not called, and what to
 * do.
 */
export async function explainMiss(identified: IdentifiedRequest, context: MissContext): Promise<Miss> {
  const { method, url: shownUrl, key } = eventRequest(identified);
  const { because, cure, problem } = context;
  // It goes into the log of CI.
  const url = hideInText(shownUrl, context.credentials);
  const request = { method, url, key };
  const found = problem === undefined ? await searchNearest(identified, context) : undefined;
  const { nearest, cause } = found ?? {};
  const message = [
    missingLine(request, context),
    ...found?.lines ?? [],
    `The network was not called: mode "replay" ${because}.`,
    ...(problem === undefined ? [`To record the response, ${cure}, and commit the file.`] : []),
  ].join("\n");
  return { ...request, message, ...(nearest && { cause, nearest }) };
}

/**
 * Says what the nearest recorded request has different, in lines, before mode `auto` asks the network.
 *
 * @returns Undefined if no recorded request is like this one.
 */
export async function explainNearest(
  identified: IdentifiedRequest,
  sources: NearestSources,
): Promise<string | undefined> {
  const found = await searchNearest(identified, sources);
  return found?.nearest && found.lines.join("\n");
}

function missingLine({ method, url, key }: EventRequest, { store: { name, size }, problem }: MissContext): string {
  const entries = size === undefined ? "" : `, ${size} ${size === 1 ? "entry" : "entries"}`;
  const what = problem ?? `no response is recorded for it in ${name}`;
  return `Cannot replay ${method} ${url}: ${what} (key ${key}${problem === undefined ? entries : ""}).`;
}

/** The result of the search for the nearest recorded request, and its description. */
interface Found extends Pick<Miss, "nearest" | "cause"> {
  readonly lines: readonly string[];
}

/** Undefined if the store cannot list its entries, or fails: the miss is explained without. */
async function searchNearest(
  identified: IdentifiedRequest,
  { store, credentials, redact, options, now, wording }: NearestSources,
): Promise<Found | undefined> {
  if (!store.entries) return undefined;
  try {
    const forms: RecordedRequest[] = [];
    for (const keep of ["brief", "whole"] as const) {
      const form = await recordedRequest(identified.canonical, { keep, ...identified.extras });
      const hidden = form && await redactForm(identified, hideSecretValues(form, credentials), redact);
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
async function redactForm(
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
): Promise<Found> {
  const { nearest, isComplete, seen } = search;
  if (!nearest) return { lines: describeNothing(search) };
  const { differences, entry, request: recorded, asked } = nearest;
  // Loaded only for a miss: most processes have none.
  const cause = await import("./cause.ts")
    .then(({ likelyCause }) => likelyCause({ identified, options, wording, recorded, asked, differences }))
    .catch(() => undefined);
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

/** LangChain retries every status but 400–407, 409 and 413. Of these, 406 has no other meaning for LLM APIs. */
const MISS_STATUS = 406;

/** What `statusText` may contain: ISO-8859-1 without control characters. */
const NOT_IN_STATUS_TEXT = /[^\t\x20-\x7e\xa0-\xff]/gu;

/**
 * The response to a request that is not recorded. SDKs do not retry its status, and they show its message, while they
 * retry a rejected `fetch` for seconds and then report a connection error.
 */
export function missResponse(message: string, url: URL): Response {
  const body = errorBodyFor(url, { type: "cachy_miss", code: MISS_STATUS, status: "CACHY_MISS", message });
  const headers = { "content-type": "application/json", "x-should-retry": "false" };
  const response = new Response(JSON.stringify(body), { status: MISS_STATUS, headers });
  const lines = message.split("\n");
  // Some SDKs show nothing else.
  const statusText = `${lines[0]} ${lines.at(-1)}`.replace(NOT_IN_STATUS_TEXT, "?");
  return labelled(response, { url: url.href, statusText });
}

/**
 * A request that mode `replay` could not answer, with the option `miss: "throw"`.
 *
 * @example
 * ```ts
 * import { CachyMissError, createCachy, memoryStore } from "@cachy/core";
 *
 * const { fetch } = createCachy({ mode: "replay", miss: "throw", store: memoryStore() });
 * try {
 *   await fetch("https://api.openai.com/v1/models");
 * } catch (error) {
 *   console.assert(error instanceof CachyMissError && error.miss.method === "GET");
 * }
 * ```
 */
export class CachyMissError extends CachyError {
  /** The request, the nearest recorded one and what differs. */
  readonly miss: Miss;

  /**
   * Makes an error of a miss.
   *
   * @param miss The request, and what it was explained by.
   */
  constructor(miss: Miss) {
    super("miss", miss.message);
    this.name = "CachyMissError";
    this.miss = miss;
  }
}
