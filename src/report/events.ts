import { debugLine } from "./debug_line.ts";
import { type Credential, hideInText } from "../secrets/values.ts";
import type { DropReason } from "../record/problem.ts";
import { type CachyStats, createCounters } from "./stats.ts";
import type { TokenCount } from "./usage.ts";

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
    /** What was asked. */
    readonly request: EventRequest;
    /** From the start of the request to the response, in milliseconds. */
    readonly ms: number;
    /** The length of the body. */
    readonly bytes: number;
    /** How long the answer had taken when it was recorded, in milliseconds; undefined if the entry does not say. */
    readonly savedMs?: number;
    /** What the answer had cost; undefined if it does not say. */
    readonly savedTokens?: TokenCount;
    /** When the answer was recorded, ISO 8601 in UTC; undefined if the entry does not say. */
    readonly recordedAt?: string;
  }
  | {
    readonly kind: "miss";
    /** What was asked. */
    readonly request: EventRequest;
    /** From the start of the request until it was clear that nothing is recorded for it, in milliseconds. */
    readonly ms: number;
  }
  | {
    readonly kind: "recorded";
    /** What was asked. */
    readonly request: EventRequest;
    /** The length of the body. */
    readonly bytes: number;
    /** From the start of the request to the end of the body, in milliseconds. */
    readonly ms: number;
  }
  | {
    readonly kind: "dropped";
    /** What was asked. */
    readonly request: EventRequest;
    /** Why, for programs. */
    readonly reason: DropReason;
    /** The reason in a few words. */
    readonly detail: string;
  }
  | { readonly kind: "warning"; readonly message: string };

/** Where the parts of a handle report what happens. */
export interface Reporter {
  readonly stats: CachyStats;
  emit(event: CachyEvent): void;
  /** Says a thing once, however often it happens. */
  warn(message: string): void;
}

/** What was printed by any handle: a test suite has hundreds of them, which meet the same bad line. */
const printed = new Set<string>();
const MOST_PRINTED = 1000;

/** Makes the reporter of one handle: counts, prints and hands events to the user. */
export function createReporter(options: {
  readonly debug: boolean | "miss";
  readonly onEvent: ((event: CachyEvent) => void) | undefined;
  /** What no line shows, wherever it stands in a URL. */
  readonly credentials: () => readonly Credential[];
}): Reporter {
  const { stats, count } = createCounters();
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
    count(event);
    if (event.kind !== "warning" && (options.debug === true || (options.debug && event.kind === "miss"))) {
      console.error(hideInText(debugLine(event), options.credentials()));
    }
    tell(event);
  };
  const warn = (message: string) => {
    if (said.has(message)) return;
    said.add(message);
    if (!printed.has(message)) console.error(`cachy: ${message}`);
    if (printed.size < MOST_PRINTED) printed.add(message);
    emit({ kind: "warning", message });
  };
  return { stats, emit, warn };
}
