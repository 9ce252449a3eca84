import type { RequestData } from "../request/request.ts";
import { identityUrl, redactText } from "../secrets/redact.ts";
import type { Entry } from "../store/entry.ts";

/**
 * Watches for ids that only the store still knows: a replayed answer names a file, a response or a container that the
 * provider has forgotten since, and the next request, which is live, asks for it.
 */
export interface StaleIds {
  /** Takes note of an answer from the store. Nothing is searched before a request is refused. */
  replayed(origin: string, entry: Entry): void;
  /**
   * Looks at the status of a live answer.
   *
   * @returns What to tell the user, once for each origin; undefined if no replayed answer can be the reason.
   */
  refused(request: RequestData, status: number): string | undefined;
}

/**
 * Makes the watch of one handle.
 *
 * @param storeName Where the entries are; called when there is something to tell.
 */
export function createStaleIds(storeName: () => string): StaleIds {
  const origins = new Map<string, Replayed>();
  const told = new Set<string>();
  return {
    replayed(origin, entry) {
      if (told.has(origin)) return;
      const answers = origins.get(origin) ?? replayedAnswers();
      answers.add(entry);
      origins.set(origin, answers);
    },
    refused(request, status) {
      const { origin } = request.url;
      const answers = origins.get(origin);
      if (!answers || !REFUSALS.has(status)) return undefined;
      const ids = idsIn(request);
      const found = answers.find(ids);
      // If every answer is still there to be searched, an id that none of them holds comes from somewhere else.
      if (!found && (!ids.length || answers.isComplete())) return undefined;
      told.add(origin);
      origins.delete(origin);
      const url = redactText(identityUrl(request.url));
      return describe(`${request.method} ${url}`, status, found ?? answers.newest(), storeName());
    },
  };
}

/** How providers answer who asks for something that is not there. */
const REFUSALS: ReadonlySet<number> = new Set([400, 403, 404, 410]);

/** What an entry says of itself. */
interface Source {
  readonly key: string;
  /** Empty if it does not say when. */
  readonly recordedAt: string;
  readonly id?: string;
}

function describe(what: string, status: number, { id, key, recordedAt }: Source, storeName: string): string {
  const date = recordedAt && `recorded ${recordedAt.slice(0, 10)}, `;
  const cause = id === undefined
    ? `An id in it may come from a recorded answer (the newest one that was replayed: ${date}key ${key})`
    : `Its ${id} comes from a recorded answer (${date}key ${key})`;
  return `${what} was answered with status ${status}. ${cause} and may no longer exist there.\n` +
    `To record anew, run once with CACHY_MODE=refresh or the option { mode: "refresh" }, or delete ` +
    `${id === undefined ? "the lines with such answers" : `the lines with the key ${key}`} from ${storeName}.`;
}

/** How many replayed answers are kept to be searched, and of how many characters in all: memory has a limit. */
const KEPT_ANSWERS = 100;
const KEPT_CHARACTERS = 1_000_000;

/** The replayed answers of one origin, the last ones with their texts. */
interface Replayed {
  add(entry: Entry): void;
  /** The newest answer with one of the ids. */
  find(ids: readonly string[]): Source | undefined;
  /** Whether all answers can still be searched. */
  isComplete(): boolean;
  /** By the date of the recording. */
  newest(): Source;
}

function replayedAnswers(): Replayed {
  const kept: (Source & { readonly text: string })[] = [];
  let characters = 0;
  let isComplete = true;
  let newest: Source | undefined;
  return {
    add({ key, recorded_at, response, binary, headers }) {
      const recordedAt = textIn(recorded_at);
      if (!newest || recordedAt >= newest.recordedAt) newest = { key, recordedAt };
      // Google names an upload in a header.
      const text = textIn(headers?.["x-goog-upload-url"]) + (binary ? "" : response);
      kept.push({ key, recordedAt, text });
      characters += text.length;
      while (kept.length > KEPT_ANSWERS || characters > KEPT_CHARACTERS) {
        characters -= kept.shift()?.text.length ?? 0;
        isComplete = false;
      }
    },
    find(ids) {
      for (const { key, recordedAt, text } of kept.toReversed()) {
        const id = ids.find((id) => text.includes(id));
        if (id !== undefined) return { id, key, recordedAt };
      }
      return undefined;
    },
    isComplete: () => isComplete,
    newest: () => newest as Source,
  };
}

/** A line that somebody else wrote may hold anything. */
function textIn(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/**
 * Ids of what a provider keeps: by a prefix (without a digit or a capital it is a word, such as `file_search`), by the
 * list that it is in, UUIDs, the number of an upload. Ids of tool calls and of chat answers are not among them, because
 * nobody looks those up.
 */
const IDS: readonly RegExp[] = [
  /\b(?:resp|file|msg|conv|batch|msgbatch|cntr|container|vs|thread|run|asst|upload|part|ftjob|item|rs|skill)[-_](?=[a-z_-]*[A-Z\d])\w[\w-]*/g,
  /\b(?:files|cachedContents|batches|operations|tunedModels|fileSearchStores|corpora|predictions)\/[\w.-]+/g,
  /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/g,
  /(?<=[?&]upload_id=)[\w-]{6,}/g,
];

/** A request is searched up to here, in characters, and for so many ids: a long prompt may be full of them. */
const SEARCHED_CHARACTERS = 1_000_000;
const MAX_IDS = 100;

/** What looks like an id in the URL, and then in the body, as they are sent. */
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
