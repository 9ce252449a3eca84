import { closeSync, fstatSync, statSync, writeSync } from "node:fs";
import { concatBytes, utf8 } from "../../lib/bytes.ts";
import { isMissing, isTorn, openToAppend } from "./file.ts";

/** How often a line is written again because the file was replaced meanwhile. Each time takes another replacement. */
const MOST_FILES = 20;
/** How often a line is begun again because the disk took a part of it only. */
const MOST_PARTS = 3;
const LINE_FEED = utf8("\n");

/**
 * Makes a function that appends a line to a file, to which others append at the same time, and which others replace.
 *
 * The line is in the file when the function returns: whole, and in the file that the path names by then.
 *
 * @param path The file. It is created, with its folder, if it does not exist.
 */
export function lineAppender(path: string): (line: string) => void {
  let knownTorn = -1;

  const write = (file: number, line: Uint8Array) => {
    const repaired = concatBytes([LINE_FEED, line]);
    let bytes = isTorn(file, knownTorn) ? repaired : line;
    for (let part = 0; part < MOST_PARTS; part++) {
      if (writeSync(file, bytes) === bytes.length) return;
      // The rest cannot follow: somebody else's line may stand there by now. The next write tells what is wrong.
      bytes = repaired;
      knownTorn = fstatSync(file).size;
    }
    throw new Error("only a part of the line could be written");
  };

  return (line) => {
    const bytes = utf8(line);
    for (let files = 0; files < MOST_FILES; files++) {
      const file = openToAppend(path);
      try {
        write(file, bytes);
        // Whoever replaces the file first reads what it holds, and may have missed what was written after that.
        if (isAt(path, file)) return;
      } finally {
        closeSync(file);
      }
    }
    throw new Error("the file was replaced again and again, so that the line did not stay in it");
  };
}

/** Whether a path still names an open file. */
export function isAt(path: string, file: number): boolean {
  try {
    const [named, open] = [statSync(path), fstatSync(file)];
    return named.ino === open.ino && named.dev === open.dev;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
