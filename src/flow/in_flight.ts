import { waitUnlessAborted } from "../lib/abort.ts";
import { sharedByPlace } from "./by_place.ts";
import type { Store } from "../store/store.ts";

/** An answer, and when it is decided whether it became an entry. */
export interface Answer {
  readonly response: Response;
  /** Missing if nothing is going to be stored. It never rejects. */
  readonly settled?: Promise<unknown>;
}

/** Identical requests that are under way: the first one goes ahead, the others wait until its answer is settled. */
export interface Flights {
  /**
   * Answers a request, after the identical one that is under way. All that waited then go ahead at once: they find the
   * answer in the store, or each asks the network.
   *
   * @throws What `answer` throws, or the reason of the request's own signal, which ends the wait.
   */
  join(sha256: string, signal: AbortSignal | undefined, answer: () => Promise<Answer>): Promise<Response>;
}

/** Makes a set of flights with none under way. */
export function createFlights(): Flights {
  const flights = new Map<string, Promise<void>>();
  return {
    async join(sha256, signal, answer) {
      const underway = flights.get(sha256);
      if (underway) {
        await waitUnlessAborted(underway, signal);
        return (await answer()).response;
      }
      let land = () => {};
      flights.set(sha256, new Promise<void>((resolve) => land = resolve).then(() => void flights.delete(sha256)));
      try {
        const { response, settled } = await answer();
        if (settled) settled.then(land);
        else land();
        return response;
      } catch (error) {
        land();
        throw error;
      }
    },
  };
}

/**
 * The flights of all who record into one place: concurrent tests with scopes of their own, say, that ask the same.
 *
 * A fetch that lies under one of them must not be another of them: the two would wait for each other.
 *
 * @param place The path of the file, or the store; asked for at the first request, since it may have to be searched.
 */
export function sharedFlights(place: () => string | Store): Flights {
  return { join: (...call) => flightsAt(place()).join(...call) };
}

const flightsAt = sharedByPlace(createFlights);
