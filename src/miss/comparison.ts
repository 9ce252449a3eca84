import type { Wording } from "../lib/show.ts";
import type { CanonicalOptions, Normalization } from "../request/canonical.ts";
import type { IdentifiedRequest } from "../request/identify.ts";
import type { Credential } from "../secrets/values.ts";
import type { Entry, RecordedRequest } from "../store/entry.ts";
import type { Redact } from "../store/entry_request.ts";
import type { Store } from "../store/store.ts";

/** One place at which two JSON values differ: the recorded one and the one that is asked for now. */
export type Difference =
  | { readonly kind: "changed"; readonly path: string; readonly recorded: unknown; readonly asked: unknown }
  | { readonly kind: "added"; readonly path: string; readonly asked: unknown }
  | { readonly kind: "missing"; readonly path: string; readonly recorded: unknown };

/** The recorded request that is most similar to the missing one. */
export interface Nearest {
  readonly entry: Entry;
  readonly request: RecordedRequest;
  /** The missing request, in the form in which it is most similar. */
  readonly asked: RecordedRequest;
  readonly differences: readonly Difference[];
}

/** The result of the search. */
export interface Search {
  /** Undefined if no recorded request is similar. */
  readonly nearest: Nearest | undefined;
  /** How many entries were compared. */
  readonly seen: number;
  /** How many of them store their request. */
  readonly told: number;
  /** Whether these were all entries. */
  readonly isComplete: boolean;
}

/** The missing request, the nearest recorded one and what differs. */
export interface Comparison {
  readonly identified: IdentifiedRequest;
  /** The options that make the key. */
  readonly options: CanonicalOptions;
  readonly wording: Wording;
  readonly recorded: RecordedRequest;
  /** The missing request, as it would be recorded. */
  readonly asked: RecordedRequest;
  readonly differences: readonly Difference[];
}

/** A difference that may mean nothing, and the narrowest option that leaves it out. */
export interface Change {
  readonly what: string;
  readonly path: string;
  readonly normalize?: readonly Normalization[];
  readonly omit?: readonly string[];
}

/** Options that leave values out of the key. */
export interface Cure {
  readonly normalize: readonly Normalization[];
  readonly omit: readonly string[];
}

/** The sources for the search of the nearest recorded request. */
export interface NearestSources {
  readonly store: Store;
  readonly credentials: readonly Credential[];
  readonly redact: Redact | undefined;
  /** The options that make the key. */
  readonly options: CanonicalOptions;
  /** The clock, in milliseconds. */
  readonly now: () => number;
  readonly wording: Wording;
}

/** The nearest recorded request, and its description. */
export interface FoundNearest {
  /** Undefined if no recorded request is like the missing one. */
  readonly nearest?: {
    readonly key: string;
    readonly recordedAt?: string;
    readonly differences: readonly Difference[];
  };
  /** The likely cause of the differences, if it is one that is known. */
  readonly cause?: string | undefined;
  readonly lines: readonly string[];
}
