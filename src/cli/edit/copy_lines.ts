import type { Position } from "../../store/jsonl/file.ts";
import { linesOf } from "../../store/jsonl/index.ts";
import { copyBytes } from "../../store/jsonl/write_lines.ts";

/** What was copied, and what was not. */
export interface Copy {
  /** The hashes of the lines that were left out. */
  readonly gone: readonly string[];
  /** How many were copied. */
  readonly bytes: number;
  /** Whether the last line was left out, and lacks its line feed. */
  readonly isOpenGone: boolean;
}

/**
 * Copies the lines of a file to the end of another one, as they are, but for some.
 *
 * @param size Up to where to read the file, in bytes.
 * @param unwantedHash Gives the hash of a line that is to be left out.
 * @param progress Is told up to where the file is done, in bytes.
 */
export function copyOthers(
  old: number,
  target: number,
  size: number,
  unwantedHash: (position: Position) => string | undefined,
  progress: (done: number) => void,
): Copy {
  const gone: string[] = [];
  let [from, bytes] = [0, 0];
  let isOpenGone = false;
  for (const position of linesOf(old, 0, size)) {
    const end = Math.min(position.start + position.length + 1, size);
    const hash = unwantedHash(position);
    if (hash !== undefined) {
      bytes += copyBytes(old, target, from, position.start);
      from = end;
      gone.push(hash);
      isOpenGone = end === position.start + position.length;
    }
    progress(end);
  }
  return { gone, bytes: bytes + copyBytes(old, target, from, size), isOpenGone };
}
