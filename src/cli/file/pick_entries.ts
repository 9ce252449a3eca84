import type { Entry } from "../../store/entry.ts";
import { type OptionValues, type Terminal, UsageError } from "../app/command.ts";
import { printable } from "../display/printable.ts";
import { type FILTER_OPTIONS, filterOf, hintForFilters, type OLDER_OPTION } from "./filters.ts";
import { type Readings, readingsOf } from "./lazy_reading.ts";
import { findEntry } from "./find_entry.ts";
import { contentsOf, type RecordedFile, withFile } from "./recorded_file.ts";

/** The arguments that pick entries: keys or filters. */
interface PickArguments {
  readonly options: OptionValues<typeof FILTER_OPTIONS & typeof OLDER_OPTION>;
  readonly operands: readonly string[];
}

/**
 * Picks entries by their keys, or by filters.
 *
 * @param verb What happens to them, for the message.
 * @param isAll Whether neither keys nor filters stand for all entries.
 * @throws {UsageError} If there are both, or neither unless `isAll`.
 */
export function* pickEntries(
  file: RecordedFile,
  { options, operands }: PickArguments,
  verb: string,
  isAll = false,
): Generator<{ readonly entry: Entry; readonly readings: Readings }> {
  const { model, domain, grep, older } = options;
  const isFiltered = [model, domain, grep, older].some((value) => value !== undefined);
  if (isFiltered ? operands.length > 0 : operands.length === 0 && !isAll) {
    throw new UsageError(
      `Cannot ${verb} entries: expected either KEYs or filters. Name KEYs, or use --older, --model, --domain, --grep.`,
    );
  }
  const isWanted = filterOf(options, Date.now());
  const located = operands.length ? operands.map((digits) => findEntry(file, digits)) : contentsOf(file).newest();
  for (const { entry } of located) {
    const readings = readingsOf(entry);
    if (isWanted(entry, readings)) yield { entry, readings };
  }
}

/** Says that no entry of a file was picked, and suggests a model or host. */
export async function noteNoMatch(
  path: string,
  options: PickArguments["options"],
  { note }: Pick<Terminal, "note">,
): Promise<void> {
  note(`No entries in ${printable(path)} match.`);
  const hint = await withFile(path, (file) => hintForFilters(options, contentsOf(file)));
  if (hint) note(printable(hint));
}
