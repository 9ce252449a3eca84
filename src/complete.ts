import { awsStreamProblem } from "./aws_event_stream.ts";
import { answerProblem } from "./json_answer.ts";
import { eventProblem, type Family, familyOf, jsonLinesFamilyOf } from "./stream_families.ts";
import type { AnswerHead, Problem } from "./problem.ts";
import { type EventParser, jsonLinesParser, sseParser } from "./stream_events.ts";

/** Follows a body while it arrives. */
export interface BodyJudge {
  /**
   * Takes the next chunk.
   *
   * @returns Whether with it the body holds the family's terminal marker: whatever follows, nothing is missing.
   */
  push(chunk: Uint8Array): boolean;
  /** Says that the body ended. @returns What is wrong with it, or undefined if it is whole and successful. */
  end(body: Uint8Array): Problem | undefined;
}

/** Why an answer cannot become an entry, whatever its body says. */
export function headProblem(
  { method, status }: AnswerHead,
): Problem | undefined {
  const isSuccess = status >= 200 && status < 300 && status !== 206;
  if (isSuccess && !(status === 202 && method === "GET")) return undefined;
  return { reason: "status", detail: `status ${status}` };
}

/** Follows the body of an answer to tell whether it is whole and successful. */
export function judgeBody(head: AnswerHead): BodyJudge {
  const contentType = head.headers.get("content-type") ?? "";
  const judge = bodyJudge(head, contentType.toLowerCase());
  const announced = announcedLength(head);
  return {
    push: judge.push,
    end(body) {
      if (announced !== undefined && body.byteLength !== announced) {
        return {
          reason: "truncated",
          detail: `${body.byteLength} of ${announced} bytes arrived`,
        };
      }
      return judge.end(body);
    },
  };
}

function bodyJudge(head: AnswerHead, contentType: string): BodyJudge {
  if (contentType.includes("vnd.amazon.eventstream")) {
    return wholeBodyJudge(judgeAwsStream);
  }
  if (contentType.includes("event-stream")) {
    return eventJudge(sseParser(), familyOf);
  }
  if (/jsonl|ndjson|json-seq|stream\+json|jsonlines/.test(contentType)) {
    return eventJudge(jsonLinesParser(), jsonLinesFamilyOf);
  }
  if (contentType.includes("json")) {
    return sniffingJudge(wholeBodyJudge((body) => answerProblem(body, head)));
  }
  if (contentType === "" || contentType.startsWith("text/")) {
    return sniffingJudge(wholeBodyJudge(() => undefined));
  }
  return wholeBodyJudge(() => undefined);
}

/** A length with `content-encoding` counts the bytes on the wire, and one to HEAD those of another answer. */
function announcedLength({ method, headers }: AnswerHead): number | undefined {
  const length = headers.get("content-length");
  if (length === null || method === "HEAD" || headers.has("content-encoding")) {
    return undefined;
  }
  return Number(length);
}

function wholeBodyJudge(
  problemOf: (body: Uint8Array) => Problem | undefined,
): BodyJudge {
  return { push: () => false, end: problemOf };
}

function judgeAwsStream(body: Uint8Array): Problem | undefined {
  const detail = awsStreamProblem(body);
  return detail === undefined ? undefined : { reason: detail.includes("type") ? "error" : "truncated", detail };
}

/** Some servers send event streams as plain text or as JSON: the first bytes tell. */
function sniffingJudge(otherwise: BodyJudge): BodyJudge {
  let judge: BodyJudge | undefined;
  return {
    push(chunk) {
      judge ??= /^(?:data|event|id|retry)?:/.test(
          new TextDecoder().decode(chunk.subarray(0, 8)),
        )
        ? eventJudge(sseParser(), familyOf)
        : otherwise;
      return judge.push(chunk);
    },
    end: (body) => (judge ?? otherwise).end(body),
  };
}

function eventJudge(
  parser: EventParser,
  chooseFamily: typeof familyOf,
): BodyJudge {
  const decoder = new TextDecoder();
  let family: Family | undefined;
  let problem: Problem | undefined;
  const take = (events: ReturnType<EventParser["push"]>): boolean => {
    let ended = false;
    for (const event of events) {
      family ??= chooseFamily(event);
      problem ??= eventProblem(event);
      ended = (family?.take(event) ?? false) || ended;
    }
    return ended && !problem;
  };
  return {
    push: (chunk) => take(parser.push(decoder.decode(chunk, { stream: true }))),
    end() {
      take(parser.end());
      if (problem) return problem;
      const missing = family?.missing();
      return missing === undefined ? undefined : { reason: "truncated", detail: `the stream ended ${missing}` };
    },
  };
}
