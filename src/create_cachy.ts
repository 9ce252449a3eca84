import type { Context } from "./flow/context.ts";
import { createFetch } from "./flow/fetch.ts";
import {
  createInFlight,
  createPending,
  type Pending,
  pendingAt,
  refreshedIn,
  sharedInFlight,
} from "./flow/in_flight.ts";
import { callOnTheWay, fetchUnderWrapper, withoutForeignWrapper } from "./global_fetch.ts";
import { readVariable } from "./lib/environment.ts";
import { CachyError } from "./lib/errors.ts";
import type { Wording } from "./lib/show.ts";
import type { Miss } from "./miss/miss.ts";
import type { CachyOptions } from "./options/options.ts";
import { createSettings, type Settings } from "./options/settings.ts";
import type { Fault, Faults } from "./replay/faults.ts";
import { createReporter, type Reporter, tellIfUnused } from "./report/reporter.ts";
import { createStaleIds } from "./report/stale_ids.ts";
import { addNotebookDisplay, type CachyStats } from "./report/stats.ts";
import { createOrdinals } from "./request/identify.ts";
import { jsonlStore } from "./store/jsonl/store.ts";
import { type Store, timeLimited } from "./store/store.ts";

const NO_FETCH = "Cannot cache without a fetch: there is no global one here. Give one by the option { fetch }.";

/** How many misses a handle lists. */
const LISTED_MISSES = 1000;

/** A handle on one cache. */
export interface Cachy extends Disposable, AsyncDisposable {
  /** Replays recorded responses and records new ones. Pass it as the `fetch` option of an SDK. */
  readonly fetch: typeof fetch;
  /** The path of the file; undefined with another store. Reading it may search for the project's folder. */
  readonly file: string | undefined;
  /** Counts of hits, misses, recordings and more, so far. */
  readonly stats: CachyStats;
  /** The last 1,000 requests that mode `replay` could not answer. */
  readonly misses: readonly Miss[];
  /**
   * Waits until every recording that is in progress is stored or dropped: those of this handle, and those that other
   * handles of the process make into the same file or store. Like `file`, it may search the project's folder.
   */
  flush(): Promise<void>;
  /** From now on `fetch` is the plain one, also for clients that hold it. */
  disable(): void;
}

/**
 * Creates a cache that leaves the global fetch unchanged: pass its `fetch` to an SDK.
 *
 * @param options What to cache, where and when.
 * @throws {CachyError} `invalid_option`, if an option is unknown or has a wrong value.
 *
 * @example
 * ```ts
 * import { createCachy } from "@cachy/core";
 *
 * const cachy = createCachy({ file: "openai.jsonl" });
 * // const client = new OpenAI({ fetch: cachy.fetch });
 * ```
 */
export function createCachy(options: CachyOptions = {}): Cachy {
  return createHandle(options).handle;
}

/** A handle that can wrap any fetch. */
export interface WrappingHandle {
  readonly handle: Cachy;
  /** Returns the caching fetch of an original one; always the same for the same original. */
  readonly wrap: (original: typeof fetch) => typeof fetch;
  /** Waits until every recording of this handle is stored or dropped. */
  readonly flushOwn: () => Promise<void>;
}

/** Parts of a handle that its caller adds. */
export interface HandleParts {
  /** Called when the handle is disabled. */
  readonly onDisable?: () => void;
  /** Whether its requests wait for identical requests of other such handles that record into the same place. */
  readonly sharesInFlight?: boolean;
  /** How messages name options; by default as in code. */
  readonly wording?: Wording;
}

/** Creates a handle that can also wrap other fetches than its own. */
export function createHandle(
  options: CachyOptions,
  { onDisable, sharesInFlight, wording }: HandleParts = {},
): WrappingHandle {
  const { context, misses, place, fileStore } = createHandleContext(options, wording);
  // Read once: the program may assign the handle's own fetch to `globalThis.fetch` later.
  if (!options.fetch && typeof globalThis.fetch !== "function") throw new CachyError("invalid_option", NO_FETCH);
  const base = options.fetch ?? fetchUnderWrapper();
  const fetchOver = (network: typeof fetch, parts?: Partial<Context>) =>
    createFetch({ ...context, ...parts, network: (...call) => callOnTheWay(network, call) }, network);
  const cached = fetchOver(base);
  let isEnabled = true;
  const disable = () => {
    isEnabled = false;
    onDisable?.();
  };
  const flush = async () => await pendingAt(place()).flush();
  const handle: Cachy = addNotebookDisplay({
    fetch: (...call) => (isEnabled ? cached : base)(...call),
    get file() {
      return fileStore?.name;
    },
    stats: context.reporter.stats,
    misses,
    flush,
    disable,
    [Symbol.dispose]: disable,
    async [Symbol.asyncDispose]() {
      await flush();
      disable();
    },
  });
  const inFlight = sharesInFlight ? sharedInFlight(place) : context.inFlight;
  const wrap = memoized((original) => fetchOver(options.fetch ?? withoutForeignWrapper(original), { inFlight }));
  return { handle, wrap, flushOwn: context.pending.flush };
}

interface HandleContext {
  readonly context: Omit<Context, "network">;
  readonly misses: readonly Miss[];
  /** The path of the file, or the user's store. */
  readonly place: () => string | Store;
  /** Undefined if the user gave a store. */
  readonly fileStore: Store | undefined;
}

function createHandleContext(options: CachyOptions, wording: Wording | undefined): HandleContext {
  const settings = createSettings(options, wording);
  const { debug, credentials, mode } = settings;
  if (debug && mode !== "off") tellIfUnused(settings.wording);
  const prices = mode === "off" ? undefined : readVariable("CACHY_PRICES").value;
  const reporter = createReporter({ debug, onEvent: options.onEvent, credentials, prices });
  for (const warning of settings.warnings) reporter.warn(warning);
  const fileStore = options.store ? undefined : lazyFileStore(settings, reporter);
  const store = options.store ? timeLimited(options.store) : fileStore as Store;
  options.store?.warnTo?.(reporter.warn);
  const place = () => options.store ?? store.name;
  const misses: Miss[] = [];
  const own = createPending();
  const context = {
    settings,
    store,
    reporter,
    pending: {
      ...own,
      add(recording: Pending) {
        own.add(recording);
        pendingAt(place()).add(recording);
      },
    },
    inFlight: createInFlight(),
    ordinals: createOrdinals(),
    live: loadLive,
    faults: settings.faults.length ? lazyFaults(settings.faults) : undefined,
    errors: new Map<string, number>(),
    staleIds: createStaleIds(() => store.name, settings.wording),
    refreshed: () => refreshedIn(place()),
    addMiss(miss: Miss) {
      misses.push(miss);
      if (misses.length > LISTED_MISSES) misses.shift();
    },
  };
  return { context, misses, place, fileStore };
}

/** Makes a function that loads something at its first call, and tries again if that failed. */
function lazily<Loaded>(load: () => Promise<Loaded>): () => Promise<Loaded> {
  let loaded: Promise<Loaded> | undefined;
  const forget = (error: unknown) => {
    loaded = undefined;
    throw error;
  };
  return () => loaded ??= load().catch(forget);
}

/** Loaded once for all handles. */
const loadLive = lazily(() => import("./flow/live.ts"));

/** Most handles have no faults, so their code is loaded only for those that do. */
function lazyFaults(faults: readonly Fault[]): () => Promise<Faults> {
  return lazily(() => import("./replay/faults.ts").then(({ createFaults }) => createFaults(faults)));
}

function memoized(make: (original: typeof fetch) => typeof fetch): typeof make {
  const made = new WeakMap<typeof fetch, typeof fetch>();
  return (original) => {
    const known = made.get(original) ?? make(original);
    made.set(original, known);
    return known;
  };
}

/** A file store that searches for its file when it is first used. */
function lazyFileStore({ findFile }: Settings, reporter: Reporter): Store {
  let opened: Store | undefined;
  const store = () => {
    if (opened) return opened;
    const { path, warning } = findFile();
    if (warning) reporter.warn(warning);
    opened = jsonlStore(path);
    opened.warnTo?.(reporter.warn);
    return opened;
  };
  return {
    get name() {
      return store().name;
    },
    get size() {
      return store().size;
    },
    find: (key, sha256) => store().find(key, sha256),
    entries: () => store().entries?.() ?? [],
    append: (entry) => store().append(entry),
  };
}
