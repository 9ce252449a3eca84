import { asRecord } from "../../lib/json.ts";
import { bodyLength, type Entry, type RecordedRequest } from "../../store/entry.ts";
import { isIsoDate } from "../file/time.ts";

/** A member of an entry with a wrong type or value. */
export interface MemberProblem {
  /** Whether no request can find the entry. */
  readonly isUnfindable: boolean;
  readonly reason: string;
}

/**
 * Checks the members that `parseEntry` does not check. The entry can be replayed all the same, unless its `key` or
 * `sha256` is malformed.
 */
export function memberProblems(entry: Entry): MemberProblem[] {
  return [
    ...idProblems(entry).map((reason) => ({ isUnfindable: true, reason })),
    ...[...headerProblems(entry), ...timeProblems(entry), ...chunkProblems(entry), ...requestProblems(entry.request)]
      .map((reason) => ({ isUnfindable: false, reason })),
  ];
}

/** The request of an entry, if all its members have the right types. */
export function soundRequest({ request }: Entry): RecordedRequest | undefined {
  return request && requestProblems(request).length === 0 ? request : undefined;
}

function idProblems({ key, sha256 }: Entry): string[] {
  const wrong = [];
  if (!/^[0-9a-f]{8}$/.test(key)) wrong.push(`"key" is not 8 hex digits in lower case`);
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) {
    wrong.push(`"sha256" is not 64 hex digits in lower case`);
  }
  return wrong;
}

function headerProblems({ headers }: Entry): string[] {
  return Object.entries(headers ?? {}).filter(([name, value]) => !canBeSent(name, value))
    .map(([name]) => `the response header ${JSON.stringify(name.slice(0, 40))} is invalid`);
}

/** Valid headers. Most entries of a file have the same ones, and the platform takes microseconds for each. */
const knownHeaders = new Set<string>();
const MOST_HEADERS = 1000;

function canBeSent(name: string, value: unknown): boolean {
  if (typeof value !== "string") return false;
  const header = `${name}\0${value}`; // a valid header has no NUL
  if (knownHeaders.has(header)) return true;
  try {
    new Headers([[name, value]]);
  } catch {
    return false;
  }
  if (knownHeaders.size === MOST_HEADERS) knownHeaders.clear();
  knownHeaders.add(header);
  return true;
}

function timeProblems({ recorded_at: recordedAt, duration_ms: duration, final_url: finalUrl }: Entry): string[] {
  const wrong = [];
  if (recordedAt !== undefined && !isIsoDate(recordedAt)) {
    wrong.push(`"recorded_at" is not an ISO 8601 date in UTC`);
  }
  if (finalUrl !== undefined && !URL.canParse(String(finalUrl))) wrong.push(`"final_url" is not a URL`);
  if (duration !== undefined && !isAmount(duration)) wrong.push(`"duration_ms" is not a number of at least 0`);
  return wrong;
}

function chunkProblems(entry: Entry): string[] {
  const chunks: unknown = entry.chunks;
  if (chunks === undefined) return [];
  if (!Array.isArray(chunks) || !chunks.every(isChunk)) return [`"chunks" is not a list of [milliseconds, bytes]`];
  const total = chunks.reduce((sum: number, [, length]) => sum + length, 0);
  const length = bodyLength(entry);
  return total === length ? [] : [`"chunks" add up to ${total} bytes, but the body has ${length}`];
}

function isChunk(chunk: unknown): chunk is readonly [ms: number, bytes: number] {
  return Array.isArray(chunk) && chunk.length === 2 && isAmount(chunk[0]) && isAmount(chunk[1]) &&
    Number.isInteger(chunk[1]);
}

function isAmount(value: unknown): boolean {
  return typeof value === "number" && value >= 0;
}

function requestProblems(given: unknown): string[] {
  if (given === undefined) return [];
  const request = asRecord(given);
  if (!request) return [`"request" is not an object`];
  const { method, url, headers, body, exact, namespace, n } = request;
  const members: readonly (readonly [name: string, fits: boolean, expected: string])[] = [
    ["method", typeof method === "string" && method !== "", "not a method"],
    ["url", typeof url === "string" && URL.canParse(url), "not a URL"],
    ["headers", headers === undefined || canAllBeSent(headers), "not an object of valid headers"],
    ["body", typeof body === "string", "not a string"],
    ["exact", typeof exact === "boolean", "neither true nor false"],
    ["namespace", namespace === undefined || typeof namespace === "string", "not a string"],
    ["n", n === undefined || (Number.isInteger(n) && (n as number) >= 2), "not a whole number of at least 2"],
  ];
  return members.filter(([, fits]) => !fits).map(([name, , expected]) => `"request.${name}" is ${expected}`);
}

function canAllBeSent(headers: unknown): boolean {
  const record = asRecord(headers);
  return record !== undefined && Object.entries(record).every(([name, value]) => canBeSent(name, value));
}
