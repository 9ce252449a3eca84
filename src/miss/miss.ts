import { CachyError } from "../lib/errors.ts";
import { labelled } from "../replay/replay.ts";
import { type EventRequest, eventRequest } from "../report/events.ts";
import type { IdentifiedRequest } from "../request/identify.ts";
import { type Credential, hideInText } from "../secrets/values.ts";
import type { RecordedRequest } from "../store/entry.ts";
import { hideSecretValues, recordedRequest } from "../store/entry_request.ts";
import type { Store } from "../store/store.ts";
import { type Difference, likelyCause, showDifference } from "./difference.ts";
import { findNearest, type Nearest, type Search } from "./nearest.ts";

/** A request that mode `replay` could not answer. */
export interface Miss extends EventRequest {
  /** What the caller was told. */
  readonly message: string;
  /** The recorded request that is most like it. */
  readonly nearest?: {
    /** The key of its entry. */
    readonly key: string;
    /** When its answer had arrived, ISO 8601 in UTC. */
    readonly recordedAt?: string;
    /** What is different, the recorded value and the one that is asked for; secrets are redacted. */
    readonly differences: readonly Difference[];
  };
  /** The likely cause, if it is one that is known. */
  readonly cause?: string;
}

/** How many differences are shown. */
const SHOWN_DIFFERENCES = 8;

/** What a miss is explained from. */
export interface MissContext {
  readonly store: Store;
  readonly credentials: readonly Credential[];
  /** The clock, in milliseconds. */
  readonly now: () => number;
  /** Why the mode is `replay`. */
  readonly because: string;
  /** How to record the answer. */
  readonly cure: string;
  /** Why the store could not be read, if that is the reason. */
  readonly problem: string | undefined;
}

/**
 * Says which request is missing, what the nearest recorded one has different, why the network was not asked, and what to
 * do.
 */
export async function explainMiss(identified: IdentifiedRequest, context: MissContext): Promise<Miss> {
  const { method, url: shownUrl, key } = eventRequest(identified);
  const { because, cure, problem } = context;
  // It goes into the log of CI.
  const url = hideInText(shownUrl, context.credentials);
  const request = { method, url, key };
  const end = [
    `The network was not asked: mode "replay" ${because}.`,
    ...(problem === undefined ? [`To record the answer, ${cure}, and commit the file.`] : []),
  ];
  const start = missingLine(request, context);
  const found = problem === undefined ? await searchNearest(identified, context) : undefined;
  if (!found?.search.nearest) {
    return { ...request, message: [start, ...found ? describeNothing(found.search) : [], ...end].join("\n") };
  }
  const { nearest, isComplete, seen } = found.search;
  const { differences, entry } = nearest;
  const cause = likelyCause(nearest.request, found.asked, differences);
  const among = isComplete ? "" : `, of the newest ${seen}`;
  const likely = cause ? [`Likely cause: ${cause}`] : [];
  const message = [start, ...describeNearest(nearest, among), ...likely, ...end].join("\n");
  return { ...request, message, cause, nearest: { key: entry.key, recordedAt: entry.recorded_at, differences } };
}

function missingLine({ method, url, key }: EventRequest, { store: { name, size }, problem }: MissContext): string {
  const entries = size === undefined ? "" : `, ${size} ${size === 1 ? "entry" : "entries"}`;
  const what = problem ?? `no answer is recorded for it in ${name}`;
  return `Cannot replay ${method} ${url}: ${what} (key ${key}${problem === undefined ? entries : ""}).`;
}

/** Undefined if the store cannot list its entries, or fails: the miss is explained without. */
async function searchNearest(
  { canonical, extras }: IdentifiedRequest,
  { store, credentials, now }: MissContext,
): Promise<{ readonly search: Search; readonly asked: RecordedRequest } | undefined> {
  if (!store.entries) return undefined;
  try {
    const forms: RecordedRequest[] = [];
    for (const keep of ["brief", "whole"] as const) {
      const form = await recordedRequest(canonical, { keep, ...extras });
      if (form) forms.push(hideSecretValues(form, credentials));
    }
    const isAlike = forms[0]?.body === forms[1]?.body;
    const search = await findNearest(isAlike ? forms.slice(0, 1) : forms, store.entries(), now);
    return { search, asked: forms[0] as RecordedRequest };
  } catch {
    return undefined;
  }
}

function describeNearest({ entry, differences }: Nearest, among: string): string[] {
  const date = typeof entry.recorded_at === "string" ? `, recorded ${entry.recorded_at.slice(0, 10)}` : "";
  if (differences.length === 0) {
    return [`A request that looks alike is recorded (key ${entry.key}${date}); what differs is not kept in the file.`];
  }
  const shown = differences.slice(0, SHOWN_DIFFERENCES).map((difference) => `  ${showDifference(difference)}`);
  const more = differences.length - shown.length;
  return [
    `The nearest recorded request (key ${entry.key}${date}${among}) differs in (recorded → asked):`,
    ...shown,
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ];
}

function describeNothing({ seen, told }: Search): string[] {
  if (seen === 0) return ["Nothing is recorded there at all: is it the right file?"];
  if (told === 0) return ["Its entries do not say what was asked, so that the nearest one cannot be told."];
  return ["No recorded request has this method and path."];
}

/**
 * The answer to a request that is not recorded.
 *
 * Status 412, because SDKs neither retry it nor hide its message, while a rejected fetch is retried for seconds and then
 * shown as a connection error.
 */
export function missResponse(message: string, url: URL): Response {
  // Most providers have the message in `error`, AWS and Cohere beside it.
  const body = JSON.stringify({ error: { type: "cachy_miss", code: "cachy_miss", message }, message });
  const headers = { "content-type": "application/json", "x-should-retry": "false" };
  return labelled(new Response(body, { status: 412, headers }), { url: url.href, statusText: "Precondition Failed" });
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
