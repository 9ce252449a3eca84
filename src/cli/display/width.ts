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

/** Flags, keycaps, and emoji with a skin tone, a wish to be an emoji, or a second one joined to them. */
const EMOJI_SEQUENCE =
  /^(?:\p{RI}\p{RI}|[0-9#*]\ufe0f?\u20e3|\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier}|\u200d.))/u;

/** Emoji by themselves; half a flag is a letter. */
const EMOJI = /^(?!\p{RI})\p{Emoji_Presentation}/u;

/**
 * What takes no column: marks over and under letters, control characters, what is invisible by definition (but the
 * fillers of Hangul, which are blanks), and the vowels and final consonants that join a Hangul syllable. Spacing marks
 * (Mc) take a column in most terminals.
 */
const ZERO = /^(?![\u115f\u3164\uffa0])[\p{Mn}\p{Me}\p{Cc}\p{DI}\u1160-\u11ff\ud7b0-\ud7ff]/u;

/** The columns of one grapheme: what people take for one character, of however many code points. */
export function graphemeWidth(grapheme: string): number {
  if (EMOJI_SEQUENCE.test(grapheme)) return 2;
  let width = 0;
  for (const character of grapheme) width += unitWidth(character.charCodeAt(0)) ?? characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  if (ZERO.test(character)) return 0;
  return EMOJI.test(character) || isEastAsianWide(character.codePointAt(0) ?? 0) ? 2 : 1;
}

/**
 * The columns of a UTF-16 unit that is a grapheme by itself, unless one follows that is none; undefined for all the
 * rest. It needs no table and no segmenter, and is enough for most texts of most languages.
 */
export function unitWidth(unit: number): 1 | 2 | undefined {
  if (unit < 0x7f) return unit >= 0x20 ? 1 : undefined;
  if (unit < 0x300) return unit >= 0xa0 && unit !== 0xad ? 1 : undefined; // Latin
  if (unit < 0x530) return unit >= 0x370 && (unit < 0x483 || unit > 0x489) ? 1 : undefined; // Greek, Cyrillic
  if (unit < 0x620) return unit >= 0x5d0 && unit < 0x5eb ? 1 : undefined; // Hebrew
  if (unit < 0x2028) return unit < 0x64b || unit >= 0x2010 ? 1 : undefined; // Arabic; dashes, quotation marks
  if (unit < 0x3041) return unit >= 0x3000 && unit < 0x302a ? 2 : undefined; // CJK punctuation
  if (unit < 0xa4c7) return unit < 0x3097 || unit > 0x324f || unit > 0x309a && unit < 0x3248 ? 2 : undefined; // CJK
  return unit >= 0xac00 && unit <= 0xd7a3 || unit >= 0xff01 && unit <= 0xff60 ? 2 : undefined; // Hangul, fullwidth
}

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

/**
 * The code points that take two columns, emoji aside: first and last, first and last, …
 *
 * They are those with East_Asian_Width W or F (UAX #11, EastAsianWidth.txt of Unicode 15, and what 16 and 17 added in
 * blocks that were narrow or empty). Neighbours are one range where only unassigned code points and combining marks lie
 * between them. Emoji are left out, because `\p{Emoji_Presentation}` tells them and grows with the runtime.
 */
const RANGES: readonly number[] = [
  ...[0x1100, 0x115f], // Hangul initial consonants
  ...[0x2329, 0x232a], // angle brackets
  ...[0x2630, 0x2637], // trigrams
  ...[0x268a, 0x268f], // monograms and digrams
  ...[0x2e80, 0x303e], // radicals, punctuation
  ...[0x3041, 0x3247], // Kana, Bopomofo, Hangul letters
  ...[0x3250, 0xa4c6], // squared words, ideographs, hexagrams, Yi
  ...[0xa960, 0xa97c], // old Hangul initial consonants
  ...[0xac00, 0xd7a3], // Hangul syllables
  ...[0xf900, 0xfaff], // compatibility ideographs
  ...[0xfe10, 0xfe19], // vertical forms
  ...[0xfe30, 0xfe6b], // vertical and small forms
  ...[0xff01, 0xff60], // fullwidth ASCII
  ...[0xffe0, 0xffe6], // fullwidth signs
  ...[0x16fe0, 0x1b2ff], // Tangut, Khitan, historic Kana, Nushu
  ...[0x1d300, 0x1d376], // Tai Xuan Jing symbols, counting rods
  ...[0x1f200, 0x1f265], // enclosed ideographs
  ...[0x20000, 0x3fffd], // the planes of ideographs
];

/** Whether a code point takes two columns in a terminal. Emoji are not known here. */
export function isEastAsianWide(codePoint: number): boolean {
  if (codePoint < 0x1100) return false;
  let low = 0;
  let high = RANGES.length;
  while (low < high) { // to the first bound that is greater: at an odd place, a range has begun and not ended
    const middle = (low + high) >> 1;
    const isLast = middle % 2 === 1;
    const bound = (RANGES[middle] ?? 0) + (isLast ? 1 : 0);
    if (bound <= codePoint) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1;
}

/**
 * Breaks a text of our own, in plain ASCII, into lines.
 *
 * @param width The columns that they may have; a longer word has a line of its own.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
