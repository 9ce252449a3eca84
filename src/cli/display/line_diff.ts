/** A line of the comparison of two texts: only in the first one, only in the second one, or in both. */
export interface ComparedLine {
  readonly mark: "-" | "+" | " ";
  readonly text: string;
}

/** How many equal lines are shown around each change. */
const CONTEXT = 2;

/** More lines than this between the first and the last change are not aligned: it would take seconds. */
const MOST_ALIGNED = 2000;

/** Compares two texts line by line. Longer equal parts are replaced by a line `…`. */
export function compareLines(before: string, after: string): ComparedLine[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [changedA, changedB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const isLong = Math.max(changedA.length, changedB.length) > MOST_ALIGNED;
  const shared = a.slice(0, start).map(equal);
  return cutEqual([
    ...shared,
    ...isLong ? [...changedA.map(removed), ...changedB.map(added)] : aligned(changedA, changedB),
    ...a.slice(a.length - end).map(equal),
  ]);
}

const removed = (text: string): ComparedLine => ({ mark: "-", text });
const added = (text: string): ComparedLine => ({ mark: "+", text });
const equal = (text: string): ComparedLine => ({ mark: " ", text });

/** Aligns two lists of lines by their longest common subsequence. */
function aligned(a: readonly string[], b: readonly string[]): ComparedLine[] {
  const width = b.length + 1;
  /** The length of the longest common subsequence of the rests of both lists. */
  const rest = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => rest[i * width + j] as number;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      rest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: ComparedLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(equal(a[i++] as string));
      j++;
    } else if (j === b.length || i < a.length && at(i + 1, j) >= at(i, j + 1)) lines.push(removed(a[i++] as string));
    else lines.push(added(b[j++] as string));
  }
  return lines;
}

function cutEqual(lines: readonly ComparedLine[]): ComparedLine[] {
  const near = new Set<number>();
  for (const [at, { mark }] of lines.entries()) {
    if (mark !== " ") { for (let i = at - CONTEXT; i <= at + CONTEXT; i++) near.add(i); }
  }
  return lines.flatMap((line, at) => near.has(at) ? [line] : at === 0 || near.has(at - 1) ? [equal("…")] : []);
}
