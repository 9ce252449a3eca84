// @ts-check
/**
 * The folder in which scripts/check_notebook.mjs runs cells.
 */
import { cpSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { paidNetwork } from "./example_provider.mjs";
import { root } from "./run.mjs";

/** The delay of each request, in milliseconds, so that the notebook shows the time that cachy saves. */
const WAY = 300;

/**
 * Copies the notebook's folder and adds an import map. It provides the package from the source, the SDKs of the demo,
 * and a network that redirects requests to the server at `PROVIDER`.
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
  // With a package.json, npm: specifiers are resolved in node_modules.
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
