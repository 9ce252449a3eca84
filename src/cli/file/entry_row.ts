import { showBytes, showDollars, showTime } from "../../lib/show.ts";
import { costOf } from "../../report/cost.ts";
import type { Prices } from "../../report/prices.ts";
import { type TokenCount, usageOf } from "../../report/usage.ts";
import { bodyLength, type Entry } from "../../store/entry.ts";
import type { Terminal } from "../app/command.ts";
import { type Column, cutStart, filledLines, tableLines } from "../display/table.ts";
import { FIRST_WORDS, type Kind, type Message, type StartReading } from "../read/reading.ts";
import { startOfPart } from "../show/conversation.ts";
import { fillsRow } from "./lazy_reading.ts";
import { isIsoDate, showAge } from "./time.ts";

/** An entry as one row of a list. */
export interface EntryRow {
  readonly key: string;
  /** The digest; missing in entries by pycachy. */
  readonly sha256?: string;
  /** ISO 8601 in UTC. */
  readonly recordedAt?: string;
  readonly provider?: string;
  readonly model?: string;
  readonly kind: Kind;
  readonly isStream: boolean;
  /** The start of the last message of the user. */
  readonly prompt: string;
  /** The start of the response. */
  readonly answer: string;
  readonly tokens?: TokenCount;
  /** The length of the response body in bytes. */
  readonly bytes: number;
  /** How long the response took, in milliseconds. */
  readonly durationMs?: number;
  /** What the call cost, in US dollars; missing without prices, and if it is unknown. */
  readonly cost?: number;
  /** Why the cost is unknown; missing without prices. */
  readonly unknownCost?: string;
}

/** Whether {@linkcode rowLines} shows no more of a response that begins with this text. On a terminal, the width counts. */
export function fillsLine(text: string, { width }: Terminal): boolean {
  return fillsRow(text) || width === undefined && cutStart(text, WIDEST_TEXT) !== undefined;
}

/** Makes the row of an entry. */
export function rowOf(entry: Entry, reading: StartReading, prices?: Prices): EntryRow {
  const { provider, model, kind, isStream, asked, answered } = reading;
  const { key, sha256, recorded_at: recordedAt, duration_ms: durationMs } = entry;
  const { usd, unknown } = prices ? costOf(entry, prices) : {};
  return {
    key,
    sha256,
    recordedAt: isIsoDate(recordedAt) ? recordedAt : undefined,
    provider,
    model,
    kind,
    isStream,
    prompt: startOf(asked.findLast(({ role }) => role === "user") ?? asked.at(-1)),
    answer: `${entry.error === undefined ? "" : `status ${entry.status_code}: `}${startOf(answered[0])}`,
    tokens: usageOf(entry),
    bytes: bodyLength(entry),
    durationMs: typeof durationMs === "number" ? durationMs : undefined,
    cost: usd,
    unknownCost: unknown,
  };
}

/** A copy of a text, without halves of surrogate pairs: a slice would keep the whole text in memory. */
function copyOf(text: string): string {
  return [text.slice(0, 1), text.slice(1)].join("").toWellFormed();
}

/** The start of a message. Thoughts and citations are used only if there is nothing else. */
function startOf(message: Message | undefined): string {
  const parts = message?.parts ?? [];
  const said = parts.filter(({ kind }) => kind !== "thinking" && kind !== "citation");
  const text = (said.length ? said : parts).map((part) => startOfPart(part, FIRST_WORDS)).join(" ").trim();
  return text.length < FIRST_WORDS ? text : copyOf(text.slice(0, FIRST_WORDS));
}

/** A table of entries with a line of titles; no lines if there are no entries. */
export function* rowLines(rows: Iterable<EntryRow>, terminal: Terminal, hasCosts = false): Generator<string, void> {
  const { width } = terminal;
  const isShort = width !== undefined;
  const cells = rowCells(rows, { now: Date.now(), isShort, hasCosts });
  const key: Column = { title: "KEY", priority: 9, paint: (text) => terminal.paint(text, "yellow") };
  // In a pipe, the columns are always the same.
  const columns = [key, ...COLUMNS, ...hasCosts ? [COST] : []];
  const lines = isShort ? filledLines(columns, [...cells], width) : tableLines(columns, cells);
  const [titles, first] = [lines.next(), lines.next()];
  if (titles.done || first.done) return;
  yield titles.value;
  yield first.value;
  yield* lines;
}

function* rowCells(rows: Iterable<EntryRow>, look: Look): Generator<string[]> {
  for (const row of rows) yield cellsOf(row, look);
}

/** In a pipe, in columns. */
const WIDEST_TEXT = 60;

/** After the key. */
const COLUMNS: readonly Column[] = [
  { title: "TIME", priority: 6 },
  { title: "PROVIDER", priority: 1 },
  { title: "MODEL", priority: 7, elastic: { min: 12, max: 40 } },
  { title: "KIND", priority: 3 },
  { title: "PROMPT", priority: 8, elastic: { min: 12, max: WIDEST_TEXT } },
  { title: "RESPONSE", priority: 8, elastic: { min: 12, max: WIDEST_TEXT } },
  { title: "TOKENS", priority: 5, align: "right" },
  { title: "SIZE", priority: 4, align: "right" },
  { title: "TOOK", priority: 2, align: "right" },
];

/** Shown only with prices. */
const COST: Column = { title: "COST", priority: 7, align: "right" };

interface Look {
  /** In milliseconds since the Unix epoch. */
  readonly now: number;
  /** Whether times are shown as ages. */
  readonly isShort: boolean;
  readonly hasCosts: boolean;
}

function cellsOf(row: EntryRow, { now, isShort, hasCosts }: Look): string[] {
  const { key, recordedAt = "", provider = "", model = "", kind, isStream, prompt, answer, tokens, durationMs } = row;
  return [
    key,
    isShort ? showAge(recordedAt, now) : recordedAt.replace(/\.\d+(?=Z$)/, ""),
    provider,
    model,
    isStream ? `${kind}, stream` : kind,
    prompt,
    answer,
    tokens ? `${tokens.input}+${tokens.output}` : "",
    showBytes(row.bytes),
    durationMs === undefined ? "" : showTime(durationMs),
    ...(hasCosts ? [showCost(row)] : []),
  ];
}

/** An unknown cost is a question mark, and a call without a price an empty cell. */
function showCost({ cost, unknownCost }: EntryRow): string {
  return cost !== undefined ? showDollars(cost) : unknownCost === undefined ? "" : "?";
}
