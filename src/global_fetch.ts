import type { AsyncLocalStorage } from "node:async_hooks";

/**
 * What all copies of this module in a process share: two majors, `bun --hot` and `vi.resetModules` evaluate it more than
 * once, and each copy would wrap the wrapper of the one before.
 */
export interface Patch {
  /** Grows when a member changes its meaning. */
  readonly protocol: number;
  /** The one function that stands in `globalThis.fetch`: clients capture it and never let it go. */
  readonly wrapper: typeof fetch;
  /** The fetch that was there before any wrapper. */
  readonly platform: typeof fetch;
  /** The fetch that `wrapper` covers now; not `platform` if somebody replaced the global one meanwhile. */
  original: typeof fetch;
  /** Answers what `wrapper` is called with; undefined while nothing is enabled. */
  handler: typeof fetch | undefined;
  /** Set inside calls of a fetch that may itself call `wrapper`, which then goes to the platform's. */
  readonly onTheWay: AsyncLocalStorage<true>;
}

/** The place of the shared state in `globalThis`. */
export const PATCH: symbol = Symbol.for("@cachy/core");

/** The shared state; undefined if nothing was ever enabled. */
export function sharedPatch(): Patch | undefined {
  return (globalThis as { [PATCH]?: Patch })[PATCH];
}

/** The global fetch, without our wrapper. */
export function fetchUnderWrapper(): typeof fetch {
  const patch = sharedPatch();
  if (!patch) return globalThis.fetch;
  return guarded(patch, globalThis.fetch === patch.wrapper ? patch.original : globalThis.fetch);
}

/**
 * Keeps a fetch from coming back to us: one that replaced the global fetch after `enableCachy` may call the wrapper that
 * it found there. The storage is entered only in this case, because on Node 20 it makes every promise slower.
 */
function guarded({ platform, onTheWay }: Patch, original: typeof fetch): typeof fetch {
  return original === platform ? original : (...call) => onTheWay.run(true, () => original(...call));
}

/** The fetch that a patch covers. */
export function coveredFetch(patch: Patch): typeof fetch {
  return guarded(patch, patch.original);
}
