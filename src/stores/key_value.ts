/**
 * Keeps entries in a key-value store that a team shares: Redis, Valkey, Postgres, MongoDB, DynamoDB … by keyv, unstorage
 * or a client of their own.
 *
 * @example
 * ```ts
 * import { createCachy, jsonlStore, layeredStore } from "@cachy/core";
 * import { keyValueStore } from "@cachy/core/kv";
 *
 * const redis = new Map<string, string>(); // or: new Keyv(new KeyvRedis("redis://…")), new Redis("redis://…")
 * const cachy = createCachy({ store: layeredStore(jsonlStore("cachy.jsonl"), keyValueStore(redis)) });
 * ```
 *
 * @module
 */
import { textOf } from "../bytes.ts";
import { checkEntry, type Entry, formatEntry, parseEntry } from "../entry.ts";
import { CachyError } from "../errors.ts";
import { show } from "../show.ts";
import { DEFAULT_TIME_LIMIT_MS, isTimeLimit, withinTime } from "../time_limit.ts";
import { type Store, type Warn, warnOnStderr } from "./store.ts";

export type { Entry, RecordedRequest } from "../entry.ts";
export type { Store, Warn } from "./store.ts";

/** What is needed of a key-value store: keyv, unstorage, ioredis, redis and `Map` have it. */
export interface KeyValue {
  /** Gives the value of a key; undefined or null if there is none. A promise of it will do. */
  get(key: string): unknown;
  /** Sets the value of a key. What it promises is awaited; `false` says that it was not done. */
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
 * @param kv A keyv, unstorage, `Map`, ioredis or redis client.
 * @throws {CachyError} `invalid_option`, if `kv` has no functions `get` and `set`.
 * @throws {CachyError} `invalid_option`, if an option has a wrong type.
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
  checkArguments(kv, options);
  const { name = "the key-value store", prefix = "cachy-", timeLimitMs = DEFAULT_TIME_LIMIT_MS } = options;
  let warn = warnOnStderr;

  const get = async (id: string): Promise<Entry | undefined> => {
    const value = await kv.get(`${prefix}${id}`);
    if (value === undefined || value === null) return undefined;
    const entry = readValue(value);
    const problem = typeof entry === "string"
      ? entry
      : idOf(entry) === id
      ? undefined
      : "it belongs to another request";
    if (problem === undefined) return entry as Entry;
    warn(`Skipped what is no entry in ${name}: ${prefix}${id} (${problem}). Delete this key to silence this.`);
    return undefined;
  };

  return {
    name,
    warnTo(to: Warn) {
      warn = to;
    },
    async find(key, sha256) {
      // Both at once: an entry by pycachy is found by its key, and there is no time to ask one after the other.
      const found = Promise.all([sha256 === undefined ? undefined : get(sha256), get(key)]);
      const [exact, withoutDigest] = await withinTime(found, timeLimitMs);
      return exact ?? withoutDigest;
    },
    async append(entry) {
      const set = async () => await kv.set(`${prefix}${idOf(entry)}`, formatEntry(entry).slice(0, -1));
      if (await withinTime(set(), timeLimitMs) === false) throw new Error("it did not take the entry");
    },
  };
}

function idOf({ key, sha256 }: Entry): string {
  return sha256 ?? key;
}

/** Some clients give back what was set, some what it says as JSON, some bytes. */
function readValue(value: unknown): Entry | string {
  if (!(value instanceof Uint8Array)) return typeof value === "string" ? parseEntry(value) : checkEntry(value);
  const text = textOf(value);
  return text === undefined ? "not UTF-8" : parseEntry(text);
}

function checkArguments(kv: KeyValue, options: KeyValueOptions): void {
  if (typeof kv?.get !== "function" || typeof kv.set !== "function") {
    const message = `Cannot use ${show(kv)} as a key-value store: expected an object with the functions get and set.`;
    throw new CachyError("invalid_option", message);
  }
  const wrong = Object.entries(options).find(([name, value]) => value !== undefined && !fits(name, value));
  if (!wrong) return;
  const expected = "name and prefix are strings, timeLimitMs is a number of milliseconds above 0";
  const message = `Cannot use ${show(wrong[1])} as option "${wrong[0]}" of a key-value store: ${expected}.`;
  throw new CachyError("invalid_option", message);
}

function fits(name: string, value: unknown): boolean {
  return name === "timeLimitMs" ? isTimeLimit(value) : /^(?:name|prefix)$/.test(name) && typeof value === "string";
}
