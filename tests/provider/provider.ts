/**
 * A loopback server that responds like the providers of language models, and fails like them.
 *
 * It runs on Deno, Bun and Node. Every response differs from the previous one, unless the option `answer` chooses its
 * text. So a test can distinguish a replay from a second live response by the text.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, type AnswerHeaders, type Family, json, type ProviderRequest } from "./answer.ts";
import { anthropic } from "./anthropic.ts";
import { bedrock } from "./bedrock.ts";
import { cohere } from "./cohere.ts";
import { failure } from "./failure.ts";
import { gemini } from "./gemini.ts";
import { ollama } from "./ollama.ts";
import { openai } from "./openai.ts";
import { others } from "./others.ts";
import { type Fault, planOf, type Step } from "./plan.ts";

export type { ProviderRequest } from "./answer.ts";
export type { Fault } from "./plan.ts";

/** A response that is served byte for byte. */
export interface ServedAnswer {
  /** @default {200} */
  readonly status?: number;
  /** @default {{}} */
  readonly headers?: AnswerHeaders;
  readonly body: Uint8Array;
  /** The borders between writes, in bytes from the start of the body. By default, one write with a content-length. */
  readonly pieces?: readonly number[];
}

export interface ProviderOptions {
  /** Pause between two writes of a response, in ms. @default {5} */
  readonly pause?: number;
  /** Chooses the text of a response by the request. Without it, or if it returns undefined, each text is different. */
  readonly answer?: (request: ProviderRequest) => string | undefined;
}

export interface Provider {
  /** "http://127.0.0.1:PORT". */
  readonly url: string;
  /** All requests since `reset()`. */
  readonly requests: readonly ProviderRequest[];
  /** The fault of later responses, until it is changed. */
  fault: Fault | undefined;
  /** How many responses the client closed before their end since `reset()`. */
  readonly closed: number;
  /** Resolves at the next such close, or at once if there has been one since `reset()`. */
  whenClosed(): Promise<void>;
  /** Resolves when `requests` has at least `count` members. */
  whenAsked(count: number): Promise<void>;
  /** Lets the responses continue that are held now. */
  release(): void;
  /** Serves a raw response on a path (without query) for any method, before the built-in ones. */
  serve(path: string, answer: ServedAnswer): void;
  /** Clears requests, closes, fault and served responses, and aborts active responses. */
  reset(): void;
  stop(): Promise<void>;
}

// Anthropic comes first: it shares /v1/files with OpenAI and is recognized by a header.
const FAMILIES: readonly Family[] = [others, anthropic, gemini, bedrock, cohere, ollama, openai];

export async function startProvider({ pause = 5, answer: textFor }: ProviderOptions = {}): Promise<Provider> {
  const state = newState(pause, textFor);
  const server = createServer((incoming, response) => void answer(state, incoming, response));
  // A connection that times out while a client reuses it would be an unintended failure.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return handle(state, server, `http://127.0.0.1:${port}`);
}

interface State {
  readonly pause: number;
  readonly textFor: ProviderOptions["answer"];
  readonly served: Map<string, ServedAnswer>;
  readonly active: Set<ServerResponse>;
  /** Functions that check a condition, and remove themselves when it is true. */
  readonly waiting: Set<() => void>;
  requests: ProviderRequest[];
  fault: Fault | undefined;
  closed: number;
  releases: number;
  turn: number;
}

function newState(pause: number, textFor: ProviderOptions["answer"]): State {
  const sets = { served: new Map(), active: new Set<ServerResponse>(), waiting: new Set<() => void>() };
  return { pause, textFor, ...sets, requests: [], fault: undefined, closed: 0, releases: 0, turn: 0 };
}

function handle(state: State, server: Server, url: string): Provider {
  return {
    url,
    get requests() {
      return state.requests;
    },
    get fault() {
      return state.fault;
    },
    set fault(fault) {
      state.fault = fault;
    },
    get closed() {
      return state.closed;
    },
    whenClosed: () => until(state, () => state.closed > 0),
    whenAsked: (count) => until(state, () => state.requests.length >= count),
    release: () => {
      state.releases++;
      notify(state);
    },
    serve: (path, answer) => void state.served.set(path, answer),
    reset: () => reset(state),
    stop: () => stop(state, server),
  };
}

function reset(state: State): void {
  const abandoned = [...state.active];
  state.active.clear();
  for (const response of abandoned) breakOff(response);
  state.served.clear();
  state.requests = [];
  state.fault = undefined;
  state.closed = 0;
  notify(state);
}

function breakOff(response: ServerResponse): void {
  if (response.headersSent) response.socket?.destroy();
  // Deno repeats a request whose connection closes before any response. The request would arrive in the next test.
  else response.writeHead(410, { connection: "close" }).end();
}

async function stop(state: State, server: Server): Promise<void> {
  reset(state);
  const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await stopped;
}

function until(state: State, ready: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (!ready()) return;
      state.waiting.delete(check);
      resolve();
    };
    state.waiting.add(check);
    check();
  });
}

function notify(state: State): void {
  for (const check of [...state.waiting]) check();
}

async function answer(state: State, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  state.active.add(response);
  // Errors of a destroyed connection have no listener.
  response.on("error", () => {});
  response.on("close", () => {
    if (state.active.delete(response)) state.closed++;
    notify(state);
  });
  try {
    const request = await received(incoming);
    state.requests.push(request);
    state.turn++;
    const { fault } = state;
    const { status, headers, steps } = planOf(answerTo(state, request, fault), fault);
    // Counted from here: a client may read the first events and call release before the response reaches its hold.
    const { releases } = state;
    const hold = (): Promise<void> => until(state, () => state.releases > releases || !state.active.has(response));
    notify(state);
    if (fault === "hang-headers") await hold();
    if (!state.active.has(response)) return;
    response.writeHead(status, { ...headers } as Record<string, string | string[]>);
    await send(state, response, steps, hold);
  } catch (error) {
    // A client that closed the connection while sending needs no response. Any other error is a bug of this server.
    if (incoming.complete && (error as { code?: string }).code !== "ECONNRESET") throw error;
  }
}

function answerTo(state: State, request: ProviderRequest, fault: Fault | undefined): Answer {
  const path = request.path.split("?")[0] ?? "";
  if (fault === "500" || fault === "429") {
    return failure(request, fault === "500" ? 500 : 429);
  }
  const served = state.served.get(path);
  if (served) return { kind: "whole", status: 200, headers: {}, ...served };
  const turn = { number: state.turn, text: state.textFor?.(request) };
  for (const family of FAMILIES) {
    const found = family(request, turn);
    if (found) return found;
  }
  return json({ error: { message: `Nothing answers ${request.method} ${path} here.` } }, {}, 404);
}

async function received(incoming: IncomingMessage): Promise<ProviderRequest> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
  const bytes = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let start = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, start);
    start += chunk.length;
  }
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
  const body = new TextDecoder().decode(bytes);
  return { method: incoming.method ?? "", path: incoming.url ?? "", headers, body, bytes };
}

async function send(
  state: State,
  response: ServerResponse,
  steps: readonly Step[],
  hold: () => Promise<void>,
): Promise<void> {
  for (const [index, step] of steps.entries()) {
    if (!state.active.has(response)) return;
    if (step === "hold") await hold();
    else if (step === "destroy") abandon(state, response);
    else if (step === "end") finish(state, response);
    else response.write(step.write);
    // The end follows the last write at once, as it does with real servers.
    if (steps[index + 1] !== "end") await paused(state);
  }
}

/** Ends the response. From here on, the client does not cause the close of the connection. */
function finish(state: State, response: ServerResponse): void {
  if (!state.active.delete(response)) return;
  response.end();
}

function abandon(state: State, response: ServerResponse): void {
  state.active.delete(response);
  response.socket?.destroy();
}

function paused(state: State): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, state.pause));
}
