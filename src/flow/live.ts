import { messageOf } from "../lib/errors.ts";
import { headProblem } from "../record/completeness.ts";
import { record, type Recording, streamProblem } from "../record/record.ts";
import { entryWriter } from "../record/write_entry.ts";
import { eventRequest, type Problem } from "../report/events.ts";
import { digestRequest, type IdentifiedRequest } from "../request/identify.ts";
import { redactText } from "../secrets/redact.ts";
import { isErrorStatus } from "../store/entry.ts";
import type { Context } from "./context.ts";
import type { Answer } from "./in_flight.ts";
import { mustAsk } from "./stored.ts";

/** Calls the network and records the response while the caller reads it. */
export async function answerLive(context: Context, identified: IdentifiedRequest): Promise<Answer> {
  const { request, ordinal } = identified;
  const { network, pending, reporter, settings } = context;
  const settle = (problem: Problem | undefined) => {
    if (!problem) return;
    ordinal?.release();
    if (problem.reason === "too-large") reporter.warn(tooLarge(request.url.host, settings));
    // Deno's message about a failed connection contains the URL.
    const detail = redactText(problem.detail);
    reporter.emit({ kind: "dropped", request: eventRequest(identified), reason: problem.reason, detail });
  };

  let response: Response;
  try {
    response = await network(...request.call);
  } catch (error) {
    settle({ reason: "broken", detail: messageOf(error) });
    throw error;
  }
  const recording = await startRecording(context, identified, response);
  if ("reason" in recording) {
    const warning = recording.reason === "status" ? context.staleIds.refused(request, response.status) : undefined;
    if (warning !== undefined) reporter.warn(warning);
    settle(recording);
    return { response };
  }
  const settled = recording.settled.then(settle);
  pending.add({ ...recording, settled });
  // Without a body, the caller already has the whole response.
  if (!recording.response.body) await settled;
  return { response: recording.response, recording };
}

function anewLine(identified: IdentifiedRequest): string {
  const { method, url, key } = eventRequest(identified);
  return `cachy: recorded ${key} anew, because CACHY_REFRESH names it: ${method} ${url}`;
}

function tooLarge(host: string, { maxBodyBytes, wording }: Context["settings"]): string {
  return `Cannot record a response of ${host}: it is longer than ${maxBodyBytes} bytes. ` +
    `Raise the option ${wording.option("maxBodyBytes")}.`;
}

/** The identity under which a response is recorded: that of the request, and of an error also its number. */
async function identityOf(
  { errors }: Context,
  identified: IdentifiedRequest,
  isError: boolean,
): Promise<IdentifiedRequest> {
  if (!isError) return identified;
  const { canonical, digest: { sha256 } } = identified;
  const error = (errors.get(sha256) ?? 0) + 1;
  errors.set(sha256, error);
  identified.ordinal?.release();
  const extras = { ...identified.extras, error };
  return { ...identified, extras, digest: await digestRequest(canonical, extras) };
}

async function startRecording(
  context: Context,
  identified: IdentifiedRequest,
  response: Response,
): Promise<Recording | Problem> {
  const { settings, store, reporter, errors } = context;
  const { maxBodyBytes, now } = settings;
  const { method, url, signal } = identified.request;
  try {
    const finalUrl = response.redirected && response.url ? response.url : undefined;
    const head = { method, url, status: response.status, headers: response.headers, finalUrl };
    const problem = headProblem(head, settings.recordsError) ?? streamProblem(response);
    if (problem) return problem;
    const errorsBefore = errors.get(identified.digest.sha256) ?? 0;
    const isError = isErrorStatus(response.status);
    const recorded = await identityOf(context, identified, isError);
    const onWritten = () => {
      if (isError || !mustAsk(context, identified)) return;
      context.refreshed().add(identified.digest.sha256);
      if (settings.mode !== "refresh") console.error(anewLine(identified));
    };
    const commit = entryWriter(recorded, head, { settings, store, reporter, errorsBefore, onWritten });
    return record(response, head, { maxBodyBytes, now, signal, commit });
  } catch (error) {
    return { reason: "not-readable", detail: `the network returned no standard response: ${messageOf(error)}` };
  }
}
