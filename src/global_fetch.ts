import type { AsyncLocalStorage } from "node:async_hooks";

/**
 * What all copies of this module in a process share: two majors, `bun --hot` and `vi.resetModules` evaluate it more than
 * once, and each copy would wrap the wrapper of the one before.
 */
export interface Patch {
  /** Grows when a member changes its meaning. */
  readonly protocol: number;
  /**
   * The one wrapper of each fetch that was found in `globalThis`. Mostly that is the platform's alone; it is another one
   * after a test or a tracer replaced the global fetch. Clients capture a wrapper and never let it go.
   */
  readonly wrappers: WeakMap<typeof fetch, typeof fetch>;
  /** The fetch that each wrapper covers. */
  readonly originals: WeakMap<typeof fetch, typeof fetch>;
  /** Makes the fetch that stands over an original; undefined while nothing is enabled. */
  cover: ((original: typeof fetch) => typeof fetch) | undefined;
  /**
   * The URL that a fetch of somebody else is asked for, while it is. It may itself call a wrapper of ours, which for this
   * URL then has nothing to do but to pass the call on.
   */
  readonly onTheWay: AsyncLocalStorage<string>;
  /** The fetch that was found first. It is taken for one that calls no wrapper, which saves entering the storage. */
  readonly platform: typeof fetch;
}

/** The place of the shared state in `globalThis`. */
export const PATCH: symbol = Symbol.for("@cachy/core");

/** The shared state; undefined if nothing was ever enabled. */
export function sharedPatch(): Patch | undefined {
  return (globalThis as { [PATCH]?: Patch })[PATCH];
}

/** The global fetch, without our wrapper. */
export function fetchUnderWrapper(): typeof fetch {
  return sharedPatch()?.originals.get(globalThis.fetch) ?? globalThis.fetch;
}

/** Where a call goes, to compare it with another one. */
export function addressOf([input]: Parameters<typeof fetch>): string {
  return input instanceof Request ? input.url : String(input);
}

/** Calls a fetch so that it cannot come back to us. On Node 20 entering the storage makes every promise slower. */
export function callOnTheWay(network: typeof fetch, call: Parameters<typeof fetch>): Promise<Response> {
  const patch = sharedPatch();
  if (!patch || network === patch.platform) return network(...call);
  return patch.onTheWay.run(addressOf(call), () => network(...call));
}
