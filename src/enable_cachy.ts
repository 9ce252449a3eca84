import { AsyncLocalStorage } from "node:async_hooks";
import { type Cachy, createHandle } from "./create_cachy.ts";
import {
  runningScope,
  type Scope,
  SHARED_STATE,
  type SharedState,
  sharedState,
  type Wrapped,
  type WrapperMark,
} from "./global_fetch.ts";
import { CachyError } from "./lib/errors.ts";
import type { CachyOptions } from "./options/options.ts";

const PROTOCOL = 1;

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
  const shared = joinSharedState();
  const scope = runningScope(shared);
  const handle = wrapWith(scope ?? shared, options);
  scope?.handles.add(handle);
  return handle;
}

/**
 * Goes back to the plain fetch, also for clients that captured the wrapper. Does nothing if nothing is enabled.
 *
 * Inside of a function that `withCachy` calls, it is the calls of that scope alone that become plain.
 */
export function disableCachy(): void {
  const shared = sharedState();
  if (shared) unwrap(shared, runningScope(shared) ?? shared);
}

/**
 * The state that all copies of this module share; made if there is none.
 *
 * @throws {CachyError} `incompatible_version`
 */
export function joinSharedState(): SharedState {
  const shared = sharedState() ?? createSharedState();
  if (shared.protocol !== PROTOCOL) throw incompatible(shared.protocol);
  return shared;
}

/** Makes a handle that stands over the calls of the process or of a scope, and puts the wrapper into its place. */
export function wrapWith(wrapped: SharedState | Scope, options: CachyOptions): Cachy {
  const shared = joinSharedState();
  const onDisable = () => wrapped.wrap === wrap && unwrap(shared, wrapped);
  const { handle, wrap } = createHandle(options, { onDisable, sharesInFlight: wrapped !== shared });
  if (!shared.originals.has(globalThis.fetch)) globalThis.fetch = wrapperOf(shared, globalThis.fetch);
  wrapped.wrap = wrap;
  return handle;
}

function unwrap(shared: SharedState, wrapped: Wrapped): void {
  wrapped.wrap = undefined;
  removeIfUnused(shared);
}

/**
 * Takes the wrapper out of the global fetch, if nothing needs it any more. Somebody else's fetch stays where it is: it
 * may call ours, which then is the plain one.
 */
export function removeIfUnused(shared: SharedState): void {
  if (shared.wrap || shared.scopes?.running) return;
  globalThis.fetch = shared.originals.get(globalThis.fetch) ?? globalThis.fetch;
}

function wrapperOf(shared: SharedState, original: typeof fetch): typeof fetch {
  const known = shared.wrappers.get(original);
  if (known) return known;
  const wrapper: typeof fetch = (...call) => {
    const underway = shared.onTheWay.getStore();
    const { wrap } = underway?.isOver === false ? {} : runningScope(shared) ?? shared;
    return (wrap?.(original) ?? original)(...call);
  };
  const mark: WrapperMark = { wrapper, original };
  // Bun's fetch has functions of its own; everybody's has a name.
  const members = Object.getOwnPropertyDescriptors(original);
  Object.defineProperties(wrapper, { ...members, [SHARED_STATE]: { value: mark, configurable: true } });
  shared.wrappers.set(original, wrapper);
  shared.originals.set(wrapper, original);
  return wrapper;
}

function createSharedState(): SharedState {
  return (globalThis as { [SHARED_STATE]?: SharedState })[SHARED_STATE] = {
    protocol: PROTOCOL,
    wrappers: new WeakMap(),
    originals: new WeakMap(),
    wrap: undefined,
    scopes: undefined,
    onTheWay: new AsyncLocalStorage(),
    platform: globalThis.fetch,
  };
}

function incompatible(protocol: number): CachyError {
  return new CachyError(
    "incompatible_version",
    `Cannot share fetch with another version of @cachy/core that is enabled in this process: it uses protocol ` +
      `${protocol}, this one ${PROTOCOL}. Use one version, or call disableCachy() of the other one and restart.`,
  );
}
