import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { isGranted } from "../lib/permissions.ts";

const FILE_NAME = "cachy.jsonl";
const PROJECT_FILES = ["deno.json", "deno.jsonc", "package.json"];

/** Where the file is, and what to tell the user about it. */
export interface ProjectFile {
  readonly path: string;
  readonly warning?: string;
}

/**
 * Finds the file of a project: in the nearest folder, from the working directory up, that has a `deno.json`,
 * `deno.jsonc` or `package.json`; without one, in the working directory itself.
 *
 * @param from The working directory; undefined if it is not known.
 */
export function findProjectFile(from: string | undefined): ProjectFile {
  if (from === undefined) {
    return { path: FILE_NAME, warning: `Cannot tell the working directory. ${usedInstead(FILE_NAME)}` };
  }
  let searched = true;
  for (let folder = from;; folder = dirname(folder)) {
    for (const name of PROJECT_FILES) {
      const path = join(folder, name);
      if (!isGranted({ name: "read", path })) searched = false;
      else if (existsSync(path)) return { path: join(folder, FILE_NAME) };
    }
    if (dirname(folder) === folder) break;
  }
  const path = join(from, FILE_NAME);
  return searched ? { path } : { path, warning: unsearched(path) };
}

function unsearched(path: string): string {
  return `Cannot look for the project's folder: Deno did not grant read access to it. ${usedInstead(path)}`;
}

function usedInstead(path: string): string {
  const { Deno } = globalThis as { readonly Deno?: unknown };
  return `The file is ${path}. Name another one by the option { file }${Deno ? ", or run with --allow-read" : ""}.`;
}
