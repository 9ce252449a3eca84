import { oneBlock } from "../../lib/blocks.ts";
import { utf8 } from "../../lib/bytes.ts";
import { readableVariables } from "../../lib/environment.ts";
import { credentialVariables } from "../../request/domains.ts";
import { parseJson } from "../../lib/json.ts";
import { checkCompleteness, headProblem } from "../../record/completeness.ts";
import type { AnswerHead } from "../../record/json_answer.ts";
import { replayedHeaders } from "../../replay/replay.ts";
import type { Problem } from "../../report/events.ts";
import { isStreamingJson, isStreamingUrl } from "../../request/canonical.ts";
import { type Digest, digestRequest } from "../../request/identify.ts";
import { type Credential, credentialsOf } from "../../secrets/values.ts";
import { decodeBody, type Entry, isErrorStatus, type RecordedRequest } from "../../store/entry.ts";
import { secretFindings, showSecret } from "../scan/scan.ts";
import { memberProblems, soundRequest } from "./check_members.ts";

/** A problem or a note about an entry. */
export interface Finding {
  /**
   * - `digest`: the digest does not match the request
   * - `incomplete`: the response is truncated, or the job is unfinished
   * - `failed`: the response reports a failure
   * - `secret`: the entry contains a credential
   * - `member`: a member has a wrong type or value
   */
  readonly kind: "digest" | "incomplete" | "failed" | "secret" | "member";
  /** `note`: replay works all the same. */
  readonly severity: "error" | "note";
  /** A few words without a full stop. They never contain a secret. */
  readonly reason: string;
}

/**
 * Checks an entry. A normal recording has no findings.
 *
 * @param entry An entry as `parseEntry` returns it.
 * @param credentials The credentials to search for; by default those of the environment. To check many entries, pass
 * them: reading the environment takes longer than checking a short entry.
 */
export async function findingsOf(
  entry: Entry,
  credentials: readonly Credential[] = credentialsOf(readableVariables(credentialVariables)),
): Promise<Finding[]> {
  const members = memberProblems(entry);
  const request = soundRequest(entry);
  const isFindable = !members.some(({ isUnfindable }) => isUnfindable);
  const digest = isFindable && request?.exact === true ? await digestReason(entry, request) : undefined;
  const problem = answerProblemOf(entry, request);
  return [
    ...digest === undefined ? [] : [{ kind: "digest", severity: "error", reason: digest } as const],
    ...problem ? [answerFinding(problem)] : [],
    ...secretFindings(entry, credentials).map(secretFinding),
    ...members.map(({ isUnfindable, reason }) => {
      return isUnfindable
        ? { kind: "member", severity: "error", reason: `${reason}: no request can find it` } as const
        : { kind: "member", severity: "note", reason } as const;
    }),
  ];
}

/** Why a well-formed digest is wrong. Only an exact request can be hashed again. */
async function digestReason(entry: Entry, request: RecordedRequest): Promise<string | undefined> {
  let likely: Digest | undefined;
  for (const streaming of streamingChoices(request)) {
    const digest = await digestOf(request, streaming, entry.error);
    if (entry.sha256 === undefined ? digest.key === entry.key : digest.sha256 === entry.sha256) return undefined;
    likely ??= digest;
  }
  const is = likely?.key ?? "";
  // If the short keys are the same, show whole digests.
  return is === entry.key
    ? `the digest of its request is ${likely?.sha256}, not ${entry.sha256}`
    : `the digest of its request is ${is}…, not ${entry.key.slice(0, 8)}…`;
}

/** The URL for a response without a request. No rule matches it. */
const UNKNOWN_URL = new URL("https://unknown.invalid/");

/** Why recording would have rejected the response. */
function answerProblemOf(entry: Entry, request: RecordedRequest | undefined): Problem | undefined {
  const head: AnswerHead = {
    method: request?.method ?? "POST",
    url: request ? new URL(request.url) : UNKNOWN_URL,
    status: entry.status_code ?? 200,
    headers: replayedHeaders(entry),
  };
  const body = decodeBody(entry);
  return headProblem(head, isErrorStatus) ??
    (typeof body === "string" ? bodyProblem(head, utf8(body), body) : bodyProblem(head, body));
}

function bodyProblem(head: AnswerHead, body: Uint8Array<ArrayBuffer>, text?: string): Problem | undefined {
  const blocks = oneBlock(body);
  const problem = checkCompleteness(head).end(blocks, text);
  // A terminal event completes a response, even if more bytes follow.
  return problem && checkCompleteness(head).push(body, blocks) ? undefined : problem;
}

function answerFinding({ reason, detail }: Problem): Finding {
  const isCut = reason === "truncated" || reason === "unfinished";
  return { kind: isCut ? "incomplete" : "failed", severity: "error", reason: detail };
}

function secretFinding(finding: Parameters<typeof showSecret>[0]): Finding {
  return { kind: "secret", severity: "error", reason: showSecret(finding) };
}

/**
 * Computes the digest of a recorded request again. The result is valid only if the request is `exact`.
 *
 * @param error The number of a recorded error; undefined for a success.
 * @returns The possible digests, the likely one first, with whether each is that of a request for a stream. JSON with
 * `"stream": true` has two: the file does not contain the content type, and with plain text the request does not count as
 * streaming.
 */
export async function streamingDigests(
  request: RecordedRequest,
  error?: number,
): Promise<{ readonly streaming: boolean; readonly digest: Digest }[]> {
  const digests = [];
  for (const streaming of streamingChoices(request)) {
    digests.push({ streaming, digest: await digestOf(request, streaming, error) });
  }
  return digests;
}

function digestOf(request: RecordedRequest, streaming: boolean, error?: number): Digest | Promise<Digest> {
  const { method, url, body, headers = {}, n, namespace } = request;
  // Sort again: other tools may write the members in another order.
  const sorted = Object.entries(headers).sort(([a], [b]) => a < b ? -1 : 1);
  const canonical = { method, url, body, format: "text", headers: sorted, streaming } as const;
  return digestRequest(canonical, { n, namespace, error });
}

/** Whether a recorded request asks for a stream, by its URL and its body. */
export function isStreaming(request: RecordedRequest): boolean {
  return streamingChoices(request)[0];
}

function streamingChoices({ url, body }: RecordedRequest): readonly [likely: boolean, ...others: boolean[]] {
  if (URL.canParse(url) && isStreamingUrl(new URL(url))) return [true];
  return body.includes(`"stream"`) && isStreamingJson(parseJson(body)) ? [true, false] : [false];
}
