import { bodyLength, type Entry } from "../../store/entry.ts";
import { utf8 } from "../../lib/bytes.ts";
import { type TokenCount, usageOf } from "../../report/usage.ts";
import { isIsoDate } from "./time.ts";
import { startOfPart } from "../show/part_text.ts";
import type { Kind, Message, Reading } from "../read/reading.ts";
import { FIRST_WORDS } from "./lazy_reading.ts";

/** An entry in one line. */
export interface EntryRow {
  readonly key: string;
  /** The digest; lines by pycachy have none. */
  readonly sha256?: string;
  /** ISO 8601 in UTC. */
  readonly recordedAt?: string;
  readonly provider?: string;
  readonly model?: string;
  readonly kind: Kind;
  readonly isStream: boolean;
  /** The start of what the user asked last. */
  readonly prompt: string;
  /** The start of the answer. */
  readonly answer: string;
  readonly tokens?: TokenCount;
  /** The length of the answer in bytes. */
  readonly bytes: number;
  /** How long the answer took, in milliseconds. */
  readonly durationMs?: number;
}

/** Puts an entry into one line. */
export function rowOf(entry: Entry, { provider, model, kind, isStream, asked, answered }: Reading): EntryRow {
  const { key, sha256, recorded_at: recordedAt, duration_ms: durationMs } = entry;
  return {
    key,
    sha256,
    recordedAt: isIsoDate(recordedAt) ? recordedAt : undefined,
    provider,
    model,
    kind,
    isStream,
    prompt: startOf(asked.findLast(({ role }) => role === "user") ?? asked.at(-1)),
    answer: startOf(answered[0]),
    tokens: usageOf(entry),
    bytes: bodyLength(entry),
    durationMs: typeof durationMs === "number" ? durationMs : undefined,
  };
}

/** A copy of a text: a part of a longer one would keep that in memory as a whole. */
function copyOf(text: string): string {
  return decoder.decode(utf8(text));
}

const decoder = new TextDecoder();

/** What was said comes before what was thought and cited. */
function startOf(message: Message | undefined): string {
  const parts = message?.parts ?? [];
  const said = parts.filter(({ kind }) => kind !== "thinking" && kind !== "citation");
  const text = (said.length ? said : parts).map((part) => startOfPart(part, FIRST_WORDS)).join(" ").trim();
  return text.length < FIRST_WORDS ? text : copyOf(text.slice(0, FIRST_WORDS));
}
