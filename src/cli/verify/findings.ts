import { utf8 } from "../../lib/bytes.ts";
import { readableVariables } from "../../lib/environment.ts";
import { credentialVariables } from "../../request/domains.ts";
import { parseJson } from "../../lib/json.ts";
import { checkCompleteness, headProblem } from "../../record/completeness.ts";
import type { AnswerHead } from "../../record/json_answer.ts";
import { replay } from "../../replay/replay.ts";
import type { Problem } from "../../report/events.ts";
import { isStreamingJson, isStreamingUrl } from "../../request/canonical.ts";
import { type Digest, digestRequest } from "../../request/identify.ts";
import { type Credential, credentialsOf } from "../../secrets/values.ts";
import { decodeBody, type Entry, type RecordedRequest } from "../../store/entry.ts";
import { secretFindings, showSecret } from "../scan/scan.ts";
import { memberProblems, soundRequest } from "./member_problems.ts";

/** Something that is wrong with an entry. */
export interface Finding {
  /**
   * - `digest`: it is not the one of the request beside it
   * - `incomplete`: the answer was cut off, or is not the final one
   * - `failed`: the answer reports a failure
   * - `secret`: a credential stands in it
   * - `member`: a member has a wrong type or value
   */
  readonly kind: "digest" | "incomplete" | "failed" | "secret" | "member";
  /** `note`: the entry answers as it should all the same. */
  readonly severity: "error" | "note";
  /** In a few words, without a full stop; never a secret. */
  readonly reason: string;
}

/**
 * Everything that is wrong with an entry; nothing if it is as a recording is.
 *
 * @param entry An entry whose line has the right shape, see `parseEntry`.
 * @param credentials Whose values are searched for; by default those of the environment. Whoever looks at many entries
 * gives them, because reading the environment takes longer than a short entry.
 */
export async function findingsOf(
  entry: Entry,
  credentials: readonly Credential[] = credentialsOf(readableVariables(credentialVariables)),
): Promise<Finding[]> {
  const digest = await digestReason(entry);
  const problem = answerProblemOf(entry);
  return [
    ...digest === undefined ? [] : [{ kind: "digest", severity: "error", reason: digest } as const],
    ...problem ? [answerFinding(problem)] : [],
    ...secretFindings(entry, credentials).map(secretFinding),
    ...memberProblems(entry).map(({ isUnfindable, reason }) => {
      return isUnfindable
        ? { kind: "member", severity: "error", reason: `${reason}: no request finds it` } as const
        : { kind: "member", severity: "note", reason } as const;
    }),
  ];
}

/** Only an exact request can be hashed again. What is no digest at all is told as such. */
async function digestReason(entry: Entry): Promise<string | undefined> {
  const request = soundRequest(entry);
  if (request?.exact !== true || memberProblems(entry).some(({ isUnfindable }) => isUnfindable)) return undefined;
  const digests = await recomputedDigests(request);
  const isSame = digests.some(({ sha256, key }) =>
    entry.sha256 === undefined ? key === entry.key : sha256 === entry.sha256
  );
  if (isSame) return undefined;
  const is = digests[0]?.key ?? "";
  // Digests that begin alike are told apart by all of their digits.
  return is === entry.key
    ? `the digest of its request is ${digests[0]?.sha256}, not ${entry.sha256}`
    : `the digest of its request is ${is}…, not ${entry.key.slice(0, 8)}…`;
}

/** Stands for the URL of an answer whose request is not known; none of the rules means it. */
const UNKNOWN_URL = new URL("https://unknown.invalid/");

/** What recording would have had against the answer, as it is replayed. */
function answerProblemOf(entry: Entry): Problem | undefined {
  const request = soundRequest(entry);
  const url = request ? new URL(request.url) : UNKNOWN_URL;
  // Without the chunks: the body is judged as a whole.
  const { status, headers } = replay({ ...entry, chunks: undefined }, { url });
  const head: AnswerHead = { method: request?.method ?? "POST", url, status, headers };
  const body = decodeBody(entry);
  return headProblem(head) ?? bodyProblem(head, typeof body === "string" ? utf8(body) : body);
}

function bodyProblem(head: AnswerHead, body: Uint8Array<ArrayBuffer>): Problem | undefined {
  const judge = checkCompleteness(head);
  // With the terminal marker an answer is recorded, whatever follows.
  return judge.push(body) ? undefined : judge.end(body);
}

function answerFinding({ reason, detail }: Problem): Finding {
  const isCut = reason === "truncated" || reason === "unfinished";
  return { kind: isCut ? "incomplete" : "failed", severity: "error", reason: detail };
}

function secretFinding(finding: Parameters<typeof showSecret>[0]): Finding {
  return { kind: "secret", severity: "error", reason: showSecret(finding) };
}

/**
 * Computes the digest of a recorded request again. It means something only if the request is `exact`.
 *
 * @returns The digests that it can have, the likely one first. There are two for JSON with `"stream": true`: the file
 * does not keep the content type, and a body that was sent as plain text counts as no stream.
 */
export async function recomputedDigests(request: RecordedRequest): Promise<Digest[]> {
  const { method, url, body, headers = {}, n, namespace } = request;
  // Sorted anew: a file may have been written by a tool that orders members in its own way.
  const sorted = Object.entries(headers).sort(([a], [b]) => a < b ? -1 : 1);
  const canonical = { method, url, body, format: "text", headers: sorted } as const;
  const digests: Digest[] = [];
  for (const streaming of streamingChoices(request)) {
    digests.push(await digestRequest({ ...canonical, streaming }, { n, namespace }));
  }
  return digests;
}

/** Whether a recorded request asked for a stream, as far as its URL and its body tell. */
export function isStreaming(request: RecordedRequest): boolean {
  return streamingChoices(request)[0];
}

function streamingChoices({ url, body }: RecordedRequest): readonly [likely: boolean, ...others: boolean[]] {
  if (URL.canParse(url) && isStreamingUrl(new URL(url))) return [true];
  return body.includes(`"stream"`) && isStreamingJson(parseJson(body)) ? [true, false] : [false];
}
