import { atExit } from "../lib/environment.ts";
import { messageOf } from "../lib/errors.ts";
import { shared } from "../lib/shared_state.ts";
import { type Color, paint, showBytes, showDollars, showTime, type Wording } from "../lib/show.ts";
import { type Credential, hideInText } from "../secrets/values.ts";
import { type Warn, warnOnStderr } from "../store/store.ts";
import type { CachyEvent } from "./events.ts";
import { type CachyStats, createCounters } from "./stats.ts";
import type { CostWatch } from "./watch_costs.ts";

/** Receives the events and warnings of a handle. */
export interface Reporter {
  readonly stats: CachyStats;
  /** Resolves when the prices are read; undefined without prices. */
  readonly ready: Promise<void> | undefined;
  /** What a call costs by the prices of `CACHY_PRICES`; undefined until `ready`, without prices, and if it is unknown. */
  readonly costs: () => CostWatch | undefined;
  emit(event: CachyEvent): void;
  /** Reports a warning. Repeated messages are reported once. */
  warn(message: string): void;
}

/** Makes the reporter of a handle. It counts events, prints them and passes them to `onEvent`. */
export function createReporter(options: {
  readonly debug: boolean | "miss";
  readonly onEvent: ((event: CachyEvent) => void) | undefined;
  /** The file with the prices. */
  readonly prices?: string | undefined;
  /** The credentials to redact in printed lines. */
  readonly credentials: () => readonly Credential[];
}): Reporter {
  const { stats, count } = createCounters();
  const reported = new Set<string>();
  const ofProcess = activity();
  const notify = (event: CachyEvent) => {
    const fail = (error: unknown) => {
      if (event.kind === "warning") return; // a warning about a warning would never end
      warn(`Cannot report an event: onEvent threw ${error}. Fix onEvent; the request was not affected.`);
    };
    if (!options.onEvent) return;
    try {
      // An async `onEvent` is not supported, but an unhandled rejection would end the process.
      Promise.resolve(options.onEvent(event)).catch(fail);
    } catch (error) {
      fail(error);
    }
  };
  const emit = (event: CachyEvent) => {
    ofProcess.isSeen = true;
    count(event);
    if (event.kind !== "warning" && (options.debug === true || (options.debug && event.kind === "miss"))) {
      console.error(hideInText(debugLine(event), options.credentials()));
    }
    notify(event);
  };
  const warn = (message: string) => {
    if (reported.has(message)) return;
    reported.add(message);
    warnOnStderr(message);
    emit({ kind: "warning", message });
  };
  let costs: CostWatch | undefined;
  const ready = options.prices === undefined ? undefined : loadCosts(options.prices, warn).then((loaded) => {
    costs = loaded;
  });
  return { stats, emit, warn, ready, costs: () => costs };
}

/** Most programs have no prices, so the modules that read them are loaded only if there are some. */
async function loadCosts(prices: string, warn: Warn): Promise<CostWatch | undefined> {
  try {
    const { watchCosts } = await import("./watch_costs.ts");
    return watchCosts(prices);
  } catch (error) {
    warn(messageOf(error));
    return undefined;
  }
}

/** Whether any handle of the process had an event, and whether the check at the end of the process is set up. */
const activity = () => shared("activity", () => ({ isSeen: false, isChecked: false }));

/** Prints a warning at the end of the process if no handle had an event. */
export function tellIfUnused({ unused }: Wording): void {
  const ofProcess = activity();
  if (ofProcess.isChecked) return;
  ofProcess.isChecked = true;
  atExit(() => {
    if (!ofProcess.isSeen) console.error(`cachy: ${unused}`);
  });
}

/** An event of a request. */
export type RequestEvent = Exclude<CachyEvent, { kind: "warning" }>;

const COLORS: Readonly<Record<RequestEvent["kind"], Color>> = {
  hit: "green",
  miss: "yellow",
  recorded: "cyan",
  dropped: "red",
  fault: "magenta",
};

/**
 * Formats an event as one line, without bodies, headers and credentials.
 *
 * @param isColored Whether to color it; by default, whether stderr wants colors.
 */
export function debugLine(event: RequestEvent, isColored?: boolean): string {
  const { method, url, key } = event.request;
  const word = event.kind.toUpperCase();
  // Do not color the padding, because some terminals underline or fill colored text.
  const kind = paint(word, COLORS[event.kind], isColored) + " ".repeat("RECORDED".length - word.length);
  return `cachy ${kind} ${key} ${method} ${url.replace(/^https?:\/\//, "")} ${outcome(event)}`;
}

function outcome(event: RequestEvent): string {
  switch (event.kind) {
    case "hit": {
      const { savedMs, savedCost } = event;
      const saved = [savedMs === undefined ? [] : showTime(savedMs), savedCost ? showDollars(savedCost) : []].flat();
      return `${showBytes(event.bytes)} ${showTime(event.ms)}${saved.length ? `, saved ${saved.join(" and ")}` : ""}`;
    }
    case "miss":
      return showTime(event.ms);
    case "recorded":
      return `${showBytes(event.bytes)} in ${showTime(event.ms)}${event.cost ? ` for ${showDollars(event.cost)}` : ""}`;
    case "dropped":
      return event.reason === "status" ? event.detail : `${event.reason}: ${event.detail}`;
    case "fault":
      return event.detail;
  }
}
