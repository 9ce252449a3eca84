import { setImmediate } from "node:timers/promises";
import type { LocatedEntry } from "../file/recorded_file.ts";

/** How long a search or a count works before other requests get their turn, in milliseconds. */
const TURN_MS = 15;

/**
 * Calls a function for each entry, and lets the event loop run in between.
 *
 * @param isStopped Ends the work early.
 */
export async function visitInTurns(
  entries: Iterable<LocatedEntry>,
  visit: (located: LocatedEntry) => void,
  isStopped: () => boolean = () => false,
): Promise<void> {
  let end = performance.now() + TURN_MS;
  for (const located of entries) {
    visit(located);
    if (performance.now() < end) continue;
    await setImmediate();
    if (isStopped()) return;
    end = performance.now() + TURN_MS;
  }
}
