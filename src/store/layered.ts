import { checkByRules } from "../lib/errors.ts";
import { DEFAULT_TIME_LIMIT_MS, monotonicNow, withinTime } from "../lib/wait.ts";
import {
  requireShape,
  type Store,
  STORE_SHAPE,
  storeProblem,
  TIME_LIMIT_RULE,
  type Warn,
  warnOnStderr,
} from "./store.ts";

/** Options of `layeredStore`. */
export interface LayeredOptions {
  /**
   * The time limit of one operation of the shared store, in milliseconds. After a failure, the shared store is not used
   * for ten times as long.
   *
   * @default the shared store's own `timeLimitMs` (`keyValueStore` has one), else 1000
   */
  readonly timeLimitMs?: number;
}

/** After a failure, the shared store is paused for this many time limits. Otherwise every call would wait for it. */
const PAUSE_IN_LIMITS = 10;

/**
 * Combines a local store with a shared one. It reads the local store first, then the shared one, and copies entries of
 * the shared store to the local one. New entries are written to both.
 *
 * If the shared store is down or slow, a warning is printed, and its entries are misses; no call fails. Entries that are
 * recorded meanwhile stay in the local store and are not sent later.
 *
 * @param local The store that is read first, usually a file.
 * @param shared The store for entries that are not in the local one.
 * @param options The time limit of the shared store.
 * @throws {CachyError} `invalid_option`, if `local` or `shared` is not a store.
 * @throws {CachyError} `invalid_option`, if an option is unknown or has an invalid value.
 *
 * @example
 * ```ts
 * import { createCachy, jsonlStore, layeredStore, memoryStore } from "@cachy/core";
 *
 * const shared = memoryStore(); // or: keyValueStore(…) of @cachy/core/kv
 * const cachy = createCachy({ store: layeredStore(jsonlStore("cachy.jsonl"), shared) });
 * ```
 */
export function layeredStore(local: Store, shared: Store, options: LayeredOptions = {}): Store {
  requireShape(local, "the local store", STORE_SHAPE);
  requireShape(shared, "the shared store", STORE_SHAPE);
  checkByRules(options, { timeLimitMs: TIME_LIMIT_RULE }, "a layered store");
  const { timeLimitMs = shared.timeLimitMs ?? DEFAULT_TIME_LIMIT_MS } = options;
  let warn = warnOnStderr;
  const warnNow: Warn = (message) => warn(message);
  const onLocal = guarded(local, warnNow);
  const onShared = pausing(shared, { timeLimitMs, fallback: local, warn: warnNow });
  return {
    get name() {
      return nameOfBoth(local, shared, onShared.isPaused());
    },
    get size() {
      return local.size;
    },
    entries: () => local.entries?.() ?? [],
    warnTo(to: Warn) {
      warn = to;
      local.warnTo?.(to);
      shared.warnTo?.(to);
    },
    async find(key, sha256) {
      const here = await onLocal.run("read", () => local.find(key, sha256));
      if (here.result) return here.result;
      const there = await onShared.run("read", () => shared.find(key, sha256));
      const entry = there.result;
      if (entry) await onLocal.run("write", () => local.append(entry));
      // If both failed, it is unknown whether there is an entry: this is a failure, not a miss.
      else if (here.failed && there.failed) throw here.error;
      return entry;
    },
    async append(entry) {
      const here = await onLocal.run("write", () => local.append(entry));
      const there = await onShared.run("write", () => shared.append(entry));
      if (here.failed && there.failed) throw here.error;
    },
  };
}

/** The message of a miss contains this name, so it says if the shared store was not read. */
function nameOfBoth(local: Store, shared: Store, isPaused: boolean): string {
  return isPaused ? `${local.name}; ${shared.name} is not available now` : `${local.name} and ${shared.name}`;
}

type Verb = "read" | "write";

/** The outcome of an operation on a store. */
interface Outcome<Result> {
  readonly result?: Result;
  readonly failed?: true;
  readonly error?: unknown;
}

/** Runs operations on a store. A failure becomes a warning and an outcome. */
interface Guard {
  run<Result>(verb: Verb, operation: () => Result | Promise<Result>): Promise<Outcome<Result>>;
}

function guarded(store: Store, warn: Warn): Guard {
  return {
    async run(verb, operation) {
      try {
        return { result: await operation() };
      } catch (error) {
        warn(storeProblem(verb, store.name, error));
        return { failed: true, error };
      }
    },
  };
}

interface PausingOptions {
  readonly timeLimitMs: number;
  /** The store that is used alone during a pause. */
  readonly fallback: Store;
  readonly warn: Warn;
}

/** Pauses a store after a failure or a timeout. During the pause, every operation fails immediately. */
function pausing(store: Store, { timeLimitMs, fallback, warn }: PausingOptions): Guard & { isPaused(): boolean } {
  let pausedUntil = 0;
  const isPaused = () => monotonicNow() < pausedUntil;
  return {
    isPaused,
    async run(verb, operation) {
      if (isPaused()) return { failed: true };
      try {
        return { result: await withinTime(operation(), timeLimitMs) };
      } catch (error) {
        // Of several concurrent operations that fail, only the first one warns.
        if (!isPaused()) {
          const pauseMs = PAUSE_IN_LIMITS * timeLimitMs;
          pausedUntil = monotonicNow() + pauseMs;
          const problem = storeProblem(verb, store.name, error).replace(/\.$/, "");
          warn(`${problem}. Only ${fallback.name} is used for the next ${pauseMs / 1000} s.`);
        }
        return { failed: true, error };
      }
    },
  };
}
