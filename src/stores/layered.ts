import { CachyError, storeProblem } from "../errors.ts";
import { isStore } from "../options.ts";
import { show } from "../show.ts";
import { DEFAULT_TIME_LIMIT_MS, isTimeLimit, withinTime } from "../time_limit.ts";
import { type Store, type Warn, warnOnStderr } from "./store.ts";

/** How a shared store is used. */
export interface LayeredOptions {
  /**
   * How long to wait for the shared store, in milliseconds. Then it counts as down, and is left alone for ten times as
   * long.
   *
   * @default 1000
   */
  readonly timeLimitMs?: number;
}

/** For how many time limits a store that failed is left alone: otherwise every call would wait for it. */
const PAUSE_IN_LIMITS = 10;

/**
 * Puts a store of one's own in front of a shared one: what the local one has not is looked for in the shared one and
 * kept in the local one; new entries go to both.
 *
 * A shared store that is down or slow is a warning and a miss, never a failed call.
 *
 * @param local Answers first; mostly a file.
 * @param shared Answers what the local one has not.
 * @throws {CachyError} `invalid_option`, if `local` or `shared` is no store, or the time limit no time.
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
  checkArguments(local, shared, options);
  const { timeLimitMs = DEFAULT_TIME_LIMIT_MS } = options;
  let warn = warnOnStderr;
  let restsUntil = 0;

  const askLocal = async <Answer>(verb: Verb, ask: () => Answer | Promise<Answer>): Promise<Outcome<Answer>> => {
    try {
      return { answer: await ask() };
    } catch (error) {
      warn(storeProblem(verb, local.name, error));
      return { failed: true, error };
    }
  };
  const askShared = async <Answer>(verb: Verb, ask: () => Answer | Promise<Answer>): Promise<Outcome<Answer>> => {
    if (performance.now() < restsUntil) return { failed: true };
    try {
      return { answer: await withinTime(ask(), timeLimitMs) };
    } catch (error) {
      const pause = PAUSE_IN_LIMITS * timeLimitMs;
      restsUntil = performance.now() + pause;
      warn(`${storeProblem(verb, shared.name, error)}. For ${pause / 1000} s only ${local.name} is asked.`);
      return { failed: true, error };
    }
  };

  return {
    name: `${local.name} and ${shared.name}`,
    get size() {
      return local.size;
    },
    warnTo(to: Warn) {
      warn = to;
      local.warnTo?.(to);
      shared.warnTo?.(to);
    },
    async find(key, sha256) {
      const here = await askLocal("read", () => local.find(key, sha256));
      if (here.answer) return here.answer;
      const there = await askShared("read", () => shared.find(key, sha256));
      const entry = there.answer;
      if (entry) await askLocal("write", () => local.append(entry));
      // With neither at hand nobody knows whether the answer was recorded.
      else if (here.failed && there.failed) throw here.error;
      return entry;
    },
    async append(entry) {
      const here = await askLocal("write", () => local.append(entry));
      const there = await askShared("write", () => shared.append(entry));
      if (here.failed && there.failed) throw here.error;
    },
  };
}

type Verb = "read" | "write";

/** What became of a question to a store; the user has been told of a failure. */
interface Outcome<Answer> {
  readonly answer?: Answer;
  readonly failed?: true;
  readonly error?: unknown;
}

function checkArguments(local: Store, shared: Store, { timeLimitMs }: LayeredOptions): void {
  const stores = { local, shared };
  for (const [name, store] of Object.entries(stores)) {
    if (isStore(store)) continue;
    const expected = "an object with a name and the functions find and append";
    throw new CachyError("invalid_option", `Cannot use ${show(store)} as the ${name} store: expected ${expected}.`);
  }
  if (timeLimitMs === undefined || isTimeLimit(timeLimitMs)) return;
  const message = `Cannot use ${show(timeLimitMs)} as option "timeLimitMs": expected a number of milliseconds above 0.`;
  throw new CachyError("invalid_option", message);
}
