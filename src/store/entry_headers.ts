import { identityUrl, redactText } from "../secrets/redact.ts";

/** An SDK sends its next request there, which has to be the recorded one. */
const UPLOAD_URL = "x-goog-upload-url";

/** Response headers that are kept: what SDKs and replays need. */
const KEPT_HEADERS: readonly string[] = [
  "content-type",
  "x-request-id",
  "request-id",
  "x-amzn-requestid",
  UPLOAD_URL,
  "x-goog-upload-status",
];

/** Response headers that are never kept, asked for or not: credentials, and what describes bytes on the wire. */
export const NEVER_KEPT_HEADERS: ReadonlySet<string> = new Set([
  "set-cookie",
  "content-encoding",
  "content-length",
  "transfer-encoding",
]);

/** The response headers that go into the file, without secrets in URLs. */
export function keptHeaders(headers: Headers, alsoKept: ReadonlySet<string>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of [...KEPT_HEADERS, ...alsoKept]) {
    const value = headers.get(name);
    if (value === null || NEVER_KEPT_HEADERS.has(name)) continue;
    kept[name] = name === UPLOAD_URL && URL.canParse(value) ? identityUrl(new URL(value)) : redactText(value);
  }
  return kept;
}
