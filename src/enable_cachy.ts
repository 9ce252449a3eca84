import { AsyncLocalStorage } from "node:async_hooks";
import { type Cachy, createHandle } from "./create_cachy.ts";
import {
  coverGlobalFetch,
  type GlobalFetch,
  globalFetch,
  joinGlobalFetch,
  removeIfUnused,
  runningScope,
  type Scope,
  type Wrapped,
} from "./global_fetch.ts";
import { CachyError } from "./lib/errors.ts";
import { show } from "./lib/show.ts";
import { withinTime } from "./lib/wait.ts";
import type { CachyOptions } from "./options/options.ts";

/**
 * Caches every call of an LLM API that goes through `fetch`, from now on. The first time, the response is recorded into
 * `cachy.jsonl` while it streams. The second time, it is replayed from there.
 *
 * A second call replaces the options. The file is first read at the first matching request. Inside `withCachy`, the call
 * replaces only the options of that scope, and ends with it.
 *
 * @param options What to cache, where and when.
 * @returns A handle with counters, and with `disable()`.
 * @throws {CachyError} `invalid_option`, if an option is unknown or has a wrong value.
 * @throws {CachyError} `incompatible_version`, if another version of this module is enabled that cannot share `fetch`.
 *
 * @example
 * ```ts
 * import { disableCachy, enableCachy } from "@cachy/core";
 *
 * const cachy = enableCachy();
 * // … OpenAI, Anthropic, Gemini, AI SDK, LangChain, as usual
 * console.log(cachy.stats.hits);
 * disableCachy();
 * ```
 */
export function enableCachy(options: CachyOptions = {}): Cachy {
  const state = joinGlobalFetch();
  return wrapWith(runningScope(state) ?? state, options);
}

/**
 * Restores the plain fetch, also for clients that captured the wrapper. Does nothing if cachy is not enabled.
 *
 * Inside `withCachy`, only the calls of that scope become plain.
 */
export function disableCachy(): void {
  const state = globalFetch();
  if (state) unwrap(state, runningScope(state) ?? state);
}

/** Creates a handle for the calls of the process or of a scope, and wraps the global fetch. */
function wrapWith(wrapped: GlobalFetch | Scope, options: CachyOptions): Cachy {
  const state = joinGlobalFetch();
  const isScope = "handles" in wrapped;
  const onDisable = () => wrapped.wrap === wrap && unwrap(state, wrapped);
  const { handle, wrap, flushOwn } = createHandle(options, { onDisable, sharesInFlight: isScope });
  wrapped.wrap = wrap;
  coverGlobalFetch(state);
  // A scope waits only for its own recordings: another scope may stream into the same file for minutes.
  if (isScope) wrapped.handles.add({ flush: flushOwn, disable: handle.disable });
  return handle;
}

function unwrap(state: GlobalFetch, wrapped: Wrapped): void {
  wrapped.wrap = undefined;
  removeIfUnused(state);
}

/** How long to wait for recordings in progress after the function has failed, in milliseconds. */
const FAILED_FLUSH_MS = 1000;

const NO_STORAGE =
  "Cannot use withCachy() here: this runtime has no AsyncLocalStorage. Pass the fetch of createCachy() " +
  "to the SDK. In a Cloudflare Worker, you can also set the compatibility flag nodejs_compat.";

/**
 * Calls a function and caches its calls of `fetch`, and those of all work that it starts: across `await`, timers and
 * promises, while other code runs with other options or without cachy. One test, one scope, one file.
 *
 * - Options come from the argument, the environment and the defaults. A scope inherits no options from outer scopes.
 * - The innermost scope wins, and every scope wins over `enableCachy()`. Inside a scope, `enableCachy()` and
 *   `disableCachy()` affect only this scope.
 * - Each scope counts stateful requests from 1. Concurrent scopes with the same file and `namespace` share the network
 *   calls of identical requests. Mode `refresh` records each request once per file and process.
 * - Await all work that you start: work that still runs when the function has ended belongs to the outer scope.
 * - A client that captured `fetch` (openai, anthropic, groq, ollama …) before cachy was enabled keeps the plain `fetch`:
 *   create the client inside the scope, or use `@cachy/core/auto`.
 *
 * On Node 20 and 22, the first scope makes every promise of the process slightly slower (an empty `await` takes 0.1 µs
 * instead of 0.04 µs).
 *
 * @param options What to cache, where and when.
 * @param fn The function to call, with the handle of the scope. It may be synchronous or asynchronous.
 * @returns The result of the function, after all recordings in progress are stored or dropped. If the function throws,
 * the promise rejects with its error, after one second at most.
 * @throws {CachyError} `invalid_option`, `incompatible_version`, see {@linkcode enableCachy}; both by rejection.
 *
 * @example Two concurrent tests, each with its own file
 * ```ts
 * import { withCachy } from "@cachy/core";
 *
 * const hits = await Promise.all([
 *   withCachy({ file: "summary.jsonl" }, async (cachy) => {
 *     // … OpenAI, Anthropic, Gemini, AI SDK, LangChain, as usual
 *     return cachy.stats.hits;
 *   }),
 *   withCachy({ file: "tools.jsonl", mode: "replay" }, async (cachy) => {
 *     // …
 *     return cachy.stats.hits;
 *   }),
 * ]);
 * console.log(hits);
 * ```
 */
export async function withCachy<Result>(
  options: CachyOptions,
  fn: (cachy: Cachy) => Result | PromiseLike<Result>,
): Promise<Result> {
  if (typeof fn !== "function") {
    const cure = typeof options === "function" ? " Pass the options first: withCachy({}, fn)." : "";
    throw new CachyError(
      "invalid_option",
      `Cannot call ${show(fn)}: withCachy(options, fn) expects a function.${cure}`,
    );
  }
  // Set by the class that the npm package has for runtimes without Node.
  if ("isSynchronous" in AsyncLocalStorage) throw new CachyError("invalid_option", NO_STORAGE);
  const state = joinGlobalFetch();
  const scope: Scope = {
    wrap: undefined,
    outer: runningScope(state),
    isOver: false,
    handles: new Set(),
  };
  const cachy = wrapWith(scope, options);
  const scopes = state.scopes ??= {
    current: new AsyncLocalStorage<Scope>(),
    running: 0,
  };
  scopes.running++;
  const flush = async () => void await Promise.all([...scope.handles].map((handle) => handle.flush()));
  try {
    const result = await scopes.current.run(scope, () => fn(cachy));
    await flush();
    return result;
  } catch (error) {
    // An abandoned stream may continue for minutes, and the developer waits for the failure.
    await withinTime(flush(), FAILED_FLUSH_MS).catch(() => {});
    throw error;
  } finally {
    end(state, scope);
  }
}

function end(state: GlobalFetch, scope: Scope): void {
  scope.isOver = true;
  if (state.scopes) state.scopes.running--;
  for (const handle of scope.handles) handle.disable();
  removeIfUnused(state);
}
