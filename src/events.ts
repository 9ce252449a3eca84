import type { DropReason } from "./problem.ts";

/** The request that an event is about. */
export interface EventRequest {
  /** `"POST"`, `"GET"` … */
  readonly method: string;
  /** Without credentials. */
  readonly url: string;
  /** The first 8 hex digits of its digest. */
  readonly key: string;
}

/**
 * What happens, as it happens: for logs, counters and tests.
 *
 * - `hit`: answered from the store
 * - `miss`: not in the store; in mode `replay` the answer explains it, else the network is asked
 * - `recorded`: an answer became an entry
 * - `dropped`: an answer did not become an entry, and why
 * - `warning`: something is wrong with the cache itself; the call is answered all the same
 */
export type CachyEvent =
  | {
    readonly kind: "hit";
    readonly request: EventRequest;
    readonly ms: number;
  }
  | {
    readonly kind: "miss";
    readonly request: EventRequest;
    readonly ms: number;
  }
  | {
    readonly kind: "recorded";
    readonly request: EventRequest;
    readonly bytes: number;
    readonly ms: number;
  }
  | {
    readonly kind: "dropped";
    readonly request: EventRequest;
    readonly reason: DropReason;
    readonly detail: string;
  }
  | { readonly kind: "warning"; readonly message: string };

/** How often what has happened since the handle was made. */
export interface CachyStats {
  /** Answered from the store. */
  readonly hits: number;
  /** Not found in the store. */
  readonly misses: number;
  /** Answers that became entries. */
  readonly recorded: number;
  /** Answers that did not. */
  readonly dropped: number;
}

/** Where the parts of a handle report what happens. */
export interface Reporter {
  readonly stats: CachyStats;
  emit(event: CachyEvent): void;
  /** Says a thing once, however often it happens. */
  warn(message: string): void;
}

/** Makes the reporter of one handle: counts, prints and hands events to the user. */
export function createReporter(options: {
  readonly debug: boolean | "miss";
  readonly onEvent: ((event: CachyEvent) => void) | undefined;
}): Reporter {
  const counts = { hit: 0, miss: 0, recorded: 0, dropped: 0, warning: 0 };
  const said = new Set<string>();
  const tell = (event: CachyEvent) => {
    const fail = (error: unknown) => {
      if (event.kind !== "warning") warn(`onEvent threw, which changes nothing for the call: ${error}`);
    };
    try {
      // An async function is none that is expected here, but its failure would end the process.
      Promise.resolve(options.onEvent?.(event)).catch(fail);
    } catch (error) {
      fail(error);
    }
  };
  const emit = (event: CachyEvent) => {
    counts[event.kind]++;
    if (event.kind !== "warning" && (options.debug === true || (options.debug && event.kind === "miss"))) {
      console.error(debugLine(event));
    }
    tell(event);
  };
  const warn = (message: string) => {
    if (said.has(message)) return;
    said.add(message);
    console.error(`cachy: ${message}`);
    emit({ kind: "warning", message });
  };
  return {
    stats: {
      get hits() {
        return counts.hit;
      },
      get misses() {
        return counts.miss;
      },
      get recorded() {
        return counts.recorded;
      },
      get dropped() {
        return counts.dropped;
      },
    },
    emit,
    warn,
  };
}

/** One line per event: never a body, a header or a credential. */
function debugLine(event: Exclude<CachyEvent, { kind: "warning" }>): string {
  const { method, url, key } = event.request;
  const line = `cachy ${event.kind.toUpperCase().padEnd(8)} ${key} ${method} ${url.replace(/^https?:\/\//, "")}`;
  switch (event.kind) {
    case "hit":
    case "miss":
      return `${line} ${event.ms.toFixed(1)} ms`;
    case "recorded":
      return `${line} ${event.bytes} bytes in ${Math.round(event.ms)} ms`;
    case "dropped":
      return `${line} ${event.detail}`;
  }
}
