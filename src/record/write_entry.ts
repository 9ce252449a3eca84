import { includesBytes, utf8 } from "../lib/bytes.ts";
import { framingOf } from "../lib/framing.ts";
import { PlatformDate } from "../lib/wait.ts";
import { type EventRequest, eventRequest, type Problem } from "../report/events.ts";
import type { Reporter } from "../report/reporter.ts";
import type { IdentifiedRequest } from "../request/identify.ts";
import { type Credential, joinedTexts, KEY_SHAPES } from "../secrets/values.ts";
import {
  contentTypeOf,
  encodeBody,
  type Entry,
  ENTRY_VERSION,
  recordedHeaders,
  type RecordedRequest,
} from "../store/entry.ts";
import { hideSecretValues, type KeepRequest, recordedRequest } from "../store/entry_request.ts";
import { type Store, storeProblem, type Warn } from "../store/store.ts";
import type { ReceivedBody } from "./collect.ts";
import type { AnswerHead } from "./json_answer.ts";

/** Where and how an entry is written. */
export interface EntryWriting {
  readonly store: Store;
  readonly reporter: Reporter;
  readonly settings: {
    readonly keepRequest: KeepRequest;
    readonly keepHeaders: ReadonlySet<string>;
    readonly allowSecrets: boolean;
    readonly credentials: () => readonly Credential[];
    /** The clock, in milliseconds. */
    readonly now: () => number;
  };
  /** Called when the store has taken the entry. */
  readonly onWritten: () => void;
}

/**
 * Makes what writes the entry of a whole body; a second time if more bytes followed the terminal marker.
 *
 * What it makes never throws: it returns why nothing was stored.
 */
export function entryWriter(
  identified: IdentifiedRequest,
  head: AnswerHead,
  { store, reporter, settings, onWritten }: EntryWriting,
): (body: ReceivedBody) => Promise<Problem | undefined> {
  const { now, allowSecrets } = settings;
  let request: Promise<RecordedRequest | undefined> | undefined;
  let isFirst = true;
  return async (body) => {
    const ms = Math.round(now() - identified.started);
    try {
      const credentials = settings.credentials();
      // Not before the body is whole: it takes time that the first chunk would have to wait.
      request ??= requestOf(identified, settings.keepRequest, credentials);
      const answer = { head, body, request: await request, ms };
      const entry = makeEntry(identified, answer, settings.keepHeaders);
      const problem = allowSecrets ? undefined : secretProblem(entry, body.bytes, {
        request: eventRequest(identified),
        credentials,
        warn: reporter.warn,
      });
      if (problem) return problem;
      await store.append(entry);
    } catch (error) {
      const detail = storeProblem("write", store.name, error);
      reporter.warn(`${detail}\nThe call was answered by the network and is not recorded.`);
      return { reason: "not-written", detail };
    }
    onWritten();
    if (isFirst) {
      reporter.emit({ kind: "recorded", request: eventRequest(identified), bytes: body.bytes.byteLength, ms });
    }
    isFirst = false;
    return undefined;
  };
}

/** An answer counts without its request. */
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

/** A whole answer, and what is recorded of its request. */
interface WholeAnswer {
  readonly head: AnswerHead;
  readonly body: ReceivedBody;
  readonly request: RecordedRequest | undefined;
  /** From the start of the request to the end of the body, in milliseconds. */
  readonly ms: number;
}

function makeEntry(
  { digest, canonical }: IdentifiedRequest,
  { head, body, request, ms }: WholeAnswer,
  keepHeaders: ReadonlySet<string>,
): Entry {
  const contentType = head.headers.get("content-type") ?? "";
  return {
    key: digest.key,
    sha256: digest.sha256,
    v: ENTRY_VERSION,
    status_code: head.status,
    headers: recordedHeaders(head.headers, keepHeaders),
    ...encodeBody(body.bytes, contentType),
    request,
    recorded_at: new PlatformDate().toISOString(),
    duration_ms: ms,
    chunks: canonical.streaming || isStreamed(contentType, body) ? body.chunks : undefined,
  };
}

/** Whether the borders of the chunks mean something: JSON is read as a whole, however it arrived. */
function isStreamed(contentType: string, { bytes, chunks }: ReceivedBody): boolean {
  const framing = framingOf(contentType, () => bytes);
  return framing === "plain" ? chunks.length > 1 : framing !== "json";
}

/** Whose answer is searched for which secrets. */
interface SecretSearch {
  readonly request: EventRequest;
  readonly credentials: readonly Credential[];
  readonly warn: Warn;
}

/** Tells the user of a secret in an answer, and keeps it out of the file if it is known to be one. */
function secretProblem(
  entry: Entry,
  body: Uint8Array,
  { request: { method, url }, credentials, warn }: SecretSearch,
): Problem | undefined {
  const joined = joinedTexts(contentTypeOf(entry), entry.binary ? body : entry.response);
  const credential = credentialIn(entry, { body, joined }, credentials);
  if (credential) {
    const detail = `its answer holds the value of the environment variable ${credential.name} (${credential.where})`;
    warn(
      `Cannot record ${method} ${url}: ${detail}.\n` +
        `The call was answered by the network. If the file may hold it, set the option { allowSecrets: true }.`,
    );
    return { reason: "secret", detail };
  }
  const shape = keyShapeIn(entry, joined);
  if (shape) {
    warn(
      `The recorded answer to ${method} ${url} holds what looks like ${shape}: look at it before you commit the file.\n` +
        `If it is none, or may be there, set the option { allowSecrets: true } to silence this.`,
    );
  }
  return undefined;
}

/** What is searched of an answer besides its entry. */
interface SearchedBody {
  /** The bytes of the body, for those that are no text. */
  readonly body: Uint8Array;
  /** The texts that a stream sends in pieces, see `joinedTexts`. */
  readonly joined: readonly string[];
}

/**
 * Looks for the values of credentials in what is kept of an answer.
 *
 * @returns The name of the variable and the part of the answer, if there is one.
 */
function credentialIn(
  { headers = {}, response, binary }: Entry,
  { body, joined }: SearchedBody,
  credentials: readonly Credential[],
): { readonly name: string; readonly where: string } | undefined {
  for (const { name, forms } of credentials) {
    const isIn = (text: string) => forms.some((form) => text.includes(form));
    const header = Object.keys(headers).find((header) => isIn(headers[header] ?? ""));
    if (header !== undefined) return { name, where: `header ${header}` };
    const isInBody = binary ? forms.some((form) => includesBytes(body, utf8(form))) : isIn(response);
    if (isInBody || joined.some(isIn)) return { name, where: "body" };
  }
  return undefined;
}

/** What looks like a key in the text of an answer, in words. */
export function keyShapeIn({ binary, response }: Entry, joined: readonly string[] = []): string | undefined {
  const texts = binary ? joined : [response, ...joined];
  return KEY_SHAPES.find(([, pattern]) => texts.some((text) => text.search(pattern) !== -1))?.[0];
}
