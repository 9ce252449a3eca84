import assert from "node:assert/strict";
import { cpSync, writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as first from "../mod.ts";
import { ask } from "./fresh_process.ts";
import { runnable } from "./runnable.ts";
import { countingNetwork } from "./testing.ts";

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
  const { second } = await newCopy(folder);
  assert.notEqual(second.enableCachy, first.enableCachy);
  // The first live call loads the code that records. When later tests make one, this folder is gone.
  const { fetch } = second.createCachy({ store: second.memoryStore(), mode: "auto", fetch: countingNetwork().fetch });
  await ask(fetch);
  return second;
}

/** Copies the module into a folder. @returns The copy, and the path of its file that is loaded at the first live call. */
export async function newCopy(folder: string): Promise<{ readonly second: typeof first; readonly live: string }> {
  const mod = runnable("mod.ts");
  for (const from of [mod, new URL("src", mod)].map((url) => fileURLToPath(url))) {
    cpSync(from, join(folder, basename(from)), { recursive: true, filter: (path) => basename(path) !== "cli" });
  }
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
  const second: typeof first = await import(pathToFileURL(join(folder, basename(mod.pathname))).href);
  return { second, live: join(folder, "src", "flow", `live${extname(mod.pathname)}`) };
}
