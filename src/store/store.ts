import { CachyError, messageOf, type Rule } from "../lib/errors.ts";
import { show } from "../lib/show.ts";
import { isTimeLimit, LONGEST_TIMER_MS } from "../lib/wait.ts";
import { redactText } from "../secrets/redact.ts";
import type { Entry } from "./entry.ts";

/**
 * Where entries are kept. Both functions may be synchronous or asynchronous.
 *
 * A store that fails throws; the call is then answered by the network, with one warning. A store that gives no answer
 * makes the call wait: put a time limit to whatever is asked over a network.
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
  /** For how long it makes a call wait at most, in milliseconds, if it sees to that; `layeredStore` goes by it. */
  readonly timeLimitMs?: number;
  /**
   * Tells the store where to report what is wrong but fails no call, such as a line that is no entry. A handle calls it
   * when it is made; until then a store reports to stderr.
   */
  warnTo?(warn: Warn): void;
}

/** Takes a message for the user; the same one twice is said once. */
export type Warn = (message: string) => void;

/** Where a store reports before a handle uses it. */
export const warnOnStderr: Warn = (message) => console.error(`cachy: ${message}`);

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

/** The rule of the option `timeLimitMs`. */
export const TIME_LIMIT_RULE: Rule = [`milliseconds, more than 0 and up to ${LONGEST_TIMER_MS}`, isTimeLimit];
