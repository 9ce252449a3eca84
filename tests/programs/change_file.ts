/**
 * Changes a file repeatedly, until the file with the ending `.stop` exists. Arguments: the action, the file.
 *
 * - `remove`: adds an entry whose response is "unwanted", and removes all such entries
 * - `repair`: adds an invalid line, and repairs the file
 * - `merge`: merges the file with the ending `.other` into it
 */
import { appendFileSync, existsSync, rmSync } from "node:fs";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { mergeFiles } from "../../src/cli/edit/merge.ts";
import { findUnwanted, removeEntries } from "../../src/cli/edit/remove.ts";
import { repairFile } from "../../src/cli/edit/repair.ts";
import { jsonlStore } from "../../src/store/jsonl/store.ts";
import { digestOf, entryOf } from "../store_contract.ts";

const [what = "", file = ""] = process.argv.slice(2);
const store = jsonlStore(file);

const changes: Record<string, () => Promise<void> | void> = {
  async remove() {
    store.append(entryOf("unwanted", digestOf("deadbeef")));
    const isUnwanted = ({ content }: { readonly content: unknown }) =>
      (content as { readonly response?: unknown }).response === "unwanted";
    removeEntries(await findUnwanted(file, isUnwanted));
  },
  repair() {
    appendFileSync(file, "<<<<<<< HEAD\n");
    rmSync(repairFile(file).backup ?? "", { force: true });
  },
  async merge() {
    await mergeFiles(file, [`${file}.other`]);
  },
};

console.log("ready");
let rounds = 0;
for (; !existsSync(`${file}.stop`); rounds++) {
  await changes[what]?.();
  await pause(1);
}
console.log(JSON.stringify({ rounds }));
