import { digestRequest, type IdentifiedRequest } from "../request/identify.ts";
import type { Entry } from "../store/entry.ts";
import type { Context } from "./context.ts";

/**
 * Finds the entry that answers a request.
 *
 * In mode `replay`, a stateful request after the last recorded one returns its number and gets the last response again.
 *
 * @throws If the store fails.
 */
export async function find(context: Context, identified: IdentifiedRequest): Promise<Entry | undefined> {
  const { store, settings } = context;
  const { digest, ordinal } = identified;
  if (settings.mode === "refresh" && !context.refreshed().has(digest.sha256)) return undefined;
  const found = await store.find(digest.key, digest.sha256) ?? await findWithoutHeaders(context, identified);
  // A request that does not follow redirects must not get a response behind one.
  const entry = found?.final_url !== undefined && identified.request.redirect !== "follow" ? undefined : found;
  if (entry || !ordinal || settings.mode !== "replay") return entry;
  ordinal.release();
  return await findEarlier(context, identified, ordinal.number);
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
