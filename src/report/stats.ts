import type { CachyEvent, DropReason } from "./events.ts";
import type { TokenCount } from "./usage.ts";

/** What has happened since the handle was made. */
export interface CachyStats {
  /** Requests that were answered from the store. */
  readonly hits: number;
  /** Requests that were not found in the store. */
  readonly misses: number;
  /** Answers that became entries. */
  readonly recorded: number;
  /** Answers that did not become entries. */
  readonly dropped: number;
  /** Those, by the reason. */
  readonly droppedBy: Readonly<Partial<Record<DropReason, number>>>;
  /** The lengths of the bodies that were answered from the store. */
  readonly bytesReplayed: number;
  /** The lengths of the bodies that became entries. */
  readonly bytesRecorded: number;
  /** How long the answers that came from the store had taken when they were recorded. */
  readonly millisecondsSaved: number;
  /** What the answers that came from the store had cost, as far as they say so. */
  readonly tokensSaved: TokenCount;
}

/** Counters, and what makes them count. */
export interface Counters {
  /** Plain members that change, so that a printed or a serialized one shows numbers. */
  readonly stats: CachyStats;
  count(event: CachyEvent): void;
}

/** Makes counters that stand at zero. */
export function createCounters(): Counters {
  const droppedBy: Partial<Record<DropReason, number>> = {};
  const tokensSaved = { input: 0, output: 0 };
  const counts = { hits: 0, misses: 0, recorded: 0, dropped: 0, bytesReplayed: 0, bytesRecorded: 0 };
  const stats = { ...counts, droppedBy, millisecondsSaved: 0, tokensSaved };
  const count = (event: CachyEvent) => {
    switch (event.kind) {
      case "hit":
        stats.hits++;
        stats.bytesReplayed += event.bytes;
        stats.millisecondsSaved += event.savedMs ?? 0;
        tokensSaved.input += event.savedTokens?.input ?? 0;
        tokensSaved.output += event.savedTokens?.output ?? 0;
        return;
      case "miss":
        stats.misses++;
        return;
      case "recorded":
        stats.recorded++;
        stats.bytesRecorded += event.bytes;
        return;
      case "dropped":
        stats.dropped++;
        droppedBy[event.reason] = (droppedBy[event.reason] ?? 0) + 1;
        return;
      case "warning":
        return;
    }
  };
  return { stats, count };
}
