import { isEastAsianWide } from "./wide_ranges.ts";

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
