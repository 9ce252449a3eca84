import { type Blocks, joined as joinedBytes, oneBlock, piecesOf, textsOf } from "../lib/blocks.ts";
import { includesBytes, utf8 } from "../lib/bytes.ts";
import { messageOf } from "../lib/errors.ts";
import type { Wording } from "../lib/show.ts";
import { PlatformDate } from "../lib/wait.ts";
import { type EventRequest, eventRequest, type Problem } from "../report/events.ts";
import type { Reporter } from "../report/reporter.ts";
import type { IdentifiedRequest } from "../request/identify.ts";
import { keysIn } from "../secrets/key_shapes.ts";
import { identityUrl, redactText } from "../secrets/redact.ts";
import { type Credential, credentialsOfHeaders } from "../secrets/values.ts";
import {
  contentTypeOf,
  decodeBody,
  encodeBody,
  type Entry,
  ENTRY_VERSION,
  LONGEST_LINE,
  recordedHeaders,
  type RecordedRequest,
} from "../store/entry.ts";
import {
  hideSecretValues,
  type KeepRequest,
  recordedRequest,
  type Redact,
  redactEntry,
} from "../store/entry_request.ts";
import { type Store, storeProblem, type Warn } from "../store/store.ts";
import type { ReceivedBody } from "./collect.ts";
import { checkCompleteness, framingOfBody } from "./completeness.ts";
import { joinedTexts } from "./joined_texts.ts";
import { type AnswerHead, issuedCredentials } from "./json_answer.ts";
import { LONG_BODY, withLongBody } from "./long_body.ts";

/** Where and how an entry is written. */
export interface EntryWriting {
  readonly store: Store;
  readonly reporter: Reporter;
  readonly settings: {
    readonly keepRequest: KeepRequest;
    readonly keepHeaders: ReadonlySet<string>;
    readonly allowSecrets: boolean;
    readonly redact: Redact | undefined;
    readonly credentials: () => readonly Credential[];
    readonly wording: Wording;
    /** The clock, in milliseconds. */
    readonly now: () => number;
  };
  /** How many recorded errors the request got before this answer. */
  readonly errorsBefore: number;
  /** Called when the store has taken the entry. */
  readonly onWritten: () => void;
}

/**
 * Creates a function that writes the entry of a complete body, and writes it again if bytes followed the terminal event.
 *
 * The function never throws: it returns the reason if nothing was stored.
 */
export function entryWriter(
  identified: IdentifiedRequest,
  head: AnswerHead,
  { store, reporter, settings, errorsBefore, onWritten }: EntryWriting,
): (body: ReceivedBody) => Promise<Problem | undefined> {
  const { now } = settings;
  let request: Promise<RecordedRequest | undefined> | undefined;
  let isFirst = true;
  return async (body) => {
    const ms = Math.round(now() - identified.started);
    let entry: Entry;
    try {
      const credentials = [...settings.credentials(), ...credentialsOfHeaders(identified.request.headers)];
      // Not before the body is complete, because this would delay the first chunk.
      request ??= requestOf(identified, settings.keepRequest, credentials);
      const answer = { head, body, request: await request, ms, errorsBefore };
      const made = makeEntry(identified, answer, settings.keepHeaders);
      const search = { request: eventRequest(identified), credentials, warn: reporter.warn, wording: settings.wording };
      const kept = await redacted(made, head, settings.redact, search);
      if ("reason" in kept) return kept;
      entry = kept;
      // The same entry is not read: its response may not be computed yet.
      const bytes = entry === made || entry.response === made.response ? body.bytes : undefined;
      const problem = settings.allowSecrets ? undefined : secretProblem(entry, search, bytes);
      if (problem) return problem;
      await store.append(entry);
    } catch (error) {
      const detail = storeProblem("write", store.name, error);
      reporter.warn(`${detail}\nThe call was answered by the network and is not recorded.`);
      return { reason: "not-written", detail };
    }
    onWritten();
    if (isFirst) {
      const cost = reporter.costs()?.spent(entry);
      reporter.emit({ kind: "recorded", request: eventRequest(identified), bytes: body.bytes.byteLength, ms, cost });
    }
    isFirst = false;
    return undefined;
  };
}

/** The entry to store after the option `redact`; or why nothing is stored. */
async function redacted(
  entry: Entry,
  head: AnswerHead,
  redact: Redact | undefined,
  { request: { method, url }, warn }: SecretSearch,
): Promise<Entry | Problem> {
  if (!redact) return entry;
  try {
    const result = await redactEntry(entry, redact);
    const headers = new Headers(head.headers);
    headers.delete("content-length"); // that of the response before the change
    const check = checkCompleteness({ ...head, headers });
    const isSame = result.response === entry.response;
    const body = bytesOf(result);
    const problem = isSame || check.push(body, oneBlock(body)) ? undefined : check.end(oneBlock(body));
    if (problem) throw new Error(`it damaged the response: ${problem.detail}`);
    return result;
  } catch (error) {
    const detail = `the option "redact" failed: ${messageOf(error)}`;
    warn(`Cannot record ${method} ${url}: ${detail}.\nThe network answered the call. Nothing is stored.`);
    return { reason: "redact", detail };
  }
}

function bytesOf(entry: Entry): Uint8Array<ArrayBuffer> {
  const body = decodeBody(entry);
  return typeof body === "string" ? utf8(body) : body;
}

/** The recorded request; undefined if it cannot be read, because a response is useful without it. */
async function requestOf(
  { canonical, extras }: IdentifiedRequest,
  keep: KeepRequest,
  credentials: readonly Credential[],
): Promise<RecordedRequest | undefined> {
  try {
    const recorded = await recordedRequest(canonical, { keep, ...extras });
    return recorded && hideSecretValues(recorded, credentials);
  } catch {
    return undefined;
  }
}

/** A complete response, and its recorded request. */
interface WholeAnswer {
  readonly head: AnswerHead;
  readonly body: ReceivedBody;
  readonly request: RecordedRequest | undefined;
  /** From the start of the request to the end of the body, in milliseconds. */
  readonly ms: number;
  readonly errorsBefore: number;
}

function makeEntry(
  { digest, canonical, extras: { error } }: IdentifiedRequest,
  { head, body, request, ms, errorsBefore }: WholeAnswer,
  keepHeaders: ReadonlySet<string>,
): Entry {
  const contentType = head.headers.get("content-type") ?? "";
  const { byteLength } = body.bytes;
  const isLong = byteLength > LONG_BODY;
  if (byteLength * (body.binary ? 4 / 3 : 1) > LONGEST_LINE) throw new Error("the response is too long for a string");
  const entry: Entry = {
    key: digest.key,
    sha256: digest.sha256,
    v: ENTRY_VERSION,
    status_code: head.status,
    headers: recordedHeaders(head.headers, keepHeaders),
    ...(isLong ? { binary: body.binary, response: "" } : encodeBody(joinedBytes(body.bytes), contentType, body.text)),
    request,
    recorded_at: new PlatformDate().toISOString(),
    duration_ms: ms,
    final_url: head.finalUrl && redactText(identityUrl(new URL(head.finalUrl))),
    chunks: canonical.streaming || isStreamed(contentType, body) ? body.chunks : undefined,
    error,
    after_errors: error === undefined && errorsBefore > 0 ? errorsBefore : undefined,
  };
  return isLong ? withLongBody(entry, body.bytes) : entry;
}

/** Whether the borders of the chunks matter. They do not for JSON, which is parsed as a whole. */
function isStreamed(contentType: string, { bytes, text, chunks }: ReceivedBody): boolean {
  const framing = framingOfBody(contentType, bytes, text);
  return framing === "plain" ? chunks.length > 1 : framing !== "json";
}

/** The credentials to search for in the response to a request. */
interface SecretSearch {
  readonly request: EventRequest;
  readonly credentials: readonly Credential[];
  readonly warn: Warn;
  readonly wording: Wording;
}

function nameOf(credential: string): string {
  return credential.includes(" ") ? `the ${credential} of the request` : `the environment variable ${credential}`;
}

/** Warns of a secret in a response. A response is not stored if it has a known credential, or one by its name. */
function secretProblem(
  entry: Entry,
  { request: { method, url }, credentials, warn, wording }: SecretSearch,
  bytes: Blocks = oneBlock(bytesOf(entry)),
): Problem | undefined {
  const allow = `set the option ${wording.option("allowSecrets", true)}`;
  const toAllow = `The network answered the call. If the value may be in the file, ${allow}.`;
  const isLong = bytes.byteLength > LONG_BODY;
  const body = () => entry.binary ? joinedBytes(bytes) : entry.response;
  const joined = isLong ? [] : joinedTexts(contentTypeOf(entry), body());
  const text = entry.binary ? [] : isLong ? textsOf(bytes, searchedPieces(credentials)) : [entry.response];
  const { inText, shape } = searchTexts([text, joined], credentials);
  const inBody = inText ?? (entry.binary ? credentialInBytes(bytes, credentials) : undefined);
  const credential = credentialInHead(entry, credentials) ?? (inBody && { name: inBody.name, where: "body" });
  if (credential) {
    const detail = `its response contains the value of ${nameOf(credential.name)} (${credential.where})`;
    warn(`Cannot record ${method} ${url}: ${detail}.\n${toAllow}`);
    return { reason: "secret", detail };
  }
  const [issued] = isLong ? [] : issuedCredentials(entry);
  if (issued) {
    const detail = `its response contains a credential by its name (${issued.place})`;
    warn(`Cannot record ${method} ${url}: ${detail}.\n${toAllow}`);
    return { reason: "secret", detail };
  }
  if (shape) {
    warn(
      `The recorded response to ${method} ${url} contains what looks like ${shape}: check it before you commit the file.\n` +
        `If it is not a secret, or may be in the file, ${allow} to silence this.`,
    );
  }
  return undefined;
}

/** Searches the headers and the final URL of a response for the values of credentials. */
function credentialInHead(
  { headers = {}, final_url: finalUrl = "" }: Entry,
  credentials: readonly Credential[],
): { readonly name: string; readonly where: string } | undefined {
  for (const { name, forms } of credentials) {
    const isIn = (text: string) => forms.some((form) => text.includes(form));
    const header = Object.keys(headers).find((header) => isIn(headers[header] ?? ""));
    if (header !== undefined) return { name, where: `header ${header}` };
    if (isIn(finalUrl)) return { name, where: "final URL" };
  }
  return undefined;
}

/** In bytes. Longer than most keys. Of a longer one, the part in a piece may be enough to find it. */
const LONG_KEY = 1 << 13;
/** In bytes. V8 collects longer strings in more time. */
const SEARCHED_AT_ONCE = 96 * 1024;

/** How to cut a body so that a piece contains each key and each credential. */
function searchedPieces(credentials: readonly Credential[]): { readonly length: number; readonly overlap: number } {
  const longest = Math.max(0, ...credentials.flatMap(({ forms }) => forms.map((form) => form.length)));
  const overlap = Math.max(LONG_KEY, longest * 3); // a UTF-16 unit takes at most 3 bytes
  return { length: Math.max(SEARCHED_AT_ONCE, overlap * 3), overlap };
}

/** The first credential in a binary body. */
function credentialInBytes(bytes: Blocks, credentials: readonly Credential[]): Credential | undefined {
  const sought = credentials.map((credential) => ({ credential, forms: credential.forms.map(utf8) }));
  for (const piece of piecesOf(bytes, searchedPieces(credentials))) {
    const found = sought.find(({ forms }) => forms.some((form) => includesBytes(piece, form)));
    if (found) return found.credential;
  }
  return undefined;
}

/**
 * Searches texts for the values of credentials and for keys.
 *
 * @returns The first credential, or a description of the first key.
 */
export function searchTexts(
  texts: Iterable<Iterable<string>>,
  credentials: readonly Credential[] = [],
): { readonly inText?: Credential; readonly shape?: string | undefined } {
  let shape: string | undefined;
  for (const pieces of texts) {
    for (const text of pieces) {
      const inText = credentials.find(({ forms }) => forms.some((form) => text.includes(form)));
      if (inText) return { inText };
      shape ??= keysIn(text).keys().next().value;
    }
  }
  return { shape };
}
