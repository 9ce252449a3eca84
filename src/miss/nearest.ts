import { parseJson } from "../lib/json.ts";
import { modelOfUrl } from "../request/domains.ts";
import type { Entry, RecordedRequest } from "../store/entry.ts";
import { type Difference, differencesOf, weightOf } from "./difference.ts";

/** The recorded request that is most similar to the missing one. */
export interface Nearest {
  readonly entry: Entry;
  readonly request: RecordedRequest;
  readonly differences: readonly Difference[];
}

/** The result of the search. */
export interface Search {
  /** Undefined if no recorded request is similar. */
  readonly nearest: Nearest | undefined;
  /** How many entries were compared. */
  readonly seen: number;
  /** How many of them store their request. */
  readonly told: number;
  /** Whether these were all entries. */
  readonly isComplete: boolean;
}

/** How long to search for the nearest request, in milliseconds: a developer waits for the message. */
const LONGEST_SEARCH_MS = 20;

/**
 * Looks for the recorded request that is most like another one: with the same method, host and path if there is one,
 * else with the same path at another host; among these the one that differs least.
 *
 * @param forms What is asked, as the file would keep it: in brief and as a whole.
 * @param entries Newest first.
 * @param now The clock, in milliseconds.
 */
export async function findNearest(
  forms: readonly RecordedRequest[],
  entries: Iterable<Entry> | AsyncIterable<Entry>,
  now: () => number,
): Promise<Search> {
  const deadline = now() + LONGEST_SEARCH_MS;
  let best: { readonly nearest: Nearest; readonly rank: number; readonly weight: number } | undefined;
  let [seen, told] = [0, 0];
  let isComplete = true;
  for await (const entry of entries) {
    if (now() >= deadline && seen > 0) {
      isComplete = false;
      break;
    }
    seen++;
    const { request } = entry;
    if (isRequest(request)) {
      told++;
      const rank = rankOf(request, forms[0] as RecordedRequest);
      if (rank !== undefined && rank <= (best?.rank ?? Infinity)) {
        const { differences, weight } = leastDifferences(request, forms);
        const isBetter = !best || rank < best.rank || weight < best.weight;
        if (isBetter) best = { nearest: { entry, request, differences }, rank, weight };
      }
    }
  }
  return { nearest: best?.nearest, seen, told, isComplete };
}

/** The request of a line may have wrong members: lines are not checked when they are read. */
function isRequest(request: unknown): request is RecordedRequest {
  const { method, url, body } = (request ?? {}) as Partial<Record<string, unknown>>;
  return typeof method === "string" && typeof url === "string" && URL.canParse(url) && typeof body === "string";
}

/** 0: same method, host and path; 1: same path at another host; 2: a path with the same end, as proxies have. */
function rankOf(recorded: RecordedRequest, asked: RecordedRequest): number | undefined {
  if (recorded.method !== asked.method) return undefined;
  const [a, b] = [new URL(recorded.url), new URL(asked.url)];
  const [pathA, pathB] = [callOf(a), callOf(b)];
  if (pathA === pathB) return a.host === b.host ? 0 : 1;
  return lastSegments(pathA) === lastSegments(pathB) ? 2 : undefined;
}

/** The path without the model, and streamed or not: Gemini and Bedrock have both in the path, others in the body. */
function callOf(url: URL): string {
  return url.pathname.replace(modelOfUrl(url) ?? "*", "*")
    .replace(":streamGenerateContent", ":generateContent").replace("-with-response-stream", "");
}

function lastSegments(path: string): string {
  return path.split("/").slice(-2).join("/");
}

function leastDifferences(recorded: RecordedRequest, forms: readonly RecordedRequest[]) {
  const all = forms.map((asked) => differencesOfRequests(recorded, asked));
  return all.map((differences) => ({ differences, weight: weightOf(differences) }))
    .reduce((least, next) => next.weight < least.weight ? next : least);
}

/** By JSON path inside of the body; `url`, `headers` and `namespace` are named as such. */
export function differencesOfRequests(recorded: RecordedRequest, asked: RecordedRequest): Difference[] {
  const [a, b] = [aroundBody(recorded), aroundBody(asked)];
  return [...differencesOf(a, b), ...differencesOf(bodyOf(recorded), bodyOf(asked))];
}

function aroundBody({ url, headers = {}, namespace, n }: RecordedRequest): Record<string, unknown> {
  return {
    url,
    headers,
    ...(namespace === undefined ? {} : { namespace }),
    ...(n === undefined ? {} : { n }),
  };
}

function bodyOf({ body }: RecordedRequest): unknown {
  return parseJson(body) ?? body;
}
