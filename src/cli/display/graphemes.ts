import { graphemeWidth, unitWidth } from "./grapheme_width.ts";

/** A grapheme in a text. */
export interface Grapheme {
  /** Where the next one begins. */
  readonly next: number;
  /** How many columns it takes in a terminal. */
  readonly columns: number;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

const PICTOGRAPH = String.raw`\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?`;

/** Emoji, flags and accented letters: graphemes if what follows begins one. */
const COMMON = new RegExp(String.raw`${PICTOGRAPH}(?:\u200d${PICTOGRAPH})*|\p{RI}\p{RI}|\p{L}[\u0300-\u036f]+`, "uy");

/** What joins nothing before it, where that does not end in a joiner. */
const PICTOGRAPH_HERE = /\p{Extended_Pictographic}/uy;

/** How much is given to the segmenter, which reads all of it before it tells the first grapheme. */
const PIECE = 64;

/** The columns of a grapheme that is one UTF-16 unit and is easily seen to be, as most are; undefined for others. */
export function soleWidth(text: string, index: number): 1 | 2 | undefined {
  return isBoundary(text, index + 1) ? unitWidth(text.charCodeAt(index)) : undefined;
}

/** Whether a grapheme ends here for sure, if it ends in no joiner. */
function isBoundary(text: string, index: number): boolean {
  if (index === text.length || unitWidth(text.charCodeAt(index)) !== undefined) return true;
  PICTOGRAPH_HERE.lastIndex = index;
  return PICTOGRAPH_HERE.test(text);
}

/**
 * Some graphemes from a place where one begins, at least one.
 *
 * The segmenter costs some microseconds a call, so it is left out for the common ones.
 */
export function graphemesFrom(text: string, start: number): readonly Grapheme[] {
  COMMON.lastIndex = start;
  const [common] = COMMON.exec(text) ?? [];
  if (common !== undefined && isBoundary(text, start + common.length)) {
    return [{ next: start + common.length, columns: graphemeWidth(common) }];
  }
  const found = graphemesBetween(text, start, start + PIECE);
  return found.length > 0 ? found : graphemesBetween(text, start, text.length);
}

/** One that may go on behind the end is left out. */
function graphemesBetween(text: string, start: number, end: number): readonly Grapheme[] {
  const isHalved = end < text.length && /[\ud800-\udbff]/.test(text.charAt(end - 1));
  const piece = text.slice(start, isHalved ? end - 1 : end); // half a character would not join the one before
  const found = Array.from(segmenter.segment(piece), ({ segment, index }) => ({
    next: start + index + segment.length,
    columns: graphemeWidth(segment),
  }));
  return end < text.length ? found.slice(0, -1) : found;
}
