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

/** @param {{ runtimes: readonly Runtime[], temporary: string }} setting */
export async function benchImport({ runtimes, temporary }) {
  const source = join(root, "mod.ts");
  const bundle = join(temporary, "bundle.mjs");
  // The one of tsx.
  const { build } = createRequire(createRequire(import.meta.url).resolve("tsx"))("esbuild");
  await build({
    entryPoints: [source],
    outfile: bundle,
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "error",
  });
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

const node = [process.execPath, "--import", "tsx"];

/** On Node. @param {{ temporary: string }} setting */
export async function benchCommands({ temporary }) {
  const file = join(temporary, "cli.jsonl");
  await measure(bun(), ["cli_file.ts", file, String(CLI_ENTRIES)]);
  const commands = ["list", "stats", "verify"];
  /** @type {Map<string, number[]>} */
  const found = new Map(commands.map((name) => [name, []]));
  for (let round = 0; round < CLI_ROUNDS; round++) {
    for (const name of commands) {
      found.get(name)?.push((await measure(node, ["commands.ts", name, file])).seconds);
    }
  }
  const [list = NaN, stats = NaN, verify = NaN] = commands.map((name) => median(found.get(name) ?? []));
  const each = 100_000 / CLI_ENTRIES;
  goal("list within 2 s for 100,000 entries", "Node", list * each <= 2);
  goal("stats within 1.5 × list", "Node", stats <= 1.5 * list);
  goal("verify within 3 × list", "Node", verify <= 3 * list);
  const rows = [list, stats, verify].map((seconds, at) => {
    return [commands[at] ?? "", ms(seconds * 1000), `${(seconds * each).toFixed(1)} s`, times(seconds / list)];
  });
  const title = `Commands on ${CLI_ENTRIES.toLocaleString("en")} entries, half of them streams, CPU time`;
  printTable(title, ["", "time", "for 100,000", "against list"], rows);
}
