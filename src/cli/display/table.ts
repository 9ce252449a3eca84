import { printable } from "./printable.ts";
import { cutAndMeasure, isPlain, type Measured } from "./width.ts";

/** A column of a table. Its texts are made printable. */
export interface Column {
  /** The text above it. */
  readonly title: string;
  /** Colors the shown part of a text below the title, without padding. It may add only characters without width. */
  readonly paint?: (shown: string) => string;
  /**
   * The alignment: words left, numbers right.
   *
   * @default "left"
   */
  readonly align?: "left" | "right";
  /** Set if its texts may be cut. For long texts such as prompts. */
  readonly elastic?: {
    /** The minimum width. */
    readonly min: number;
    /** The maximum width in a pipe. By default, nothing is cut there. */
    readonly max?: number;
  };
  /**
   * If a table is too wide, columns with the lowest priority are left out first, from the right.
   *
   * @default 0
   */
  readonly priority?: number;
}

/**
 * The lines of a table: titles, then one line for each row, with two spaces between columns and no trailing spaces.
 *
 * Only the shown part of a row stays in memory.
 *
 * @param rows The cells of each row, in the order of the columns.
 * @param width The width of the terminal, which no line exceeds; undefined for a pipe.
 */
export function* tableLines(
  columns: readonly Column[],
  rows: Iterable<readonly string[]>,
  width?: number,
): Generator<string, void> {
  const limits = columns.map(({ elastic }) => width ?? elastic?.max ?? Infinity);
  const naturals = columns.map(() => 0);
  const shownLine = (cells: readonly string[]) =>
    limits.map((limit, at) => {
      const shown = shownPart(cells[at], limit);
      naturals[at] = Math.max(naturals[at] ?? 0, widthOf(shown));
      return shown;
    });
  const titles = shownLine(columns.map(({ title }) => title));
  const lines: KeptLine[] = [];
  for (const cells of rows) lines.push(keptLine(shownLine(cells)));
  const widths = width === undefined ? naturals : fitColumns(
    columns.map(({ elastic, priority = 0 }, at) => ({ natural: naturals[at] ?? 0, min: elastic?.min, priority })),
    width,
  );
  yield formatLine(titles, columns.map(({ align }) => ({ align })), widths);
  for (const line of lines) yield formatLine(typeof line === "string" ? line.split(NUL) : line, columns, widths);
}

/** A line that waits for the last one. One text for all its cells takes a third of the memory of ten. */
type KeptLine = string | readonly Shown[];
/** A text that is made printable has none. */
const NUL = "\0";

function keptLine(cells: readonly Shown[]): KeptLine {
  return cells.every((cell) => typeof cell === "string") ? cells.join(NUL) : cells;
}

/** Like {@linkcode tableLines}, without columns that are empty in all rows. */
export function filledLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width?: number,
): Generator<string, void> {
  const isFilled = columns.map((_, at) => rows.some((cells) => cells[at]?.trim()));
  const filled = <Item>(items: readonly Item[]) => items.filter((_, at) => isFilled[at]);
  return tableLines(filled(columns), rows.map(filled), width);
}

/** The shown part of a cell. A plain string has one column for each UTF-16 unit; it saves a million objects. */
type Shown = string | Measured;

function widthOf(shown: Shown): number {
  return typeof shown === "string" ? shown.length : shown.width;
}

/** How many UTF-16 units are read for each column of the terminal: enough for any script. */
const UNITS = 32;

/** The longest escape of `printable()`: `\u202e`. */
const LONGEST_ESCAPE = 6;

/** What a cell shows of a text that begins with this one; undefined if that may depend on the rest. */
export function cutStart(start: string, limit: number): string | undefined {
  const shown = printable(start.trim()).trim();
  const isFull = shown.length > limit + LONGEST_ESCAPE && isPlain(shown.slice(0, limit + 1));
  return isFull ? `${shown.slice(0, limit - 1)}…` : undefined;
}

/** The shown part of a cell, for the largest allowed width. */
function shownPart(text = "", limit: number): Shown {
  if (text.length <= limit && isPlain(text)) return text.trim();
  const start = text.length <= 2 * limit ? undefined : cutStart(text.slice(0, 2 * limit), limit);
  if (start !== undefined) return start;
  const isPart = text.length > UNITS * limit;
  const shown = printable(isPart ? text.slice(0, UNITS * limit) : text).trim();
  const cut = cutAndMeasure(shown, limit);
  return isPart && cut.text === shown ? cutAndMeasure(`${shown}…`, limit) : cut;
}

/** Spaces are written only before the next text, so that no line ends with them. */
function formatLine(
  cells: readonly Shown[],
  columns: readonly Pick<Column, "align" | "paint">[],
  widths: readonly (number | undefined)[],
): string {
  let line = "";
  let blank = 0;
  for (let at = 0; at < cells.length; at++) {
    const [cell = "", room] = [cells[at], widths[at]];
    if (room === undefined) continue;
    const shown = widthOf(cell) > room ? cutAndMeasure(textOf(cell), room) : cell;
    const width = widthOf(shown);
    const { align, paint } = columns[at] ?? {};
    const before = align === "right" ? room - width : 0;
    if (width > 0) {
      line += " ".repeat(blank + before) + (paint?.(textOf(shown)) ?? textOf(shown));
      blank = room - width - before + GAP;
    } else blank += room + GAP;
  }
  return line;
}

function textOf(shown: Shown): string {
  return typeof shown === "string" ? shown : shown.text;
}

/** The spaces between two columns. */
const GAP = 2;

/** The widths of a column. */
export interface ColumnWidth {
  /** The width of its widest text. */
  readonly natural: number;
  /** The minimum width; undefined if its texts cannot be cut. */
  readonly min: number | undefined;
  /** Columns with a lower priority are left out first. */
  readonly priority: number;
}

/**
 * Fits columns into a width. Columns that can be cut share the remaining width, so that only the widest are cut. If the
 * width is still too small, columns are left out: the lowest priority first, from the right. The last one is cut.
 *
 * @returns The width of each column; undefined if it is left out.
 */
function fitColumns(columns: readonly ColumnWidth[], width: number): (number | undefined)[] {
  const kept = new Set(columns);
  let rest = left(kept, width);
  while (rest < 0 && kept.size > 1) {
    kept.delete(leastOf(kept));
    rest = left(kept, width);
  }
  if (rest < 0) return columns.map((column) => kept.has(column) ? width : undefined);
  const widths = grow(kept, rest);
  return columns.map((column) => widths.get(column));
}

/** The remaining width if all columns have their minimum; negative if they do not fit. */
function left(columns: ReadonlySet<ColumnWidth>, width: number): number {
  let needed = GAP * (columns.size - 1);
  for (const column of columns) needed += leastWidth(column);
  return width - needed;
}

function leastWidth({ natural, min = natural }: ColumnWidth): number {
  return Math.min(natural, min);
}

function leastOf(columns: ReadonlySet<ColumnWidth>): ColumnWidth {
  return [...columns].reduce((least, column) => column.priority <= least.priority ? column : least);
}

/** Distributes the remaining width, one by one, to the narrowest cut column. A table needs a few hundred steps. */
function grow(columns: ReadonlySet<ColumnWidth>, rest: number): ReadonlyMap<ColumnWidth, number> {
  const widths = new Map([...columns].map((column) => [column, leastWidth(column)]));
  for (; rest > 0; rest--) {
    const cut = [...widths].filter(([{ natural }, width]) => width < natural);
    if (cut.length === 0) break;
    const [column, width] = cut.reduce((narrowest, other) => other[1] < narrowest[1] ? other : narrowest);
    widths.set(column, width + 1);
  }
  return widths;
}
