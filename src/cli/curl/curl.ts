import { REDACTED } from "../../secrets/redact.ts";
import type { Entry, RecordedRequest } from "../../store/entry.ts";
import { holdsPlaceholder } from "../../store/entry_request.ts";
import { providerOf } from "../read/providers.ts";
import { redactRequest } from "../scan/request_body.ts";
import { isStreaming } from "../verify/findings.ts";
import { soundRequest } from "../verify/member_problems.ts";
import { type CurlBody, curlBody, quote } from "./body.ts";

/** A recorded request as a command. */
export interface CurlCommand {
  /** For POSIX shells, over several lines, without a line feed at the end. */
  readonly command: string;
  /** Whether it sends the very request that was hashed; else the notes say what is missing. */
  readonly isExact: boolean;
  /** What to know before it is run, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * The request of an entry as a curl command. Credentials are left to environment variables, by the API that is asked.
 *
 * JSON is sent in its canonical form, which means the same.
 *
 * @returns Undefined if the entry does not say what was asked (`keepRequest: "none"`, a line by pycachy).
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
  // The brackets of a URL would be a pattern.
  const start = `curl ${/[[\]{}]/.test(request.url) ? "--globoff " : ""}${quote(request.url)}`;
  const command = [start, ...options].join(" \\\n  ");
  const missing = [...missingNotes(request, command, body), ...body.notes];
  return {
    command: body.source === undefined ? command : `${body.source} |\n  ${command}`,
    isExact: missing.length === 0,
    notes: [...missing, ...credentialNotes(url)],
  };
}

/** With a body curl says POST, without one GET. */
function methodOptions({ method }: RecordedRequest, { options }: CurlBody): string[] {
  if (method === "HEAD" && !options.length) return ["--head"];
  return method === (options.length ? "POST" : "GET") ? [] : [`--request ${quote(method)}`];
}

function headerOptions(request: RecordedRequest, url: URL, { contentType }: CurlBody): string[] {
  const credential = credentialHeader(url);
  // A credential that belongs to the digest was taken out.
  const recorded = Object.entries(request.headers ?? {}).filter(([name, value]) => {
    return !(value.includes(REDACTED) && name.toLowerCase() === credential?.[0]);
  });
  const has = (name: string) => recorded.some(([other]) => other.toLowerCase() === name);
  const needed = credential && providerOf(url)?.needs;
  return [
    // Double quotes, for the variable; the text is ours.
    ...credential && !has(credential[0]) ? [`--header "${credential[0]}: ${credential[1]}"`] : [],
    ...needed && !has(needed.split(":", 1)[0] ?? "") ? [`--header ${quote(needed)}`] : [],
    ...contentType === undefined || has("content-type") ? [] : [header("content-type", contentType, ":")],
    ...recorded.map(([name, value]) => header(name, value, ";")),
  ];
}

/**
 * The header with a provider's credential, whose value names an environment variable as shells do; undefined for an API
 * that is not known, and without encryption: a key is never sent to another host because a file says so.
 */
function credentialHeader(url: URL): readonly [name: string, value: string] | undefined {
  const { keys: [variable] = [], auth = "authorization: Bearer " } = providerOf(url) ?? {};
  if (url.protocol !== "https:" || variable === undefined) return undefined;
  const [name = "", start = ""] = auth.split(": ", 2);
  return [name, `${start}$${variable}`];
}

/** @param empty What curl wants behind the name of a header without value: `:` leaves it out, `;` sends it. */
function header(name: string, value: string, empty: ":" | ";"): string {
  return `--header ${quote(value === "" ? `${name}${empty}` : `${name}: ${value}`)}`;
}

/** What the command does not send of the request, as far as the body does not say so itself. */
function missingNotes({ body, exact }: RecordedRequest, command: string, { notes, isForm }: CurlBody): string[] {
  if (exact) return [];
  const missing = [];
  if (command.includes(REDACTED) || body.includes(REDACTED)) {
    missing.push(`Secrets of the request are not in the file: put them in place of ${REDACTED}.`);
  }
  if (holdsPlaceholder(body)) {
    missing.push(
      "Long or binary parts of the request are not in the file. " +
        `To have them next time, record with { keepRequest: "whole" }.`,
    );
  }
  // What a form and a binary body lack they say themselves.
  if (!missing.length && !notes.length && !isForm) missing.push("Secrets were taken out of the request.");
  return missing;
}

function credentialNotes(url: URL): string[] {
  if (credentialHeader(url) || isLocal(url)) return [];
  return [`How ${url.host} wants to know who asks is not known: add the header.`];
}

function isLocal({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
