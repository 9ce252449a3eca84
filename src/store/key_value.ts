/**
 * Keeps entries in a key-value store that a team shares, such as Redis, Valkey, Postgres, MongoDB or DynamoDB. It
 * accepts keyv, unstorage and the stores' own clients.
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

/** A key-value store. Clients of keyv, unstorage, ioredis and redis fit, and so does a `Map`. */
export interface KeyValue {
  /** Returns the value of a key, or a promise of it; undefined or null for an unknown key. */
  get(key: string): unknown;
  /**
   * Sets the value of a key. It may return a promise. The result `false` means that it failed.
   *
   * @param key The prefix and hex digits.
   * @param value A line of the file, without its line feed.
   */
  set(key: string, value: string): unknown;
}

/** Options of `keyValueStore`. */
export interface KeyValueOptions {
  /**
   * The name of the store in messages.
   *
   * @default "the key-value store"
   */
  readonly name?: string;
  /**
   * The start of every key; 64 hex digits follow (8 for pycachy's entries). Letters, digits, `-` and `_` are valid in
   * all stores.
   *
   * @default "cachy-"
   */
  readonly prefix?: string;
  /**
   * The time limit of one operation, in milliseconds. After it, the operation fails.
   *
   * @default 1000
   */
  readonly timeLimitMs?: number;
}

/**
 * Makes a store from an object with `get(key)` and `set(key, value)`. Values are the lines of FORMAT.md, without their
 * line feed.
 *
 * Used alone, it is read for every request. Behind a file, with `layeredStore`, it is read only for entries that are not
 * in the file.
 *
 * @param kv A keyv, unstorage, ioredis or redis client, or a `Map`. It must reject when it fails (keyv 5 needs the
 * option `throwOnErrors`). It must have a listener for `error`: without one, some clients end the process when they lose
 * their connection.
 * @param options The prefix of keys, the name in messages, and the time limit.
 * @throws {CachyError} `invalid_option`, if `kv` lacks the functions `get` and `set`.
 * @throws {CachyError} `invalid_option`, if an option is unknown or has an invalid value.
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

  /** Gets an entry by its `sha256`, or by its `key` if it has no `sha256`. Entries by pycachy have none. */
  const get = async (key: string, sha256?: string): Promise<Entry | undefined> => {
    const id = `${prefix}${sha256 ?? key}`;
    const value = await kv.get(id);
    if (value === undefined || value === null) return undefined;
    const entry = readValue(value);
    if (typeof entry === "object" && entry.key === key && entry.sha256 === sha256) return entry;
    const problem = typeof entry === "string" ? entry : "it belongs to another request";
    warn(`Cannot use the value of ${id} in ${name}: ${problem}. Delete this key to silence this warning.`);
    return undefined;
  };

  return {
    name,
    timeLimitMs,
    warnTo(to: Warn) {
      warn = to;
    },
    async find(key, sha256) {
      // Entries by pycachy are stored by key. Read both at once, to stay within the time limit.
      const found = Promise.all([sha256 === undefined ? undefined : get(key, sha256), get(key)]);
      const [exact, withoutDigest] = await withinTime(found, timeLimitMs);
      return exact ?? withoutDigest;
    },
    async append(entry) {
      const set = async () => await kv.set(`${prefix}${entry.sha256 ?? entry.key}`, formatEntry(entry).slice(0, -1));
      if (await withinTime(set(), timeLimitMs) === false) throw new Error("set() returned false");
    },
  };
}

/** Some clients return the value as it was set, some return it as parsed JSON, some as bytes. */
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
  name: ["a non-empty string", (value) => typeof value === "string" && value !== ""],
  prefix: ["a string", (value) => typeof value === "string"],
  timeLimitMs: TIME_LIMIT_RULE,
};
