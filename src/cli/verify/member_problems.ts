import { asRecord } from "../../lib/json.ts";
import { bodyLength, type Entry, type RecordedRequest } from "../../store/entry.ts";
import { isIsoDate } from "../file/time.ts";

/** A member with a wrong type or value. */
export interface MemberProblem {
  /** Whether no request will ever find the entry. */
  readonly isUnfindable: boolean;
  readonly reason: string;
}

/**
 * Looks at those members of an entry that do not decide whether its line is one: the line answers whatever they say,
 * unless its `key` or `sha256` are no digest.
 */
export function memberProblems(entry: Entry): MemberProblem[] {
  return [
    ...idProblems(entry).map((reason) => ({ isUnfindable: true, reason })),
    ...[...headerProblems(entry), ...timeProblems(entry), ...chunkProblems(entry), ...requestProblems(entry.request)]
      .map((reason) => ({ isUnfindable: false, reason })),
  ];
}

/** The request of an entry, if all of its members are of the right types. */
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
    .map(([name]) => `the response header ${JSON.stringify(name.slice(0, 40))} cannot be sent`);
}

function canBeSent(name: string, value: unknown): boolean {
  if (typeof value !== "string") return false;
  try {
    new Headers([[name, value]]);
    return true;
  } catch {
    return false;
  }
}

function timeProblems({ recorded_at: recordedAt, duration_ms: duration, final_url: finalUrl }: Entry): string[] {
  const wrong = [];
  if (recordedAt !== undefined && !isIsoDate(recordedAt)) {
    wrong.push(`"recorded_at" is no ISO 8601 date in UTC`);
  }
  if (finalUrl !== undefined && !URL.canParse(String(finalUrl))) wrong.push(`"final_url" is no URL`);
  if (duration !== undefined && !isAmount(duration)) wrong.push(`"duration_ms" is no number from 0 on`);
  return wrong;
}

function chunkProblems(entry: Entry): string[] {
  const chunks: unknown = entry.chunks;
  if (chunks === undefined) return [];
  if (!Array.isArray(chunks) || !chunks.every(isChunk)) return [`"chunks" is no list of [milliseconds, bytes]`];
  const total = chunks.reduce((sum: number, [, length]) => sum + length, 0);
  const length = bodyLength(entry);
  return total === length ? [] : [`"chunks" add up to ${total} bytes, and the body has ${length}`];
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
  if (!request) return [`"request" is no object`];
  const { method, url, headers, body, exact, namespace, n } = request;
  const members: readonly (readonly [name: string, fits: boolean, expected: string])[] = [
    ["method", typeof method === "string" && method !== "", "no method"],
    ["url", typeof url === "string" && URL.canParse(url), "no URL"],
    ["headers", headers === undefined || canAllBeSent(headers), "no object of strings that can be sent"],
    ["body", typeof body === "string", "no string"],
    ["exact", typeof exact === "boolean", "neither true nor false"],
    ["namespace", namespace === undefined || typeof namespace === "string", "no string"],
    ["n", n === undefined || (Number.isInteger(n) && (n as number) >= 2), "no whole number from 2 on"],
  ];
  return members.filter(([, fits]) => !fits).map(([name, , expected]) => `"request.${name}" is ${expected}`);
}

function canAllBeSent(headers: unknown): boolean {
  const record = asRecord(headers);
  return record !== undefined && Object.entries(record).every(([name, value]) => canBeSent(name, value));
}
