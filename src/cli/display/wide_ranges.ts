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
