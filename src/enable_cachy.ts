import { AsyncLocalStorage } from "node:async_hooks";
import { type Cachy, createHandle } from "./create_cachy.ts";
import { CachyError } from "./lib/errors.ts";
import {
  addressOf,
  type Covered,
  PATCH,
  type Patch,
  runningScope,
  type Scope,
  sharedPatch,
  type WrapperMark,
} from "./global_fetch.ts";
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
  const patch = joinPatch();
  const scope = runningScope(patch);
  const handle = coverWith(scope ?? patch, options);
  scope?.handles.add(handle);
  return handle;
}

/**
 * Goes back to the plain fetch, also for clients that captured the wrapper. Does nothing if nothing is enabled.
 *
 * Inside of a function that `withCachy` calls, it is the calls of that scope alone that become plain.
 */
export function disableCachy(): void {
  const patch = sharedPatch();
  if (patch) uncover(patch, runningScope(patch) ?? patch);
}

/**
 * The state that all copies of this module share; made if there is none.
 *
 * @throws {CachyError} `incompatible_version`
 */
export function joinPatch(): Patch {
  const patch = sharedPatch() ?? createPatch();
  if (patch.protocol !== PROTOCOL) throw incompatible(patch.protocol);
  return patch;
}

/** Makes a handle that stands over the calls of the process or of a scope, and puts the wrapper into its place. */
export function coverWith(covered: Patch | Scope, options: CachyOptions): Cachy {
  const patch = joinPatch();
  const onDisable = () => covered.cover === cover && uncover(patch, covered);
  const { handle, cover } = createHandle(options, { onDisable, sharesFlights: covered !== patch });
  if (!patch.originals.has(globalThis.fetch)) globalThis.fetch = wrapperOf(patch, globalThis.fetch);
  covered.cover = cover;
  return handle;
}

function uncover(patch: Patch, covered: Covered): void {
  covered.cover = undefined;
  removeIfUnused(patch);
}

/**
 * Takes the wrapper out of the global fetch, if nothing needs it any more. Somebody else's fetch stays where it is: it
 * may call ours, which then is the plain one.
 */
export function removeIfUnused(patch: Patch): void {
  if (patch.cover || patch.scopes?.running) return;
  globalThis.fetch = patch.originals.get(globalThis.fetch) ?? globalThis.fetch;
}

function wrapperOf(patch: Patch, original: typeof fetch): typeof fetch {
  const known = patch.wrappers.get(original);
  if (known) return known;
  const wrapper: typeof fetch = (...call) => {
    const underway = patch.onTheWay.getStore();
    const isOnTheWay = underway !== undefined && underway === addressOf(call);
    const { cover } = isOnTheWay ? {} : runningScope(patch) ?? patch;
    return (cover?.(original) ?? original)(...call);
  };
  const mark: WrapperMark = { wrapper, original };
  // Bun's fetch has functions of its own; everybody's has a name.
  const members = Object.getOwnPropertyDescriptors(original);
  Object.defineProperties(wrapper, { ...members, [PATCH]: { value: mark, configurable: true } });
  patch.wrappers.set(original, wrapper);
  patch.originals.set(wrapper, original);
  return wrapper;
}

function createPatch(): Patch {
  return (globalThis as { [PATCH]?: Patch })[PATCH] = {
    protocol: PROTOCOL,
    wrappers: new WeakMap(),
    originals: new WeakMap(),
    cover: undefined,
    scopes: undefined,
    onTheWay: new AsyncLocalStorage<string>(),
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
