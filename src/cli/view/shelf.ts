import { closeSync, fstatSync, statSync } from "node:fs";
import type { Prices } from "../../report/prices.ts";
import { openIfExists } from "../../store/jsonl/file.ts";
import { CommandError } from "../app/command.ts";
import { type RecordedFile, withFile } from "../file/recorded_file.ts";
import { type Library, openLibrary } from "./library.ts";

/** The library of a file that may change while the page is open. */
export interface Shelf {
  /** The library that was opened last. */
  library(): Library;
  /** Opens the file again if it has changed. If it is gone, the old library stays. */
  refresh(): void;
  close(): void;
}

/**
 * Opens the library of a file.
 *
 * @throws {CommandError} If the file cannot be read.
 */
export async function openShelf(path: string, prices?: Prices): Promise<Shelf> {
  await withFile(path, () => {}); // throws a message that names --file
  let current = openAt(path, prices);
  return {
    library: () => current.library,
    refresh() {
      if (versionOf(path) === current.version) return;
      const old = current;
      current = openAt(path, prices, current);
      if (current !== old) close(old);
    },
    close: () => close(current),
  };
}

interface Opened {
  readonly file: RecordedFile;
  readonly library: Library;
  readonly version: string | undefined;
}

/** @param fallback Returned if the file is gone. */
function openAt(path: string, prices: Prices | undefined, fallback?: Opened): Opened {
  const version = versionOf(path);
  const descriptor = openIfExists(path);
  if (descriptor === undefined) {
    if (fallback) return fallback;
    throw new CommandError(`Cannot read ${path}: it was removed. Run the command again.`);
  }
  const file = { path, descriptor, size: fstatSync(descriptor).size };
  return { file, library: openLibrary(file, prices), version };
}

function close({ file, library }: Opened): void {
  library.close();
  closeSync(file.descriptor);
}

/** Changes when the file is appended to or replaced. */
function versionOf(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && [stats.ino, stats.size, stats.mtimeMs].join(" ");
}
