import { graphemesFrom, soleWidth } from "./graphemes.ts";

/** Whether a text takes as many columns as it has UTF-16 units, as it is of printable ASCII. */
export function isPlain(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

/**
 * The columns that a text takes in a terminal.
 *
 * Wide East Asian characters take two (UAX #11), and so does an emoji of however many code points (UTS #51). Control
 * characters count nothing: make a text `printable()` before.
 */
export function displayWidth(text: string): number {
  return cutAndMeasure(text, Infinity).width;
}

/** A text, and the columns that it takes. */
export interface Measured {
  /** The text. */
  readonly text: string;
  /** Its columns. */
  readonly width: number;
}

/**
 * A text that takes at most so many columns. What is too long ends in `…`; no character is cut in two.
 *
 * It costs as much as the part that stays, however long the text is.
 */
export function cutToWidth(text: string, width: number): string {
  return cutAndMeasure(text, width).text;
}

/** The same, with the columns that the rest takes: it may be one less, where a wide character did not fit. */
export function cutAndMeasure(text: string, width: number): Measured {
  if (width < 1) return { text: "", width: 0 };
  if (isPlain(text.slice(0, width + 1))) {
    return text.length <= width ? { text, width: text.length } : { text: `${text.slice(0, width - 1)}…`, width };
  }
  const cut: Cut = { width, used: 0, end: 0, kept: 0 };
  for (let index = 0; index < text.length;) {
    const columns = soleWidth(text, index);
    const fits = columns === undefined
      ? graphemesFrom(text, index).every(({ next, columns }) => take(cut, index = next, columns))
      : take(cut, ++index, columns);
    if (!fits) return { text: `${text.slice(0, cut.end)}…`, width: cut.kept + 1 };
  }
  return { text, width: cut.used };
}

interface Cut {
  /** The columns that there are, */
  readonly width: number;
  /** and those that are used. */
  used: number;
  /** The end of what leaves a column for the ellipsis, */
  end: number;
  /** and its columns. */
  kept: number;
}

/** Takes a character that ends before `next`, if it fits. */
function take(cut: Cut, next: number, columns: number): boolean {
  cut.used += columns;
  if (cut.used < cut.width) {
    cut.end = next;
    cut.kept = cut.used;
  }
  return cut.used <= cut.width;
}

/** A text filled with spaces up to so many columns. A longer one stays as it is. */
export function padToWidth(text: string, width: number, align: "left" | "right" = "left"): string {
  const blank = " ".repeat(Math.max(0, width - displayWidth(text)));
  return align === "left" ? text + blank : blank + text;
}
