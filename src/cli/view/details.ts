import { asRecord } from "../../lib/json.ts";
import type { Prices } from "../../report/prices.ts";
import type { Entry } from "../../store/entry.ts";
import { type EntryRow, rowOf } from "../file/entry_row.ts";
import type { Message, Part, Reading, StartReading } from "../read/reading.ts";
import { showCitation, showMedia, showVectors } from "../show/conversation.ts";
import type { TimedEvent } from "../show/timed_events.ts";
import { mediaOf } from "./media.ts";
import { type Timeline, timelineOf } from "./stream.ts";

/** A part as the page shows it. */
export interface ShownPart {
  readonly kind: Part["kind"];
  /** The main text: what was said, the arguments of a call as JSON, or a description. */
  readonly text: string;
  /** The length of the whole text, if `text` is only its start. */
  readonly length?: number;
  readonly name?: string;
  readonly id?: string;
  readonly url?: string;
  /** The type of an image or a sound that the page can show. */
  readonly media?: string;
}

export interface ShownMessage {
  readonly role: string;
  readonly parts: readonly ShownPart[];
}

/** An event of a stream as the page shows it. */
export interface ShownEvent {
  readonly ms?: number;
  readonly name: string;
  readonly text: string;
}

/** An entry as the page shows it. */
export interface Details {
  readonly row: EntryRow;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly settings: Reading["settings"];
  readonly asked: readonly ShownMessage[];
  readonly answered: readonly ShownMessage[];
  readonly finish?: string;
  readonly timeline?: Timeline;
  readonly events: readonly ShownEvent[];
  /** How many events the stream has. */
  readonly eventCount: number;
}

/** How much of an entry one page contains: 10 MB of text would freeze a browser. The rest is loaded on demand. */
export interface Limits {
  /** For each text, in characters. */
  readonly text: number;
  /** For all texts together, in characters. */
  readonly total: number;
  readonly events: number;
}

/** For each text when the total is reached, in characters. */
const LEAST_TEXT = 200;
/** For names, roles and URLs, in characters. */
const MAX_WORD = 500;
/** For the data of an event, in characters. */
const MAX_EVENT = 2000;

/** Describes an entry. */
export function detailsOf(
  entry: Entry,
  reading: Reading,
  events: readonly TimedEvent[],
  { limits, prices }: { readonly limits: Limits; readonly prices?: Prices | undefined },
): Details {
  let left = limits.total;
  const shownMessage = ({ role, parts }: Message): ShownMessage => ({
    role: role.slice(0, MAX_WORD),
    parts: parts.map((part) => {
      const shown = shownPart(part, Math.max(LEAST_TEXT, Math.min(limits.text, left)));
      left -= shown.text.length;
      return shown;
    }),
  });
  return {
    row: shownRow(entry, reading, prices),
    facts: factsOf(entry),
    settings: reading.settings,
    asked: reading.asked.map(shownMessage),
    answered: reading.answered.map(shownMessage),
    finish: reading.finish?.slice(0, MAX_WORD),
    timeline: timelineOf(entry, events),
    events: shownEvents(events, 0, limits.events),
    eventCount: events.length,
  };
}

/** The row of an entry, with names of a limited length. */
export function shownRow(entry: Entry, reading: StartReading, prices?: Prices): EntryRow {
  const row = rowOf(entry, reading, prices);
  return { ...row, provider: row.provider?.slice(0, MAX_WORD), model: row.model?.slice(0, MAX_WORD) };
}

/** Some events of a stream. */
export function shownEvents(events: readonly TimedEvent[], from: number, most: number): ShownEvent[] {
  return events.slice(from, from + most).map(({ ms, name, text }) => ({
    ms,
    name: name.slice(0, MAX_WORD),
    text: text.slice(0, MAX_EVENT),
  }));
}

/** The main text of a part. */
export function mainText(part: Part): string {
  switch (part.kind) {
    case "text":
    case "result":
      return part.text;
    case "thinking":
      return part.text || (part.note ?? "");
    case "call":
      return part.arguments;
    case "json":
      return part.json;
    case "citation":
      return part.text ?? (part.title || part.url ? "" : showCitation(part));
    case "media":
      return showMedia({ ...part, url: undefined });
    case "vectors":
      return showVectors(part);
    case "scores":
      return part.scores.map(([name, score]) => `${name}: ${score}`).join("\n");
  }
}

function shownPart(part: Part, most: number): ShownPart {
  const text = mainText(part);
  const { name, title, id, url } = part as { readonly [Member in "name" | "title" | "id" | "url"]?: string };
  return {
    kind: part.kind,
    text: text.slice(0, most),
    length: text.length > most ? text.length : undefined,
    name: (name ?? title)?.slice(0, MAX_WORD),
    id: id?.slice(0, MAX_WORD),
    url: url?.slice(0, MAX_WORD),
    media: part.kind === "media" ? mediaOf(part)?.type : undefined,
  };
}

/** Members of a line by other programs may be anything. */
function factsOf({ request, status_code: status, error, sha256, key }: Entry): (readonly [string, string])[] {
  const { method, url, namespace, n } = asRecord(request) ?? {};
  const facts: (readonly [string, unknown])[] = [
    ["request", [method, url].filter((word) => typeof word === "string").join(" ")],
    ["status", status],
    ["error", error],
    ["namespace", namespace],
    ["number", n],
    ["digest", sha256 ?? key],
  ];
  return facts.filter(([, value]) => (typeof value === "string" || typeof value === "number") && value !== "")
    .map(([name, value]) => [name, String(value).slice(0, 4 * MAX_WORD)]);
}
