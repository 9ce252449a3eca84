import { isPath, pathOf, workingDirectory } from "../../lib/environment.ts";
import { CachyError, checkByRules } from "../../lib/errors.ts";
import { show } from "../../lib/show.ts";
import type { CompactReport } from "./compact.ts";

/** How a file is compacted. */
export interface CompactOptions {
  /**
   * Whether the lines are sorted by their keys, as pycachy does. Otherwise they stay in their order.
   *
   * @default false
   */
  readonly sort?: boolean;
}

/**
 * Writes a file anew, without the lines that count for nothing: those that a newer one of the same digest has replaced,
 * and those that are no entries. Lines of a newer format and lines that only pycachy answers from stay.
 *
 * Others may record into the file meanwhile, and lose nothing. The file is replaced at once, so that a crash leaves the
 * old or the new one. pycachy must not write at the same time.
 *
 * @param file A path (relative to the working directory) or a `file:` URL.
 * @param options In which order the lines are written.
 * @returns What stayed and what went.
 * @throws {CachyError} `invalid_option`, if `file` is no path, or an option is unknown or has a wrong value.
 * @throws {CachyError} `cannot_compact`, if the file does not exist or cannot be read.
 * @throws {CachyError} `cannot_compact`, if the new file cannot be written beside it; the old one is untouched then.
 * @throws {CachyError} `cannot_compact`, if somebody else is compacting it.
 *
 * @example
 * ```ts
 * import { compactFile, jsonlStore } from "@cachy/core";
 * import { tmpdir } from "node:os";
 *
 * const file = `${tmpdir()}/${crypto.randomUUID()}.jsonl`;
 * const store = jsonlStore(file);
 * for (const response of ["old", "new"]) store.append({ key: "5ece2360", response });
 * console.assert((await compactFile(file)).replaced === 1);
 * ```
 */
export async function compactFile(file: string | URL, options: CompactOptions = {}): Promise<CompactReport> {
  if (!isPath(file)) {
    throw new CachyError("invalid_option", `Cannot compact ${show(file)}: expected a path or a file: URL.`);
  }
  checkByRules(options, { sort: ["a boolean", (value) => typeof value === "boolean"] }, "compactFile");
  const path = pathOf(file, workingDirectory());
  // Only those who compact load what it takes.
  const { compactAt } = await import("./compact.ts");
  return compactAt(path, { sort: options.sort ?? false, onProgress() {} });
}
