/** The common interface of all SDK drivers. */

export interface Runtime {
  readonly name: "node" | "deno" | "bun";
  readonly version: string;
  readonly major: number;
}

/** When an SDK captures `fetch`. It ignores a patch of the global fetch that comes later. */
export type CapturesFetch = "import" | "construction" | "first call" | "call";

export interface Connection {
  /** Scheme, host and port, as in "http://127.0.0.1:8080". The driver adds the SDK's base path. */
  readonly baseURL: string;
  /** By default, the SDK uses the global fetch. */
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface Client {
  /**
   * Runs the call to its end.
   *
   * @returns What the caller sees, as JSON values: texts, tool calls, ids, and for streams all events. Bytes are
   * base64. Raw response headers are omitted, and so are values that an SDK generates in each run; comments name them.
   * Everything else is the same if the response is the same.
   */
  run(options?: CallOptions): Promise<unknown>;
  /** Streaming cases only: the SDK's own events, so that a test can stop reading early. */
  stream?(options?: CallOptions): Promise<AsyncIterable<unknown>>;
}

export interface SdkCase {
  /** As in "openai 7: chat stream". */
  readonly name: string;
  /** The SDK and its major version, as in "openai 7". */
  readonly sdk: string;
  /** The default server of this call, as in "https://api.openai.com". */
  readonly origin: string;
  readonly streaming: boolean;
  readonly capturesFetch: CapturesFetch;
  /** Network requests of one run. */
  readonly requests: number;
  /** Whether a signal given to `run` or `stream` reaches the request. */
  readonly abortable: boolean;
  /** Why it does not run here, or undefined. */
  skip(runtime?: Runtime): string | undefined;
  client(at: Connection): Promise<Client>;
}

/** An SDK: how to connect it, and the properties of all its calls. */
export interface Sdk<Connected> {
  readonly name: string;
  readonly origin: string;
  readonly capturesFetch: CapturesFetch;
  /** Why it does not run on a runtime. */
  skip?(runtime: Runtime): string | undefined;
  /** Imports the package here, not at the top of the module, so that a broken package fails only its own cases. */
  connect(at: Connection): Promise<Connected>;
}

/** A call of an SDK: `run`, or `stream`, or both if a stream also has a final result. */
export interface SdkCall<Connected> {
  readonly name: string;
  /** @default {1} */
  readonly requests?: number;
  /** @default {true} */
  readonly abortable?: boolean;
  run?(connected: Connected, options: CallOptions): Promise<unknown>;
  stream?(connected: Connected, options: CallOptions): Promise<AsyncIterable<unknown>>;
}

export function casesOf<Connected>(sdk: Sdk<Connected>, calls: readonly SdkCall<Connected>[]): SdkCase[] {
  return calls.map((call) => ({
    name: `${sdk.name}: ${call.name}`,
    sdk: sdk.name,
    origin: sdk.origin,
    streaming: call.stream !== undefined,
    capturesFetch: sdk.capturesFetch,
    requests: call.requests ?? 1,
    abortable: call.abortable ?? true,
    skip: (runtime = thisRuntime()) => sdk.skip?.(runtime),
    client: async (at) => clientOf(await sdk.connect(at), call),
  }));
}

function clientOf<Connected>(connected: Connected, call: SdkCall<Connected>): Client {
  const { run, stream } = call;
  const open = stream &&
    ((options: CallOptions = {}) => stream(connected, options));
  const read = async (options: CallOptions): Promise<unknown> => await collect(await open!(options));
  return {
    run: async (options = {}) => plain(await (run ? run(connected, options) : read(options))),
    ...(open ? { stream: open } : {}),
  };
}

export async function collect(events: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  // Copied at once, because some SDKs change an event after they have returned it.
  for await (const event of events) all.push(plain(event));
  return all;
}

/** JSON values only, without undefined members and methods. Bytes are base64. */
export function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_, inner: unknown) => inner instanceof Uint8Array ? base64(inner) : inner);
  return text === undefined ? null : JSON.parse(text);
}

export function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** The JSON value without the named members, at any depth. */
export function without(value: unknown, names: readonly string[]): unknown {
  return JSON.parse(JSON.stringify(plain(value), (name, inner: unknown) => names.includes(name) ? undefined : inner));
}

export function thisRuntime(): Runtime {
  const { Deno, Bun } = globalThis as {
    Deno?: { version: { deno: string } };
    Bun?: { version: string };
  };
  const name = Deno ? "deno" : Bun ? "bun" : "node";
  const version = Deno?.version.deno ?? Bun?.version ?? process.versions.node;
  return { name, version, major: Number(version.split(".")[0]) };
}
