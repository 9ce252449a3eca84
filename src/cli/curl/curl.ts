import { REDACTED } from "../../secrets/redact.ts";
import type { Entry, RecordedRequest } from "../../store/entry.ts";
import { holdsPlaceholder } from "../../store/entry_request.ts";
import { isLocal, providerOf } from "../read/providers.ts";
import { redactRequest } from "../scan/request_body.ts";
import { isStreaming } from "../verify/findings.ts";
import { soundRequest } from "../verify/check_members.ts";
import { type CurlBody, curlBody, quote } from "./body.ts";

/** A recorded request as a curl command. */
export interface CurlCommand {
  /** For POSIX shells, in several lines, without a line feed at the end. */
  readonly command: string;
  /** Whether the command sends the request that was hashed. If not, the notes say what is missing. */
  readonly isExact: boolean;
  /** What to do before running the command. */
  readonly notes: readonly string[];
}

/**
 * Makes a curl command of a recorded request. Credentials are environment variables, chosen by host. JSON is sent in its
 * canonical form, which is equivalent.
 *
 * @returns Undefined if the entry contains no valid request (`keepRequest: "none"`, a line by pycachy).
 */
export function curlOf(entry: Entry): CurlCommand | undefined {
  const sound = soundRequest(entry);
  const request = sound && redactRequest(sound);
  if (!request || !URL.canParse(request.url)) return undefined;
  const url = new URL(request.url);
  if (!/^https?:$/.test(url.protocol)) return undefined;
  const body = curlBody(request);
  const options = [
    ...methodOptions(request, body),
    ...isStreaming(request) ? ["--no-buffer"] : [],
    ...headerOptions(request, url, body),
    ...body.options,
  ];
  // curl would expand brackets in a URL.
  const start = `curl ${/[[\]{}]/.test(request.url) ? "--globoff " : ""}${quote(request.url)}`;
  const command = [start, ...options].join(" \\\n  ");
  const missing = [...missingNotes(request, command, body), ...body.notes];
  return {
    command: body.source === undefined ? command : `${body.source} |\n  ${command}`,
    isExact: missing.length === 0,
    notes: [...missing, ...credentialNotes(url)],
  };
}

/** curl sends POST with a body, and GET without one. */
function methodOptions({ method }: RecordedRequest, { options }: CurlBody): string[] {
  if (method === "HEAD" && !options.length) return ["--head"];
  return method === (options.length ? "POST" : "GET") ? [] : [`--request ${quote(method)}`];
}

function headerOptions(request: RecordedRequest, url: URL, { contentType }: CurlBody): string[] {
  const credential = credentialHeader(url);
  // A recorded credential header that is redacted is replaced by the variable.
  const recorded = Object.entries(request.headers ?? {}).filter(([name, value]) => {
    return !(value.includes(REDACTED) && name.toLowerCase() === credential?.[0]);
  });
  const has = (name: string) => recorded.some(([other]) => other.toLowerCase() === name);
  const needed = credential && providerOf(url)?.needs;
  return [
    // Double quotes, so that the shell expands the variable.
    ...credential && !has(credential[0]) ? [`--header "${credential[0]}: ${credential[1]}"`] : [],
    ...needed && !has(needed.split(":", 1)[0] ?? "") ? [`--header ${quote(needed)}`] : [],
    ...contentType === undefined || has("content-type") ? [] : [header("content-type", contentType, ":")],
    ...recorded.map(([name, value]) => header(name, value, ";")),
  ];
}

/**
 * The credential header of a provider, with a shell variable as its value. It is undefined for an unknown host and
 * without encryption: a file must not direct a key to any other host.
 */
function credentialHeader(url: URL): readonly [name: string, value: string] | undefined {
  const { keys: [variable] = [], auth = "authorization: Bearer " } = providerOf(url) ?? {};
  if (url.protocol !== "https:" || variable === undefined) return undefined;
  const [name = "", start = ""] = auth.split(": ", 2);
  return [name, `${start}$${variable}`];
}

/** @param empty The suffix for a header without value: with `:`, curl omits it; with `;`, curl sends it empty. */
function header(name: string, value: string, empty: ":" | ";"): string {
  return `--header ${quote(value === "" ? `${name}${empty}` : `${name}: ${value}`)}`;
}

/** Notes on missing parts of the request. The notes of the body are not repeated. */
function missingNotes({ body, exact }: RecordedRequest, command: string, { notes, isForm }: CurlBody): string[] {
  if (exact) return [];
  const missing = [];
  if (command.includes(REDACTED) || body.includes(REDACTED)) {
    missing.push(`The file does not contain the secrets of the request. Replace ${REDACTED} with them.`);
  }
  if (holdsPlaceholder(body)) {
    missing.push(
      "The file does not contain long or binary parts of the request. " +
        `To keep them, record with { keepRequest: "whole" }.`,
    );
  }
  // Forms and binary bodies have separate notes.
  if (!missing.length && !notes.length && !isForm) missing.push("Secrets were removed from the request.");
  return missing;
}

function credentialNotes(url: URL): string[] {
  if (credentialHeader(url) || isLocal(url)) return [];
  return [`The credential header of ${url.host} is unknown. Add the header.`];
}
