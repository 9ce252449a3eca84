import type { Miss } from "../miss/miss.ts";
import type { Settings } from "../options/settings.ts";
import type { Faults } from "../replay/faults.ts";
import type { Reporter } from "../report/reporter.ts";
import type { StaleIds } from "../report/stale_ids.ts";
import type { IdentifiedRequest, Ordinals } from "../request/identify.ts";
import type { Store } from "../store/store.ts";
import type { Answer, InFlightRequests, PendingRecordings } from "./in_flight.ts";

/** The code that calls the network and records. Most processes only replay, so it is loaded at the first live call. */
export interface LiveModule {
  answerLive(context: Context, identified: IdentifiedRequest): Promise<Answer>;
}

/** State that all requests of one handle share. */
export interface Context {
  readonly settings: Settings;
  /** The fetch that reaches the network. */
  readonly network: typeof fetch;
  /** Opened at the first matching request. */
  readonly store: Store;
  readonly reporter: Reporter;
  readonly inFlight: InFlightRequests;
  readonly ordinals: Ordinals;
  /** Digests that mode `refresh` has recorded anew in this process. */
  readonly refreshed: () => Set<string>;
  readonly pending: PendingRecordings;
  readonly live: () => Promise<LiveModule>;
  /** The faults of the option `faults`, loaded at the first request; undefined without the option. */
  readonly faults: (() => Promise<Faults>) | undefined;
  /** How many errors each request has got from the store or into it, by digest. */
  readonly errors: Map<string, number>;
  /** Ids in replayed responses, which the provider may have deleted. */
  readonly staleIds: StaleIds;
  readonly addMiss: (miss: Miss) => void;
}
