import { AsyncLocalStorage } from "node:async_hooks";
import { type Cachy, createHandle } from "./cachy.ts";
import { CachyError } from "./errors.ts";
import { addressOf, PATCH, type Patch, sharedPatch } from "./global_fetch.ts";
import type { CachyOptions } from "./options.ts";

const PROTOCOL = 1;

/**
 * Caches every call of an LLM API that goes through `fetch`, from now on: the first time the answer is recorded into
 * `cachy.jsonl` while it streams, the second time it comes from there.
 *
 * Calling it again replaces the options. The disk is touched at the first matching request.
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
  const patch = sharedPatch() ?? createPatch();
  if (patch.protocol !== PROTOCOL) throw incompatible(patch.protocol);
  const { handle, cover } = createHandle(options, () => patch.cover === cover && release(patch));
  if (!patch.originals.has(globalThis.fetch)) globalThis.fetch = wrapperOf(patch, globalThis.fetch);
  patch.cover = cover;
  return handle;
}

/** Goes back to the plain fetch, also for clients that captured the wrapper. Does nothing if nothing is enabled. */
export function disableCachy(): void {
  const patch = sharedPatch();
  if (patch) release(patch);
}

/** Somebody else's fetch stays where it is: it may call ours, which then is the plain one. */
function release(patch: Patch): void {
  patch.cover = undefined;
  globalThis.fetch = patch.originals.get(globalThis.fetch) ?? globalThis.fetch;
}

function wrapperOf(patch: Patch, original: typeof fetch): typeof fetch {
  const known = patch.wrappers.get(original);
  if (known) return known;
  const wrapper: typeof fetch = (...call) => {
    const underway = patch.onTheWay.getStore();
    const isOnTheWay = underway !== undefined && underway === addressOf(call);
    return (isOnTheWay || !patch.cover ? original : patch.cover(original))(...call);
  };
  // Bun's fetch has functions of its own; everybody's has a name.
  Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original));
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
