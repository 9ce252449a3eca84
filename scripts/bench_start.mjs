// @ts-check
/**
 * Measures what a short process pays: the import, and the commands that read a whole file.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { median } from "../bench/measure.mjs";
import { goal, measure, ms, printTable, times } from "./bench_report.mjs";
import { bun, root } from "./run.mjs";

/** @typedef {{ label: string, command: import("./run.mjs").Command }} Runtime */

const IMPORTS = 9;
const CLI_ENTRIES = 20_000;
const CLI_ROUNDS = 3;
const LIST_ENTRIES = 100_000;

/** @param {{ runtimes: readonly Runtime[], temporary: string }} setting */
export async function benchImport({ runtimes, temporary }) {
  const source = join(root, "mod.ts");
  const bundle = join(temporary, "bundle.mjs");
  await writeBundle(source, bundle);
  const rows = [];
  for (const { label, command } of runtimes) {
    // Node loads TypeScript with a loader, whose time is not ours: its users get the bundle.
    if (label.startsWith("Node")) continue;
    /** @type {{ modules: number[], bundled: number[] }} */
    const found = { modules: [], bundled: [] };
    for (let round = 0; round < IMPORTS; round++) {
      found.modules.push((await measure(command, ["import.mjs", source])).cpu);
      found.bundled.push((await measure(command, ["import.mjs", bundle])).cpu);
    }
    const [modules, bundled] = [median(found.modules), median(found.bundled)];
    goal("import of mod.ts within 1.5 × a one-file bundle", label, modules <= 1.5 * bundled);
    rows.push([label, ms(bundled), ms(modules), times(modules / bundled)]);
  }
  printTable("Import of mod.ts, CPU time", ["", "one-file bundle", "modules", "ratio"], rows);
}

/** @param {string} source @param {string} outfile */
async function writeBundle(source, outfile) {
  // The one of tsx.
  const { build } = createRequire(createRequire(import.meta.url).resolve("tsx"))("esbuild");
  const options = { bundle: true, format: "esm", platform: "node", logLevel: "error" };
  await build({ entryPoints: [source], outfile, ...options });
}

/** On Node, in one file, as its users have them. @param {{ temporary: string }} setting */
export async function benchCommands({ temporary }) {
  const program = join(temporary, "commands.mjs");
  await writeBundle(join(root, "bench", "commands.ts"), program);
  const [file, large] = [join(temporary, "cli.jsonl"), join(temporary, "list.jsonl")];
  await measure(bun(), ["chats_file.ts", file, String(CLI_ENTRIES), "streams"]);
  await measure(bun(), ["chats_file.ts", large, String(LIST_ENTRIES), "streams"]);
  const commands = /** @type {const} */ ([["list", large], ["list", file], ["stats", file], ["verify", file]]);
  const found = commands.map(() => /** @type {number[]} */ ([]));
  for (let round = 0; round < CLI_ROUNDS; round++) {
    for (const [at, [name, read]] of commands.entries()) {
      found[at]?.push((await measure([process.execPath], [program, name, read])).seconds);
    }
  }
  const [all = NaN, list = NaN, stats = NaN, verify = NaN] = found.map((seconds) => median(seconds));
  goal("list within 2 s for 100,000 entries", "Node", all <= 2);
  goal("stats within 1.5 × list", "Node", stats <= 1.5 * list);
  goal("verify within 3 × list", "Node", verify <= 3 * list);
  const rows = [all, list, stats, verify].map((seconds, at) => [
    commands[at]?.[0] ?? "",
    (at === 0 ? LIST_ENTRIES : CLI_ENTRIES).toLocaleString("en"),
    ms(seconds * 1000),
    at === 0 ? "" : times(seconds / list),
  ]);
  const title = "Commands on a file of which half of the entries are streams of 24 events, CPU time";
  printTable(title, ["", "entries", "time", "against list"], rows);
}
