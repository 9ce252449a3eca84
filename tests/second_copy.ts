import assert from "node:assert/strict";
import { cpSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as first from "../mod.ts";
import { runnable } from "./runnable.ts";

let copy: Promise<typeof first> | undefined;

/**
 * The second copy of the module in this process, from separate files. A query would not do: `mod.ts?copy` imports the
 * same `src/`.
 *
 * @param folder The folder for the files of the first call. They are not needed after it has returned.
 */
export function secondCopy(folder: string): Promise<typeof first> {
  return copy ??= load(folder);
}

async function load(folder: string): Promise<typeof first> {
  const mod = runnable("mod.ts");
  for (const from of [mod, new URL("src", mod)].map((url) => fileURLToPath(url))) {
    cpSync(from, join(folder, basename(from)), { recursive: true, filter: (path) => basename(path) !== "cli" });
  }
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
  const second: typeof first = await import(pathToFileURL(join(folder, basename(mod.pathname))).href);
  assert.notEqual(second.enableCachy, first.enableCachy);
  return second;
}
