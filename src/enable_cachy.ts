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
 * Caches every call of an LLM API that goes through `fetch`, from now on: the first time the answer is recorded into
 * `cachy.jsonl` while it streams, the second time it comes from there.
 *
 * Calling it again replaces the options. The disk is touched at the first matching request. Inside of a function that
 * `withCachy` calls, it replaces the options of that scope, and ends with it; the rest of the process does not notice.
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
 * Goes back to the plain fetch, also for clients that captured the wrapper. Does nothing if nothing is enabled.
 *
 * Inside of a function that `withCachy` calls, it is the calls of that scope alone that become plain.
 */
export function disableCachy(): void {
  const state = globalFetch();
  if (state) unwrap(state, runningScope(state) ?? state);
}

/** Makes a handle that stands over the calls of the process or of a scope, and puts the wrapper into its place. */
export function wrapWith(wrapped: GlobalFetch | Scope, options: CachyOptions): Cachy {
  const state = joinGlobalFetch();
  const isScope = "handles" in wrapped;
  const onDisable = () => wrapped.wrap === wrap && unwrap(state, wrapped);
  const { handle, wrap, flushOwn } = createHandle(options, { onDisable, sharesInFlight: isScope });
  wrapped.wrap = wrap;
  coverGlobalFetch(state);
  // A scope ends with its own recordings: another one may use the same file, and its stream may go on for minutes.
  if (isScope) wrapped.handles.add({ flush: flushOwn, disable: handle.disable });
  return handle;
}

function unwrap(state: GlobalFetch, wrapped: Wrapped): void {
  wrapped.wrap = undefined;
  removeIfUnused(state);
}
