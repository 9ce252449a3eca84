// @ts-check
/**
 * Installs the development dependencies of folders: `node scripts/install.mjs FOLDER…`
 *
 * Runs `npm ci` in each folder, but only if `node_modules` is missing or the lock file has changed since the last
 * install. So `npm test` and `npm run demo` can call this every time.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { npm, root, run, start } from "./run.mjs";

const folders = process.argv.slice(2);

await start(async () => {
  if (Number(process.versions.node.split(".")[0]) < 20) {
    throw new Error(`Cannot install with Node ${process.versions.node}: Node 20 or newer is needed.`);
  }
  if (folders.length === 0) throw new Error("Usage: node scripts/install.mjs FOLDER…");
  for (const folder of folders) {
    if (!await install(folder)) return false;
  }
  return true;
});

/**
 * @param {string} name Relative to the repository.
 * @returns {Promise<boolean>}
 */
async function install(name) {
  const folder = resolve(root, name);
  const lock = join(folder, "package-lock.json");
  for (const file of [join(folder, "package.json"), lock]) {
    if (!existsSync(file)) throw new Error(`Cannot install "${name}": ${file} does not exist.`);
  }
  // The stamp is inside node_modules, so npm ci deletes it together with the packages.
  const stamp = join(folder, "node_modules", ".installed-lock");
  const hash = createHash("sha256").update(readFileSync(lock)).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return true;

  process.stdout.write(`Installing ${name === "." ? "development tools" : name} … `);
  const outcome = await run(npm(), ["ci", "--no-audit", "--no-fund"], { cwd: folder });
  if (!outcome.ok) {
    console.log(`failed\n${outcome.output}\nCannot install "${name}": npm ci ended with ${outcome.ending}.`);
    return false;
  }
  mkdirSync(join(folder, "node_modules"), { recursive: true }); // npm creates no folder without dependencies
  writeFileSync(stamp, hash);
  console.log(`done in ${outcome.seconds.toFixed(1)} s`);
  return true;
}
