import { CachyError, messageOf, type Rule } from "../lib/errors.ts";
import { shared } from "../lib/shared_state.ts";
import { show } from "../lib/show.ts";
import { isPromise, isTimeLimit, LONGEST_TIMER_MS, withinTime } from "../lib/wait.ts";
import { redactText } from "../secrets/redact.ts";
import type { Entry } from "./entry.ts";

/**
 * Where entries are kept. Both functions may be synchronous or asynchronous.
 *
 * A store that fails throws; the call is then answered by the network, with one warning. A store that gives no answer
 * within 10 s counts as one that fails, unless it has a `timeLimitMs` of its own.
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
  /** What messages call it: a path, an address. */
  readonly name: string;
  /**
   * Finds the newest entry of a digest.
   *
   * @param key The first 8 hex digits of the digest.
   * @param sha256 The whole digest: an entry with this one is preferred, one without any (written by pycachy) will do,
   * one with another is no answer. Undefined: only entries without any.
   */
  find(key: string, sha256?: string): Entry | undefined | Promise<Entry | undefined>;
  /** Adds an entry, which from then on is the newest of its digest. */
  append(entry: Entry): void | Promise<void>;
  /** How many entries there are, as far as is known without asking. */
  readonly size?: number;
  /**
   * Gives the entries, newest first, from which a miss is explained. It is read for some milliseconds only. Not for stores
   * in which listing takes long.
   */
  entries?(): Iterable<Entry> | AsyncIterable<Entry>;
  /** The longest time that the store lets a call wait, in milliseconds. `layeredStore` uses it as its limit. */
  readonly timeLimitMs?: number;
  /**
   * Tells the store where to report what is wrong but fails no call, such as a line that is no entry. A handle calls it
   * when it is made; until then a store reports to stderr.
   */
  warnTo?(warn: Warn): void;
}

/** Takes a message for the user; the same one twice is said once. */
export type Warn = (message: string) => void;

/** How many messages are remembered. */
const MOST_PRINTED = 1000;

/** Prints a message once in a process: a test suite has hundreds of handles, which meet the same bad line. */
export const warnOnStderr: Warn = (message) => {
  const printed = shared("printed", () => new Set<string>());
  if (!printed.has(message)) console.error(`cachy: ${message}`);
  if (printed.size < MOST_PRINTED) printed.add(message);
};

/** What an argument has to be. */
export interface Shape {
  /** Its members, with their types. */
  readonly members: Readonly<Record<string, "string" | "function">>;
  /** The same in words. */
  readonly expected: string;
}

/** What a store has to be. */
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
 * Refuses an argument that lacks members.
 *
 * @param role What messages call the argument, as in "the local store".
 * @throws {CachyError} `invalid_option`, if a member is missing. The message quotes no member: clients know passwords.
 */
export function requireShape(value: unknown, role: string, shape: Shape): void {
  const missing = missingIn(value, shape);
  if (missing.length === 0) return;
  const shown = typeof value === "string" ? redactText(value) : value;
  const described = typeof value === "object" && value ? `an object without ${missing.join(", ")}` : show(shown);
  throw new CachyError("invalid_option", `Cannot use ${described} as ${role}: expected ${shape.expected}.`);
}

/**
 * A store that ends with the process, for tests and for trying things out.
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
      entries.delete(id); // so that it becomes the newest
      entries.set(id, entry);
    },
    entries: () => [...entries.values()].reverse(),
    get size() {
      return entries.size;
    },
  };
}

/** What is wrong with a store that failed, in one sentence. */
export function storeProblem(verb: "read" | "write", storeName: string, error: unknown): string {
  return `Cannot ${verb} ${storeName}: ${messageOf(error)}`;
}

/** How long a store without a time limit of its own may take for one answer, in milliseconds. */
const STORE_LIMIT_MS = 10_000;

/** Gives a time limit to a store that has none: a store that hangs then counts as one that fails. */
export function timeLimited(store: Store): Store {
  if (store.timeLimitMs !== undefined) return store;
  const limited = <Answer>(answer: Answer | Promise<Answer>) =>
    isPromise(answer) ? withinTime(answer, STORE_LIMIT_MS) : answer;
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
