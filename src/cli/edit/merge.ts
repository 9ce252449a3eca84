import { statSync } from "node:fs";
import { requireGranted } from "../../lib/environment.ts";
import { CommandError } from "../app/command.ts";
import { type MergedFile, mergeFile } from "./merge_file.ts";
import { mergeTarget } from "./merge_target.ts";
import { everyMegabyte, type OnProgress } from "../app/on_progress.ts";
import { noFileReason, withFile } from "../file/recorded_file.ts";

/** What became of the lines of the other files. */
export interface MergeReport {
  /** In the order in which they were named. */
  readonly files: readonly MergedFile[];
}

/**
 * Adds what other files hold. Of two recordings of a digest the newer one counts; if one of them does not say when it
 * was recorded, that in `path` does. Of a file's own lines of a digest the last one is taken.
 *
 * Lines are appended as they are, but for a byte order mark and carriage returns. Others may record into the file
 * meanwhile, and lose nothing; if they record a digest between the microseconds in which it is looked for and appended,
 * the appended answer counts. What was appended before an error stays, and merging again goes on from there.
 *
 * @param path The file that is added to. It is created, with its folder, if there is something to add.
 * @param others Other files, which are read only.
 * @throws {CommandError} If one of the others does not exist, is a folder, or is `path` itself; nothing is changed then.
 * @throws {CommandError} If `path` cannot be read or written.
 */
export async function mergeFiles(
  path: string,
  others: readonly string[],
  { onProgress }: { readonly onProgress?: OnProgress } = {},
): Promise<MergeReport> {
  requireGranted("read", path);
  const own = statSync(path, { throwIfNoEntry: false });
  const problem = own && noFileReason(own);
  if (problem !== undefined) throw new CommandError(`Cannot merge into ${path}: ${problem}.`);
  const sizes = others.map((other) => sizeOf(path, other));
  const progress = everyMegabyte(onProgress, sizes.reduce((total, size) => total + size, 0));
  const target = mergeTarget(path);
  const files: MergedFile[] = [];
  let before = 0;
  for (const [at, other] of others.entries()) {
    files.push(await withFile(other, (file) => mergeFile(target, file, (done) => progress(before + done))));
    before += sizes[at] as number;
  }
  return { files };
}

/** The size of another file, in bytes. */
function sizeOf(path: string, other: string): number {
  requireGranted("read", other);
  const [stats, own] = [statSync(other, { throwIfNoEntry: false }), statSync(path, { throwIfNoEntry: false })];
  const problem = !stats
    ? "there is no such file. Check its path"
    : noFileReason(stats) !== undefined
    ? noFileReason(stats)
    : own && own.ino === stats.ino && own.dev === stats.dev
    ? "it is the file that is merged into. Name another one"
    : undefined;
  if (problem !== undefined) throw new CommandError(`Cannot merge ${other}: ${problem}.`);
  return stats?.size ?? 0;
}
