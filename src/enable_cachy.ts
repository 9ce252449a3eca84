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
export function wrapWith(wrapped: GlobalFetch | Scope, options: CachyOptions): Cachy {
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
