const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/**
 * A bar: `█████▍`. Its length says how much a value is of the maximum; what is more than nothing is always seen.
 *
 * @param width The columns of the maximum.
 * @param isAscii Whether it is drawn as `#####`, in whole columns.
 */
export function bar(value: number, max: number, width: number, isAscii = false): string {
  if (!(value > 0 && max > 0)) return "";
  const steps = isAscii ? 1 : 8;
  const filled = Math.max(1, Math.round(Math.min(1, value / max) * width * steps));
  return isAscii ? "#".repeat(filled) : "█".repeat(Math.floor(filled / 8)) + EIGHTHS[filled % 8];
}
