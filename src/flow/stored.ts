import { waitUnlessAborted } from "../lib/wait.ts";
import { replay } from "../replay/replay.ts";
import { hitEvent } from "../report/events.ts";
import { noteAsked } from "../report/ledger.ts";
import { type CanonicalRequest, canonicalRequest } from "../request/canonical.ts";
import { digestRequest, type IdentifiedRequest, isSession } from "../request/identify.ts";
import type { Entry } from "../store/entry.ts";
import { storeProblem } from "../store/store.ts";
import type { Context } from "./context.ts";
import type { Answer } from "./in_flight.ts";

/** Finds the entry that answers a request. If the store fails, it prints a warning and returns why. */
export async function findOrWarn(
  context: Context,
  identified: IdentifiedRequest,
): Promise<{ readonly entry?: Entry; readonly problem?: string }> {
  try {
    return { entry: await waitUnlessAborted(find(context, identified), identified.request.signal) };
  } catch (error) {
    identified.request.signal?.throwIfAborted();
    const problem = storeProblem("read", context.store.name, error);
    context.reporter.warn(problem);
    return { problem };
  }
}

/** Replays an entry. */
export function answerFromStore(
  context: Context,
  identified: IdentifiedRequest,
  { entry, hasWaited }: { readonly entry: Entry; readonly hasWaited: boolean },
): Answer {
  const { reporter, settings, staleIds, store } = context;
  const { url, signal } = identified.request;
  const response = replay(entry, { url, signal, pace: settings.pace });
  noteAsked(store.name, identified, "hit", { entry });
  staleIds.replayed(url.origin, entry);
  // Of identical requests at the same time, one saved the call: the others waited as long as it took.
  const costOf = hasWaited ? undefined : (entry: Entry) => reporter.costs()?.saved(entry);
  reporter.emit(hitEvent(identified, entry, settings.now() - identified.started, costOf));
  return { response, isReplay: true };
}

/**
 * Finds the entry that answers a request.
 *
 * In mode `replay`, a stateful request after the last recorded one returns its number and gets the last response again.
 * In the other modes, requests of an MCP session find nothing: the server does not know a recorded session.
 *
 * @throws If the store fails.
 */
async function find(context: Context, identified: IdentifiedRequest): Promise<Entry | undefined> {
  const { store, settings } = context;
  const { digest, ordinal, request } = identified;
  if (mustAsk(context, identified) && !context.refreshed().has(digest.sha256)) return undefined;
  if (settings.mode !== "replay" && isSession(request)) return undefined;
  const found = await store.find(digest.key, digest.sha256) ?? await findWithoutHeaders(context, identified) ??
    await findByEarlierRules(context, identified);
  // A request that does not follow redirects must not get a response behind one.
  const success = found?.final_url !== undefined && identified.request.redirect !== "follow" ? undefined : found;
  const error = await findError(context, identified, success);
  // The next try of the same request has the same number.
  if (error) ordinal?.release();
  const entry = error ?? success;
  if (entry || !ordinal || settings.mode !== "replay") return entry;
  ordinal.release();
  return await findEarlier(context, identified, ordinal.number);
}

/** Whether a request is recorded anew once per process. */
export function mustAsk({ settings }: Context, { canonical, digest }: IdentifiedRequest): boolean {
  return settings.mode === "refresh" || settings.isStale?.(canonical, digest.sha256) === true;
}

/** The recorded error that the request got before its success, or instead of one. */
async function findError(
  { errors, settings, store }: Context,
  { canonical, digest, extras }: IdentifiedRequest,
  success: Entry | undefined,
): Promise<Entry | undefined> {
  if (!settings.recordsError) return undefined;
  const given = errors.get(digest.sha256) ?? 0;
  if (success && given >= (success.after_errors ?? 0)) return undefined;
  const errorAt = async (error: number) => {
    const { key, sha256 } = await digestRequest(canonical, { ...extras, error });
    return await store.find(key, sha256);
  };
  const next = await errorAt(given + 1);
  if (next) errors.set(digest.sha256, given + 1);
  const repeatsLast = !next && !success && given > 0 && settings.mode === "replay";
  return repeatsLast ? await errorAt(given) : next;
}

/** pycachy's keys ignore headers: if only headers differ, its line under the plain key answers. */
async function findWithoutHeaders(
  { store }: Context,
  { canonical, extras: { n, namespace } }: IdentifiedRequest,
): Promise<Entry | undefined> {
  if (!canonical.headers.length || n !== undefined || namespace !== undefined) return undefined;
  const plain = await digestRequest({ ...canonical, headers: [] });
  return await store.find(plain.key);
}

/** The entry that version 0.1 or pycachy recorded, if their rules give the request another canonical text. */
async function findByEarlierRules(context: Context, identified: IdentifiedRequest): Promise<Entry | undefined> {
  if (identified.canonical.isAsEarlier) return undefined;
  const canonical = await canonicalRequest(identified.request, context.settings, true);
  if (haveSameText(canonical, identified.canonical)) return undefined;
  const digest = await digestRequest(canonical, identified.extras);
  return await context.store.find(digest.key, digest.sha256) ??
    await findWithoutHeaders(context, { ...identified, canonical });
}

function haveSameText(a: CanonicalRequest, b: CanonicalRequest): boolean {
  const isSameBody = a.body === b.body || typeof a.body !== "string" && typeof b.body !== "string";
  return isSameBody && a.url === b.url && JSON.stringify(a.headers) === JSON.stringify(b.headers);
}

/** The entry of the last identical request before a number. */
async function findEarlier(
  { store }: Context,
  { canonical, extras }: IdentifiedRequest,
  number: number,
): Promise<Entry | undefined> {
  for (let n = number - 1; n >= 1; n--) {
    const earlier = await digestRequest(canonical, { ...extras, n: n > 1 ? n : undefined });
    const entry = await store.find(earlier.key, earlier.sha256);
    if (entry) return entry;
  }
  return undefined;
}
