import { utf8 } from "../lib/bytes.ts";
import { type Framing, framingOf } from "../lib/framing.ts";
import { clearTimeout, LONGEST_TIMER_MS, monotonicNow, setTimeout } from "../lib/wait.ts";
import { decodeBody, type Entry, NEVER_RECORDED_HEADERS } from "../store/entry.ts";

/** HTTP/1.1 servers send these, and SDKs show them. */
const STATUS_TEXTS: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
};

/** For whom an answer is replayed, and how fast. */
export interface ReplayRequest {
  /** The response names it. */
  readonly url: URL;
  /** Can end the body. */
  readonly signal?: AbortSignal;
  /** Undefined: at once. */
  readonly pace?: Pace;
  /** Of a paced body. */
  readonly clock?: Clock;
}

/** Makes the response that an entry recorded. */
export function replay(entry: Entry, request: ReplayRequest): Response {
  const status = entry.status_code ?? 200;
  const headers = headersOf(entry);
  const body = status === 204 || status === 205 ? null : bodyOf(entry, request);
  // Text would make the constructor add a content type that was not there, and keeps a byte order mark on Deno and Bun.
  const isSentAsBytes = typeof body === "string" && (!headers.has("content-type") || body.startsWith("\uFEFF"));
  const sent = isSentAsBytes ? utf8(body) : body;
  return labelled(new Response(sent, { status, headers }), {
    url: request.url.href.split("#", 1)[0] ?? "",
    statusText: STATUS_TEXTS[status],
  });
}

function bodyOf(entry: Entry, { signal, pace, clock }: ReplayRequest): BodyInit {
  const body = decodeBody(entry);
  const { chunks } = entry;
  if (!chunks?.length) return body;
  const bytes = typeof body === "string" ? utf8(body) : body;
  const lengths = chunkLengths(chunks, bytes.byteLength);
  if (!lengths) return body;
  const pacer = pace === undefined ? undefined : createPacer(pace, chunks, { signal, clock });
  return chunked(bytes, lengths, { signal, pacer });
}

/** The recorded chunk borders, or undefined if they do not describe this body. */
export function chunkLengths(chunks: NonNullable<Entry["chunks"]>, bodyLength: number): number[] | undefined {
  if (!Array.isArray(chunks)) return undefined;
  const lengths: unknown[] = chunks.map((chunk) => Array.isArray(chunk) ? chunk[1] : undefined);
  const isWhole = lengths.every((length) => Number.isInteger(length) && (length as number) >= 0);
  if (!isWhole) return undefined;
  const total = (lengths as number[]).reduce((sum, length) => sum + length, 0);
  return total === bodyLength ? lengths as number[] : undefined;
}

function chunked(
  bytes: Uint8Array,
  lengths: readonly number[],
  { signal, pacer }: { readonly signal?: AbortSignal; readonly pacer?: Pacer },
): ReadableStream<Uint8Array> {
  let at = 0;
  let index = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const length = lengths[index];
      if (signal?.aborted) return controller.error(signal.reason);
      if (length === undefined) return controller.close();
      const give = () => {
        controller.enqueue(bytes.slice(at, at + length));
        at += length;
        index++;
      };
      const wait = pacer?.wait(index);
      return wait ? wait.then((isDue) => isDue ? give() : undefined) : give();
    },
    cancel: () => pacer?.stop(),
  }, { highWaterMark: 0 });
}

function headersOf(entry: Entry): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(entry.headers ?? {})) {
    if (NEVER_RECORDED_HEADERS.has(name.toLowerCase()) || typeof value !== "string") continue;
    try {
      headers.set(name, value);
    } catch {
      // Not a header that could be sent: whoever wrote it, SDKs do without.
    }
  }
  const guessed = headers.has("content-type") || entry.v !== undefined ? undefined : guessContentType(entry);
  if (guessed) headers.set("content-type", guessed);
  return headers;
}

const GUESSED_TYPES: Readonly<Partial<Record<Framing, string>>> = {
  events: "text/event-stream",
  lines: "application/x-ndjson",
  json: "application/json",
};

/** pycachy keeps no content type, and SDKs parse nothing without one. */
function guessContentType({ binary, response }: Entry): string | undefined {
  return binary ? undefined : GUESSED_TYPES[framingOf("", () => response)] ?? "text/plain; charset=utf-8";
}

/** What a response's constructor cannot set, or not to everything that a server may send. */
export interface ResponseLabels {
  readonly url: string;
  readonly redirected?: boolean;
  readonly statusText?: string;
}

/** Sets the labels of a response, also for its clones. */
export function labelled(response: Response, labels: ResponseLabels): Response {
  const { url, redirected = false, statusText = response.statusText } = labels;
  const clone = () => labelled(Response.prototype.clone.call(response), { url, redirected, statusText });
  return Object.defineProperties(response, {
    url: { value: url, configurable: true },
    redirected: { value: redirected, configurable: true },
    statusText: { value: statusText, configurable: true },
    clone: { value: clone, configurable: true, writable: true },
  });
}

/** How fast a stream is replayed: as recorded, so many times as fast, or with a delay before each chunk. */
export type Pace = "recorded" | number | { readonly chunkMs: number };

/** Tells the time and wakes somebody up later; tests put their own in its place. */
export interface Clock {
  /** In milliseconds, from any start. */
  now(): number;
  /**
   * Calls a function later.
   *
   * @param ms Milliseconds, more than 0.
   * @returns What calls it off.
   */
  after(ms: number, call: () => void): () => void;
}

/** The clock of the runtime. */
const systemClock: Clock = {
  now: monotonicNow,
  after(ms, call) {
    const timer = setTimeout(call, Math.min(ms, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** Holds the chunks of one replayed body back until they are due. */
export interface Pacer {
  /**
   * Waits for a chunk; at most one wait at a time.
   *
   * @returns Undefined if the chunk is due already; else a promise of whether it is to be given, which is false after
   * `stop()`, and which rejects with the reason of the signal as soon as that is aborted.
   */
  wait(index: number): Promise<boolean> | undefined;
  /** Ends the wait that is under way, if there is one. */
  stop(): void;
}

/**
 * Makes the pacer of a body that starts now.
 *
 * Recorded delays count from here, as they do on a real connection: a caller who reads slowly finds the chunks of
 * meanwhile waiting, and is not delayed further. A fixed delay counts from when a chunk is asked for.
 */
export function createPacer(
  pace: Pace,
  chunks: NonNullable<Entry["chunks"]>,
  { signal, clock = systemClock }: { readonly signal?: AbortSignal; readonly clock?: Clock },
): Pacer {
  const start = clock.now();
  const delayOf = (index: number): number => {
    if (typeof pace === "object") return pace.chunkMs;
    const ms = chunks[index]?.[0];
    const factor = pace === "recorded" ? 1 : pace;
    // A line that somebody else wrote may hold anything.
    return typeof ms === "number" ? start + ms / factor - clock.now() : 0;
  };
  let stop = () => {};
  return {
    wait(index) {
      const ms = delayOf(index);
      if (!(ms > 0)) return undefined;
      return new Promise<boolean>((resolve, reject) => {
        const finish = () => {
          callOff();
          signal?.removeEventListener("abort", abort); // on Deno, one that stays keeps the process alive
        };
        const end = (isDue: boolean) => {
          finish();
          resolve(isDue);
        };
        const abort = () => {
          finish();
          reject(signal?.reason);
        };
        const callOff = clock.after(ms, () => end(true));
        stop = () => end(false);
        signal?.addEventListener("abort", abort);
      });
    },
    stop: () => stop(),
  };
}
