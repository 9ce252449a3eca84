import type { Pace } from "../replay/replay.ts";
import type { CachyEvent } from "../report/events.ts";
import type { Normalization } from "../request/canonical.ts";
import type { DomainMatcher } from "../request/provider.ts";
import type { KeepRequest } from "../store/entry_request.ts";
import type { Store } from "../store/store.ts";
import type { Mode } from "./mode.ts";

/** What a miss in mode `replay` is: an answer with status 412 that explains it, or a `CachyMissError`. */
export type MissBehavior = "answer" | "throw";

/** What `enableCachy` and `createCachy` can be told. Everything has a default. */
export interface CachyOptions {
  /**
   * The file: a path (relative to the working directory) or a `file:` URL.
   *
   * @default the environment variable `CACHY_FILE`, else `cachy.jsonl` in `cacheDir`
   */
  readonly file?: string | URL;
  /**
   * The folder that holds `cachy.jsonl`. Not together with `file`.
   *
   * @default the nearest folder, from the working directory up, with a `deno.json`, `deno.jsonc` or `package.json`;
   * without one, the working directory
   */
  readonly cacheDir?: string | URL;
  /**
   * The URLs that are cached; all others go to the original fetch untouched.
   *
   * @default defaultDomains, and those that the environment variable CACHY_DOMAINS names, separated by commas
   */
  readonly domains?: readonly DomainMatcher[];
  /**
   * URLs that are not cached although they belong to `domains`.
   *
   * @default []
   */
  readonly ignore?: readonly DomainMatcher[];
  /**
   * When the network is asked.
   *
   * @default the environment variable `CACHY_MODE`, else `"replay"` where `CI` is set, else `"auto"`
   */
  readonly mode?: Mode;
  /**
   * Request headers that change the answer, beside those that are known to.
   *
   * @default []
   */
  readonly keyHeaders?: readonly string[];
  /**
   * Response headers that are recorded, beside the content type and the request ids.
   *
   * @default []
   */
  readonly keepHeaders?: readonly string[];
  /**
   * Patterns and what takes their place before a request is hashed, for ids and timestamps that change on every run.
   * Applied to the path and the parameters of the URL, to each string of a JSON body, to fields and file names of forms,
   * to any other text, and to the headers in the key. Every match is replaced, strings are literal. What is sent does not
   * change.
   *
   * @default []
   */
  readonly normalize?: readonly Normalization[];
  /**
   * Members that are left out before a request is hashed, as paths from the top of the body: `metadata.timestamp`,
   * `tools[*].cache_control`. `[*]` stands for each item of a list, `*` for each member, and `["a.b"]` for a name with a
   * dot. A path without dots also names a field of a form. What is sent does not change.
   *
   * @default []
   */
  readonly omit?: readonly string[];
  /** Keeps answers apart that belong to the same request: several samples of one prompt. */
  readonly namespace?: string;
  /**
   * How much of a request is kept beside its answer, for people to read: strings over 4,096 characters and binary parts
   * by their hash (`brief`), everything (`whole`), nothing (`none`). Known secrets are redacted.
   *
   * @default "brief"
   */
  readonly keepRequest?: KeepRequest;
  /**
   * Longer answers, and requests that are known to be longer, are not cached. In bytes.
   *
   * @default 67_108_864 (64 MiB)
   */
  readonly maxBodyBytes?: number;
  /**
   * Whether answers are stored that hold the value of a credential from the environment (variables with KEY, TOKEN,
   * SECRET or PASSWORD in their name, of at least 12 characters). Requests are redacted in any case.
   *
   * @default false
   */
  readonly allowSecrets?: boolean;
  /**
   * What a miss in mode `replay` is: an answer with status 412, which SDKs show at once and do not retry (`"answer"`), or
   * a rejection with a {@linkcode CachyMissError}, which SDKs may retry and wrap (`"throw"`).
   *
   * @default "answer"
   */
  readonly miss?: MissBehavior;
  /**
   * How fast streamed answers are replayed: at once, with the recorded delays (`"recorded"`), so many times as fast as
   * recorded (a number), or with the same delay before every chunk (`{ chunkMs: 20 }`, in milliseconds).
   *
   * @default at once
   */
  readonly pace?: Pace;
  /**
   * Prints one line per hit, miss, recording and drop to stderr; with `"miss"` the misses only.
   *
   * @default the environment variable `CACHY_DEBUG` (`1` or `true`, `miss`, `0` or `false`), else `false`
   */
  readonly debug?: boolean | "miss";
  /** Called for everything that happens. What it throws changes nothing for the call. */
  readonly onEvent?: (event: CachyEvent) => void;
  /** Another place for the entries; `file` and `cacheDir` then mean nothing. */
  readonly store?: Store;
  /**
   * Reaches the network.
   *
   * @default the global fetch when the handle is made, without the wrapper of `enableCachy`
   */
  readonly fetch?: typeof fetch;
}
