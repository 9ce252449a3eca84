import { show } from "../show.ts";
import { CommandError, UsageError } from "./command.ts";
import { contentsOf, digestOf, type LocatedEntry, type RecordedFile } from "./recorded_file.ts";

const KEY_LENGTH = 8;
const DIGEST_LENGTH = 64;
/** How many of several entries are named. */
const SHOWN_ENTRIES = 5;

/**
 * Finds the one entry whose key or digest starts with some digits: the newest of its digest.
 *
 * @throws {UsageError} If these are no hex digits.
 * @throws {CommandError} If there is no such entry, or more than one.
 */
export function findEntry(file: RecordedFile, digits: string): LocatedEntry {
  const found = entriesOf(file, digits);
  const [first, ...others] = found;
  if (!first) {
    throw new CommandError(
      `Cannot find ${digits}: no key in ${file.path} starts with it. The command list shows the keys.`,
    );
  }
  if (others.length === 0) return first;
  const named = found.slice(0, SHOWN_ENTRIES).map(({ entry }) => digestOf(entry).slice(0, digits.length + KEY_LENGTH));
  const more = found.length > named.length ? ` and ${found.length - named.length} more` : "";
  throw new CommandError(
    `Cannot tell which entry ${digits} is: there are ${named.join(", ")}${more}. Write more digits.`,
  );
}

/** The newest entry of each digest that starts with some digits. @throws {UsageError} If these are no hex digits. */
export function entriesOf(file: RecordedFile, digits: string): LocatedEntry[] {
  const prefix = digits.toLowerCase();
  if (!/^[0-9a-f]+$/.test(prefix) || prefix.length > DIGEST_LENGTH) {
    throw new UsageError(
      `Cannot use ${show(digits)} as a key: expected hex digits, such as 5ece2360, or the first few of them.`,
    );
  }
  const least = parseInt(prefix.slice(0, KEY_LENGTH).padEnd(KEY_LENGTH, "0"), 16);
  const most = parseInt(prefix.slice(0, KEY_LENGTH).padEnd(KEY_LENGTH, "f"), 16);
  const found = [...contentsOf(file).newest((key) => key >= least && key <= most)];
  return found.filter(({ entry }) => entry.key.startsWith(prefix) || entry.sha256?.startsWith(prefix));
}
