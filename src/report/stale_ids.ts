import { IN_CODE, type Wording } from "../lib/show.ts";
import type { RequestData } from "../request/request.ts";
import { identityUrl, redactText } from "../secrets/redact.ts";
import type { Entry } from "../store/entry.ts";

/**
 * Detects stale ids. A replayed response contains the id of an object, such as a file or a container, that the provider
 * has deleted since. A later request that uses this id goes to the network and fails.
 */
export interface StaleIds {
  /** Remembers a replayed response. It is only searched when a request fails. */
  replayed(origin: string, entry: Entry): void;
  /**
   * Checks the status of a live response.
   *
   * @returns A message, once for each origin; undefined if no replayed response can be the reason.
   */
  refused(request: RequestData, status: number): string | undefined;
}

/**
 * Makes the detector of a handle.
 *
 * @param storeName Returns the name of the store for the message.
 */
export function createStaleIds(storeName: () => string, wording: Wording = IN_CODE): StaleIds {
  const origins = new Map<string, Replayed>();
  const reported = new Set<string>();
  return {
    replayed(origin, entry) {
      if (reported.has(origin)) return;
      const responses = origins.get(origin) ?? replayedResponses();
      responses.add(entry);
      origins.set(origin, responses);
    },
    refused(request, status) {
      const { origin } = request.url;
      const responses = origins.get(origin);
      if (!responses || !REFUSALS.has(status)) return undefined;
      const ids = idsIn(request);
      const found = responses.find(ids);
      // If all replayed responses were searched, an id that none of them contains does not come from a recording.
      if (!found && (!ids.length || responses.isComplete())) return undefined;
      reported.add(origin);
      origins.delete(origin);
      const url = redactText(identityUrl(request.url));
      const cure = `CACHY_MODE=refresh or the option ${wording.option("mode", "refresh")}`;
      return describe(`${request.method} ${url}`, status, found ?? responses.newest(), {
        cure,
        storeName: storeName(),
      });
    },
  };
}

/** The statuses of responses to requests for objects that do not exist. */
const REFUSALS: ReadonlySet<number> = new Set([400, 403, 404, 410]);

/** A recorded response, and the id that was found in it. */
interface Source {
  readonly key: string;
  /** Empty if the entry does not contain the time. */
  readonly recordedAt: string;
  readonly id?: string;
}

function describe(
  what: string,
  status: number,
  { id, key, recordedAt }: Source,
  { cure, storeName }: { readonly cure: string; readonly storeName: string },
): string {
  const date = recordedAt && `recorded ${recordedAt.slice(0, 10)}, `;
  const cause = id === undefined
    ? `An id in it may come from a recorded response (the newest replayed one: ${date}key ${key})`
    : `Its ${id} comes from a recorded response (${date}key ${key})`;
  return `${what} failed with status ${status}. ${cause} and may no longer exist.\n` +
    `To record again, run once with ${cure}, or delete the lines with ` +
    `${id === undefined ? "such responses" : `the key ${key}`} from ${storeName}.`;
}

/** The limits of a list of replayed responses. The last two lists are kept in memory for the search. */
const MOST_RESPONSES = 50;
const MOST_CHARACTERS = 500_000;

/** The replayed responses of one origin. The text of the last ones is kept. */
interface Replayed {
  add(entry: Entry): void;
  /** Finds the response that was replayed last and contains one of the ids. */
  find(ids: readonly string[]): Source | undefined;
  /** Whether the texts of all responses are kept. */
  isComplete(): boolean;
  /** The response that was recorded last. */
  newest(): Source;
}

function replayedResponses(): Replayed {
  let last: (Source & { readonly text: string })[] = [];
  let before: typeof last = [];
  let characters = 0;
  let isComplete = true;
  let newest: Source | undefined;
  return {
    add({ key, recorded_at, response, binary, headers }) {
      const recordedAt = textIn(recorded_at);
      if (!newest || recordedAt >= newest.recordedAt) newest = { key, recordedAt };
      // Google sends the id of an upload in a header.
      const text = textIn(headers?.["x-goog-upload-url"]) + (binary ? "" : response);
      if (text.length > MOST_CHARACTERS) {
        isComplete = false;
        return;
      }
      if (last.length === MOST_RESPONSES || characters + text.length > MOST_CHARACTERS) {
        isComplete &&= !before.length;
        [before, last, characters] = [last, [], 0];
      }
      last.push({ key, recordedAt, text });
      characters += text.length;
    },
    find(ids) {
      for (const { key, recordedAt, text } of [...before, ...last].toReversed()) {
        const id = ids.find((id) => text.includes(id));
        if (id !== undefined) return { id, key, recordedAt };
      }
      return undefined;
    },
    isComplete: () => isComplete,
    newest: () => newest as Source,
  };
}

/** Returns a string, or "" for other values, because an edited file may contain any value. */
function textIn(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/**
 * Patterns of the ids of objects that a provider stores. In their order: a known prefix with a digit or a capital letter
 * (without one, it is a word such as `file_search`), an item of a known collection, a UUID, the number of an upload. The
 * ids of tool calls and chat responses do not match, because no request retrieves them.
 */
const IDS: readonly RegExp[] = [
  /\b(?:resp|file|msg|conv|batch|msgbatch|cntr|container|vs|thread|run|asst|upload|part|ftjob|item|rs|skill)[-_](?=[a-z_-]*[A-Z\d])\w[\w-]*/g,
  /\b(?:files|cachedContents|batches|operations|tunedModels|fileSearchStores|corpora|predictions)\/[\w.-]+/g,
  /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/g,
  /(?<=[?&]upload_id=)[\w-]{6,}/g,
];

/** The limits of the search for ids in a request: a long prompt may contain many of them. */
const SEARCHED_CHARACTERS = 1_000_000;
const MAX_IDS = 100;

/** The ids in the URL of a request, then those in its body. */
function idsIn({ url, body }: RequestData): string[] {
  const texts = [url.pathname + url.search, bodyText(body).slice(0, SEARCHED_CHARACTERS)];
  const ids = new Set(texts.flatMap((text) => IDS.flatMap((pattern) => text.match(pattern) ?? [])));
  return [...ids].slice(0, MAX_IDS);
}

function bodyText(body: RequestData["body"]): string {
  if (typeof body === "string") return body;
  if (body instanceof Uint8Array) return new TextDecoder().decode(body.subarray(0, SEARCHED_CHARACTERS));
  return (body ?? []).map(({ value }) => typeof value === "string" ? value : "").join("\n");
}
