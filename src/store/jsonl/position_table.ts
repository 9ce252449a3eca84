import type { Position } from "./file.ts";

/** Where the lines of each key are. It takes about 30 bytes a line, so that a million of them need no more than 30 MB. */
export interface PositionTable {
  /** How many lines it holds. */
  readonly count: number;
  /** Adds a line, which from then on is the newest of its key. */
  add(key: number, start: number, length: number): void;
  /** Takes out the line that was added last. */
  removeLast(): void;
  /** The lines of a key, newest first. */
  positionsOf(key: number): Position[];
  /** Whether more than one line is of this key. */
  isRepeated(key: number): boolean;
  /** All lines, newest first, with their keys. */
  newestFirst(): Generator<Position & { readonly key: number }>;
}

/** Lines per slot of the hash table are at most this many; more would make long searches. */
const FULLEST = 0.5;
const FIRST_CAPACITY = 1 << 10;

/**
 * The numbers of a table. Typed arrays: with a `Map` and plain lists of numbers, a million lines take 160 to 200 bytes
 * each instead of 45 to 90, and the first answer 1.3 times as long.
 */
interface Columns {
  /** Each line has a number, in the order in which they were added; by it: its place, its length and its key. */
  starts: Float64Array;
  lengths: Uint32Array;
  keys: Uint32Array;
  /** The number of the next older line of the same key, plus 1; 0 if there is none. */
  older: Uint32Array;
  /** The hash table: the number of the newest line of a key, plus 1; 0 if the slot is free. */
  slots: Uint32Array;
}

function emptyColumns(capacity: number): Columns {
  return {
    starts: new Float64Array(capacity),
    lengths: new Uint32Array(capacity),
    keys: new Uint32Array(capacity),
    older: new Uint32Array(capacity),
    slots: new Uint32Array(capacity / FULLEST),
  };
}

/** The slot that holds a key, or the free one that it belongs into. */
function slotOf({ slots, keys }: Columns, key: number): number {
  const last = slots.length - 1;
  // Keys are digits of a hash, but of a hash that anybody may have written down: mix them.
  for (let slot = Math.imul(key ^ (key >>> 16), 0x9e3779b1) >>> 0 & last;; slot = (slot + 1) & last) {
    const line = slots[slot] as number;
    if (line === 0 || keys[line - 1] === key) return slot;
  }
}

/** Doubles the room. */
function grow(columns: Columns, count: number): void {
  const { starts, lengths, keys, older } = columns;
  Object.assign(columns, emptyColumns(starts.length * 2));
  columns.starts.set(starts);
  columns.lengths.set(lengths);
  columns.keys.set(keys);
  columns.older.set(older);
  for (let line = 0; line < count; line++) columns.slots[slotOf(columns, keys[line] as number)] = line + 1;
}

function positionAt({ starts, lengths }: Columns, line: number): Position {
  return { start: starts[line] as number, length: lengths[line] as number };
}

/** Makes an empty table. */
export function positionTable(): PositionTable {
  const columns = emptyColumns(FIRST_CAPACITY);
  let count = 0;
  return {
    get count() {
      return count;
    },
    add(key, start, length) {
      if (count === columns.starts.length) grow(columns, count);
      const slot = slotOf(columns, key);
      [columns.starts[count], columns.lengths[count], columns.keys[count]] = [start, length, key];
      columns.older[count] = columns.slots[slot] as number;
      columns.slots[slot] = ++count;
    },
    removeLast() {
      // Its slot may become free without a search missing others: none of them was there when its slot was chosen.
      const slot = slotOf(columns, columns.keys[count - 1] as number);
      columns.slots[slot] = columns.older[count - 1] as number;
      count--;
    },
    positionsOf(key) {
      const positions: Position[] = [];
      const { slots, older } = columns;
      for (let line = slots[slotOf(columns, key)] as number; line !== 0; line = older[line - 1] as number) {
        positions.push(positionAt(columns, line - 1));
      }
      return positions;
    },
    isRepeated(key) {
      const newest = columns.slots[slotOf(columns, key)] as number;
      return newest !== 0 && columns.older[newest - 1] !== 0;
    },
    *newestFirst() {
      for (let line = count - 1; line >= 0; line--) {
        yield { ...positionAt(columns, line), key: columns.keys[line] as number };
      }
    },
  };
}
