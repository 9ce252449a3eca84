import { printable } from "./printable.ts";
import { cutAndMeasure, isPlain, type Measured } from "./width.ts";

/** What a table shows in one place: a text, which is made printable; or one with a color. */
export type Cell = string | {
  readonly text: string;
  /** Colors what is shown of the text, without the blanks around it. What it adds must take no columns. */
  readonly paint: (shown: string) => string;
};

/** A column of a table. */
export interface Column {
  /** What stands above it. */
  readonly title: Cell;
  /**
   * Where its texts are: words on the left, numbers on the right.
   *
   * @default "left"
   */
  readonly align?: "left" | "right";
  /** Given if its texts may be cut, for long ones such as prompts. */
  readonly elastic?: {
    /** The fewest columns of the terminal that are of use. */
    readonly min: number;
    /** The most that it takes where the table has no width, as in a pipe. By default nothing is cut there. */
    readonly max?: number;
  };
  /**
   * Where a table is too wide, columns with the lowest priority are left out first, from the right.
   *
   * @default 0
   */
  readonly priority?: number;
}

/**
 * The lines of a table: one of titles and one for each row, two spaces between the columns, none at the end of a line.
 *
 * Rows may be made while they are asked for: of each stays only what is shown.
 *
 * @param rows Their cells in the order of the columns.
 * @param width The columns of the terminal, which no line exceeds; undefined for a pipe.
 */
export function* tableLines(
  columns: readonly Column[],
  rows: Iterable<readonly Cell[]>,
  width?: number,
): Generator<string, void> {
  const limits = columns.map(({ elastic }) => width ?? elastic?.max ?? Infinity);
  const naturals = columns.map(() => 0);
  const shownLine = (cells: readonly Cell[]) =>
    limits.map((limit, at) => {
      const shown = shownPart(cells[at], limit);
      naturals[at] = Math.max(naturals[at] ?? 0, widthOf(shown));
      return shown;
    });
  const lines = [shownLine(columns.map(({ title }) => title))];
  for (const cells of rows) lines.push(shownLine(cells));
  const widths = width === undefined ? naturals : fitColumns(
    columns.map(({ elastic, priority = 0 }, at) => ({ natural: naturals[at] ?? 0, min: elastic?.min, priority })),
    width,
  );
  for (const line of lines) yield formatLine(line, columns, widths);
}

/** The same without the columns that have nothing in any row: others have use for their room. */
export function filledLines(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width?: number,
): Generator<string, void> {
  const isFilled = columns.map((_, at) => rows.some((cells) => textOf(cells[at]).trim() !== ""));
  const filled = <Item>(items: readonly Item[]) => items.filter((_, at) => isFilled[at]);
  return tableLines(filled(columns), rows.map(filled), width);
}

function textOf(cell: Cell = ""): string {
  return typeof cell === "string" ? cell : cell.text;
}

/** What is shown of a cell. A text alone has as many columns as UTF-16 units: most have, and a million objects take time. */
type Shown = string | ShownPart;

interface ShownPart extends Measured {
  readonly paint: ((shown: string) => string) | undefined;
}

function widthOf(shown: Shown): number {
  return typeof shown === "string" ? shown.length : shown.width;
}

/** How many UTF-16 units are looked at for a column that is shown: enough for any text, and little of a long one. */
const UNITS = 32;

/** What is shown of a cell where there is all the room. */
function shownPart(cell: Cell = "", limit: number): Shown {
  if (typeof cell === "string" && cell.length <= limit && isPlain(cell)) return cell.trim();
  const { text, paint } = typeof cell === "string" ? { text: cell, paint: undefined } : cell;
  const isPart = text.length > UNITS * limit;
  const shown = printable(isPart ? text.slice(0, UNITS * limit) : text).trim();
  const cut = cutAndMeasure(shown, limit);
  return painted(isPart && cut.text === shown ? cutAndMeasure(`${shown}…`, limit) : cut, paint);
}

/** Member by member: to spread a hundred thousand of them takes a tenth of a second. */
function painted({ text, width }: Measured, paint: ShownPart["paint"]): ShownPart {
  return { text, width, paint };
}

/** Blanks are written only before something else, so that no line ends in them. */
function formatLine(
  cells: readonly Shown[],
  columns: readonly Column[],
  widths: readonly (number | undefined)[],
): string {
  let line = "";
  let blank = 0;
  for (let at = 0; at < cells.length; at++) {
    const [cell = "", room] = [cells[at], widths[at]];
    if (room === undefined) continue;
    const shown = widthOf(cell) > room ? fitted(cell, room) : cell;
    const width = widthOf(shown);
    const before = columns[at]?.align === "right" ? room - width : 0;
    if (width > 0) {
      line += " ".repeat(blank + before) + (typeof shown === "string" ? shown : coloredText(shown));
      blank = room - width - before + GAP;
    } else blank += room + GAP;
  }
  return line;
}

function coloredText({ text, paint }: ShownPart): string {
  return paint?.(text) ?? text;
}

function fitted(cell: Shown, room: number): ShownPart {
  const [text, paint] = typeof cell === "string" ? [cell, undefined] : [cell.text, cell.paint];
  return painted(cutAndMeasure(text, room), paint);
}

/** The columns of a terminal between two columns of a table. */
export const GAP = 2;

/** A column of a table, as far as its width matters. */
export interface ColumnWidth {
  /** The columns that its widest text takes. */
  readonly natural: number;
  /** The fewest columns that are of use; undefined if its texts cannot be cut. */
  readonly min: number | undefined;
  /** Columns with a lower one are left out first. */
  readonly priority: number;
}

/**
 * Makes columns fit into a width: those that can be cut share what is left for them, so that only the widest ones
 * lose. If that is not enough, columns are left out, from the right among those of one priority; the last one is cut.
 *
 * @returns The width of each column; undefined for those left out.
 */
export function fitColumns(columns: readonly ColumnWidth[], width: number): (number | undefined)[] {
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

/** What is left where no column is wider than it must be; negative if it does not fit. */
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

/** Gives away what is left, one by one to the narrowest that wants more: a few hundred steps, once a table. */
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
