import type { Store } from "../store/store.ts";

/**
 * Makes something that all handles of the process share which record into the same place.
 *
 * @param make Makes the one of a place that is asked for first.
 * @returns Gives the one of a place: of a file by its path, of another store by itself.
 */
export function sharedByPlace<State>(make: () => State): (place: string | Store) => State {
  const byPath = new Map<string, State>();
  const byStore = new WeakMap<Store, State>();
  return (place) => {
    const state = (typeof place === "string" ? byPath.get(place) : byStore.get(place)) ?? make();
    if (typeof place === "string") byPath.set(place, state);
    else byStore.set(place, state);
    return state;
  };
}
