import { waitUnlessAborted } from "../lib/wait.ts";
import { messageOf } from "../lib/errors.ts";
import { tellAtExit } from "../miss/exit_summary.ts";
import { CachyMissError, explainMiss, missResponse } from "../miss/miss.ts";
import { modeReason } from "../options/mode.ts";
import { replay } from "../replay/replay.ts";
import { eventRequest, hitEvent } from "../report/events.ts";
import {
  type IdentifiedRequest,
  identify,
  isSession,
  isSessionStart,
  type Ordinal,
  requestKind,
} from "../request/identify.ts";
import { type FetchArguments, readHead, readRequest, type RequestData, urlOf } from "../request/request.ts";
import { identityUrl, redactText } from "../secrets/redact.ts";
import type { Entry } from "../store/entry.ts";
import { storeProblem } from "../store/store.ts";
import type { Context } from "./context.ts";
import { find } from "./find.ts";
import type { Answer } from "./in_flight.ts";
import { answerLive } from "./live.ts";

/** The way of one request: answered by its entry, else by an explained miss (mode `replay`), else by the network. */
async function answer(context: Context, identified: IdentifiedRequest): Promise<Answer> {
  const { request, ordinal } = identified;
  const { entry, problem } = await findOrWarn(context, identified);
  request.signal?.throwIfAborted();
  if (entry) return answerFromStore(context, identified, entry);
  if (context.settings.mode === "replay") return await answerMiss(context, identified, problem);
  if (problem === undefined) {
    emitMiss(context, identified);
    return await answerLive(context, identified);
  }
  // Without its store a request is answered, but not recorded.
  ordinal?.release();
  return { response: await context.network(...request.call) };
}

async function findOrWarn(
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

function answerFromStore(
  { reporter, settings, staleIds }: Context,
  identified: IdentifiedRequest,
  entry: Entry,
): Answer {
  const { url, signal } = identified.request;
  const response = replay(entry, { url, signal, pace: settings.pace });
  staleIds.replayed(url.origin, entry);
  reporter.emit(hitEvent(identified, entry, settings.now() - identified.started));
  return { response };
}

/** @param problem Why the store could not be read, if that is the reason. */
async function answerMiss(
  context: Context,
  identified: IdentifiedRequest,
  problem: string | undefined,
): Promise<Answer> {
  const { settings, store } = context;
  const { because, cure } = modeReason(settings.modeSource);
  const { now } = settings;
  const miss = await explainMiss(identified, {
    store,
    credentials: settings.credentials(),
    now,
    because,
    cure: isSession(identified.request) ? `${cure}, which records the whole MCP session anew` : cure,
    problem,
  });
  context.addMiss(miss);
  tellAtExit(miss, problem === undefined ? cure : undefined, settings.strict);
  emitMiss(context, identified);
  if (settings.miss === "throw") throw new CachyMissError(miss);
  return { response: missResponse(miss.message, identified.request.url) };
}

function emitMiss({ reporter, settings }: Context, identified: IdentifiedRequest): void {
  reporter.emit({ kind: "miss", request: eventRequest(identified), ms: settings.now() - identified.started });
}

/**
 * Makes a fetch that answers what is recorded, and records what is not.
 *
 * @param network Takes the calls that are not cached. What it asks an LLM while it answers them is cached, in contrast to
 * what `context.network` asks while it answers a cached call.
 */
export function createFetch(context: Context, network: typeof fetch): typeof fetch {
  const { settings } = context;
  return (...call) => {
    const url = settings.mode === "off" ? undefined : urlOf(call[0]);
    if (!url) return network(...call);
    if (isCached(context, url)) return cachedFetch(context, url, call);
    if (settings.debug) tellUnknownHost(context, url);
    return network(...call);
  };
}

const UNREADABLE = "Cannot cache a request whose body is of an unknown kind; use the global FormData or Blob";

/** Reads and identifies a call to an LLM API, and answers it; the network takes what cannot be cached. */
async function cachedFetch(context: Context, url: URL, call: FetchArguments): Promise<Response> {
  const { settings, network, inFlight } = context;
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
  // Servers without such connections answer with 405.
  if (kind === "standing") return settings.mode === "replay" ? new Response(null, { status: 405 }) : network(...call);

  const request = await readRequest(head);
  const identified = await identifyOrWarn(context, request, kind === "stateful" || isSessionStart(request));
  if (!identified) return network(...request.call);
  const { digest, ordinal } = identified;
  if (ordinal) return await answerNumbered(ordinal, () => answer(context, identified));
  return await inFlight.join(digest.sha256, request.signal, () => answer(context, identified));
}

/** Nothing is known to fail here; but if it does, it cannot break a call. */
async function identifyOrWarn(
  { settings, ordinals, reporter }: Context,
  request: RequestData,
  isStateful: boolean,
): Promise<IdentifiedRequest | undefined> {
  try {
    return await identify(request, settings, isStateful ? ordinals : undefined);
  } catch (error) {
    reporter.warn(`Cannot identify a request, so it is not cached: ${messageOf(error)}`);
    return undefined;
  }
}

/** Stateful requests never wait for one another: each has its own number, which a failed one gives back. */
async function answerNumbered(ordinal: Ordinal, answer: () => Promise<Answer>): Promise<Response> {
  try {
    return (await answer()).response;
  } catch (error) {
    ordinal.release();
    throw error;
  }
}

/** Whether a URL is cached. `domains` and `ignore` may hold functions; if one throws, the request is not cached. */
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
  if (!LLM_PATH.test(url.pathname) || isIgnored(settings, url)) return;
  const cure = `To cache it, name it: domains: [...defaultDomains, "${url.host}"], or CACHY_DOMAINS=${url.host}`;
  reporter.warn(`What goes to ${url.host} is not cached: it is not among the option "domains". ${cure}.`);
}

/** Whether the option `ignore` names a URL; a function in it that throws is taken for a yes. */
function isIgnored(settings: Context["settings"], url: URL): boolean {
  try {
    return settings.isIgnored(url);
  } catch {
    return true;
  }
}
