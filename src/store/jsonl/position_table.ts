import type { Position } from "./file.ts";

/** The positions of all lines, by key. It takes about 30 bytes for each line, so 30 MB for a million lines. */
export interface PositionTable {
  /** The number of lines. */
  readonly count: number;
  /** Adds a line. It becomes the newest line of its key. */
  add(key: number, start: number, length: number): void;
  /** Removes the line that was added last. */
  removeLast(): void;
  /** The lines of a key, newest first. */
  positionsOf(key: number): Position[];
  /** Whether a line has this key. */
  has(key: number): boolean;
  /** Whether several lines have this key. */
  isRepeated(key: number): boolean;
  /** All lines, newest first, with their keys. */
  newestFirst(): Generator<Position & { readonly key: number }>;
}

/** The largest number of lines per slot of the hash table. A fuller table would be slow to search. */
const FULLEST = 0.5;
const FIRST_CAPACITY = 1 << 10;

/**
 * The columns of the table. With a `Map` and plain arrays instead of typed arrays, each of a million lines takes 160 to
 * 200 bytes of memory instead of 45 to 90, and the first cache hit takes 1.3 times as long.
 */
interface Columns {
  /** `starts`, `lengths` and `keys` are indexed by the number of a line. Lines are numbered as they are added. */
  starts: Float64Array;
  lengths: Uint32Array;
  keys: Uint32Array;
  /** By the number of a line: the number of the next older line of the same key, plus 1; 0 for the oldest line. */
  older: Uint32Array;
  /** The hash table: in the slot of a key, the number of its newest line, plus 1; 0 if the slot is free. */
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

/** The slot of a key, or the free slot for it. */
function slotOf({ slots, keys }: Columns, key: number): number {
  const last = slots.length - 1;
  // Keys are digits of a hash, but an edited file may contain any keys. Mix the bits to spread them over the slots.
  for (let slot = Math.imul(key ^ (key >>> 16), 0x9e3779b1) >>> 0 & last;; slot = (slot + 1) & last) {
    const line = slots[slot] as number;
    if (line === 0 || keys[line - 1] === key) return slot;
  }
}

/** Doubles the capacity. */
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
      const { starts, lengths, keys, older, slots } = columns;
      starts[count] = start;
      lengths[count] = length;
      keys[count] = key;
      older[count] = slots[slot] as number;
      slots[slot] = ++count;
    },
    removeLast() {
      // Freeing the slot breaks no search: the line was added last, so no other key was placed behind its slot.
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
    has: (key) => columns.slots[slotOf(columns, key)] !== 0,
    isRepeated(key) {
      const newest = columns.slots[slotOf(columns, key)] as number;
      return newest !== 0 && columns.older[newest - 1] !== 0;
    },
    *newestFirst() {
      for (let line = count - 1; line >= 0; line--) {
        const { starts, lengths, keys } = columns;
        yield { start: starts[line] as number, length: lengths[line] as number, key: keys[line] as number };
      }
    },
  };
}
