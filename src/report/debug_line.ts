import { showBytes, showTime } from "../lib/amounts.ts";
import { type Color, paint } from "../lib/colors.ts";
import type { CachyEvent } from "./events.ts";

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
