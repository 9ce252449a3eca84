// @ts-check
/**
 * The folder in which scripts/check_notebook.mjs runs cells.
 */
import { cpSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { paidNetwork } from "./example_provider.mjs";
import { root } from "./run.mjs";

/** How long each request takes on its way to the provider, in milliseconds: the notebook shall show what is saved. */
const WAY = 300;

/**
 * Makes a copy of the notebook's folder with an import map of its own: it gives the cells the package from the source,
 * the SDKs of the demo, and under both a network that leads to the server at `PROVIDER`.
 *
 * @param {string} folder Must not exist.
 * @returns {string} Its path.
 */
export function newFolder(folder) {
  const notebook = join(root, "examples", "notebook");
  cpSync(notebook, folder, { recursive: true, filter: (path) => !/\.jsonl$|\.ipynb_checkpoints/.test(path) });
  writeFileSync(join(folder, "paid_network.mjs"), paidNetwork);
  writeFileSync(join(folder, "slow_network.mjs"), slowNetwork);
  const source = JSON.stringify(pathToFileURL(join(root, "mod.ts")).href);
  const modules = [`import "./paid_network.mjs";`, `import "./slow_network.mjs";`, `export * from ${source};`];
  writeFileSync(join(folder, "package.ts"), modules.join("\n"));
  const imports = { "jsr:@cachy/core": "./package.ts" };
  writeFileSync(join(folder, "deno.jsonc"), JSON.stringify({ imports, nodeModulesDir: "manual", lock: false }));
  // npm: specifiers are looked up in node_modules, if a package.json asks for them.
  cpSync(join(root, "demo", "package.json"), join(folder, "package.json"));
  symlinkSync(join(root, "demo", "node_modules"), join(folder, "node_modules"), "junction");
  return folder;
}

const slowNetwork = `
const { fetch } = globalThis;

globalThis.fetch = async (input, init) => {
  await new Promise((resolve) => setTimeout(resolve, ${WAY}));
  return await fetch(input, init);
};
`;
