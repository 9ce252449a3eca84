import { chmodSync, closeSync, fstatSync, fsyncSync, linkSync, openSync, rmSync } from "node:fs";
import { requireGranted } from "../../lib/environment.ts";
import { copyBytes } from "../../store/jsonl/write_lines.ts";

/**
 * Gives a file a second name, which remains when a new file replaces it: `cachy.jsonl.bak`, or the first free one of
 * `.bak.2`, `.bak.3` …
 *
 * @returns The path of the backup, in the same folder.
 */
export function backUp(path: string): string {
  for (let number = 1;; number++) {
    const backup = number === 1 ? `${path}.bak` : `${path}.bak.${number}`;
    requireGranted("write", backup);
    if (linkTo(path, backup)) return backup;
  }
}

/** @returns Whether the name was free. */
function linkTo(path: string, backup: string): boolean {
  try {
    linkSync(path, backup);
    return true;
  } catch (error) {
    return isTaken(error) ? false : copyTo(path, backup);
  }
}

/** Copies a file, for file systems without hard links. @returns Whether the name was free. */
export function copyTo(path: string, backup: string): boolean {
  const source = openSync(path, "r");
  try {
    const target = openNew(backup);
    if (target === undefined) return false;
    try {
      const { size, mode } = fstatSync(source);
      copyBytes(source, target, 0, size);
      chmodSync(backup, mode);
      fsyncSync(target);
    } catch (error) {
      rmSync(backup, { force: true }); // no partial backup
      throw error;
    } finally {
      closeSync(target);
    }
    return true;
  } finally {
    closeSync(source);
  }
}

/** @returns Undefined if the name is not free. */
function openNew(path: string): number | undefined {
  try {
    return openSync(path, "wx");
  } catch (error) {
    if (isTaken(error)) return undefined;
    throw error;
  }
}

function isTaken(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === "EEXIST";
}
