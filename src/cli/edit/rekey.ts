import { utf8 } from "../../lib/bytes.ts";
import { asRecord, canonicalJson, parseJson } from "../../lib/json.ts";
import { isOmitted, type OmitPath } from "../../request/body_identity.ts";
import { type CanonicalOptions, canonicalRequest } from "../../request/canonical.ts";
import { modelOfUrl } from "../../request/domains.ts";
import { type Digest, digestRequest } from "../../request/identify.ts";
import type { RequestData } from "../../request/request.ts";
import { type Entry, formatEntry, type RecordedRequest } from "../../store/entry.ts";
import { areRecordedParts } from "../../store/entry_request.ts";
import { bytesAt, isTorn } from "../../store/jsonl/file.ts";
import { linesOf } from "../../store/jsonl/index.ts";
import { entryAt } from "../../store/jsonl/line.ts";
import { rewriteFile } from "../../store/jsonl/rewrite.ts";
import { lineWriter } from "../../store/jsonl/write_lines.ts";
import { everyMegabyte, type OnProgress } from "../app/progress.ts";
import { digestOf } from "../file/recorded_file.ts";
import { soundRequest } from "../verify/check_members.ts";
import { streamingDigests } from "../verify/findings.ts";

/** How the requests of a program have changed since they were recorded. */
export interface RekeyRules extends Pick<CanonicalOptions, "normalize" | "omit"> {
  /** Members that requests have now, with their values. */
  readonly set: readonly (readonly [path: OmitPath, value: unknown])[];
  /** Old model → new model. */
  readonly models: ReadonlyMap<string, string>;
}

/** The new form of an entry; a text says why it is unknown. */
export type Rekeyed = { readonly entry: Entry; readonly isChanged: boolean } | string;

/** Computes the digest of an entry by new rules. Only a request that is recorded completely can be hashed again. */
export async function rekeyed(entry: Entry, rules: RekeyRules): Promise<Rekeyed> {
  const request = soundRequest(entry);
  if (!request) return "its request is not recorded";
  if (!request.exact) {
    return 'its request is recorded in brief or with redactions (keepRequest: "whole" avoids the first)';
  }
  const streaming = await recordedStreaming(entry, request);
  if (streaming === undefined) return "its digest is not that of its request";
  const changed = changedRequest(request, rules);
  if (typeof changed === "string") return changed;
  const { headers = {}, n, namespace } = request;
  const canonical = await canonicalRequest(changed, { ...rules, keyHeaders: new Set(Object.keys(headers)) });
  if (typeof canonical.body !== "string") return "its body is not text";
  const digest = await digestRequest({ ...canonical, streaming }, { n, namespace, error: entry.error });
  const isChanged = digest.sha256 !== entry.sha256 && (entry.sha256 !== undefined || digest.key !== entry.key);
  return { isChanged, entry: isChanged ? withRequest(entry, digest, request, canonical) : entry };
}

/** Whether the request of an entry was hashed as one for a stream; undefined if its digest is another one. */
async function recordedStreaming(entry: Entry, request: RecordedRequest): Promise<boolean | undefined> {
  for (const { streaming, digest } of await streamingDigests(request, entry.error)) {
    if (entry.sha256 === undefined ? digest.key === entry.key : digest.sha256 === entry.sha256) return streaming;
  }
  return undefined;
}

function withRequest(
  entry: Entry,
  { key, sha256 }: Digest,
  request: RecordedRequest,
  { url, headers, body }: Awaited<ReturnType<typeof canonicalRequest>>,
): Entry {
  const recorded = { ...request, url, body: body as string };
  const named = headers.length ? { ...recorded, headers: Object.fromEntries(headers) } : recorded;
  return { ...entry, key, sha256, request: named };
}

/** The request as the program sends it now; a text says why it is unknown. */
function changedRequest(request: RecordedRequest, rules: RekeyRules): RequestData | string {
  const parsed = asRecord(parseJson(request.body));
  const url = new URL(request.url);
  const body = parsed ? changedBody(request.body, parsed, rules) : request.body;
  if (body === undefined) return "its body has numbers that JavaScript cannot write unchanged";
  if (!parsed && isTouched(request.body, rules)) return "its body is not JSON, and only some of its rules are known";
  const model = modelOfUrl(url);
  const renamed = model === undefined ? undefined : rules.models.get(model);
  return {
    method: request.method,
    url: renamed === undefined ? url : new URL(url.href.replace(model as string, () => renamed)),
    headers: new Headers(request.headers),
    contentType: parsed ? "application/json" : "text/plain",
    body,
  } as RequestData;
}

/** Whether rules for members or texts might apply to a body whose kind the file does not state. */
function isTouched(body: string, { normalize, omit = [] }: RekeyRules): boolean {
  const hasMatch = normalize.some(([pattern]) =>
    typeof pattern === "string" ? body.includes(pattern) : body.search(pattern) !== -1
  );
  return hasMatch || omit.length > 0 && areRecordedParts(parseJson(body), body);
}

function changedBody(text: string, body: Record<string, unknown>, { set, models }: RekeyRules): string | undefined {
  const model = typeof body.model === "string" ? models.get(body.model) : undefined;
  if (model === undefined && set.length === 0) return text;
  if (canonicalJson(JSON.stringify(body)) !== text) return undefined;
  for (const [path, value] of set) setMember(body, path, value);
  if (model !== undefined) body.model = model;
  return JSON.stringify(body);
}

/** Sets a member of each object that a path leads to. Objects that do not exist are not made. */
function setMember(value: unknown, [name = "", ...rest]: OmitPath, to: unknown): void {
  if (Array.isArray(value)) return value.forEach((item) => setMember(item, [name, ...rest], to));
  const record = asRecord(value);
  if (!record) return;
  const names = name === "*" ? Object.keys(record) : [name];
  for (const each of names) {
    if (rest.length === 0) record[each] = to;
    else setMember(record[each], rest, to);
  }
}

/** Whether a member would be set that the rules leave out at the same time. */
export function contradicts({ set, omit = [] }: RekeyRules): boolean {
  return set.some(([path]) => isOmitted(path, omit));
}

/**
 * Writes entries with their new digests, in place of their old lines. Other lines stay, byte for byte.
 *
 * @param changed Old digest → new entry.
 * @throws {CachyError} `cannot_compact`, if the new file cannot be written. The old one is unchanged then.
 */
export function writeRekeyed(path: string, changed: ReadonlyMap<string, Entry>, onProgress?: OnProgress): number {
  return rewriteFile(path, {
    verb: "re-key",
    keepsOld: false,
    write(old, target, size) {
      isTorn(old, -1); // waits for a line that another process is writing
      const writer = lineWriter(target);
      const progress = everyMegabyte(onProgress, size);
      let count = 0;
      for (const position of linesOf(old, 0, size)) {
        const entry = entryAt(old, position);
        const renewed = typeof entry === "string" ? undefined : changed.get(digestOf(entry));
        if (renewed && typeof entry !== "string") {
          count++;
          const { key, sha256, request } = renewed;
          writer.write(utf8(formatEntry({ ...entry, key, sha256, request }).trimEnd()));
        } else writer.write(bytesAt(old, position));
        progress(Math.min(position.start + position.length + 1, size));
      }
      writer.end();
      return { report: count, end: size, isChanged: count > 0 };
    },
  });
}
