import { canonicalRequest } from "../request/canonical.ts";
import type { Context, Lookup } from "./context.ts";
import { type DigestExtras, digestRequest } from "../request/digest.ts";
import type { Entry } from "../store/entry.ts";
import type { EventRequest } from "../report/events.ts";
import type { RequestData } from "../request/request.ts";
import { redactText } from "../secrets/redact.ts";

/** Gives a request its identity; a stateful one takes its number. */
export async function identify(context: Context, request: RequestData, isStateful: boolean): Promise<Lookup> {
  const { settings, counter } = context;
  const { namespace } = settings;
  const started = settings.now();
  const canonical = await canonicalRequest(request, settings);
  const first = await digestRequest(canonical, { namespace });
  if (!isStateful) return { request, canonical, digest: first, started };
  const series = counter.take(first.sha256);
  const digest = series.n === 1 ? first : await digestRequest(canonical, { n: series.n, namespace });
  return { request, canonical, digest, series, started };
}

/**
 * Finds the entry that answers a request.
 *
 * In mode `replay` a stateful request past the last recorded one gives its number back and gets the last one again.
 *
 * @throws If the store fails.
 */
export async function find(context: Context, lookup: Lookup): Promise<Entry | undefined> {
  const { store, settings } = context;
  const { digest, canonical, series } = lookup;
  if (settings.mode === "refresh" && !context.refreshed().has(digest.sha256)) {
    return undefined;
  }
  const entry = await store.find(digest.key, digest.sha256) ??
    await findWithoutHeaders(context, lookup);
  if (entry || !series || settings.mode !== "replay") return entry;
  series.release();
  for (let n = series.n - 1; n >= 1; n--) {
    const earlier = await digestRequest(canonical, { n: n > 1 ? n : undefined, namespace: settings.namespace });
    const last = await store.find(earlier.key, earlier.sha256);
    if (last) return last;
  }
  return undefined;
}

/** pycachy does not look at headers: where they are the only extra, its line under the plain key answers. */
async function findWithoutHeaders(context: Context, lookup: Lookup): Promise<Entry | undefined> {
  const { canonical } = lookup;
  const { n, namespace } = extrasOf(context, lookup);
  if (!canonical.headers.length || n !== undefined || namespace !== undefined) return undefined;
  const plain = await digestRequest({ ...canonical, headers: [] });
  return await context.store.find(plain.key);
}

/** What tells the request apart from those that look the same, as it was hashed. */
export function extrasOf({ settings }: Context, { series }: Lookup): DigestExtras {
  return { n: series && series.n > 1 ? series.n : undefined, namespace: settings.namespace };
}

/** What events and messages say of a request. */
export function eventRequest({ canonical, digest }: Lookup): EventRequest {
  return { method: canonical.method, url: redactText(canonical.url), key: digest.key };
}
