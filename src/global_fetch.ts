import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import process from "node:process";
import { atExit } from "./lib/environment.ts";
import { CachyError } from "./lib/errors.ts";
import { otherProtocol, PROTOCOL, shared, SHARED_STATE } from "./lib/shared_state.ts";
import { warnOnStderr } from "./store/store.ts";

/** Makes a caching fetch around an original one. */
export type Wrap = (original: typeof fetch) => typeof fetch;

/** A process or a scope whose calls may be wrapped. */
export interface Wrapped {
  /** Undefined if the calls go to the plain fetch. */
  wrap: Wrap | undefined;
}

/** All code that runs inside one call of `withCachy`. */
export interface Scope extends Wrapped {
  /** The scope around it. */
  readonly outer: Scope | undefined;
  /** Whether the function has ended. Work that it left running then belongs to the outer scope. */
  isOver: boolean;
  /** The handles that end with the scope. Another copy of this module may have made them. */
  readonly handles: Set<{ flush(): Promise<void>; disable(): void }>;
}

/** The global fetch and its wrappers. Each copy of this module would otherwise wrap the wrapper of the one before. */
export interface GlobalFetch extends Wrapped {
  /**
   * The single wrapper of each fetch that was found in `globalThis`: the platform's, and others if a test or a tracer
   * replaced the global fetch. A client that captures a wrapper keeps it for ever.
   */
  readonly wrappers: WeakMap<typeof fetch, typeof fetch>;
  /** The original fetch of each wrapper. */
  readonly originals: WeakMap<typeof fetch, typeof fetch>;
  /** Created by the first `withCachy`, because before Node 24 it slows every promise of the process. */
  scopes: { readonly current: AsyncLocalStorage<Scope>; running: number } | undefined;
  /**
   * The call that a third-party fetch is answering. Calls that this fetch makes meanwhile belong to the same call, however
   * they spell the URL, so our wrappers pass them on.
   */
  readonly onTheWay: AsyncLocalStorage<CallOnTheWay>;
  /** Whether the process already looks for replacements of the global fetch. */
  isWatched?: boolean;
  /** The fetch that was found first. It calls no wrapper, so its calls need not enter the storage. */
  readonly platform: typeof fetch;
}

/** A call that is on its way to the network. */
export interface CallOnTheWay {
  /** Whether the call is answered. A rate limiter or a queue may run later work in the storage of that call. */
  isOver: boolean;
}

/** The state of the global fetch; undefined if nothing was ever enabled. */
export function globalFetch(): GlobalFetch | undefined {
  return shared<GlobalFetch>("globalFetch");
}

/**
 * The state of the global fetch; creates it if necessary.
 *
 * @throws {CachyError} `incompatible_version`
 */
export function joinGlobalFetch(): GlobalFetch {
  const protocol = otherProtocol();
  if (protocol !== undefined) throw incompatible(protocol);
  return shared<GlobalFetch>("globalFetch", () => ({
    wrappers: new WeakMap(),
    originals: new WeakMap(),
    wrap: undefined,
    scopes: undefined,
    onTheWay: new AsyncLocalStorage(),
    platform: globalThis.fetch,
  }));
}

function incompatible(protocol: number): CachyError {
  return new CachyError(
    "incompatible_version",
    `Cannot share fetch with another version of @cachy/core that is enabled in this process: it uses protocol ` +
      `${protocol}, this one ${PROTOCOL}. Use one version, or call disableCachy() of the other one and restart.`,
  );
}

/** The innermost scope around the caller that has not ended. */
export function runningScope({ scopes }: GlobalFetch): Scope | undefined {
  if (!scopes?.running) return undefined;
  let scope = scopes.current.getStore();
  while (scope?.isOver) scope = scope.outer;
  return scope;
}

/** The global fetch, without our wrapper. */
export function fetchUnderWrapper(): typeof fetch {
  return withoutForeignWrapper(globalFetch()?.originals.get(globalThis.fetch) ?? globalThis.fetch);
}

/** The member `SHARED_STATE` of a wrapper, which identifies it. */
export interface WrapperMark {
  /** The wrapper itself. A tracer may copy this member to another function, which then does not match. */
  readonly wrapper: typeof fetch;
  readonly original: typeof fetch;
}

/**
 * The fetch below wrappers of other realms. Test runners hand the outer fetch into their `vm` contexts. The innermost
 * options win there, too, so that a response is recorded once.
 */
export function withoutForeignWrapper(network: typeof fetch): typeof fetch {
  const { [SHARED_STATE]: mark } = network as { [SHARED_STATE]?: WrapperMark };
  return mark?.wrapper === network ? withoutForeignWrapper(mark.original) : network;
}

/** Calls a fetch; calls that it makes to our wrappers pass through. On Node 20 the storage makes every promise slower. */
export async function callOnTheWay(network: typeof fetch, call: Parameters<typeof fetch>): Promise<Response> {
  const state = globalFetch();
  if (!state || network === state.platform) return await network(...call);
  const underway: CallOnTheWay = { isOver: false };
  try {
    return await state.onTheWay.run(underway, () => network(...call));
  } finally {
    underway.isOver = true;
  }
}

/** Replaces the global fetch by its wrapper, and watches that it stays there. */
export function coverGlobalFetch(state: GlobalFetch): void {
  if (!state.originals.has(globalThis.fetch)) globalThis.fetch = wrapperOf(state, globalThis.fetch);
  watchGlobalFetch(state);
}

/**
 * Restores the original global fetch if no handle uses the wrapper any more. A third-party fetch stays in place: it may
 * call our wrapper, which then passes calls on.
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

/** Wraps the global fetch again if a tool has put an older one back. A mock or a tracer stays in place. */
function coverAgain(state: GlobalFetch): void {
  if (!isInUse(state) || !isOlderFetch(state, globalThis.fetch)) return;
  globalThis.fetch = wrapperOf(state, globalThis.fetch);
  warnOnStderr(COVERED_AGAIN);
}

/**
 * Looks for an older fetch that was put back: on Node at each request, on Deno and Bun at each call of a client that
 * captured the wrapper, and when the process ends.
 *
 * An accessor would see the write at once. But `mock.method()` of `node:test` and `sinon.stub()` cannot replace an
 * accessor, so only Next gets one: its development server restores its own fetch after every edit.
 */
function watchGlobalFetch(state: GlobalFetch): void {
  if (state.isWatched) return;
  state.isWatched = true;
  const look = () => coverAgain(state);
  atExit(look);
  if ("Deno" in globalThis || "Bun" in globalThis) return;
  subscribe("undici:request:create", look);
  if (process.env.NEXT_RUNTIME) coverWrites(state);
}

/** Wraps each older fetch as soon as it is written. */
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
  // Bun's fetch has more functions, such as `preconnect`.
  const members = Object.getOwnPropertyDescriptors(original);
  Object.defineProperties(wrapper, { ...members, [SHARED_STATE]: { value: mark, configurable: true } });
  state.wrappers.set(original, wrapper);
  state.originals.set(wrapper, original);
  return wrapper;
}

/** Whether a fetch is older than its wrapper: the platform's fetch, or one that already has a wrapper. */
function isOlderFetch(state: GlobalFetch, value: typeof fetch): boolean {
  if (state.originals.has(value)) return false; // almost always: each call asks
  return state.wrappers.has(value) ||
    (value?.name === "fetch" && PLATFORM_FETCH.test(Function.prototype.toString.call(value)));
}

/** Matches the source text of the platform's fetch on Bun, Node 20, later Node versions, and Deno. */
const PLATFORM_FETCH = /\[native code\]|internal\/deps\/undici|lazyUndici|lazyFetch/;
