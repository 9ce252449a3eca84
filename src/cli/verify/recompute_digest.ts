import { type Digest, digestRequest } from "../../request/identify.ts";
import type { RecordedRequest } from "../../store/entry.ts";
import { asRecord, parseJson } from "../../lib/json.ts";

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
export function isStreaming({ url, body }: RecordedRequest): boolean {
  if (isStreamingPath(url)) return true;
  return body.includes(`"stream"`) && asRecord(parseJson(body))?.stream === true;
}

function streamingChoices(request: RecordedRequest): readonly boolean[] {
  if (!isStreaming(request)) return [false];
  return isStreamingPath(request.url) ? [true] : [true, false];
}

function isStreamingPath(url: string): boolean {
  return URL.canParse(url) && new URL(url).pathname.endsWith(":streamGenerateContent");
}
