import type { CanonicalRequest } from "../request/canonical.ts";
import type { Counter } from "../request/series.ts";
import type { DeadIds } from "../report/stale_ids.ts";
import type { Digest } from "../request/digest.ts";
import type { Reporter } from "../report/events.ts";
import type { Flights } from "./in_flight.ts";
import type { Miss } from "../miss/miss.ts";
import type { Settings } from "../options/settings.ts";
import type { RequestData } from "../request/request.ts";
import type { Store } from "../store/store.ts";

/** What the requests of one handle share. */
export interface Context {
  readonly settings: Settings;
  /** The fetch that reaches the network. */
  readonly network: typeof fetch;
  /** Opened at the first matching request. */
  readonly store: Store;
  readonly reporter: Reporter;
  readonly flights: Flights;
  readonly counter: Counter;
  /** Digests that mode `refresh` has recorded anew in this process. */
  readonly refreshed: () => Set<string>;
  /** Recordings that are under way. */
  readonly pending: Set<Promise<unknown>>;
  /** Ids of replayed answers, which the provider may have forgotten. */
  readonly deadIds: DeadIds;
  readonly addMiss: (miss: Miss) => void;
}

/** The place of a stateful request among identical ones. */
export interface Series {
  readonly n: number;
  /** Gives the number back, because nothing was stored under it; only the first call counts. */
  readonly release: () => void;
}

/** A request with its identity. */
export interface Lookup {
  readonly request: RequestData;
  readonly canonical: CanonicalRequest;
  readonly digest: Digest;
  /** Set for stateful requests: which one of several identical ones this is. */
  readonly series?: Series;
  /** When the request was made, by the clock of the settings. */
  readonly started: number;
}
