import type { Entry } from "./entry.ts";
import type { Store } from "./store.ts";

/**
 * A store that ends with the process, for tests and for trying things out.
 *
 * @example
 * ```ts
 * import { createCachy, memoryStore } from "@cachy/core";
 *
 * const cachy = createCachy({ store: memoryStore() });
 * ```
 */
export function memoryStore(): Store {
  const entries = new Map<string, Entry>();
  return {
    name: "memory",
    find: (key, sha256) => (sha256 ? entries.get(sha256) : undefined) ?? entries.get(key),
    append(entry) {
      const id = entry.sha256 ?? entry.key;
      entries.delete(id); // so that it becomes the newest
      entries.set(id, entry);
    },
    entries: () => [...entries.values()].reverse(),
    get size() {
      return entries.size;
    },
  };
}
