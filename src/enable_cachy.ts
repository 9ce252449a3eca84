import { subscribe } from "node:diagnostics_channel";
import process from "node:process";
import { type Cachy, createHandle } from "./create_cachy.ts";
import {
  type GlobalFetch,
  globalFetch,
  isOlderFetch,
  joinGlobalFetch,
  runningScope,
  type Scope,
  type Wrapped,
  type WrapperMark,
} from "./global_fetch.ts";
import { SHARED_STATE } from "./lib/shared_state.ts";
import type { CachyOptions } from "./options/options.ts";
import { warnOnStderr } from "./store/store.ts";

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
  if (!state.originals.has(globalThis.fetch)) globalThis.fetch = wrapperOf(state, globalThis.fetch);
  watchGlobalFetch(state);
  // A scope ends with its own recordings: another one may use the same file, and its stream may go on for minutes.
  if (isScope) wrapped.handles.add({ flush: flushOwn, disable: handle.disable });
  return handle;
}

function unwrap(state: GlobalFetch, wrapped: Wrapped): void {
  wrapped.wrap = undefined;
  removeIfUnused(state);
}

/**
 * Takes the wrapper out of the global fetch, if nothing needs it any more. Somebody else's fetch stays where it is: it
 * may call ours, which then is the plain one.
 */
export function removeIfUnused(state: GlobalFetch): void {
  if (isInUse(state)) return;
  globalThis.fetch = state.originals.get(globalThis.fetch) ?? globalThis.fetch;
}

function isInUse({ wrap, scopes }: GlobalFetch): boolean {
  return wrap !== undefined || (scopes?.running ?? 0) > 0;
}

const COVERED_AGAIN = "Something put an older fetch back while cachy was enabled, such as server.close() of msw, " +
  "sinon.restore() or next dev. Calls since then may have gone to the network uncached. cachy covers the global fetch " +
  "again. To restore the plain fetch, call disableCachy().";

/** Covers the global fetch again if something has put an older one back. A mock or a tracer stays in place. */
function coverAgain(state: GlobalFetch): void {
  if (!isInUse(state) || !isOlderFetch(state, globalThis.fetch)) return;
  globalThis.fetch = wrapperOf(state, globalThis.fetch);
  warnOnStderr(COVERED_AGAIN);
}

/**
 * Looks for an older fetch that was put back: on Node at each request, elsewhere at each call of a client that captured
 * the wrapper, and at the end of the process. An accessor
 * would see the write at once, but `mock.method()` of `node:test` and `sinon.stub()` refuse to replace one; so only Next
 * gets it, whose development server restores its own fetch after every edit.
 */
function watchGlobalFetch(state: GlobalFetch): void {
  if (state.isWatched) return;
  state.isWatched = true;
  const look = () => coverAgain(state);
  if ("Deno" in globalThis) return addEventListener("unload", look);
  process.on("exit", look);
  if ("Bun" in globalThis) return;
  subscribe("undici:request:create", look);
  if (process.env.NEXT_RUNTIME) coverWrites(state);
}

/** Covers each older fetch at the moment when it is written. */
function coverWrites(state: GlobalFetch): void {
  let current = globalThis.fetch;
  Object.defineProperty(globalThis, "fetch", {
    configurable: true,
    enumerable: true,
    get: () => current,
    set(value: typeof fetch) {
      current = isInUse(state) && isOlderFetch(state, value) ? wrapperOf(state, value) : value;
    },
  });
}

function wrapperOf(state: GlobalFetch, original: typeof fetch): typeof fetch {
  const known = state.wrappers.get(original);
  if (known) return known;
  const wrapper: typeof fetch = (...call) => {
    coverAgain(state);
    const underway = state.onTheWay.getStore();
    const { wrap } = underway?.isOver === false ? {} : runningScope(state) ?? state;
    return (wrap?.(original) ?? original)(...call);
  };
  const mark: WrapperMark = { wrapper, original };
  // Bun's fetch has functions of its own; everybody's has a name.
  const members = Object.getOwnPropertyDescriptors(original);
  Object.defineProperties(wrapper, { ...members, [SHARED_STATE]: { value: mark, configurable: true } });
  state.wrappers.set(original, wrapper);
  state.originals.set(wrapper, original);
  return wrapper;
}
