import { asRecord, parseJson } from "../lib/json.ts";
import { modelOfUrl } from "../request/domains.ts";
import type { Difference, Nearest, Search } from "./comparison.ts";
import type { Entry, RecordedRequest } from "../store/entry.ts";
import { areRecordedParts, isHash } from "../store/entry_request.ts";
import { showText, unseenDifference } from "../lib/show.ts";

/** Whether a text has changed. */
export function isTextChange(
  difference: Difference,
): difference is Difference & { readonly kind: "changed"; readonly recorded: string; readonly asked: string } {
  return difference.kind === "changed" && typeof difference.recorded === "string" &&
    typeof difference.asked === "string";
}

/** Where two JSON values differ, in the order of their members. */
export function differencesOf(recorded: unknown, asked: unknown, path = ""): Difference[] {
  if (Object.is(recorded, asked)) return [];
  if (Array.isArray(recorded) && Array.isArray(asked)) return differencesOfLists(recorded, asked, path);
  const [recordedMembers, askedMembers] = [asRecord(recorded), asRecord(asked)];
  if (!recordedMembers || !askedMembers) return [{ kind: "changed", path, recorded, asked }];
  const names = [...new Set([...Object.keys(recordedMembers), ...Object.keys(askedMembers)])].sort();
  return names.flatMap((name) => differencesAt(recordedMembers, askedMembers, name, memberPath(path, name)));
}

function differencesAt(
  recorded: Record<string, unknown>,
  asked: Record<string, unknown>,
  name: string,
  path: string,
): Difference[] {
  if (!Object.hasOwn(recorded, name)) return [{ kind: "added", path, asked: asked[name] }];
  if (!Object.hasOwn(asked, name)) return [{ kind: "missing", path, recorded: recorded[name] }];
  return differencesOf(recorded[name], asked[name], path);
}

/** Equal items at the end are left out first, so that one more item at the start does not change all others. */
function differencesOfLists(recorded: readonly unknown[], asked: readonly unknown[], path: string): Difference[] {
  const shorter = Math.min(recorded.length, asked.length);
  let atEnd = 0;
  // By their text: to look for differences here, and again below, would take a time that doubles with every level.
  const areEqual = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  if (recorded.length !== asked.length) {
    while (atEnd < shorter && areEqual(recorded.at(-1 - atEnd), asked.at(-1 - atEnd))) atEnd++;
  }
  const differences: Difference[] = [];
  for (let at = 0; at < Math.max(recorded.length, asked.length) - atEnd; at++) {
    const place = `${path}[${at}]`;
    if (at >= recorded.length - atEnd) differences.push({ kind: "added", path: place, asked: asked[at] });
    else if (at >= asked.length - atEnd) differences.push({ kind: "missing", path: place, recorded: recorded[at] });
    else differences.push(...differencesOf(recorded[at], asked[at], place));
  }
  return differences;
}

/** `a.b`, `a["b c"]`. */
function memberPath(path: string, name: string): string {
  if (!/^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}

/** The maximum weight of a difference, in characters: one long text does not outweigh everything else. */
const HEAVIEST = 400;

/** How much two values differ, to find the nearest of several: about the number of characters that changed. */
export function weightOf(differences: readonly Difference[]): number {
  return differences.reduce((sum, difference) => sum + 1 + Math.min(HEAVIEST, changedLength(difference)), 0);
}

function changedLength(difference: Difference): number {
  if (difference.kind === "added") return textOf(difference.asked).length;
  if (difference.kind === "missing") return textOf(difference.recorded).length;
  const [a, b] = [textOf(difference.recorded), textOf(difference.asked)];
  return Math.max(a.length, b.length) - sharedStart(a, b) - sharedEnd(a, b);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value) ?? "";
}

function sharedStart(a: string, b: string): number {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a[length] === b[length]) length++;
  return length;
}

function sharedEnd(a: string, b: string): number {
  const most = Math.min(a.length, b.length) - sharedStart(a, b);
  let length = 0;
  while (length < most && a.at(-1 - length) === b.at(-1 - length)) length++;
  return length;
}

/** How much of a value is shown, and how much of what is equal before the first difference, in characters. */
const SHOWN_LENGTH = 60;
const CONTEXT_LENGTH = 24;

/** A difference in one line, its values shortened to where they differ. */
export function showDifference(difference: Difference): string {
  const place = difference.path ? showText(difference.path).slice(1, -1).replaceAll('\\"', '"') : "body";
  switch (difference.kind) {
    case "added":
      return `${place}: added ${shorten(JSON.stringify(difference.asked) ?? "")}`;
    case "missing":
      return `${place}: missing ${shorten(JSON.stringify(difference.recorded) ?? "")}`;
    case "changed":
      return `${place}: ${showChange(difference.recorded, difference.asked)}`;
  }
}

function showChange(recorded: unknown, asked: unknown): string {
  if (typeof recorded !== "string" || typeof asked !== "string") {
    return [recorded, asked].map((value) => shorten(JSON.stringify(value) ?? "")).join(" → ");
  }
  const from = Math.max(0, sharedStart(recorded, asked) - CONTEXT_LENGTH);
  const isAlike = unseenDifference(recorded, asked) !== undefined;
  return [recorded, asked].map((text) => {
    const shown = [...text.slice(from, from + SHOWN_LENGTH + 1)].slice(0, SHOWN_LENGTH).join("");
    const isCut = from + shown.length < text.length;
    return `"${from > 0 ? "…" : ""}${showText(shown, isAlike).slice(1, -1)}${isCut ? "…" : ""}"`;
  }).join(" → ");
}

function shorten(json: string): string {
  return json.length > SHOWN_LENGTH ? `${json.slice(0, SHOWN_LENGTH)}…` : json;
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
        const { asked, differences, weight } = leastDifferences(request, forms);
        const isBetter = !best || rank < best.rank || weight < best.weight;
        if (isBetter) best = { nearest: { entry, request, asked, differences }, rank, weight };
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

/** 0: same method, host and path; 1: same path at another host; 2: a path with the same end, as proxies have; 3: another id in the path. */
function rankOf(recorded: RecordedRequest, asked: RecordedRequest): number | undefined {
  if (recorded.method !== asked.method) return undefined;
  const [a, b] = [new URL(recorded.url), new URL(asked.url)];
  const [pathA, pathB] = [callOf(a), callOf(b)];
  if (pathA === pathB) return a.host === b.host ? 0 : 1;
  if (lastSegments(pathA) === lastSegments(pathB)) return 2;
  return a.host === b.host && differInOneSegment(pathA.split("/"), pathB.split("/")) ? 3 : undefined;
}

/** The path without the model, and streamed or not: Gemini and Bedrock have both in the path, others in the body. */
function callOf(url: URL): string {
  return url.pathname.replace(modelOfUrl(url) ?? "*", "*")
    .replace(":streamGenerateContent", ":generateContent").replace("-with-response-stream", "");
}

/** The last segments must be equal: they say what is asked for. */
function differInOneSegment(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.at(-1) === b.at(-1) && a.filter((segment, at) => segment !== b[at]).length === 1;
}

function lastSegments(path: string): string {
  return path.split("/").slice(-2).join("/");
}

function leastDifferences(recorded: RecordedRequest, forms: readonly RecordedRequest[]) {
  const all = forms.map((asked) => ({ asked, differences: differencesOfRequests(recorded, asked) }));
  return all.map(({ asked, differences }) => ({ asked, differences, weight: weightOf(differences) }))
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
  const value = parseJson(body);
  if (!areRecordedParts(value, body)) return value ?? body;
  const form: Record<string, unknown[]> = {};
  for (const [name, file_name, written] of value) {
    const content = isHash(written) ? `[sha256 ${written}]` : written;
    (form[name] ??= []).push(file_name === null ? { content } : { file_name, content });
  }
  return { form: Object.fromEntries(Object.entries(form).map(([name, all]) => [name, all.length > 1 ? all : all[0]])) };
}
