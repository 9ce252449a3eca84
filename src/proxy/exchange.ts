import type { IncomingMessage, ServerResponse } from "node:http";
import { once } from "node:events";
import { clearImmediate, setImmediate } from "node:timers";
import { errorBodyFor } from "../request/domains.ts";
import { redactText } from "../secrets/redact.ts";
import { warnOnStderr } from "../store/store.ts";
import { addressAt } from "./address.ts";
import { readBody, RefusedBody } from "./body.ts";
import { admit, type Policy, type Refusal, unreachable } from "./guard.ts";
import { answeredHeaders, corsHeaders, type HeaderPairs, pairsOf, preflightHeaders, sentHeaders } from "./headers.ts";

/** A request of a client and the response to it, over HTTP/1.1 or HTTP/2. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** What answers the requests. */
export interface Relay extends Policy {
  readonly fetch: typeof fetch;
  /** The `fetch` for bodies that are too long for the cache. */
  readonly network: typeof fetch;
  /** Longer bodies of requests are sent as they arrive, and are not cached. */
  readonly maxBodyBytes: number;
  /** The address of the proxy, for headers with URLs. */
  readonly address: () => string;
}

/** Answers one request of a client. */
export async function answerExchange(exchange: Exchange, relay: Relay): Promise<void> {
  const { request, response } = exchange;
  for (const stream of [request, response]) stream.on("error", () => {});
  const headers = pairsOf(request.rawHeaders);
  const valuesOf = (name: string) => headers.filter((header) => header[0] === name).map(([, value]) => value);
  const header = (name: string) => valuesOf(name)[0];
  const [method, target] = [request.method ?? "GET", request.url ?? ""];
  const hosts = [...valuesOf("host"), ...valuesOf(":authority")];
  const upstream = admit({ method, target, hosts, header }, relay);
  if (!(upstream instanceof URL)) return sendError(exchange, upstream);
  const origin = header("origin");
  if (origin !== undefined && method === "OPTIONS" && header("access-control-request-method") !== undefined) {
    sendHead(exchange, 204, preflightHeaders(origin, header("access-control-request-headers"))).end();
    return;
  }
  await forward(exchange, upstream, { relay, headers, cors: origin === undefined ? [] : corsHeaders(origin) });
}

interface Forwarded {
  readonly relay: Relay;
  readonly headers: HeaderPairs;
  readonly cors: HeaderPairs;
}

async function forward(exchange: Exchange, upstream: URL, { relay, headers, cors }: Forwarded): Promise<void> {
  const { request, response } = exchange;
  const client = new AbortController();
  response.on("close", () => client.abort());
  if (request.httpVersionMajor === 1) noticeEnd(exchange);
  try {
    const { body, isTooLong } = await readBody(request, relay.maxBodyBytes);
    if (isTooLong) warnOnStderr(tooLong(upstream, relay));
    const sent = sentHeaders(headers);
    const { "content-length": length } = request.headers;
    if (isTooLong && length !== undefined) sent.push(["content-length", length]);
    const init = { method: request.method, headers: sent as [string, string][], signal: client.signal };
    const answer = await (isTooLong ? relay.network : relay.fetch)(upstream.href, { ...init, ...body });
    const translate = (url: string) => addressOf(url, relay);
    const pairs = [...answeredHeaders(answer.headers, translate), ...cors];
    sendHead(exchange, answer.status, pairs, answer.statusText);
    await sendBody(exchange, answer);
  } catch (error) {
    if (client.signal.aborted) return;
    if (response.headersSent) return breakOff(exchange);
    sendError(exchange, error instanceof RefusedBody ? error : unreachable(upstream, error), upstream, cors);
  }
}

/** The time between two interim responses, in ms. A connection that is gone has answered the first one by then. */
const PROBE_MS = 20;

/**
 * Ends the response if the client closes the connection. Before the head was sent, the client may have closed only its
 * half: every client ignores interim responses, and at the second one a connection that is gone breaks.
 */
function noticeEnd({ request, response }: Exchange): void {
  const { socket } = request;
  const probe = () => response.headersSent || response.destroyed || response.writeContinue();
  const ended = () => {
    if (response.headersSent) return void response.destroy();
    if (request.httpVersion !== "1.1") return;
    for (const times of [1, 2]) setTimeout(probe, times * PROBE_MS);
  };
  socket.on("end", ended);
  response.on("close", () => socket.off("end", ended));
}

function tooLong({ origin, pathname }: URL, { maxBodyBytes }: Relay): string {
  return `Cannot cache a request whose body is longer than ${maxBodyBytes} bytes: ${redactText(origin + pathname)}. ` +
    `It is sent to the network. To cache it, start cachy with a larger --max-body-bytes.`;
}

function addressOf(url: string, { address, isForwarded }: Relay): string {
  return URL.canParse(url) && /^https?:/i.test(url) && isForwarded(new URL(url)) ? addressAt(address(), url) : url;
}

/** Sends the chunks of a body when they arrive. */
async function sendBody({ request, response }: Exchange, { body, headers }: Response): Promise<void> {
  if (!body || request.method === "HEAD") return void response.end();
  const reader = body.getReader();
  // The head alone, unless the first chunk has arrived with it.
  const flush = setImmediate(() => response.flushHeaders());
  const length = headers.has("content-encoding") ? NaN : Number(headers.get("content-length") ?? NaN);
  let sent = 0;
  for (let result = await reader.read(); !result.done;) {
    clearImmediate(flush);
    const { value } = result;
    sent += value.byteLength;
    // With the last byte the client may exit. The recording is complete when the end of the body was read.
    if (sent === length) result = await reader.read();
    if (!response.write(value)) await Promise.race([once(response, "drain"), once(response, "close")]);
    if (!result.done) result = await reader.read();
  }
  clearImmediate(flush);
  response.end();
}

/** Status, reason and headers. */
function sendHead(
  { request, response }: Exchange,
  status: number,
  pairs: HeaderPairs,
  statusText = "",
): ServerResponse {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of pairs) {
    const known = headers[name];
    headers[name] = known === undefined ? value : [known, value].flat();
  }
  // HTTP/2 has no reason.
  if (request.httpVersionMajor > 1 || !statusText) return response.writeHead(status, headers);
  return response.writeHead(status, statusText, headers);
}

/** The form of an error for all SDKs. */
const UNKNOWN = "http://localhost/";

function sendError(exchange: Exchange, { status, message }: Refusal, url?: URL, cors: HeaderPairs = []): void {
  const type = status === 502 ? "cachy_unreachable" : "cachy_refused";
  const error = { type, code: status, status: type.toUpperCase(), message };
  const body = JSON.stringify(errorBodyFor(url ?? new URL(UNKNOWN), error));
  const headers: HeaderPairs = [["content-type", "application/json"], ...cors];
  // The rest of a refused body is not read.
  if (exchange.request.httpVersionMajor === 1 && !exchange.request.complete) headers.push(["connection", "close"]);
  sendHead(exchange, status, headers).end(body);
}

/** Lets the client see that the response is incomplete. */
function breakOff({ response }: Exchange): void {
  const { stream } = response as unknown as { readonly stream?: { close(code: number): void } };
  if (stream) stream.close(2);
  else response.destroy();
}
