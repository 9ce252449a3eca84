/** UTF-16 units that take one column and never combine: Latin, Greek, Cyrillic, and their punctuation. */
const NARROW = String.raw`\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027`;
/** The same with two columns: Chinese, Japanese, Korean. */
const WIDE = String.raw`\u3001-\u3029\u3041-\u3096\u30a1-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff60`;
const PLAIN = new RegExp(`^[${NARROW}]*$`);

/** Whether a text takes as many columns as it has UTF-16 units. */
export function isPlain(text: string): boolean {
  return PLAIN.test(text);
}

/**
 * The columns that a text takes in a terminal.
 *
 * Wide East Asian characters take two (UAX #11), and so does an emoji with any number of code points (UTS #51). Control
 * characters count as zero: call `printable()` first.
 */
export function displayWidth(text: string): number {
  return cutAndMeasure(text, Infinity).width;
}

/** A text and its width. */
export interface Measured {
  readonly text: string;
  /** In columns. */
  readonly width: number;
}

/**
 * Cuts a text to a number of columns. A cut text ends with `…`; no character is split.
 */
export function cutToWidth(text: string, width: number): string {
  return cutAndMeasure(text, width).text;
}

/** Cuts a text, and measures the result. It may be one column narrower, if a wide character does not fit. */
export function cutAndMeasure(text: string, width: number): Measured {
  if (width < 1) return { text: "", width: 0 };
  if (isPlain(text.slice(0, width + 1))) {
    return text.length <= width ? { text, width: text.length } : { text: `${text.slice(0, width - 1)}…`, width };
  }
  let [used, keptWidth, keptEnd] = [0, 0, 0];
  for (const { end, columns } of graphemesIn(text)) {
    used += columns;
    if (used > width) return { text: `${text.slice(0, keptEnd)}…`, width: keptWidth + 1 };
    // The ellipsis needs a column.
    if (used < width) [keptWidth, keptEnd] = [used, end];
  }
  return { text, width: used };
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const EASY = `${NARROW}${WIDE}`;
/** A run of simple units, or a run of others with the units before and after it, which may combine with it. */
const RUNS = new RegExp(`([${EASY}]+)(?![^${EASY}])|(?:[${EASY}]?[^${EASY}]+)+[${EASY}]?`, "g");

/** The graphemes of a text. The segmenter takes a microsecond for each, so simple runs bypass it. */
function* graphemesIn(text: string): Generator<{ readonly end: number; readonly columns: number }> {
  for (const { 0: run, 1: easy, index } of text.matchAll(RUNS)) {
    if (easy === undefined) {
      for (const { segment, index: at } of segmenter.segment(run)) {
        yield { end: index + at + segment.length, columns: graphemeWidth(segment) };
      }
    } else {for (let at = 0; at < easy.length; at++) {
        yield { end: index + at + 1, columns: easy.charCodeAt(at) < 0x3000 ? 1 : 2 };
      }}
  }
}

/** Flags, keycaps, and emoji with a skin tone, a variation selector or a joined emoji. */
const EMOJI_SEQUENCE =
  /^(?:\p{RI}\p{RI}|[0-9#*]\ufe0f?\u20e3|\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier}|\u200d.))/u;

/** Single emoji. Half a flag is a letter. */
const EMOJI = /^(?!\p{RI})\p{Emoji_Presentation}/u;

/**
 * Characters without width: combining marks, control characters, default-ignorable characters (except the Hangul fillers,
 * which are blanks), and Hangul vowels and final consonants, which join a syllable. Spacing marks (Mc) take a column in
 * most terminals.
 */
const ZERO = /^(?![\u115f\u3164\uffa0])[\p{Mn}\p{Me}\p{Cc}\p{DI}\u1160-\u11ff\ud7b0-\ud7ff]/u;

/** The columns of one grapheme. It may have several code points. */
function graphemeWidth(grapheme: string): number {
  if (EMOJI_SEQUENCE.test(grapheme)) return 2;
  let width = 0;
  for (const character of grapheme) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  if (ZERO.test(character)) return 0;
  return EMOJI.test(character) || isEastAsianWide(character.codePointAt(0) ?? 0) ? 2 : 1;
}

/**
 * The code points with two columns, without emoji: first and last, first and last, …
 *
 * They have East_Asian_Width W or F (UAX #11, EastAsianWidth.txt of Unicode 15, and the additions of 16 and 17 in blocks
 * that were narrow or empty). Ranges are joined if only unassigned code points and combining marks lie between them.
 * Emoji are left out, because `\p{Emoji_Presentation}` identifies them and grows with the runtime.
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

/** Whether a code point takes two columns in a terminal. Emoji are not included. */
function isEastAsianWide(codePoint: number): boolean {
  if (codePoint < 0x1100) return false;
  let low = 0;
  let high = RANGES.length;
  while (low < high) { // to the first greater bound: an odd index is inside a range
    const middle = (low + high) >> 1;
    const isLast = middle % 2 === 1;
    const bound = (RANGES[middle] ?? 0) + (isLast ? 1 : 0);
    if (bound <= codePoint) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1;
}

/**
 * Wraps a text. It must be one of this program: every character counts as one column.
 *
 * @param width The maximum width of a line. A longer word has a separate line.
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
