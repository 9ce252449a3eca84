import type { Entry } from "../../store/entry.ts";
import { messageOf } from "../../lib/errors.ts";
import { requireGranted } from "../../lib/environment.ts";
import { lineAppender, withCure } from "../../store/jsonl/file.ts";
import { jsonlStore } from "../../store/jsonl/store.ts";
import { CommandError } from "../app/command.ts";

/** The file that others are merged into. */
export interface MergeTarget {
  readonly path: string;
  /** The entry of the same digest that counts. */
  find(entry: Entry): Entry | undefined;
  /** @param line Without its line feed. */
  append(line: string): void;
}

/** Makes a target of a file, which need not exist. */
export function mergeTarget(path: string): MergeTarget {
  for (const access of ["read", "write"] as const) telling(path, () => requireGranted(access, path));
  const store = jsonlStore(path);
  store.warnTo?.(() => {}); // nothing of what is damaged in it gets lost
  const appendLine = lineAppender(path);
  return {
    path,
    find(entry) {
      const there = telling(path, () => store.find(entry.key, entry.sha256) as Entry | undefined);
      return there?.sha256 === entry.sha256 ? there : undefined;
    },
    append: (line) => telling(path, () => appendLine(`${line}\n`)),
  };
}

function telling<Result>(path: string, use: () => Result): Result {
  try {
    return use();
  } catch (error) {
    throw new CommandError(`Cannot merge into ${path}: ${messageOf(withCure(error))}`, { cause: error });
  }
}
