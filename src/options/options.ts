import type { Fault } from "../replay/faults.ts";
import type { Pace } from "../replay/pace.ts";
import type { CachyEvent } from "../report/events.ts";
import type { Normalization } from "../request/canonical.ts";
import type { DomainMatcher } from "../request/provider.ts";
import type { KeepRequest, Redact } from "../store/entry_request.ts";
import type { Store } from "../store/store.ts";
import type { ExpiredBehavior, Mode } from "./mode.ts";

/** The result of a miss in mode `replay`: a response with status 406 that explains it, or a `CachyMissError`. */
export type MissBehavior = "answer" | "throw";

/** Options of `enableCachy` and `createCachy`. All have defaults. */
export interface CachyOptions {
  /**
   * The file: a path (relative to the working directory) or a `file:` URL.
   *
   * @default the environment variable `CACHY_FILE`, else `cachy.jsonl` in `cacheDir`
   */
  readonly file?: string | URL;
  /**
   * The folder that contains `cachy.jsonl`. Cannot be set together with `file`.
   *
   * @default the nearest folder, from the working directory up, with a `deno.json`, `deno.jsonc` or `package.json`;
   * without one, the working directory
   */
  readonly cacheDir?: string | URL;
  /**
   * The URLs to cache. Requests to other URLs go to the original fetch unchanged.
   *
   * @default defaultDomains, and the hosts in the environment variable `CACHY_DOMAINS`, separated by commas
   */
  readonly domains?: readonly DomainMatcher[];
  /**
   * URLs in `domains` that are not cached.
   *
   * @default []
   */
  readonly ignore?: readonly DomainMatcher[];
  /**
   * Decides between cache and network.
   *
   * @default the environment variable `CACHY_MODE`, else `"replay"` if `CI` is set, else `"auto"`
   */
  readonly mode?: Mode;
  /**
   * Request headers that change the response. They become part of the key, in addition to known headers of providers.
   *
   * @default []
   */
  readonly keyHeaders?: readonly string[];
  /**
   * Response headers to record, in addition to the content type, request ids and upload addresses.
   *
   * @default []
   */
  readonly keepHeaders?: readonly string[];
  /**
   * Pairs `[pattern, replacement]` for ids and dates that change on every run. Before a request is hashed, all matches are
   * replaced in the path and the parameters of the URL, in each string of a JSON body, in fields and file names of forms,
   * in other text bodies, and in the headers of the key. A string pattern is matched literally. The request that is sent
   * does not change.
   *
   * @default []
   */
  readonly normalize?: readonly Normalization[];
  /**
   * Members that are left out before a request is hashed, as paths from the top of the body: `metadata.timestamp`,
   * `tools[*].cache_control`. `[*]` stands for each item of a list, `*` for each member, and `["a.b"]` for a name with a
   * dot. A path without dots also names a field of a form. The request that is sent does not change.
   *
   * @default []
   */
  readonly omit?: readonly string[];
  /** Separates recordings of the same request, for several samples of one prompt. */
  readonly namespace?: string;
  /**
   * How much of a request is recorded with its response: everything, but with hashes in place of binary parts and of
   * strings over 4,096 characters (`"brief"`), everything (`"whole"`), or nothing (`"none"`). Secrets are redacted.
   *
   * @default "brief"
   */
  readonly keepRequest?: KeepRequest;
  /**
   * The limit of recorded bodies, in bytes. Longer requests and responses are not cached; a warning says so, once for each
   * host.
   *
   * @default 67_108_864 (64 MiB)
   */
  readonly maxBodyBytes?: number;
  /**
   * Whether to record errors, too: all responses with a status from 400 to 599, or only those in a list, such as
   * `[400, 404, 422]`. They are replayed in their order: a request that got status 429 and then a success gets the same
   * two responses again. Errors without a success after them answer every time in mode `replay`.
   *
   * @default false
   */
  readonly recordErrors?: boolean | readonly number[];
  /**
   * Whether to record responses that contain a credential: the value of a variable of the environment with KEY, TOKEN,
   * SECRET or PASSWORD in its name, of at least 12 characters, or a member such as `access_token`. Requests are always
   * redacted.
   *
   * @default false
   */
  readonly allowSecrets?: boolean;
  /**
   * Removes what only you know to be private, such as names and e-mail addresses. Called with a copy of each entry before
   * anything of it is written; returns the entry to store, or a promise of it, which may take up to 10 seconds. The key,
   * `sha256` and `v` must stay. The caller of `fetch` gets the original response, and each replay the stored one. If the
   * function throws, or returns something else, nothing is stored, and a warning says so.
   *
   * @example
   * ```ts
   * import { createCachy, memoryStore } from "@cachy/core";
   *
   * const hide = (text: string) => text.replace(/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, "[email]");
   * createCachy({
   *   store: memoryStore(),
   *   redact: (entry) => ({
   *     ...entry,
   *     response: entry.binary ? entry.response : hide(entry.response),
   *     request: entry.request && { ...entry.request, body: hide(entry.request.body) },
   *   }),
   * });
   * ```
   */
  readonly redact?: Redact;
  /**
   * The result of a miss in mode `replay`. With `"answer"`, it is a response with status 406, which SDKs report at once
   * and do not retry. With `"throw"`, `fetch` rejects with a {@linkcode CachyMissError}, for programs that call `fetch`
   * themselves. SDKs retry a rejection: openai and Anthropic's SDK try three times and then report "Connection error.",
   * with the error as `cause`.
   *
   * @default "answer"
   */
  readonly miss?: MissBehavior;
  /**
   * The age from which a recording is expired: `"90d"`, `"12h"`, `"2w"`, `"45min"`. Entries without a time of recording,
   * such as those by pycachy, do not expire.
   *
   * @default recordings do not expire
   */
  readonly maxAge?: string;
  /**
   * What to do about an expired recording, of the option `maxAge`. In mode `replay`, the network is never called.
   *
   * - `"warn"`: replay it, and print a warning
   * - `"fail"`: the request fails as a miss does, see the option `miss`; a warning is printed from nine tenths of `maxAge`
   * - `"refresh"`: call the network and record again; in mode `replay`, the same as `"warn"`
   *
   * @default "warn"
   */
  readonly onExpired?: ExpiredBehavior;
  /**
   * The speed of replayed streams: with the recorded delays (`"recorded"`), faster by a factor (a number), or with the
   * same delay before every chunk (`{ chunkMs: 20 }`, in milliseconds).
   *
   * @default without delays
   */
  readonly pace?: Pace;
  /**
   * Prints one line per hit, miss, recording and drop to stderr, and a line at the end of the process if no request
   * arrived. With `"miss"`, prints only misses, in mode `auto` with the nearest recorded request and its differences.
   *
   * @default the environment variable `CACHY_DEBUG` (`1` or `true`, `miss`, `0` or `false`), else `false`
   */
  readonly debug?: boolean | "miss";
  /** Called for every event. If it throws, the request is not affected. */
  readonly onEvent?: (event: CachyEvent) => void;
  /**
   * Failures in place of responses, for tests of retry and fallback code: a status, a reset connection, a stream that
   * breaks off, a delay.
   *
   * @default []
   */
  readonly faults?: readonly Fault[];
  /** The store for the entries, instead of a file. `file` and `cacheDir` are then ignored. */
  readonly store?: Store;
  /**
   * The `fetch` that calls the network.
   *
   * @default the global `fetch` at the time when the handle is made, without the wrapper of `enableCachy`
   */
  readonly fetch?: typeof fetch;
}
