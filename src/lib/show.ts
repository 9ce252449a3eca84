import { isStderrTerminal, readVariable } from "./environment.ts";

/** A value in a message, shortened. */
export function show(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "number" || value instanceof RegExp) return String(value);
  try {
    // JSON has neither regular expressions nor functions.
    if (Array.isArray(value)) return `[${value.map(show).join(",")}]`.slice(0, 80);
    return (JSON.stringify(value) ?? String(value)).slice(0, 80);
  } catch {
    return String(value);
  }
}

type Unit = readonly [name: string, size: number];

const BYTES: readonly Unit[] = [["B", 1], ["kB", 1e3], ["MB", 1e6], ["GB", 1e9]];
const TIMES: readonly Unit[] = [["ms", 1], ["s", 1e3], ["min", 6e4], ["h", 36e5]];

/** A number of bytes for people: `812 B`, `1.2 kB`, `7.0 MB`. */
export function showBytes(bytes: number): string {
  return showIn(BYTES, bytes, bytes < 999.5 ? 0 : 1);
}

/** A time for people: `0.4 ms`, `848 ms`, `1.2 s`, `3.5 min`. */
export function showTime(ms: number): string {
  return showIn(TIMES, ms, ms < 9.95 || ms >= 999.5 ? 1 : 0);
}

/** In the largest unit of which it is one, as it is going to be rounded. */
function showIn(units: readonly Unit[], value: number, digits: number): string {
  const [name, size] = units.findLast(([, size]) => value >= size * 0.9995) ?? units[0] as Unit;
  return `${(value / size).toFixed(digits)} ${name}`;
}

/** A number of things: `1 line`, `2 lines`, `2 entries`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/**
 * What may be meant by an unknown name: the most similar of the known ones, or all of them.
 *
 * @param title What the known names are, as in "Known options".
 */
export function hintAt(name: string, known: readonly string[], title: string): string {
  const [best] = known.map((known) => ({ known, distance: distance(name.toLowerCase(), known.toLowerCase()) }))
    .filter(({ distance }) => distance <= 2)
    .sort((a, b) => a.distance - b.distance);
  return best ? `Did you mean "${best.known}"?` : `${title}: ${known.join(", ")}.`;
}

/** How many letters have to be added, left out or replaced. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The codes of ECMA-48: what turns each on, and what turns it off. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

/** A color of terminals, or a weight. */
export type Color = keyof typeof CODES;

/**
 * Colors a text for stderr, where that is a terminal.
 *
 * @param isColored Whether it is, and wants colors. For stdout, ask {@linkcode wantsColors}.
 */
export function paint(text: string, color: Color, isColored: boolean = wantsColors()): string {
  const [on, off] = CODES[color];
  return isColored ? `\x1b[${on}m${text}\x1b[${off}m` : text;
}

/**
 * Whether a stream wants colors: anything in NO_COLOR means no (no-color.org). Deno knows it also where the environment
 * may not be read.
 *
 * @param isTerminal Whether the stream is a terminal; by default stderr is asked.
 */
export function wantsColors(isTerminal: boolean = isStderrTerminal()): boolean {
  const { Deno } = globalThis as { readonly Deno?: { readonly noColor?: boolean } };
  return isTerminal && Deno?.noColor !== true && readVariable("NO_COLOR").value === undefined;
}
