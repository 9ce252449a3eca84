import { atExit } from "../lib/environment.ts";
import { shared } from "../lib/shared_state.ts";
import { type Color, paint, showBytes, showTime } from "../lib/show.ts";
import { type Credential, hideInText } from "../secrets/values.ts";
import { warnOnStderr } from "../store/store.ts";
import type { CachyEvent } from "./events.ts";
import { type CachyStats, createCounters } from "./stats.ts";

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
  /** What no line shows, wherever it stands in a URL. */
  readonly credentials: () => readonly Credential[];
}): Reporter {
  const { stats, count } = createCounters();
  const said = new Set<string>();
  const ofProcess = activity();
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
    ofProcess.isSeen = true;
    count(event);
    if (event.kind !== "warning" && (options.debug === true || (options.debug && event.kind === "miss"))) {
      console.error(hideInText(debugLine(event), options.credentials()));
    }
    tell(event);
  };
  const warn = (message: string) => {
    if (said.has(message)) return;
    said.add(message);
    warnOnStderr(message);
    emit({ kind: "warning", message });
  };
  return { stats, emit, warn };
}

/** Whether any handle of the process had an event, and whether the process tells at its end if none had. */
const activity = () => shared("activity", () => ({ isSeen: false, isTold: false }));

const UNUSED =
  'cachy: debug is on, but no request to an LLM API in "domains" used the fetch of cachy. Construct clients ' +
  'after enableCachy(), set axios to adapter: "fetch" and Bedrock to FetchHttpHandler, and add other hosts to "domains".';

/** Prints a line at the end of the process, if no handle of the process had an event. */
export function tellIfUnused(): void {
  const ofProcess = activity();
  if (ofProcess.isTold) return;
  ofProcess.isTold = true;
  atExit(() => {
    if (!ofProcess.isSeen) console.error(UNUSED);
  });
}

/** An event about a request. */
export type RequestEvent = Exclude<CachyEvent, { kind: "warning" }>;

const COLORS: Readonly<Record<RequestEvent["kind"], Color>> = {
  hit: "green",
  miss: "yellow",
  recorded: "cyan",
  dropped: "red",
};

/**
 * One line per event: never a body, a header or a credential.
 *
 * @param isColored Whether it goes to a terminal; by default stderr is asked.
 */
export function debugLine(event: RequestEvent, isColored?: boolean): string {
  const { method, url, key } = event.request;
  const word = event.kind.toUpperCase();
  // The spaces stay outside: some terminals underline or fill what is colored.
  const kind = paint(word, COLORS[event.kind], isColored) + " ".repeat("RECORDED".length - word.length);
  return `cachy ${kind} ${key} ${method} ${url.replace(/^https?:\/\//, "")} ${outcome(event)}`;
}

function outcome(event: RequestEvent): string {
  switch (event.kind) {
    case "hit": {
      const saved = event.savedMs === undefined ? "" : `, saved ${showTime(event.savedMs)}`;
      return `${showBytes(event.bytes)} ${showTime(event.ms)}${saved}`;
    }
    case "miss":
      return showTime(event.ms);
    case "recorded":
      return `${showBytes(event.bytes)} in ${showTime(event.ms)}`;
    case "dropped":
      return `${event.reason}: ${event.detail}`;
  }
}
