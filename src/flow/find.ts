import { type CanonicalRequest, canonicalRequest } from "../request/canonical.ts";
import { digestRequest, type IdentifiedRequest, isSession } from "../request/identify.ts";
import type { Entry } from "../store/entry.ts";
import type { Context } from "./context.ts";

/**
 * Finds the entry that answers a request.
 *
 * In mode `replay` a stateful request past the last recorded one gives its number back and gets the last one again. In
 * the other modes the requests of an MCP session find nothing: a recorded session is unknown to the server.
 *
 * @throws If the store fails.
 */
export async function find(context: Context, identified: IdentifiedRequest): Promise<Entry | undefined> {
  const { store, settings } = context;
  const { digest, ordinal, request } = identified;
  if (settings.mode === "refresh" && !context.refreshed().has(digest.sha256)) return undefined;
  if (settings.mode !== "replay" && isSession(request)) return undefined;
  const entry = await store.find(digest.key, digest.sha256) ?? await findWithoutHeaders(context, identified) ??
    await findByEarlierRules(context, identified);
  if (entry || !ordinal || settings.mode !== "replay") return entry;
  ordinal.release();
  return await findEarlier(context, identified, ordinal.number);
}

/** pycachy does not look at headers: where they are the only extra, its line under the plain key answers. */
async function findWithoutHeaders(
  { store }: Context,
  { canonical, extras: { n, namespace } }: IdentifiedRequest,
): Promise<Entry | undefined> {
  if (!canonical.headers.length || n !== undefined || namespace !== undefined) return undefined;
  const plain = await digestRequest({ ...canonical, headers: [] });
  return await store.find(plain.key);
}

/** The entry that version 0.1 or pycachy recorded, if their rules make another text of the request. */
async function findByEarlierRules(context: Context, identified: IdentifiedRequest): Promise<Entry | undefined> {
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
