import { messageOf } from "../lib/errors.ts";
import { isPromise, waitUnlessAborted } from "../lib/wait.ts";
import { CachyMissError, explainMiss, explainNearest, type Miss, missResponse } from "../miss/miss.ts";
import { type Expiry, expiryOf, expiryWarning, explainExpired, modeReason } from "../options/mode.ts";
import type { MetFault } from "../replay/faults.ts";
import { eventRequest } from "../report/events.ts";
import { noteAsked } from "../report/ledger.ts";
import {
  type IdentifiedRequest,
  identify,
  isSession,
  isSessionStart,
  mcpAnswer,
  type Ordinal,
  requestKind,
} from "../request/identify.ts";
import {
  type FetchArguments,
  readHead,
  readRequest,
  type RequestData,
  type RequestHead,
  urlOf,
} from "../request/request.ts";
import { identityUrl, redactText } from "../secrets/redact.ts";
import type { Entry } from "../store/entry.ts";
import type { Context, LiveModule } from "./context.ts";
import type { Answer } from "./in_flight.ts";
import { answerFromStore, findOrWarn } from "./stored.ts";

/** The way of one request: its entry answers it, otherwise an explained miss (mode `replay`), otherwise the network. */
async function answer(context: Context, identified: IdentifiedRequest, hasWaited = false): Promise<Answer> {
  const { request, ordinal } = identified;
  if (context.reporter.ready) await context.reporter.ready;
  const { entry, problem } = await findOrWarn(context, identified);
  request.signal?.throwIfAborted();
  const { settings, store } = context;
  const expiry = entry && settings.maxAge && expiryOf(settings, entry, eventRequest(identified), store.name);
  if (expiry?.action === "warn" && expiry.problem) {
    context.reporter.warn(expiryWarning(expiry.problem, store.name));
  }
  if (entry && (!expiry || expiry.action === "warn")) {
    return answerFromStore(context, identified, { entry, hasWaited });
  }
  if (entry && expiry?.action === "fail") return await answerExpired(context, identified, entry, expiry);
  if (settings.mode === "replay") {
    const response = mcpAnswer(request);
    return response ? { response } : await answerMiss(context, identified, problem);
  }
  noteAsked(store.name, identified, "live", { entry });
  if (problem === undefined) {
    emitMiss(context, identified);
    if (context.settings.debug === "miss") await tellNearest(context, identified);
    const live = await loadLive(context);
    if (live) return await live.answerLive(context, identified);
  }
  // If the store cannot be read, the response is not recorded.
  ordinal?.release();
  return { response: await context.network(...request.call) };
}

async function loadLive({ live, reporter }: Context): Promise<LiveModule | undefined> {
  try {
    return await live();
  } catch (error) {
    reporter.warn(`Cannot load the code that records, so nothing is recorded: ${messageOf(error)}`);
    return undefined;
  }
}

/** @param problem Why the store could not be read; undefined if it could. */
async function answerMiss(
  context: Context,
  identified: IdentifiedRequest,
  problem: string | undefined,
): Promise<Answer> {
  const { settings, store } = context;
  const { because, cure } = modeReason(settings.modeSource, settings.wording);
  const { now } = settings;
  const miss = await explainMiss(identified, {
    store,
    credentials: settings.credentials(),
    redact: settings.redact,
    options: settings,
    now,
    wording: settings.wording,
    because,
    cure: isSession(identified.request) ? `${cure}, which records the whole MCP session anew` : cure,
    problem,
  });
  return await answerWith(context, identified, miss, { cure: problem === undefined ? cure : undefined });
}

async function answerExpired(
  context: Context,
  identified: IdentifiedRequest,
  entry: Entry,
  { problem = { cause: "", cure: "" } }: Expiry,
): Promise<Answer> {
  const request = eventRequest(identified);
  const miss = { ...request, message: explainExpired(request, problem), cause: problem.cause };
  return await answerWith(context, identified, miss, { cure: problem.cure, entry });
}

/** Answers with an explanation: how to record, unless the store could not be read, and the entry that is expired. */
async function answerWith(
  context: Context,
  identified: IdentifiedRequest,
  miss: Miss,
  { cure, entry }: { readonly cure: string | undefined; readonly entry?: Entry },
): Promise<Answer> {
  const { reporter, settings } = context;
  context.addMiss(miss);
  noteAsked(context.store.name, identified, "miss", { miss, entry });
  emitMiss(context, identified);
  // The exit summary is loaded only for a miss.
  const summary = settings.mode === "replay" && await import("../miss/exit_summary.ts").catch(() => undefined);
  if (summary) await summary.reportMiss(miss, cure, settings.strict);
  else reporter.warn(miss.message);
  if (settings.miss === "throw") throw new CachyMissError(miss);
  return { response: missResponse(miss.message, identified.request.url) };
}

function emitMiss({ reporter, settings }: Context, identified: IdentifiedRequest): void {
  reporter.emit({ kind: "miss", request: eventRequest(identified), ms: settings.now() - identified.started });
}

/** In mode `auto` a miss costs money. In mode `refresh` nothing was looked for. */
async function tellNearest({ settings, store }: Context, identified: IdentifiedRequest): Promise<void> {
  if (settings.mode !== "auto") return;
  const { redact, now, wording } = settings;
  const sources = { store, credentials: settings.credentials(), redact, options: settings, now, wording };
  const explanation = await waitUnlessAborted(explainNearest(identified, sources), identified.request.signal);
  if (explanation) console.error(explanation);
}

/**
 * Creates a fetch that replays recorded responses, and records new ones.
 *
 * @param network The fetch for uncached calls. LLM calls that it makes meanwhile are cached. LLM calls that
 * `context.network` makes while it answers a cached call are not.
 */
export function createFetch(context: Context, network: typeof fetch): typeof fetch {
  const { settings } = context;
  return (...call) => {
    const url = settings.mode === "off" ? undefined : urlOf(call[0]);
    if (!url) return network(...call);
    if (isCached(context, url)) return cachedFetch(context, url, call);
    if (settings.debug || settings.mode === "replay") tellUnknownHost(context, url, call);
    return network(...call);
  };
}

const UNREADABLE = "Cannot cache a request whose body is of an unknown kind; use the global FormData or Blob";

function tooLong({ method, url }: RequestHead, { maxBodyBytes, wording }: Context["settings"]): string {
  return `Cannot cache a request whose body is longer than ${maxBodyBytes} bytes: ${method} ` +
    `${redactText(identityUrl(url))}. To cache it, raise the option ${wording.option("maxBodyBytes")}.`;
}

/** Answers a call to an LLM API. Calls that cannot be cached go to the network. */
async function cachedFetch(context: Context, url: URL, call: FetchArguments): Promise<Response> {
  const { settings, network, inFlight } = context;
  const head = readHead(url, ...call);
  if (!head) return network(...call);
  // Bun may not know the size of a Blob: it is NaN then.
  if (!(head.knownSize <= settings.maxBodyBytes)) {
    context.reporter.warn(tooLong(head, settings));
    return network(...head.call);
  }
  if (!head.isReadable) {
    context.reporter.warn(`${UNREADABLE}: ${head.method} ${redactText(identityUrl(url))}`);
    return network(...head.call);
  }
  const kind = requestKind(head.method, url, head.headers);
  if (kind === "uncached") return network(...head.call);
  if (kind === "telemetry") {
    return settings.mode === "replay" ? new Response(null, { status: 204 }) : network(...head.call);
  }
  // Servers without such connections answer with 405.
  if (kind === "standing") return settings.mode === "replay" ? new Response(null, { status: 405 }) : network(...call);

  const read = readRequest(head, settings.maxBodyBytes);
  const request = isPromise(read) ? await read : read;
  if (request.isTooLong) {
    context.reporter.warn(tooLong(head, settings));
    return network(...request.call);
  }
  const identified = await identifyOrWarn(context, request, kind === "stateful" || isSessionStart(request));
  if (!identified) return network(...request.call);
  const fault = context.faults && (await context.faults()).take(request);
  if (fault) return await answerFault(context, identified, fault);
  const { digest, ordinal } = identified;
  if (ordinal) return await answerNumbered(ordinal, () => answer(context, identified));
  return await inFlight.join(
    digest.sha256,
    request.signal,
    (hasWaited) => answer(context, identified, hasWaited),
  );
}

async function answerFault(context: Context, identified: IdentifiedRequest, fault: MetFault): Promise<Response> {
  context.reporter.emit({ kind: "fault", request: eventRequest(identified), detail: fault.detail });
  let isAnswered = false;
  try {
    return await fault.answer(async () => {
      const answered = await answer(context, identified);
      isAnswered = true;
      return answered;
    });
  } finally {
    if (!isAnswered) identified.ordinal?.release();
  }
}

/** Identifies a request. An unexpected error is a warning, and must not break the call. */
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

/** Stateful requests never wait for each other: each has its own number. A failed request returns its number. */
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

/** Paths of LLM APIs, on any host. */
const LLM_PATH =
  /\/(?:completions|responses|messages|embeddings|v2\/chat|rerank|api\/(?:chat|generate|embed)|audio\/(?:speech|trans\w+)|images\/(?:generations|edits)|model\/[^/]+\/(?:converse|invoke)[\w-]*)$|:\w*(?:generate|embed)Contents?$/i;

/** Warns that a host which looks like an LLM API is not cached: with debug, and in mode `replay`, which calls the network. */
function tellUnknownHost({ settings, reporter }: Context, url: URL, [input, init]: FetchArguments): void {
  const method = init?.method ?? (input as Partial<Request>).method;
  if (method?.toUpperCase() !== "POST" || !LLM_PATH.test(url.pathname) || isIgnored(settings, url)) return;
  const cure = `To cache them, set ${settings.wording.domain(url.host)}, or CACHY_DOMAINS=${url.host}`;
  const domains = settings.wording.option("domains");
  reporter.warn(`Requests to ${url.host} are not cached: ${url.host} is not in the option ${domains}. ${cure}.`);
}

/** Whether the option `ignore` matches a URL. A function that throws counts as a match. */
function isIgnored(settings: Context["settings"], url: URL): boolean {
  try {
    return settings.isIgnored(url);
  } catch {
    return true;
  }
}
