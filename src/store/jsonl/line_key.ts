/** How lines begin that were written by us or by pycachy, with their key: they need not be parsed to be found. */
const LINE_STARTS = [`{"key":"`, `{"key": "`].map((text) => new TextEncoder().encode(text));
const KEY_LENGTH = 8;
const QUOTE = 0x22;

/** The key at the start of a line, as a number; -1 if it does not start as usual. */
export function keyAtStart(bytes: Uint8Array, at: number): number {
  for (const start of LINE_STARTS) {
    let same = 0;
    while (same < start.length && bytes[at + same] === start[same]) same++;
    if (same < start.length) continue;
    const key = hexAt(bytes, at + same);
    return bytes[at + same + KEY_LENGTH] === QUOTE ? key : -1;
  }
  return -1;
}

/** Hex digit → its value; -1 for every other byte. */
const DIGITS = new Int8Array(256).fill(-1);
for (const [value, digit] of [..."0123456789abcdef"].entries()) DIGITS[digit.charCodeAt(0)] = value;

function hexAt(bytes: Uint8Array, at: number): number {
  let number = 0;
  for (let offset = 0; offset < KEY_LENGTH; offset++) {
    const digit = DIGITS[bytes[at + offset] ?? 0] as number;
    if (digit === -1) return -1;
    number = number * 16 + digit;
  }
  return number;
}

/** A key as a number, or undefined if no request can have it. */
export function keyNumber(key: string): number | undefined {
  return /^[0-9a-f]{8}$/.test(key) ? parseInt(key, 16) : undefined;
}
