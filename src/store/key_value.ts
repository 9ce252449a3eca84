/**
 * Keeps entries in a key-value store that a team shares: Redis, Valkey, Postgres, MongoDB, DynamoDB … by keyv, unstorage
 * or a client of their own.
 *
 * @example
 * ```ts
 * import { createCachy, jsonlStore, layeredStore } from "@cachy/core";
 * import { keyValueStore } from "@cachy/core/kv";
 *
 * const redis = new Map<string, string>(); // or: createKeyv("redis://…", { throwOnErrors: true }) …
 * const cachy = createCachy({ store: layeredStore(jsonlStore("cachy.jsonl"), keyValueStore(redis)) });
 * ```
 *
 * @module
 */
import { textOf } from "../lib/bytes.ts";
import { checkByRules, type Rules } from "../lib/errors.ts";
import { DEFAULT_TIME_LIMIT_MS, withinTime } from "../lib/wait.ts";
import { checkEntry, type Entry, formatEntry, parseEntry } from "./entry.ts";
import { requireShape, type Shape, type Store, TIME_LIMIT_RULE, type Warn, warnOnStderr } from "./store.ts";

export type { Entry, RecordedRequest } from "./entry.ts";
export type { Store, Warn } from "./store.ts";

/** What is needed of a key-value store: keyv, unstorage, ioredis, redis and `Map` have it. */
export interface KeyValue {
  /** Gives the value of a key; undefined or null if there is none. A promise of it will do. */
  get(key: string): unknown;
  /**
   * Sets the value of a key. What it promises is awaited; `false` says that it was not done.
   *
   * @param key The prefix and hex digits.
   * @param value A line of the file.
   */
  set(key: string, value: string): unknown;
}

/** How a key-value store is used. */
export interface KeyValueOptions {
  /**
   * What messages call it.
   *
   * @default "the key-value store"
   */
  readonly name?: string;
  /**
   * What the keys begin with; 64 hex digits (or 8, of pycachy's entries) follow. Letters, digits, `-` and `_` are safe
   * everywhere.
   *
   * @default "cachy-"
   */
  readonly prefix?: string;
  /**
   * How long to wait for the key-value store, in milliseconds. Then it counts as failed.
   *
   * @default 1000
   */
  readonly timeLimitMs?: number;
}

/**
 * Makes a store of anything with `get(key)` and `set(key, value)`. Values are the lines of FORMAT.md, without their line
 * feed.
 *
 * On its own it is asked for every request. Behind a file, by `layeredStore`, it is asked for what the file has not.
 *
 * @param kv A keyv, unstorage, `Map`, ioredis or redis client. It has to reject when it fails (keyv 5 needs the option
 * `throwOnErrors`), and to have a listener for `error`: without one, some end the process when their connection is lost.
 * @param options What keys begin with, what messages call the store, and how long it may take.
 * @throws {CachyError} `invalid_option`, if `kv` has no functions `get` and `set`.
 * @throws {CachyError} `invalid_option`, if an option is unknown or has a wrong value.
 *
 * @example
 * ```ts
 * import { keyValueStore } from "@cachy/core/kv";
 *
 * const store = keyValueStore(new Map<string, string>(), { name: "a map" });
 * await store.append({ key: "5ece2360", response: "Hi!" });
 * console.assert((await store.find("5ece2360"))?.response === "Hi!");
 * ```
 */
export function keyValueStore(kv: KeyValue, options: KeyValueOptions = {}): Store {
  requireShape(kv, "a key-value store", SHAPE);
  checkByRules(options, RULES, "a key-value store");
  const { name = "the key-value store", prefix = "cachy-", timeLimitMs = DEFAULT_TIME_LIMIT_MS } = options;
  let warn = warnOnStderr;

  /** Without `sha256`, only what pycachy wrote: an entry that has one belongs under it. */
  const get = async (key: string, sha256?: string): Promise<Entry | undefined> => {
    const id = `${prefix}${sha256 ?? key}`;
    const value = await kv.get(id);
    if (value === undefined || value === null) return undefined;
    const entry = readValue(value);
    if (typeof entry === "object" && entry.key === key && entry.sha256 === sha256) return entry;
    const problem = typeof entry === "string" ? entry : "it belongs to another request";
    warn(`Skipped what is no entry in ${name}: ${id} (${problem}). Delete this key to silence this.`);
    return undefined;
  };

  return {
    name,
    timeLimitMs,
    warnTo(to: Warn) {
      warn = to;
    },
    async find(key, sha256) {
      // Both at once: an entry by pycachy is found by its key, and there is no time to ask one after the other.
      const found = Promise.all([sha256 === undefined ? undefined : get(key, sha256), get(key)]);
      const [exact, withoutDigest] = await withinTime(found, timeLimitMs);
      return exact ?? withoutDigest;
    },
    async append(entry) {
      const set = async () => await kv.set(`${prefix}${entry.sha256 ?? entry.key}`, formatEntry(entry).slice(0, -1));
      if (await withinTime(set(), timeLimitMs) === false) throw new Error("it did not take the entry");
    },
  };
}

/** Some clients give back what was set, some what it says as JSON, some bytes. */
function readValue(value: unknown): Entry | string {
  if (!(value instanceof Uint8Array)) return typeof value === "string" ? parseEntry(value) : checkEntry(value);
  const text = textOf(value);
  return text === undefined ? "not UTF-8" : parseEntry(text);
}

const SHAPE: Shape = {
  members: { get: "function", set: "function" },
  expected: "an object with the functions get and set",
};

const RULES: Rules<KeyValueOptions> = {
  name: ["a text", (value) => typeof value === "string" && value !== ""],
  prefix: ["a text", (value) => typeof value === "string"],
  timeLimitMs: TIME_LIMIT_RULE,
};
