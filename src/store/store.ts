import { CachyError, messageOf, type Rule } from "../lib/errors.ts";
import { shared } from "../lib/shared_state.ts";
import { show } from "../lib/show.ts";
import { isPromise, isTimeLimit, LONGEST_TIMER_MS, withinTime } from "../lib/wait.ts";
import { redactText } from "../secrets/redact.ts";
import type { Entry } from "./entry.ts";

/**
 * A store of entries. `find` and `append` may be synchronous or asynchronous.
 *
 * If a function fails, it throws: cachy then prints one warning and calls the network. A store that does not respond
 * within 10 s counts as failed, unless it has its own `timeLimitMs`.
 *
 * @example A store of your own
 * ```ts
 * import { createCachy, type Entry, type Store } from "@cachy/core";
 *
 * const entries = new Map<string, Entry>();
 * const store: Store = {
 *   name: "a map",
 *   find: (key, sha256) => (sha256 ? entries.get(sha256) : undefined) ?? entries.get(key),
 *   append: (entry) => void entries.set(entry.sha256 ?? entry.key, entry),
 * };
 * const cachy = createCachy({ store });
 * ```
 */
export interface Store {
  /** The name in messages, such as a path or an address. */
  readonly name: string;
  /**
   * Finds the newest entry of a digest.
   *
   * @param key The first 8 hex digits of the digest.
   * @param sha256 The whole digest. An entry with this `sha256` is preferred to one without `sha256` (by pycachy). An
   * entry with another `sha256` does not match. If undefined, only entries without `sha256` match.
   */
  find(key: string, sha256?: string): Entry | undefined | Promise<Entry | undefined>;
  /** Adds an entry. It becomes the newest entry of its digest. */
  append(entry: Entry): void | Promise<void>;
  /** The number of known entries. Reading it must not access the network or the disk. */
  readonly size?: number;
  /**
   * Returns the entries, newest first, to explain a miss. cachy stops reading after a few milliseconds. Omit this if
   * listing is slow.
   */
  entries?(): Iterable<Entry> | AsyncIterable<Entry>;
  /** The store's own time limit of one operation, in milliseconds. `layeredStore` uses it as its default. */
  readonly timeLimitMs?: number;
  /**
   * Sets the receiver of warnings about problems that do not fail a call, such as a damaged line. Each new handle calls
   * it. Before that, the store prints warnings to stderr.
   */
  warnTo?(warn: Warn): void;
}

/** Receives a warning for the user. It reports repeated messages only once. */
export type Warn = (message: string) => void;

/** How many printed messages are remembered. */
const MOST_PRINTED = 1000;

/** Prints a message once in a process: the hundreds of handles of a test suite may find the same damaged line. */
export const warnOnStderr: Warn = (message) => {
  const printed = shared("printed", () => new Set<string>());
  if (!printed.has(message)) console.error(`cachy: ${message}`);
  if (printed.size < MOST_PRINTED) printed.add(message);
};

/** The members that an argument must have. */
export interface Shape {
  /** The types of the members, by name. */
  readonly members: Readonly<Record<string, "string" | "function">>;
  /** The description for messages. */
  readonly expected: string;
}

/** The members that a store must have. */
export const STORE_SHAPE: Shape = {
  members: { name: "string", find: "function", append: "function" },
  expected: "an object with a name and the functions find and append",
};

function missingIn(value: unknown, { members }: Shape): string[] {
  const typeOf = (name: string) => typeof (value as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  return Object.keys(members).filter((name) => typeOf(name) !== members[name]);
}

/** Whether a value has the members of a store. */
export function isStore(value: unknown): value is Store {
  return missingIn(value, STORE_SHAPE).length === 0;
}

/**
 * Rejects an argument that lacks members.
 *
 * @param role What the argument is, for messages: `"the local store"`.
 * @throws {CachyError} `invalid_option`, if a member is missing. The message quotes no values: clients contain passwords.
 */
export function requireShape(value: unknown, role: string, shape: Shape): void {
  const missing = missingIn(value, shape);
  if (missing.length === 0) return;
  const shown = typeof value === "string" ? redactText(value) : value;
  const described = typeof value === "object" && value ? `an object without ${missing.join(", ")}` : show(shown);
  throw new CachyError("invalid_option", `Cannot use ${described} as ${role}: expected ${shape.expected}.`);
}

/**
 * A store in memory, for tests and experiments.
 *
 * @example
 * ```ts
 * import { createCachy, memoryStore } from "@cachy/core";
 *
 * const cachy = createCachy({ store: memoryStore() });
 * ```
 */
export function memoryStore(): Store {
  const entries = new Map<string, Entry>();
  return {
    name: "memory",
    find: (key, sha256) => (sha256 ? entries.get(sha256) : undefined) ?? entries.get(key),
    append(entry) {
      const id = entry.sha256 ?? entry.key;
      entries.delete(id); // moves the entry to the end
      entries.set(id, entry);
    },
    entries: () => [...entries.values()].reverse(),
    get size() {
      return entries.size;
    },
  };
}

/** The message for a store that failed. */
export function storeProblem(verb: "read" | "write", storeName: string, error: unknown): string {
  return `Cannot ${verb} ${storeName}: ${messageOf(error)}`;
}

/** The time limit of a store without its own `timeLimitMs`, in milliseconds. */
const STORE_LIMIT_MS = 10_000;

/** Adds a time limit to a store without one, so that a store that hangs counts as failed. */
export function timeLimited(store: Store): Store {
  if (store.timeLimitMs !== undefined) return store;
  const limited = <Result>(result: Result | Promise<Result>) =>
    isPromise(result) ? withinTime(result, STORE_LIMIT_MS) : result;
  return {
    get name() {
      return store.name;
    },
    get size() {
      return store.size;
    },
    find: (key, sha256) => limited(store.find(key, sha256)),
    append: (entry) => limited(store.append(entry)),
    entries: store.entries && (() => store.entries?.() ?? []),
    warnTo: (warn) => store.warnTo?.(warn),
  };
}

/** The rule of the option `timeLimitMs`. */
export const TIME_LIMIT_RULE: Rule = [`milliseconds, more than 0 and up to ${LONGEST_TIMER_MS}`, isTimeLimit];
