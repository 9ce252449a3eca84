import { textOf } from "../lib/bytes.ts";
import { framingOf, streamParser, withoutBom } from "../lib/framing.ts";
import { asRecord, canonicalJson, parseJson, recordsIn } from "../lib/json.ts";
import type { Problem } from "../report/events.ts";
import { isIssuedCredential, mayIssueCredential, parameterName } from "../secrets/redact.ts";
import { contentTypeOf, type Entry } from "../store/entry.ts";
import { LONGEST_SEARCHED } from "./joined_texts.ts";

/** The response before its body. */
export interface AnswerHead {
  readonly method: string;
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  /** Undefined unless redirects were followed. */
  readonly finalUrl?: string;
}

/** What is wrong with a JSON body: truncated, an error, or a job that still runs. An empty body is complete. */
export function answerProblem(body: Uint8Array, head: AnswerHead, text = textOf(body)): Problem | undefined {
  if (text?.trim() === "") return undefined;
  const value = parseJson(withoutBom(text ?? ""));
  if (value === undefined) return { reason: "truncated", detail: "the body is not whole JSON" };
  for (const part of Array.isArray(value) ? value : [value]) {
    const detail = errorIn(part);
    if (detail !== undefined) return { reason: "error", detail };
  }
  if (isFirstLine(value)) return { reason: "truncated", detail: "the stream ended after its first line" };
  return isUnfinished(value, head) ? { reason: "unfinished", detail: "the job is still running" } : undefined;
}

/** Ollama streams JSON Lines: a stream that is cut after its first line looks like JSON. */
function isFirstLine(value: unknown): boolean {
  const answer = asRecord(value);
  return answer?.done === false && typeof answer.model === "string";
}

/** The error that a response or a stream event reports despite status 200. */
export function errorIn(value: unknown): string | undefined {
  const answer = asRecord(value);
  if (!answer) return undefined;
  if (!isEmpty(answer.error)) return "the response reports an error";
  if (answer.success === false || !isEmpty(asRecord(answer.base_resp)?.status_code)) {
    return "the response reports a failure";
  }
  if (answer.object === "response" && (answer.status === "failed" || answer.status === "cancelled")) {
    return `the response is ${answer.status}`;
  }
  const failed = recordsIn(answer.choices).some(({ error, finish_reason: reason }) => error || reason === "error");
  return failed ? "a choice reports an error" : undefined;
}

/** Some APIs always have an error member: empty, false, zero, or with nothing but nulls inside. */
function isEmpty(error: unknown): boolean {
  const members = asRecord(error);
  return members ? Object.values(members).every((member) => member === null) : !error;
}

/** Final states of a job, in lower case. */
const FINAL_STATES: ReadonlySet<string> = new Set([
  "completed",
  "complete",
  "succeeded",
  "success",
  "failed",
  "failure",
  "cancelled",
  "canceled",
  "expired",
  "ended",
  "incomplete",
  "processed",
  "active",
  "ready",
  "deleted",
  "requires_action",
  "done",
  "dubbed",
  "transcribed",
]);
const STATE_MEMBERS = ["status", "state", "processing_status", "task_status"];

/** Only final states are stored, so that polling ends on replay. Unknown states count as not final. */
function isUnfinished(value: unknown, { method, url }: AnswerHead): boolean {
  const isPrediction = url.pathname.endsWith(":fetchPredictOperation");
  const answer = asRecord(value);
  if (!answer || !(method === "GET" || isPrediction)) return false;
  if (isPrediction || isOperation(answer, url)) return answer.done !== true;
  return [answer, ...recordsIn(Object.values(answer))].some(hasOpenState);
}

/** Google leaves `done` out while an operation runs. */
function isOperation(answer: Record<string, unknown>, url: URL): boolean {
  return /\/operations\/[^/]+$/.test(url.pathname) ||
    typeof answer.name === "string" && /(?:^|\/)operations\//.test(answer.name);
}

function hasOpenState(record: Record<string, unknown>): boolean {
  return STATE_MEMBERS.some((name) => {
    const state = record[name];
    if (state === undefined || state === null || asRecord(state)) return false;
    return !FINAL_STATES.has(String(state).toLowerCase().replace(/^[a-z]+_state_/, ""));
  });
}

/** A credential that a response issues or repeats. */
export interface IssuedCredential {
  /** `access_token`, `session.client_secret` … */
  readonly place: string;
  readonly value: string;
}

/** Values with blanks, and those that servers mask, are not credentials. */
const WHOLE_VALUE = /^(?!\[redacted\]|<|x+$)(?!.*(?:\.\.\.|…|\*\*))\S{8,}$/i;

/** Finds the members of a JSON response, of the events of a stream and of a form that are credentials by their names. */
export function issuedCredentials(entry: Entry): IssuedCredential[] {
  const { binary, response: body } = entry;
  if (binary || body.length > LONGEST_SEARCHED || !mayIssueCredential(body)) return [];
  const found: IssuedCredential[] = [];
  const add = (path: readonly string[], value: string) => {
    const isIssued = path.some((_, at) => isIssuedCredential(path.slice(0, at + 1)));
    if (isIssued && WHOLE_VALUE.test(value)) found.push({ place: path.join("."), value });
    return value;
  };
  const parser = streamParser(framingOf(contentTypeOf(entry), () => body));
  const texts = parser ? [...parser.push(body), ...parser.end()].map(({ text }) => text) : [body];
  for (const text of texts) {
    if (!mayIssueCredential(text)) continue;
    if (parseJson(text) !== undefined) canonicalJson(text, { string: (value, path) => add(path, value) });
    else if (/^[\w.-]+=[^\s=]*$/.test(text.split("&", 1)[0] ?? "")) {
      for (const pair of text.split("&")) add([parameterName(pair)], pair.slice(pair.indexOf("=") + 1));
    }
  }
  return found;
}
