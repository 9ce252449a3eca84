import { type EntryRow, rowOf } from "../file/entry_row.ts";
import { readingsOf } from "../file/lazy_reading.ts";
import type { Ledger } from "../file/ledger.ts";
import { contentsOf, digestOf, withAnyFile } from "../file/recorded_file.ts";

/** The digest of each entry → when it was recorded. Without a time, the text is empty. */
export type Times = ReadonlyMap<string, string>;

/** The entries of a recording, and those that nothing asked for. Only rows stay in memory, not responses. */
export async function entriesOf(
  file: string,
  { asked, start }: Ledger,
): Promise<{ readonly all: Times; readonly unasked: ReadonlyMap<string, EntryRow> }> {
  const [all, unasked] = [new Map<string, string>(), new Map<string, EntryRow>()];
  const ids = asked.get(file);
  await withAnyFile(file, (open) => {
    for (const { entry } of contentsOf(open).newest()) {
      const id = digestOf(entry);
      const time = typeof entry.recorded_at === "string" ? entry.recorded_at : "";
      all.set(id, time);
      // Entries that were recorded after the start of the ledger belong to other processes.
      if (ids && !ids.has(id) && time < start) unasked.set(id, rowOf(entry, readingsOf(entry).start()));
    }
  });
  return { all, unasked };
}
