import { headProblem } from "../record/judge.ts";
import type { Context, Lookup } from "./context.ts";
import { encodeBody } from "../store/entry_body.ts";
import { type Entry, ENTRY_VERSION, type RecordedRequest } from "../store/entry.ts";
import { messageOf, storeProblem } from "../lib/errors.ts";
import type { Answer } from "./in_flight.ts";
import { eventRequest, extrasOf } from "./find.ts";
import type { AnswerHead, Problem } from "../record/problem.ts";
import type { ReceivedBody } from "../record/collect.ts";
import { record, type Recording } from "../record/record.ts";
import { recordedRequest } from "../store/entry_request.ts";
import { keptHeaders } from "../store/entry_headers.ts";
import { spelledTexts } from "../secrets/joined_texts.ts";
import { type Credential, credentialIn, hideSecretValues, keyShapeIn } from "../secrets/values.ts";
import { redactText } from "../secrets/redact.ts";

/** Asks the network and records the answer while the caller reads it. */
export async function answerLive(context: Context, lookup: Lookup): Promise<Answer> {
  const { request, series } = lookup;
  const { network, pending, reporter } = context;
  const settle = (problem: Problem | undefined) => {
    if (!problem) return;
    series?.release();
    // Deno names the URL in the message of a connection that failed.
    const detail = redactText(problem.detail);
    reporter.emit({ kind: "dropped", request: eventRequest(lookup), reason: problem.reason, detail });
  };

  let response: Response;
  try {
    response = await network(...request.call);
  } catch (error) {
    settle({ reason: "broken", detail: messageOf(error) });
    throw error;
  }
  const recording = startRecording(context, lookup, response);
  if ("reason" in recording) {
    const warning = recording.reason === "status" ? context.deadIds.refused(request, response.status) : undefined;
    if (warning !== undefined) reporter.warn(warning);
    settle(recording);
    return { response };
  }
  const settled = recording.settled.then(settle).finally(() => pending.delete(settled));
  pending.add(settled);
  // Without a body the caller has seen its end at once.
  if (!recording.response.body) await settled;
  return { response: recording.response, settled };
}

function startRecording(context: Context, lookup: Lookup, response: Response): Recording | Problem {
  const { maxBodyBytes, now } = context.settings;
  const { method, url } = lookup.request;
  try {
    const head = { method, url, status: response.status, headers: response.headers };
    const problem = headProblem(head) ?? streamProblem(response);
    return problem ?? record(response, head, { maxBodyBytes, now, commit: committer(context, lookup, head) });
  } catch (error) {
    return { reason: "not-readable", detail: `the network gave no standard response: ${messageOf(error)}` };
  }
}

/** Other implementations of fetch, such as node-fetch, have bodies that cannot be copied while they are read. */
function streamProblem({ body }: Response): Problem | undefined {
  if (body === null || body instanceof ReadableStream) return undefined;
  return { reason: "not-readable", detail: "the option fetch gave a response whose body is no ReadableStream" };
}

/** Writes the line of a whole body; a second time if more bytes followed the terminal marker. */
function committer(context: Context, lookup: Lookup, head: AnswerHead) {
  const { settings, store, reporter } = context;
  const { keepRequest: keep, now } = settings;
  // Not before the body is whole: it takes time that the first chunk would have to wait. An answer counts without it.
  let kept: Promise<RecordedRequest | undefined> | undefined;
  let isFirst = true;
  return async (body: ReceivedBody): Promise<Problem | undefined> => {
    const ms = Math.round(now() - lookup.started);
    try {
      const credentials = settings.credentials();
      kept ??= recordedRequest(lookup.request, lookup.canonical, { keep, ...extrasOf(context, lookup) })
        .then((request) => request && hideSecretValues(request, credentials)).catch(() => undefined);
      const entry = makeEntry(context, lookup, head, body, await kept, ms);
      const problem = settings.allowSecrets ? undefined : secretProblem(context, lookup, entry, body, credentials);
      if (problem) return problem;
      await store.append(entry);
    } catch (error) {
      const detail = storeProblem("write", store.name, error);
      reporter.warn(`${detail}\nThe call was answered by the network and is not recorded.`);
      return { reason: "not-written", detail };
    }
    if (settings.mode === "refresh") context.refreshed().add(lookup.digest.sha256);
    if (isFirst) {
      reporter.emit({ kind: "recorded", request: eventRequest(lookup), bytes: body.bytes.byteLength, ms });
    }
    isFirst = false;
    return undefined;
  };
}

/** Tells the user of a secret in an answer, and keeps it out of the file if it is known to be one. */
function secretProblem(
  { reporter }: Context,
  lookup: Lookup,
  entry: Entry,
  { bytes }: ReceivedBody,
  credentials: readonly Credential[],
): Problem | undefined {
  const { method, url } = eventRequest(lookup);
  const spelled = entry.binary ? [] : spelledTexts(entry.response);
  const credential = credentialIn(entry, { body: bytes, spelled }, credentials);
  if (credential) {
    const detail = `its answer holds the value of the environment variable ${credential.name} (${credential.where})`;
    reporter.warn(
      `Cannot record ${method} ${url}: ${detail}.\n` +
        `The call was answered by the network. If the file may hold it, set the option { allowSecrets: true }.`,
    );
    return { reason: "secret", detail };
  }
  const shape = keyShapeIn(entry, spelled);
  if (shape) {
    reporter.warn(
      `The recorded answer to ${method} ${url} holds what looks like ${shape}: look at it before you commit the file.\n` +
        `If it is none, or may be there, set the option { allowSecrets: true } to silence this.`,
    );
  }
  return undefined;
}

function makeEntry(
  { settings }: Context,
  { digest, canonical }: Lookup,
  head: AnswerHead,
  body: ReceivedBody,
  request: RecordedRequest | undefined,
  ms: number,
): Entry {
  const contentType = head.headers.get("content-type") ?? "";
  return {
    key: digest.key,
    sha256: digest.sha256,
    v: ENTRY_VERSION,
    status_code: head.status,
    headers: keptHeaders(head.headers, settings.keepHeaders),
    ...encodeBody(body.bytes, contentType),
    request,
    recorded_at: new Date().toISOString(),
    duration_ms: ms,
    chunks: canonical.streaming || isStreamed(contentType, body) ? body.chunks : undefined,
  };
}

/** Whether the borders of the chunks mean something: JSON is read as a whole, however it arrived. */
function isStreamed(contentType: string, { chunks }: ReceivedBody): boolean {
  return /event-?stream|jsonl|ndjson/i.test(contentType) ||
    (chunks.length > 1 && !/json/i.test(contentType));
}
