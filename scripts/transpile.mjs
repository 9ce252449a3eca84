// @ts-check
/**
 * Compiles the TypeScript of this repository to JavaScript for Node 20, which cannot run TypeScript.
 *
 * One compilation per run is much cheaper than a loader in every process. The output mirrors the repository:
 * `tests/x.ts` becomes `tests/x.js`. Data files are not copied: `import.meta.url` keeps the address of the source, so
 * `new URL("golden/v1.jsonl", import.meta.url)` still finds them. Programs are found by `programPath()` of
 * tests/processes.ts.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { root, run, tsc } from "./run.mjs";

const SOURCES = ["mod.ts", "src", "tests"];
/** Folders whose packages the output needs. */
const PACKAGES = ["node_modules", "tests/node_modules"];

/**
 * The file that the current Node runs for a source file: the source itself, or its JavaScript.
 *
 * @param {string} folder For the JavaScript, if this Node needs it.
 * @returns {Promise<(file: string) => string>} Takes a path such as "tests/programs/storm.ts".
 */
export async function nodeFiles(folder) {
  if (process.features.typescript) return (file) => join(root, file);
  await transpile(folder);
  return (file) => join(folder, file.replace(/\.ts$/, ".js"));
}

/**
 * @param {string} folder A folder for the output, created if missing.
 * @returns {Promise<string>} The same folder.
 */
export async function transpile(folder) {
  const config = {
    compilerOptions: {
      ...{ noCheck: true, target: "es2022", module: "nodenext", verbatimModuleSyntax: true, types: [] },
      ...{ rewriteRelativeImportExtensions: true, noResolve: true, rootDir: root, outDir: folder },
    },
    include: SOURCES.map((name) => join(root, name)),
    exclude: [...PACKAGES, "tests/runners", "tests/frameworks"].map((name) => join(root, name)),
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const outcome = await run(tsc(), ["-p", join(folder, "tsconfig.json")]);
  if (!existsSync(join(folder, "mod.js"))) throw new Error(`Cannot transpile: ${outcome.ending}\n${outcome.output}`);
  for (const name of PACKAGES) {
    if (!existsSync(join(root, name))) continue;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    symlinkSync(join(root, name), join(folder, name), "junction");
  }
  keepSourceUrls(join(folder, "tests"), folder);
  return folder;
}

/**
 * @param {string} folder
 * @param {string} output
 */
function keepSourceUrls(folder, output) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) keepSourceUrls(path, output);
    if (!entry.isFile() || !path.endsWith(".js") || entry.name === "runnable.js") continue;
    const text = readFileSync(path, "utf8");
    const source = join(root, relative(output, path)).replace(/\.js$/, ".ts");
    const url = JSON.stringify(pathToFileURL(source).href);
    if (text.includes("import.meta.url")) writeFileSync(path, text.replaceAll("import.meta.url", url));
  }
}
