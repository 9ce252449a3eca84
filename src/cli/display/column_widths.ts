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
