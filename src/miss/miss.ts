import { CachyError } from "../lib/errors.ts";
import { labelled } from "../replay/labelled.ts";
import { type EventRequest, eventRequest } from "../report/events.ts";
import { errorBodyFor } from "../request/domains.ts";
import type { IdentifiedRequest } from "../request/identify.ts";
import { hideInText } from "../secrets/values.ts";
import type { Difference, FoundNearest, NearestSources } from "./comparison.ts";

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
  const found = problem === undefined ? await nearestTo(identified, context) : undefined;
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
  const found = await nearestTo(identified, sources);
  return found?.nearest && found.lines.join("\n");
}

/** Loads the search only for a miss: most processes have none. Without it, the miss is explained in short. */
async function nearestTo(identified: IdentifiedRequest, sources: NearestSources): Promise<FoundNearest | undefined> {
  return await import("./nearest.ts")
    .then(({ searchNearest }) => searchNearest(identified, sources))
    .catch(() => undefined);
}

function missingLine({ method, url, key }: EventRequest, { store: { name, size }, problem }: MissContext): string {
  const entries = size === undefined ? "" : `, ${size} ${size === 1 ? "entry" : "entries"}`;
  const what = problem ?? `no response is recorded for it in ${name}`;
  return `Cannot replay ${method} ${url}: ${what} (key ${key}${problem === undefined ? entries : ""}).`;
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
