import { framingOf } from "../lib/framing.ts";
import { PlatformDate } from "../lib/wait.ts";
import { eventRequest, type Problem } from "../report/events.ts";
import type { Reporter } from "../report/reporter.ts";
import type { IdentifiedRequest } from "../request/identify.ts";
import type { Credential } from "../secrets/values.ts";
import { encodeBody, type Entry, ENTRY_VERSION, recordedHeaders, type RecordedRequest } from "../store/entry.ts";
import { hideSecretValues, type KeepRequest, recordedRequest } from "../store/entry_request.ts";
import { type Store, storeProblem } from "../store/store.ts";
import type { AnswerHead } from "./json_answer.ts";
import type { ReceivedBody } from "./record.ts";
import { secretProblem } from "./secret_check.ts";

/** Where and how an entry is written. */
export interface EntryWriting {
  readonly store: Store;
  readonly reporter: Reporter;
  readonly settings: {
    readonly keepRequest: KeepRequest;
    readonly keepHeaders: ReadonlySet<string>;
    readonly allowSecrets: boolean;
    readonly credentials: () => readonly Credential[];
    /** The clock, in milliseconds. */
    readonly now: () => number;
  };
  /** Called when the store has taken the entry. */
  readonly onWritten: () => void;
}

/**
 * Makes what writes the entry of a whole body; a second time if more bytes followed the terminal marker.
 *
 * What it makes never throws: it returns why nothing was stored.
 */
export function entryWriter(
  identified: IdentifiedRequest,
  head: AnswerHead,
  { store, reporter, settings, onWritten }: EntryWriting,
): (body: ReceivedBody) => Promise<Problem | undefined> {
  const { now, allowSecrets } = settings;
  let request: Promise<RecordedRequest | undefined> | undefined;
  let isFirst = true;
  return async (body) => {
    const ms = Math.round(now() - identified.started);
    try {
      const credentials = settings.credentials();
      // Not before the body is whole: it takes time that the first chunk would have to wait.
      request ??= requestOf(identified, settings.keepRequest, credentials);
      const answer = { head, body, request: await request, ms };
      const entry = makeEntry(identified, answer, settings.keepHeaders);
      const problem = allowSecrets ? undefined : secretProblem(entry, body.bytes, {
        request: eventRequest(identified),
        credentials,
        warn: reporter.warn,
      });
      if (problem) return problem;
      await store.append(entry);
    } catch (error) {
      const detail = storeProblem("write", store.name, error);
      reporter.warn(`${detail}\nThe call was answered by the network and is not recorded.`);
      return { reason: "not-written", detail };
    }
    onWritten();
    if (isFirst) {
      reporter.emit({ kind: "recorded", request: eventRequest(identified), bytes: body.bytes.byteLength, ms });
    }
    isFirst = false;
    return undefined;
  };
}

/** An answer counts without its request. */
async function requestOf(
  { request, canonical, extras }: IdentifiedRequest,
  keep: KeepRequest,
  credentials: readonly Credential[],
): Promise<RecordedRequest | undefined> {
  try {
    const recorded = await recordedRequest(request, canonical, { keep, ...extras });
    return recorded && hideSecretValues(recorded, credentials);
  } catch {
    return undefined;
  }
}

/** A whole answer, and what is recorded of its request. */
interface WholeAnswer {
  readonly head: AnswerHead;
  readonly body: ReceivedBody;
  readonly request: RecordedRequest | undefined;
  /** From the start of the request to the end of the body, in milliseconds. */
  readonly ms: number;
}

function makeEntry(
  { digest, canonical }: IdentifiedRequest,
  { head, body, request, ms }: WholeAnswer,
  keepHeaders: ReadonlySet<string>,
): Entry {
  const contentType = head.headers.get("content-type") ?? "";
  return {
    key: digest.key,
    sha256: digest.sha256,
    v: ENTRY_VERSION,
    status_code: head.status,
    headers: recordedHeaders(head.headers, keepHeaders),
    ...encodeBody(body.bytes, contentType),
    request,
    recorded_at: new PlatformDate().toISOString(),
    duration_ms: ms,
    chunks: canonical.streaming || isStreamed(contentType, body) ? body.chunks : undefined,
  };
}

/** Whether the borders of the chunks mean something: JSON is read as a whole, however it arrived. */
function isStreamed(contentType: string, { bytes, chunks }: ReceivedBody): boolean {
  const framing = framingOf(contentType, () => bytes);
  return framing === "plain" ? chunks.length > 1 : framing !== "json";
}
