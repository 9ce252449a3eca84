import { messageOf } from "../lib/errors.ts";
import { headProblem } from "../record/completeness.ts";
import { record, type Recording, streamProblem } from "../record/record.ts";
import { entryWriter } from "../record/write_entry.ts";
import { eventRequest, type Problem } from "../report/events.ts";
import type { IdentifiedRequest } from "../request/identify.ts";
import { redactText } from "../secrets/redact.ts";
import type { Context } from "./context.ts";
import type { Answer } from "./in_flight.ts";

/** Asks the network and records the answer while the caller reads it. */
export async function answerLive(context: Context, identified: IdentifiedRequest): Promise<Answer> {
  const { request, ordinal } = identified;
  const { network, pending, reporter, settings } = context;
  const settle = (problem: Problem | undefined) => {
    if (!problem) return;
    ordinal?.release();
    if (problem.reason === "too-large") reporter.warn(tooLarge(request.url.host, settings.maxBodyBytes));
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
  const recording = startRecording(context, identified, response);
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

function tooLarge(host: string, maxBodyBytes: number): string {
  return `Cannot record a response of ${host}: it is longer than ${maxBodyBytes} bytes. Raise the option "maxBodyBytes".`;
}

function startRecording(context: Context, identified: IdentifiedRequest, response: Response): Recording | Problem {
  const { settings, store, reporter } = context;
  const { maxBodyBytes, now } = settings;
  const { method, url, signal } = identified.request;
  try {
    const finalUrl = response.redirected && response.url ? response.url : undefined;
    const head = { method, url, status: response.status, headers: response.headers, finalUrl };
    const problem = headProblem(head) ?? streamProblem(response);
    if (problem) return problem;
    const onWritten = () => {
      if (settings.mode === "refresh") context.refreshed().add(identified.digest.sha256);
    };
    const commit = entryWriter(identified, head, { settings, store, reporter, onWritten });
    return record(response, head, { maxBodyBytes, now, signal, commit });
  } catch (error) {
    return { reason: "not-readable", detail: `the network gave no standard response: ${messageOf(error)}` };
  }
}
