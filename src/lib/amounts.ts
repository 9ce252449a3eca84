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
