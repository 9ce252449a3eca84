import type { Context, Lookup, Series } from "./context.ts";
import type { Entry } from "../store/entry.ts";
import { messageOf, storeProblem } from "../lib/errors.ts";
import { tellAtExit } from "../miss/exit_summary.ts";
import type { Answer } from "./in_flight.ts";
import { hitEvent } from "../report/hit.ts";
import { answerLive } from "./live.ts";
import { eventRequest, find, identify } from "./find.ts";
import { cureOf, explainMiss, missResponse } from "../miss/miss.ts";
import { CachyMissError } from "../miss/error.ts";
import { replay } from "../replay/replay.ts";
import { type FetchArguments, readHead, readRequest, type RequestData, urlOf } from "../request/request.ts";
import { requestKind } from "../request/kind.ts";
import { identityUrl, redactText } from "../secrets/redact.ts";
import type { Settings } from "../options/settings.ts";

/** Makes a fetch that answers what is recorded, and records what is not. */
export function createFetch(context: Context): typeof fetch {
  const { settings, network } = context;
  return (...call) => {
    const url = settings.mode === "off" ? undefined : urlOf(call[0]);
    if (!url) return network(...call);
    if (isCached(context, url)) return cachedFetch(context, url, call);
    if (settings.debug) tellUnknownHost(context, url);
    return network(...call);
  };
}

/** A function of the user decides, perhaps; it cannot break a call. */
function isCached({ settings, reporter }: Context, url: URL): boolean {
  try {
    return settings.isCached(url);
  } catch (error) {
    reporter.warn(
      `A function in the option "domains" or "ignore" threw, so the URL is not cached: ${messageOf(error)}`,
    );
    return false;
  }
}

/** Paths of LLM APIs, as servers of all names have them. */
const LLM_PATH = /\/(?:chat\/completions|responses|messages|embeddings|api\/chat|api\/generate)$|:\w*generateContent$/i;

/** Who wants to see what happens would see nothing otherwise, and look for the mistake elsewhere. */
function tellUnknownHost({ settings, reporter }: Context, url: URL): void {
  const isLlm = LLM_PATH.test(url.pathname);
  if (!isLlm || isIgnored(settings, url)) return;
  const cure = `To cache it, name it: domains: [...defaultDomains, "${url.host}"], or CACHY_DOMAINS=${url.host}`;
  reporter.warn(`What goes to ${url.host} is not cached: it is not among the option "domains". ${cure}.`);
}

/** Whether the user has said that it is not to be cached. A function of the user that fails breaks no call. */
function isIgnored(settings: Settings, url: URL): boolean {
  try {
    return settings.isIgnored(url);
  } catch {
    return true;
  }
}

const UNREADABLE = "Cannot cache a request whose body is of an unknown kind; use the global FormData or Blob";

/** The way of one request. */
async function cachedFetch(context: Context, url: URL, call: FetchArguments): Promise<Response> {
  const { settings, network, flights } = context;
  const head = readHead(url, ...call);
  if (!head || head.knownSize > settings.maxBodyBytes) return network(...call);
  if (!head.isReadable) {
    context.reporter.warn(`${UNREADABLE}: ${head.method} ${redactText(identityUrl(url))}`);
    return network(...call);
  }
  const kind = requestKind(head.method, url, head.headers);
  if (kind === "uncached") return network(...call);
  if (kind === "telemetry") {
    return settings.mode === "replay" ? new Response(null, { status: 204 }) : network(...call);
  }

  const request = await readRequest(head);
  const lookup = await identifyOrWarn(context, request, kind === "stateful");
  if (!lookup) return network(...request.call);
  const answer = () => answerLookup(context, lookup);
  const { digest, series } = lookup;
  return series ? await inSeries(series, answer) : await flights.join(digest.sha256, request.signal, answer);
}

/** Nothing is known to fail here; but if it does, it cannot break a call. */
async function identifyOrWarn(
  context: Context,
  request: RequestData,
  isStateful: boolean,
): Promise<Lookup | undefined> {
  try {
    return await identify(context, request, isStateful);
  } catch (error) {
    context.reporter.warn(`Cannot identify a request, so it is not cached: ${messageOf(error)}`);
    return undefined;
  }
}

/** Stateful requests never wait for one another: each has its own number, which a failed one gives back. */
async function inSeries(series: Series, answer: () => Promise<Answer>): Promise<Response> {
  try {
    return (await answer()).response;
  } catch (error) {
    series.release();
    throw error;
  }
}

/** From the store, else by the network or, in mode `replay`, by an explained miss. */
async function answerLookup(context: Context, lookup: Lookup): Promise<Answer> {
  const { request } = lookup;
  let entry: Entry | undefined;
  let problem: string | undefined;
  try {
    entry = await find(context, lookup);
  } catch (error) {
    problem = storeProblem("read", context.store.name, error);
    context.reporter.warn(problem);
  }
  request.signal?.throwIfAborted();
  if (entry) return answerFromStore(context, lookup, entry);
  if (context.settings.mode === "replay") {
    return await answerMiss(context, lookup, problem);
  }
  if (problem !== undefined) {
    lookup.series?.release();
    return { response: await context.network(...request.call) };
  }
  emitMiss(context, lookup);
  return await answerLive(context, lookup);
}

function answerFromStore({ reporter, settings, deadIds }: Context, lookup: Lookup, entry: Entry): Answer {
  const { url, signal } = lookup.request;
  const response = replay(entry, { url, signal, pace: settings.pace });
  deadIds.replayed(url.origin, entry);
  reporter.emit(hitEvent(lookup, entry, settings.now() - lookup.started));
  return { response };
}

async function answerMiss(context: Context, lookup: Lookup, problem: string | undefined): Promise<Answer> {
  const { settings } = context;
  const miss = await explainMiss(context, lookup, problem);
  context.addMiss(miss);
  tellAtExit(miss, problem === undefined ? cureOf(settings.modeSource) : undefined, settings.strict);
  emitMiss(context, lookup);
  if (settings.miss === "throw") throw new CachyMissError(miss);
  return { response: missResponse(miss.message, lookup.request.url) };
}

function emitMiss({ reporter, settings }: Context, lookup: Lookup): void {
  reporter.emit({ kind: "miss", request: eventRequest(lookup), ms: settings.now() - lookup.started });
}
