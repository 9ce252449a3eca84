import { shared } from "../lib/shared_state.ts";
import { deferred, monotonicNow, unlessIdle, waitUnlessAborted } from "../lib/wait.ts";
import type { Recording } from "../record/record.ts";
import type { Store } from "../store/store.ts";

/** A response, and its recording; undefined if the response will not be stored. */
export interface Answer {
  readonly response: Response;
  /** Whether the response comes from the store. */
  readonly isReplay?: boolean;
  readonly recording?: Pick<Recording, "committed" | "idleMs" | "start">;
}

/** How long identical requests wait for a first request that is silent, in milliseconds. */
const SILENCE_MS = 10_000;

/** Identical requests that are in flight: the first one asks the network, the others wait for its entry. */
export interface InFlightRequests {
  /**
   * Answers a request, after the identical one that is in flight.
   *
   * When the first one has written its entry, all others read it. When it fails, the next one asks the network. When
   * nothing has arrived for 10 s, the others ask the network themselves.
   *
   * @param answer Receives whether the request has waited for an identical one.
   * @throws The error of `answer`, or the reason of the request's own signal, which ends the wait.
   */
  join(
    sha256: string,
    signal: AbortSignal | undefined,
    answer: (hasWaited: boolean) => Promise<Answer>,
  ): Promise<Response>;
}

/** A request that others wait for. */
interface First {
  /** Whether it has written an entry. It never rejects. */
  readonly isWritten: Promise<boolean>;
  readonly startedAt: number;
  hasWaiters: boolean;
  recording: Answer["recording"];
}

/** @param silenceMs How long identical requests wait for a silent first request. */
export function createInFlight(silenceMs: number = SILENCE_MS): InFlightRequests {
  const requests = new Map<string, First>();

  const lead = async (sha256: string, answer: () => Promise<Answer>): Promise<Response> => {
    const { promise: isWritten, resolve: decide } = deferred<boolean>();
    const first: First = { isWritten, startedAt: monotonicNow(), hasWaiters: false, recording: undefined };
    requests.set(sha256, first);
    const settle = (written: boolean) => {
      if (requests.get(sha256) === first) requests.delete(sha256);
      decide(written);
    };
    try {
      const { response, recording } = await answer();
      first.recording = recording;
      if (first.hasWaiters) recording?.start();
      if (recording) recording.committed.then(settle);
      else settle(false);
      return response;
    } catch (error) {
      settle(false);
      throw error;
    }
  };

  const follow: InFlightRequests["join"] = async (sha256, signal, answer) => {
    const joinedAt = monotonicNow();
    for (let first = requests.get(sha256); first; first = requests.get(sha256)) {
      const isWritten = await waitUnlessAborted(outcomeOf(first, silenceMs), signal);
      if (isWritten) return (await answer(true)).response;
      // A series of failures must not delay a call longer than one silent request.
      if (isWritten === undefined || monotonicNow() - joinedAt > silenceMs) break;
    }
    return await lead(sha256, () => answer(true));
  };

  return {
    join(sha256, signal, answer) {
      return requests.has(sha256) ? follow(sha256, signal, answer) : lead(sha256, () => answer(false));
    },
  };
}

/** Whether a request has written an entry; undefined if it was silent for too long. */
function outcomeOf(first: First, silenceMs: number): Promise<boolean | undefined> {
  first.hasWaiters = true;
  first.recording?.start();
  const idleMs = () => first.recording?.idleMs() ?? monotonicNow() - first.startedAt;
  return unlessIdle(first.isWritten, idleMs, silenceMs);
}

/** How long a flush waits for more bytes after an entry is written, in milliseconds. */
const TRAILING_MS = 250;

/** A recording that a flush waits for. */
export interface Pending extends Pick<Recording, "committed" | "idleMs" | "start"> {
  readonly settled: Promise<unknown>;
}

/** The recordings in progress. */
export interface PendingRecordings {
  add(recording: Pending): void;
  /** Waits until every recording is settled, or written and quiet, or has been silent for 10 s. */
  flush(): Promise<void>;
}

/** @param silenceMs How long a flush waits for a silent recording. */
export function createPending(silenceMs: number = SILENCE_MS): PendingRecordings {
  const limits = new Map<Pending, number>();
  const isQuiet = (recording: Pending) => recording.idleMs() >= (limits.get(recording) ?? 0);
  return {
    add(recording) {
      limits.set(recording, silenceMs);
      recording.committed.then((isWritten) => isWritten && limits.has(recording) && limits.set(recording, TRAILING_MS));
      recording.settled.finally(() => limits.delete(recording));
    },
    async flush() {
      for (;;) {
        const open = [...limits.keys()].filter((recording) => !isQuiet(recording));
        if (!open.length) return;
        await Promise.all(open.map((recording) => {
          recording.start();
          const limit = limits.get(recording) ?? 0;
          const ended = limit === TRAILING_MS
            ? recording.settled
            : Promise.race([recording.settled, recording.committed]);
          return unlessIdle(ended, recording.idleMs, limit);
        }));
      }
    },
  };
}

/**
 * The in-flight requests of all handles that record into one place, such as concurrent tests that send the same request.
 *
 * None of these handles may be the fetch below another one: both would wait for each other.
 *
 * @param place Returns the path of the file, or the store. Called at the first request, because it may search for the file.
 */
export function sharedInFlight(place: () => string | Store): InFlightRequests {
  return { join: (...call) => inFlightAt(place()).join(...call) };
}

/**
 * Creates state that all handles of the process share if they record into the same place.
 *
 * @param name Its name in the shared state.
 * @param make Creates the state of one place.
 * @returns A function that returns the state of a place: a path, or a store.
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

/** The digests that mode `refresh` has recorded, by place. */
export const refreshedIn: (place: string | Store) => Set<string> = sharedByPlace(
  "refreshed",
  () => new Set<string>(),
);
