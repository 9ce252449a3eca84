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
 * Makes an empty table.
 *
 * Each line has a number, in the order in which they were added. A slot of the hash table holds the newest line of a
 * key, and each line knows the next older one of its key. Typed arrays, because a `Map` of objects takes ten times as
 * much memory, and a million objects take time to be collected.
 */
export function positionTable(): PositionTable {
  let count = 0;
  let starts = new Float64Array(FIRST_CAPACITY);
  let lengths = new Uint32Array(FIRST_CAPACITY);
  let keys = new Uint32Array(FIRST_CAPACITY);
  /** The number of the next older line of the same key, plus 1; 0 if there is none. */
  let older = new Uint32Array(FIRST_CAPACITY);
  /** The number of the newest line of a key, plus 1; 0 if the slot is free. */
  let slots = new Uint32Array(FIRST_CAPACITY / FULLEST);

  /** The slot that holds a key, or the free one that it belongs into. */
  const slotOf = (key: number): number => {
    const last = slots.length - 1;
    // Keys are digits of a hash, but of a hash that anybody may have written down: mix them.
    for (let slot = Math.imul(key ^ (key >>> 16), 0x9e3779b1) >>> 0 & last;; slot = (slot + 1) & last) {
      const line = slots[slot] as number;
      if (line === 0 || keys[line - 1] === key) return slot;
    }
  };
  const grow = () => {
    starts = copied(starts, new Float64Array(starts.length * 2));
    lengths = copied(lengths, new Uint32Array(lengths.length * 2));
    keys = copied(keys, new Uint32Array(keys.length * 2));
    older = copied(older, new Uint32Array(older.length * 2));
    slots = new Uint32Array(slots.length * 2);
    for (let line = 0; line < count; line++) slots[slotOf(keys[line] as number)] = line + 1;
  };

  const positionAt = (line: number): Position => ({ start: starts[line] as number, length: lengths[line] as number });

  return {
    get count() {
      return count;
    },
    add(key, start, length) {
      if (count === starts.length) grow();
      const slot = slotOf(key);
      [starts[count], lengths[count], keys[count]] = [start, length, key];
      older[count] = slots[slot] as number;
      slots[slot] = ++count;
    },
    removeLast() {
      // Its slot may become free without a search missing others: none of them was there when its slot was chosen.
      slots[slotOf(keys[count - 1] as number)] = older[count - 1] as number;
      count--;
    },
    positionsOf(key) {
      const positions: Position[] = [];
      for (let line = slots[slotOf(key)] as number; line !== 0; line = older[line - 1] as number) {
        positions.push(positionAt(line - 1));
      }
      return positions;
    },
    isRepeated(key) {
      const newest = slots[slotOf(key)] as number;
      return newest !== 0 && older[newest - 1] !== 0;
    },
    *newestFirst() {
      for (let line = count - 1; line >= 0; line--) {
        yield { start: starts[line] as number, length: lengths[line] as number, key: keys[line] as number };
      }
    },
  };
}

function copied<Numbers extends Float64Array | Uint32Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
