import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import process from "node:process";
import { atExit } from "./lib/environment.ts";
import { CachyError } from "./lib/errors.ts";
import { otherProtocol, PROTOCOL, shared, SHARED_STATE } from "./lib/shared_state.ts";
import { warnOnStderr } from "./store/store.ts";

/** Makes the fetch that stands over an original. */
export type Wrap = (original: typeof fetch) => typeof fetch;

/** Something whose calls are wrapped, or are not: the process, or what runs inside of a function. */
export interface Wrapped {
  /** Undefined: the plain fetch. */
  wrap: Wrap | undefined;
}

/** What runs inside of a function that `withCachy` calls. */
export interface Scope extends Wrapped {
  /** The scope around it. */
  readonly outer: Scope | undefined;
  /** The function has ended. What it left behind, if anything, belongs to the scope around it. */
  isOver: boolean;
  /** What ends with the scope. Another copy of this module may have made it. */
  readonly handles: Set<{ flush(): Promise<void>; disable(): void }>;
}

/** The global fetch and its wrappers. Each copy of this module would otherwise wrap the wrapper of the one before. */
export interface GlobalFetch extends Wrapped {
  /**
   * The one wrapper of each fetch that was found in `globalThis`. Mostly that is the platform's alone; it is another one
   * after a test or a tracer replaced the global fetch. Clients capture a wrapper and never let it go.
   */
  readonly wrappers: WeakMap<typeof fetch, typeof fetch>;
  /** The fetch that each wrapper covers. */
  readonly originals: WeakMap<typeof fetch, typeof fetch>;
  /** Made by the first `withCachy`: who needs no scope pays for none. Before Node 24 it slows every promise. */
  scopes: { readonly current: AsyncLocalStorage<Scope>; running: number } | undefined;
  /**
   * The call that a third-party fetch is answering. What it calls itself, however it spells the URL, belongs to this call:
   * a wrapper of ours passes it on.
   */
  readonly onTheWay: AsyncLocalStorage<CallOnTheWay>;
  /** Whether replacements of the global fetch are looked for. */
  isWatched?: boolean;
  /** The fetch that was found first. It is taken for one that calls no wrapper, which saves entering the storage. */
  readonly platform: typeof fetch;
}

/** A call that is on its way to the network. */
export interface CallOnTheWay {
  /** A rate limiter or a queue may keep the storage of a call that has been answered. */
  isOver: boolean;
}

/** The state of the global fetch; undefined if nothing was ever enabled. */
export function globalFetch(): GlobalFetch | undefined {
  return shared<GlobalFetch>("globalFetch");
}

/**
 * The state of the global fetch; made if there is none.
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

/** The innermost scope that the caller runs in and that is not over. */
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

/** What a wrapper says of itself, as its member `SHARED_STATE`. */
export interface WrapperMark {
  /** Itself: whoever wraps a function may copy its members. */
  readonly wrapper: typeof fetch;
  readonly original: typeof fetch;
}

/**
 * The fetch under the wrapper of another realm. Test runners with `vm` contexts hand the outer fetch in: there, too, the
 * innermost options win, so that nothing is recorded twice.
 */
export function withoutForeignWrapper(network: typeof fetch): typeof fetch {
  const { [SHARED_STATE]: mark } = network as { [SHARED_STATE]?: WrapperMark };
  return mark?.wrapper === network ? withoutForeignWrapper(mark.original) : network;
}

/** Calls a fetch so that it cannot come back to us. On Node 20 entering the storage makes every promise slower. */
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

/** Puts the wrapper over the global fetch, and keeps it there. */
export function coverGlobalFetch(state: GlobalFetch): void {
  if (!state.originals.has(globalThis.fetch)) globalThis.fetch = wrapperOf(state, globalThis.fetch);
  watchGlobalFetch(state);
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
  atExit(look);
  if ("Deno" in globalThis || "Bun" in globalThis) return;
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

/** Whether a fetch was there before ours: the one of the platform, or one that a wrapper of ours covers. */
function isOlderFetch(state: GlobalFetch, value: typeof fetch): boolean {
  return state.wrappers.has(value) ||
    (value?.name === "fetch" && PLATFORM_FETCH.test(Function.prototype.toString.call(value)));
}

/** In the source text of the fetch of Bun, Node 20, later Nodes, and Deno. */
const PLATFORM_FETCH = /\[native code\]|internal\/deps\/undici|lazyUndici|lazyFetch/;
