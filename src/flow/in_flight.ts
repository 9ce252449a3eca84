import { shared } from "../lib/shared_state.ts";
import { waitUnlessAborted } from "../lib/wait.ts";
import type { Store } from "../store/store.ts";

/** An answer, and when it is decided whether it became an entry. */
export interface Answer {
  readonly response: Response;
  /** Missing if nothing is going to be stored. It never rejects. */
  readonly settled?: Promise<unknown>;
}

/** Identical requests that are in flight: the first one goes ahead, the others wait until its answer is settled. */
export interface InFlightRequests {
  /**
   * Answers a request, after the identical one that is in flight. All that waited then go ahead at once: they find the
   * answer in the store, or each asks the network.
   *
   * @throws What `answer` throws, or the reason of the request's own signal, which ends the wait.
   */
  join(sha256: string, signal: AbortSignal | undefined, answer: () => Promise<Answer>): Promise<Response>;
}

/** Makes a set of requests with none in flight. */
export function createInFlight(): InFlightRequests {
  const requests = new Map<string, Promise<void>>();
  return {
    async join(sha256, signal, answer) {
      const first = requests.get(sha256);
      if (first) {
        await waitUnlessAborted(first, signal);
        return (await answer()).response;
      }
      let settle = () => {};
      requests.set(sha256, new Promise<void>((resolve) => settle = resolve).then(() => void requests.delete(sha256)));
      try {
        const { response, settled } = await answer();
        if (settled) settled.then(settle);
        else settle();
        return response;
      } catch (error) {
        settle();
        throw error;
      }
    },
  };
}

/**
 * The in-flight requests of all handles that record into one place: concurrent tests with scopes of their own, say, that
 * ask the same.
 *
 * A fetch that lies under one of them must not be another of them: the two would wait for each other.
 *
 * @param place The path of the file, or the store; asked for at the first request, since it may have to be searched.
 */
export function sharedInFlight(place: () => string | Store): InFlightRequests {
  return { join: (...call) => inFlightAt(place()).join(...call) };
}

/** The recordings that are under way. */
export interface PendingRecordings {
  /** @param settled Resolves when the recording is stored or dropped. It must not reject. */
  add(settled: Promise<unknown>): void;
  /** Waits until every recording is stored or dropped. */
  flush(): Promise<void>;
}

/** Makes a set of recordings with none under way. */
export function createPending(): PendingRecordings {
  const pending = new Set<Promise<unknown>>();
  return {
    add(settled) {
      pending.add(settled);
      settled.then(() => pending.delete(settled));
    },
    async flush() {
      while (pending.size) await Promise.all(pending);
    },
  };
}

/**
 * Makes something that all handles of the process share which record into the same place.
 *
 * @param name Its name in the shared state.
 * @param make Makes the one of a place that is asked for first.
 * @returns Gives the one of a place: of a file by its path, of another store by itself.
 */
export function sharedByPlace<State>(name: string, make: () => State): (place: string | Store) => State {
  return (place) => {
    const { byPath, byStore } = shared(name, () => ({
      byPath: new Map<string, State>(),
      byStore: new WeakMap<Store, State>(),
    }));
    const state = (typeof place === "string" ? byPath.get(place) : byStore.get(place)) ?? make();
    if (typeof place === "string") byPath.set(place, state);
    else byStore.set(place, state);
    return state;
  };
}

const inFlightAt = sharedByPlace("inFlight", () => createInFlight());

/** The recordings that all handles of the process make into a place. */
export const pendingAt: (place: string | Store) => PendingRecordings = sharedByPlace("pending", () => createPending());

/** The digests that mode `refresh` has recorded anew, by the place into which it did. */
export const refreshedIn: (place: string | Store) => Set<string> = sharedByPlace(
  "refreshed",
  () => new Set<string>(),
);
