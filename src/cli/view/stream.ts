import type { Entry } from "../../store/entry.ts";
import { type Part, readEvents } from "../read/reading.ts";
import type { TimedEvent } from "../show/timed_events.ts";

/** What had arrived at one time. */
export interface Frame {
  /** In milliseconds since the headers. */
  readonly ms: number;
  /** For each message of the response, the length of each of its parts in characters. */
  readonly lengths: readonly (readonly number[])[];
}

/** A recorded stream, for a replay at its pace. */
export interface Timeline {
  /** At most {@linkcode MOST_CHUNKS}; more are added up. */
  readonly chunks: readonly (readonly [ms: number, bytes: number])[];
  /** How many chunks there were. */
  readonly count: number;
  readonly frames: readonly Frame[];
}

/** A wider chart would have lines thinner than a pixel. */
const MOST_CHUNKS = 400;
const MOST_FRAMES = 120;
/** How many events are folded: each frame folds all events before it, so a long stream has fewer frames. */
const MOST_FOLDS = 200_000;
const LEAST_FRAMES = 8;

/** The timeline of a stream; undefined if no times were recorded. */
export function timelineOf({ chunks }: Entry, events: readonly TimedEvent[]): Timeline | undefined {
  if (!Array.isArray(chunks) || chunks.length < 2 || !chunks.every(isChunk)) return undefined;
  return { chunks: bundled(chunks), count: chunks.length, frames: framesOf(events) };
}

/** Other programs may have written the line. */
function isChunk(chunk: unknown): chunk is readonly [number, number] {
  return Array.isArray(chunk) && chunk.length === 2 && chunk.every((value) => Number.isFinite(value) && value >= 0);
}

function bundled(chunks: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const size = Math.ceil(chunks.length / MOST_CHUNKS);
  const bundles: (readonly [number, number])[] = [];
  for (let at = 0; at < chunks.length; at += size) {
    const [first, ...rest] = chunks.slice(at, at + size) as [
      readonly [number, number],
      ...(readonly [number, number])[],
    ];
    bundles.push([first[0], rest.reduce((sum, [, bytes]) => sum + bytes, first[1])]);
  }
  return bundles;
}

function framesOf(events: readonly TimedEvent[]): Frame[] {
  const most = Math.max(LEAST_FRAMES, Math.min(MOST_FRAMES, Math.floor(2 * MOST_FOLDS / events.length)));
  const step = Math.ceil(events.length / most);
  const frames: Frame[] = [];
  let next = 0;
  for (const [index, { ms }] of events.entries()) {
    const isLast = index === events.length - 1;
    // Events with equal times arrived in one chunk, so they belong to one frame.
    if (!isLast && (index < next || events[index + 1]?.ms === ms)) continue;
    next = index + step;
    const { messages } = readEvents(events.slice(0, index + 1));
    frames.push({ ms: ms ?? frames.at(-1)?.ms ?? 0, lengths: messages.map(({ parts }) => parts.map(lengthOfPart)) });
  }
  return frames;
}

function lengthOfPart(part: Part): number {
  return part.kind === "text" || part.kind === "thinking"
    ? part.text.length
    : part.kind === "call"
    ? part.arguments.length
    : 0;
}
