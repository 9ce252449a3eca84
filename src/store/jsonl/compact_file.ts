import { isPath, pathOf, workingDirectory } from "../../lib/environment.ts";
import { CachyError, checkByRules } from "../../lib/errors.ts";
import { show } from "../../lib/show.ts";
import type { CompactReport } from "./compact.ts";

/** Options of `compactFile`. */
export interface CompactOptions {
  /**
   * Whether to sort the lines by response, then by key, as pycachy does. Otherwise their order is kept.
   *
   * @default false
   */
  readonly sort?: boolean;
}

/**
 * Rewrites a file without its replaced and damaged lines. A line is replaced if there is a newer line of its digest, and
 * damaged if it is not an entry. Lines of a newer format are kept, and so are lines that only pycachy replays.
 *
 * Other processes may record meanwhile, but pycachy must not write. The file is replaced atomically: after a crash, it is
 * either the old or the new file.
 *
 * @param file A path (relative to the working directory) or a `file:` URL.
 * @param options The order of the lines.
 * @returns The number of kept and removed lines, and the sizes of both files.
 * @throws {CachyError} `invalid_option`, if `file` is not a path, or an option is unknown or has an invalid value.
 * @throws {CachyError} `cannot_compact`, if the file does not exist or cannot be read, or if no line of it is an entry.
 * @throws {CachyError} `cannot_compact`, if the new file cannot be written; the old file is then unchanged.
 * @throws {CachyError} `cannot_compact`, if another process is compacting the file.
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
  // Most programs never compact: do not load these modules with the package.
  const { compactAt } = await import("./compact.ts");
  return compactAt(path, { sort: options.sort ?? false, onProgress() {} });
}
