import { isPromise, waitUnlessAborted } from "../lib/wait.ts";
import { replay } from "../replay/replay.ts";
import { hitEvent } from "../report/events.ts";
import { noteAsked } from "../report/ledger.ts";
import { type CanonicalRequest, canonicalRequest } from "../request/canonical.ts";
import { type Digest, digestRequest, type IdentifiedRequest, isSession } from "../request/identify.ts";
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
    return { entry: await find(context, identified) };
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
  const { settings } = context;
  const { canonical, digest, ordinal, request } = identified;
  if (mustAsk(context, identified) && !context.refreshed().has(digest.sha256)) return undefined;
  if (settings.mode !== "replay" && isSession(request)) return undefined;
  let found = await lookUp(context, identified, digest);
  if (!found && canonical.headers.length) found = await findWithoutHeaders(context, identified);
  if (!found && !canonical.isAsEarlier) found = await findByEarlierRules(context, identified);
  // A request that does not follow redirects must not get a response behind one.
  const success = found?.final_url !== undefined && identified.request.redirect !== "follow" ? undefined : found;
  const error = settings.recordsError && await findError(context, identified, success);
  // The next try of the same request has the same number.
  if (error) ordinal?.release();
  const entry = error ?? success;
  if (entry || !ordinal || settings.mode !== "replay") return entry;
  ordinal.release();
  return await findEarlier(context, identified, ordinal.number);
}

/** Asks the store. The caller can abort the wait for a store that needs time. */
function lookUp(
  { store }: Context,
  { request: { signal } }: IdentifiedRequest,
  { key, sha256 }: Pick<Digest, "key"> & Partial<Digest>,
): Entry | undefined | Promise<Entry | undefined> {
  const found = store.find(key, sha256);
  return isPromise(found) ? waitUnlessAborted(Promise.resolve(found), signal) : found;
}

/** Whether a request is recorded anew once per process. */
export function mustAsk({ settings }: Context, { canonical, digest }: IdentifiedRequest): boolean {
  return settings.mode === "refresh" || settings.isStale?.(canonical, digest.sha256) === true;
}

/** The recorded error that the request got before its success, or instead of one. */
async function findError(
  context: Context,
  identified: IdentifiedRequest,
  success: Entry | undefined,
): Promise<Entry | undefined> {
  const { errors, settings } = context;
  const { canonical, digest, extras } = identified;
  const given = errors.get(digest.sha256) ?? 0;
  if (success && given >= (success.after_errors ?? 0)) return undefined;
  const errorAt = async (error: number) => {
    return await lookUp(context, identified, await digestRequest(canonical, { ...extras, error }));
  };
  const next = await errorAt(given + 1);
  if (next) errors.set(digest.sha256, given + 1);
  const repeatsLast = !next && !success && given > 0 && settings.mode === "replay";
  return repeatsLast ? await errorAt(given) : next;
}

/** pycachy's keys ignore headers: if only headers differ, its line under the plain key answers. */
async function findWithoutHeaders(
  context: Context,
  identified: IdentifiedRequest,
): Promise<Entry | undefined> {
  const { canonical, extras: { n, namespace } } = identified;
  if (n !== undefined || namespace !== undefined) return undefined;
  const { key } = await digestRequest({ ...canonical, headers: [] });
  return await lookUp(context, identified, { key });
}

/** The entry that version 0.1 or pycachy recorded, if their rules give the request another canonical text. */
async function findByEarlierRules(context: Context, identified: IdentifiedRequest): Promise<Entry | undefined> {
  const canonical = await canonicalRequest(identified.request, context.settings, true);
  if (haveSameText(canonical, identified.canonical)) return undefined;
  const found = await lookUp(context, identified, await digestRequest(canonical, identified.extras));
  if (found || !canonical.headers.length) return found;
  return await findWithoutHeaders(context, { ...identified, canonical });
}

function haveSameText(a: CanonicalRequest, b: CanonicalRequest): boolean {
  const isSameBody = a.body === b.body || typeof a.body !== "string" && typeof b.body !== "string";
  return isSameBody && a.url === b.url && JSON.stringify(a.headers) === JSON.stringify(b.headers);
}

/** The entry of the last identical request before a number. */
async function findEarlier(
  context: Context,
  identified: IdentifiedRequest,
  number: number,
): Promise<Entry | undefined> {
  const { canonical, extras } = identified;
  for (let n = number - 1; n >= 1; n--) {
    const earlier = await digestRequest(canonical, { ...extras, n: n > 1 ? n : undefined });
    const entry = await lookUp(context, identified, earlier);
    if (entry) return entry;
  }
  return undefined;
}
