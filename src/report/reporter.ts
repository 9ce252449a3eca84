import { debugLine } from "./debug_line.ts";
import { type Credential, hideInText } from "../secrets/values.ts";
import { type CachyStats, createCounters } from "./stats.ts";
import type { CachyEvent } from "./events.ts";

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
