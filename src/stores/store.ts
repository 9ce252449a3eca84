import type { Entry } from "../entry.ts";

/**
 * Where entries are kept. Both functions may be synchronous or asynchronous.
 *
 * A store that fails throws; the call is then answered by the network, with one warning.
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
}
