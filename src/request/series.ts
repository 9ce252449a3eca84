import type { Series } from "../flow/context.ts";

/** Numbers identical stateful requests: 1, 2, 3 … */
export interface Counter {
  /** Takes the smallest number that is free. */
  take(name: string): Series;
}

/** Makes a counter in which every number is free. */
export function createCounter(): Counter {
  const states = new Map<
    string,
    { next: number; readonly returned: Set<number> }
  >();
  return {
    take(name) {
      const state = states.get(name) ?? { next: 1, returned: new Set() };
      states.set(name, state);
      const n = state.returned.size ? Math.min(...state.returned) : state.next++;
      state.returned.delete(n);
      let isTaken = true;
      return {
        n,
        release() {
          if (isTaken) state.returned.add(n);
          isTaken = false;
        },
      };
    },
  };
}
