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

/** How a shared store is used. */
export interface LayeredOptions {
  /**
   * How long to wait for the shared store, in milliseconds. Then it counts as down, and is left alone for ten times as
   * long.
   *
   * @default the limit of the shared store itself, if it has one (`keyValueStore` has), else 1000
   */
  readonly timeLimitMs?: number;
}

/** For how many time limits a store that failed is left alone: otherwise every call would wait for it. */
const PAUSE_IN_LIMITS = 10;

/**
 * Puts a store of one's own in front of a shared one: what the local one has not is looked for in the shared one and
 * kept in the local one; new entries go to both.
 *
 * A shared store that is down or slow is a warning and a miss, never a failed call. What is recorded while it is down
 * stays in the local one; it is not sent later.
 *
 * @param local Answers first; mostly a file.
 * @param shared Answers what the local one has not.
 * @param options How long the shared one may take.
 * @throws {CachyError} `invalid_option`, if `local` or `shared` is no store.
 * @throws {CachyError} `invalid_option`, if an option is unknown or has a wrong value.
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
  const say: Warn = (message) => warn(message);
  const toLocal = alwaysAsked(local, say);
  const toShared = askedUnlessResting(shared, { timeLimitMs, without: local, warn: say });
  return {
    get name() {
      return nameOfBoth(local, shared, toShared.rests());
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
      const here = await toLocal.ask("read", () => local.find(key, sha256));
      if (here.answer) return here.answer;
      const there = await toShared.ask("read", () => shared.find(key, sha256));
      const entry = there.answer;
      if (entry) await toLocal.ask("write", () => local.append(entry));
      // With neither at hand nobody knows whether the answer was recorded.
      else if (here.failed && there.failed) throw here.error;
      return entry;
    },
    async append(entry) {
      const here = await toLocal.ask("write", () => local.append(entry));
      const there = await toShared.ask("write", () => shared.append(entry));
      if (here.failed && there.failed) throw here.error;
    },
  };
}

/** A miss says where it was looked for, so it must not name a store that was not asked. */
function nameOfBoth(local: Store, shared: Store, isResting: boolean): string {
  return isResting ? `${local.name}; ${shared.name} cannot be asked now` : `${local.name} and ${shared.name}`;
}

type Verb = "read" | "write";

/** What became of a question to a store; the user has been told of a failure. */
interface Outcome<Answer> {
  readonly answer?: Answer;
  readonly failed?: true;
  readonly error?: unknown;
}

/** Asks a store, so that a failure breaks no call. */
interface Asker {
  ask<Answer>(verb: Verb, question: () => Answer | Promise<Answer>): Promise<Outcome<Answer>>;
}

function alwaysAsked(store: Store, warn: Warn): Asker {
  return {
    async ask(verb, question) {
      try {
        return { answer: await question() };
      } catch (error) {
        warn(storeProblem(verb, store.name, error));
        return { failed: true, error };
      }
    },
  };
}

interface Resting {
  readonly timeLimitMs: number;
  /** The store that is used alone meanwhile. */
  readonly without: Store;
  readonly warn: Warn;
}

/** Leaves a store alone for a while that failed, or gave no answer in time. */
function askedUnlessResting(store: Store, { timeLimitMs, without, warn }: Resting): Asker & { rests(): boolean } {
  let restsUntil = 0;
  const rests = () => monotonicNow() < restsUntil;
  return {
    rests,
    async ask(verb, question) {
      if (rests()) return { failed: true };
      try {
        return { answer: await withinTime(question(), timeLimitMs) };
      } catch (error) {
        // Calls that were under way together meet one failure: only the first of them says so.
        if (!rests()) {
          const pauseMs = PAUSE_IN_LIMITS * timeLimitMs;
          restsUntil = monotonicNow() + pauseMs;
          const problem = storeProblem(verb, store.name, error).replace(/\.$/, "");
          warn(`${problem}. For ${pauseMs / 1000} s only ${without.name} is used.`);
        }
        return { failed: true, error };
      }
    },
  };
}
