import { show } from "../../lib/show.ts";
import { CommandError, UsageError } from "../app/command.ts";
import { printable } from "../display/printable.ts";
import { contentsOf, digestOf, type LocatedEntry, type RecordedFile } from "./recorded_file.ts";

const KEY_LENGTH = 8;
const DIGEST_LENGTH = 64;
/** How many matching entries a message lists. */
const SHOWN_ENTRIES = 5;

/**
 * Finds the only entry whose key or digest starts with some digits, in its newest recording.
 *
 * @throws {UsageError} If the text contains more than hex digits.
 * @throws {CommandError} If no entry matches, or more than one.
 */
export function findEntry(file: RecordedFile, digits: string): LocatedEntry {
  let first: LocatedEntry | undefined;
  let count = 0;
  const named: string[] = []; // only digits, not entries: a short prefix may match gigabytes
  for (const located of entriesOf(file, digits)) {
    first ??= located;
    if (++count <= SHOWN_ENTRIES) named.push(digestOf(located.entry).slice(0, digits.length + KEY_LENGTH));
  }
  if (!first) {
    throw new CommandError(
      `Cannot find ${digits}: no key in ${file.path} starts with it. Run list to see the keys.`,
    );
  }
  if (count === 1) return first;
  const more = count > named.length ? ` and ${count - named.length} more` : "";
  throw new CommandError(
    `Cannot choose an entry by ${digits}: it matches ${printable(named.join(", "))}${more}. Write more digits.`,
  );
}

/** The entry that was added last. @throws {CommandError} If the file has none. */
export function newestEntry(file: RecordedFile): LocatedEntry {
  for (const located of contentsOf(file).newest()) return located;
  throw new CommandError(`Cannot show an entry: ${file.path} has none. Record a call first.`);
}

/** The newest entry of each matching digest. @throws {UsageError} If the text contains more than hex digits. */
function* entriesOf(file: RecordedFile, digits: string): Generator<LocatedEntry, void> {
  const prefix = digits.toLowerCase();
  if (!/^[0-9a-f]+$/.test(prefix) || prefix.length > DIGEST_LENGTH) {
    throw new UsageError(
      `Cannot use ${show(digits)} as a key: expected hex digits, such as 5ece2360 or 5ec.`,
    );
  }
  const least = parseInt(prefix.slice(0, KEY_LENGTH).padEnd(KEY_LENGTH, "0"), 16);
  const most = parseInt(prefix.slice(0, KEY_LENGTH).padEnd(KEY_LENGTH, "f"), 16);
  for (const located of contentsOf(file).newest((key) => key >= least && key <= most)) {
    if (located.entry.key.startsWith(prefix) || located.entry.sha256?.startsWith(prefix)) yield located;
  }
}
