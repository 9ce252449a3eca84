import { show } from "../../lib/show.ts";
import { CommandError, UsageError } from "../app/command.ts";
import { printable } from "../display/printable.ts";
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
  let first: LocatedEntry | undefined;
  let count = 0;
  const named: string[] = []; // of the others only this is kept: a few digits can be those of gigabytes
  for (const located of entriesOf(file, digits)) {
    first ??= located;
    if (++count <= SHOWN_ENTRIES) named.push(digestOf(located.entry).slice(0, digits.length + KEY_LENGTH));
  }
  if (!first) {
    throw new CommandError(
      `Cannot find ${digits}: no key in ${file.path} starts with it. The command list shows the keys.`,
    );
  }
  if (count === 1) return first;
  const more = count > named.length ? ` and ${count - named.length} more` : "";
  throw new CommandError(
    `Cannot tell which entry ${digits} is: there are ${printable(named.join(", "))}${more}. Write more digits.`,
  );
}

/** The newest entry of each digest that starts with some digits. @throws {UsageError} If these are no hex digits. */
function* entriesOf(file: RecordedFile, digits: string): Generator<LocatedEntry, void> {
  const prefix = digits.toLowerCase();
  if (!/^[0-9a-f]+$/.test(prefix) || prefix.length > DIGEST_LENGTH) {
    throw new UsageError(
      `Cannot use ${show(digits)} as a key: expected hex digits, such as 5ece2360, or the first few of them.`,
    );
  }
  const least = parseInt(prefix.slice(0, KEY_LENGTH).padEnd(KEY_LENGTH, "0"), 16);
  const most = parseInt(prefix.slice(0, KEY_LENGTH).padEnd(KEY_LENGTH, "f"), 16);
  for (const located of contentsOf(file).newest((key) => key >= least && key <= most)) {
    if (located.entry.key.startsWith(prefix) || located.entry.sha256?.startsWith(prefix)) yield located;
  }
}
