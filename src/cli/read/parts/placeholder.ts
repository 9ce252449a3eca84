/** How long something was of which the file keeps length and hash only. */
export interface PlaceholderLength {
  readonly count: number;
  readonly unit: "bytes" | "characters";
}

/** Reads the placeholder that stands in a request in place of what is long or binary; undefined if a text is none. */
export function placeholderLength(text: string): PlaceholderLength | undefined {
  if (text.length > 110) return undefined;
  const [, count, unit] = /^\[(\d{1,15}) (bytes|characters), sha256 [0-9a-f]{64}\]$/.exec(text) ?? [];
  return count === undefined ? undefined : { count: Number(count), unit: unit as PlaceholderLength["unit"] };
}
