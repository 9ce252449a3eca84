import { identityUrl, redactText } from "../secrets/redact.ts";

/** An SDK sends its next request there, which has to be the recorded one. */
const UPLOAD_URL = "x-goog-upload-url";

/** Response headers that are recorded: what SDKs and replays need. */
const RECORDED_HEADERS: readonly string[] = [
  "content-type",
  "x-request-id",
  "request-id",
  "x-amzn-requestid",
  UPLOAD_URL,
  "x-goog-upload-status",
];

/** Response headers that are never recorded, asked for or not: credentials, and what describes bytes on the wire. */
export const NEVER_RECORDED_HEADERS: ReadonlySet<string> = new Set([
  "set-cookie",
  "content-encoding",
  "content-length",
  "transfer-encoding",
]);

/** The response headers that go into the file, without secrets in URLs. */
export function recordedHeaders(headers: Headers, alsoRecorded: ReadonlySet<string>): Record<string, string> {
  const recorded: Record<string, string> = {};
  for (const name of [...RECORDED_HEADERS, ...alsoRecorded]) {
    const value = headers.get(name);
    if (value === null || NEVER_RECORDED_HEADERS.has(name)) continue;
    recorded[name] = name === UPLOAD_URL && URL.canParse(value) ? identityUrl(new URL(value)) : redactText(value);
  }
  return recorded;
}
