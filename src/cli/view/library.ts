import type { Difference } from "../../miss/comparison.ts";
import { showDifference } from "../../miss/difference.ts";
import type { Prices } from "../../report/prices.ts";
import type { Entry } from "../../store/entry.ts";
import type { Position } from "../../store/jsonl/file.ts";
import { lineNumber } from "../../store/jsonl/index.ts";
import { entryAt } from "../../store/jsonl/line.ts";
import type { EntryRow } from "../file/entry_row.ts";
import { filterOf } from "../file/filters.ts";
import { readingsOf } from "../file/lazy_reading.ts";
import { contentsOf, type RecordedFile } from "../file/recorded_file.ts";
import { readEntry, type Reading } from "../read/reading.ts";
import { differencesOfAnswers, differencesOfAsked } from "../show/differences.ts";
import { type TimedEvent, timedEvents } from "../show/timed_events.ts";
import { type Details, detailsOf, type Limits, mainText, shownEvents, shownRow } from "./details.ts";
import { type Media, mediaOf, partAt, type Place } from "./media.ts";
import { type Search, type SORTS, startSearch } from "./search.ts";
import { countTotals, type Total } from "./totals.ts";

/** Which entries a list contains, and in which order. */
export interface Choice {
  readonly model?: string;
  readonly grep?: string;
  readonly since?: string;
  readonly sort?: keyof typeof SORTS;
}

/** A row of the list. `id` identifies the entry in this file, until the file is rewritten. */
export interface IdentifiedRow extends EntryRow {
  readonly id: string;
}

/** One page of a list. */
export interface ListPage {
  readonly rows: readonly IdentifiedRow[];
  /** The number of matches; of those that are known, while `isComplete` is false. */
  readonly total: number;
  readonly isComplete: boolean;
}

/** Answers the questions of the page about one file. It keeps positions, not entries. */
export interface Library {
  readonly file: { readonly name: string; readonly bytes: number };
  list(choice: Choice, from: number, most: number): Promise<ListPage>;
  /** Undefined if no entry has this id; so for the next ones. */
  details(id: string, limits?: Limits): (Details & { readonly line: number }) | undefined;
  /** A piece of a long text. */
  text(id: string, place: Place, from: number): { readonly text: string; readonly length: number } | undefined;
  media(id: string, place: Place): Media | undefined;
  events(id: string, from: number): ReturnType<typeof shownEvents> | undefined;
  differences(a: string, b: string): readonly string[] | undefined;
  totals(): Promise<readonly Total[]>;
  /** Ends the work in the background. Call it before the file is closed. */
  close(): void;
}

/** What the page of a server shows at once. */
const LIMITS: Limits = { text: 20_000, total: 1_000_000, events: 100 };
/** How much of a long text is loaded at once, in characters. */
const MORE_TEXT = 50_000;
const MOST_DIFFERENCES = 200;
/** Searches whose positions are kept. */
const MOST_SEARCHES = 4;

/** Opens a library. */
export function openLibrary(file: RecordedFile, prices?: Prices): Library {
  const contents = contentsOf(file);
  const searches = new Map<string, Search>();
  const searchOf = (choice: Choice): Search => {
    const key = JSON.stringify([choice.model, choice.grep, choice.since, choice.sort]);
    const search = searches.get(key) ?? startSearch(contents, filterOf(choice, Date.now()), choice.sort);
    searches.delete(key);
    searches.set(key, search);
    const [oldest] = searches.keys();
    if (searches.size > MOST_SEARCHES && oldest !== undefined) {
      searches.get(oldest)?.stop();
      searches.delete(oldest);
    }
    return search;
  };
  const read = entryReader(file);
  let totals: Promise<readonly Total[]> | undefined;
  let isClosed = false;
  return {
    file: { name: file.path.split(/[/\\]/).at(-1) ?? file.path, bytes: file.size },
    async list(choice, from, most) {
      const { positions, isComplete } = await searchOf(choice).found(from + most);
      const rows = positions.slice(from, from + most).flatMap((position) => {
        const entry = entryAt(file.descriptor, position);
        if (typeof entry === "string") return [];
        return [{ ...shownRow(entry, readingsOf(entry).start(), prices), id: idOf(position) }];
      });
      return { rows, total: positions.length, isComplete };
    },
    details(id, limits = LIMITS) {
      const found = read(id);
      return found && {
        ...detailsOf(found.entry, found.reading(), found.events(), { limits, prices }),
        line: lineNumber(file.descriptor, found.position.start),
      };
    },
    text(id, place, from) {
      const found = read(id);
      const part = found && partAt(found.reading(), place);
      const text = part && mainText(part);
      return text === undefined ? undefined : { text: text.slice(from, from + MORE_TEXT), length: text.length };
    },
    media(id, place) {
      const found = read(id);
      const part = found && partAt(found.reading(), place);
      return part?.kind === "media" ? mediaOf(part) : undefined;
    },
    events: (id, from) => {
      const found = read(id);
      return found && shownEvents(found.events(), from, LIMITS.events);
    },
    differences(a, b) {
      const [first, second] = [read(a)?.entry, read(b)?.entry];
      return first && second && differences(first, second).slice(0, MOST_DIFFERENCES).map(showDifference);
    },
    totals: () => totals ??= countTotals(contents, prices, () => isClosed),
    close() {
      isClosed = true;
      for (const search of searches.values()) search.stop();
    },
  };
}

function differences(a: Entry, b: Entry): readonly Difference[] {
  return [...differencesOfAsked(a, b), ...differencesOfAnswers(a, b)];
}

/** The id of the entry at a position. */
function idOf({ start, length }: Position): string {
  return `${start}-${length}`;
}

interface FoundEntry {
  readonly entry: Entry;
  readonly position: Position;
  reading(): Reading;
  events(): readonly TimedEvent[];
}

/** Reads entries by their ids. It keeps the last one, because its texts and images are asked for one by one. */
function entryReader({ descriptor, size }: RecordedFile): (id: string) => FoundEntry | undefined {
  let last: { readonly id: string; readonly found: FoundEntry } | undefined;
  return (id) => {
    if (last?.id === id) return last.found;
    const [, start, length] = (/^(\d{1,15})-(\d{1,15})$/.exec(id) ?? []).map(Number);
    if (start === undefined || length === undefined || start + length > size) return undefined;
    const position = { start, length };
    const entry = entryAt(descriptor, position);
    if (typeof entry === "string") return undefined;
    let [reading, events]: [Reading?, (readonly TimedEvent[])?] = [];
    const found = {
      entry,
      position,
      reading: () => reading ??= readEntry(entry),
      events: () => events ??= timedEvents(entry),
    };
    last = { id, found };
    return found;
  };
}
