import type { RecordedRequest } from "../../store/entry.ts";
import { parseJson } from "../../lib/json.ts";
import { isSecretName, REDACTED, redactForm, redactJsonText, redactText } from "../../secrets/redact.ts";
import { hideSecretValues } from "../../store/entry_request.ts";
import { isForm, isParts } from "./request_body.ts";

/**
 * A recorded request without its secrets, by the rules of recording: somebody may have edited the file, or written it by
 * other means.
 */
export function redactRequest(request: RecordedRequest): RecordedRequest {
  const { method, url, headers, body, exact, namespace, n } = request;
  // Members of other names may be nested too deeply to be compared.
  const known = { method, url, headers, body, exact, namespace, n };
  const redacted = {
    ...known,
    url: redactText(url),
    headers: headers && Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, isSecretName(name) ? REDACTED : redactText(value)]),
    ),
    body: redactBody(body),
  };
  const isSame = JSON.stringify(redacted) === JSON.stringify(known);
  return hideSecretValues({ ...redacted, exact: exact && isSame }, []);
}

function redactBody(body: string): string {
  const parts = parseJson(body);
  if (isParts(parts, body)) {
    return JSON.stringify(
      parts.map(([name, filename, value]) => [name, filename, isSecretName(name) ? REDACTED : redactText(value)]),
    );
  }
  return redactJsonText(body) ?? (isForm(body) ? redactForm(body) : redactText(body));
}
