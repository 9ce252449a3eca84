// @ts-check
/**
 * The npm package.
 *
 * It has one bundled ES module for each entry point of deno.json, so that a program loads a few files instead of
 * sixty. The type declarations are those that `deno pack` makes.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cleanEnvironment, deno, npm, root, run } from "./run.mjs";
import { readModule } from "./source.mjs";

/** Runtimes without files. */
const EDGE_CONDITIONS = ["workerd", "edge-light", "browser"];

const DOCUMENTS = ["README.md", "FORMAT.md", "CHANGELOG.md", "LICENSE", "docs"];

/** @param {string} folder For the package; replaced if it exists. */
export async function buildPackage(folder) {
  const config = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const entries = entriesOf(config);
  await bundle(entries, folder);
  const types = await declarations(folder);
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest(config, entries, types), null, 2)}\n`);
  for (const name of DOCUMENTS) {
    // Decisions are for people who change the package. npm shows pictures of the repository.
    const filter = (/** @type {string} */ path) => !/decisions|\.png$/.test(path);
    cpSync(join(root, name), join(folder, name), { recursive: true, filter });
  }
}

/**
 * Builds the package and packs it, as `npm publish` does.
 *
 * @param {string} temporary An existing folder for the package and the tarball.
 * @returns {Promise<string>} The path of the tarball.
 */
export async function packPackage(temporary) {
  const folder = join(temporary, "package");
  await buildPackage(folder);
  const args = ["pack", "--pack-destination", temporary];
  const packed = await run(npm(), args, { cwd: folder, env: cleanEnvironment(), timeout: 120 });
  const tarball = readdirSync(temporary).find((name) => name.endsWith(".tgz"));
  if (!packed.ok || tarball === undefined) throw new Error(`Cannot pack ${folder}: ${packed.output}`);
  return join(temporary, tarball);
}

/**
 * @param {{ exports: Record<string, string> }} config
 * @returns {Record<string, string>} Entry point → source: `.` is `index`, `./kv` is `kv`.
 */
function entriesOf({ exports }) {
  return Object.fromEntries(
    Object.entries(exports).map(([name, source]) => [name === "." ? "index" : name.slice(2), source]),
  );
}

/** The modules of Node that browsers and edge runtimes lack. */
const NODE_MODULES = [
  "async_hooks",
  "buffer",
  "crypto",
  "diagnostics_channel",
  "fs",
  "path",
  "process",
  "timers",
  "url",
];

/** The package's own name for the names that it imports from those modules. Each file takes time to load, so it is one. */
const PLATFORM = "#platform";

/** @param {string} id @returns {object | undefined} `node:fs` → `#platform`, which the package's imports resolve. */
function chooseModule(id) {
  return id.startsWith("node:") && NODE_MODULES.includes(id.slice(5)) ? { id: PLATFORM, external: true } : undefined;
}

/**
 * The modules that an import of `file` loads at once, so that one chunk can have them all.
 *
 * @param {string} file
 * @param {Set<string>} loaded
 */
function loadedBy(file, loaded = new Set()) {
  if (loaded.has(file)) return loaded;
  loaded.add(file);
  for (const { from, typeOnly, isLazy } of readModule(readFileSync(file, "utf8")).imports) {
    if (from?.startsWith(".") && !typeOnly && !isLazy) loadedBy(join(dirname(file), from), loaded);
  }
  return loaded;
}

/**
 * @param {Record<string, string>} entries
 * @param {string} folder
 */
async function bundle(entries, folder) {
  await installTools();
  const require = createRequire(join(root, "npm", "package.json"));
  const { rolldown } = require("rolldown");
  const core = loadedBy(join(root, "mod.ts"));
  const bundled = await rolldown({
    input: Object.fromEntries(Object.entries(entries).map(([name, source]) => [name, join(root, source)])),
    platform: "node",
    plugins: [{ name: "choose modules of Node", resolveId: chooseModule }],
  });
  await bundled.write({
    dir: join(folder, "dist"),
    format: "esm",
    chunkFileNames: "chunks/[name]-[hash].js",
    // Entry points share their state. Every file takes time to load, so what most of them need is one chunk.
    codeSplitting: { groups: [{ name: "core", test: (/** @type {string} */ id) => core.has(id) }] },
    // Names stay, so that stack traces can be read.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
  });
  await bundled.close();
  cpSync(join(root, "npm", "edge.js"), join(folder, "dist", "edge.js"));
  writeFileSync(join(folder, "dist", "node.js"), nodePlatform());
  const cli = join(folder, "dist", "cli.js");
  writeFileSync(cli, `#!/usr/bin/env node\n${readFileSync(cli, "utf8")}`, { mode: 0o755 });
}

/**
 * The file that stands for `#platform` on Node. It lists the names, because Bun cannot bundle `export *` of a module of
 * Node. `process` is the global one: on Node 20, an import of `node:process` takes 2 ms.
 */
function nodePlatform() {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(root, "src", name), "utf8"));
  /** @type {Map<string, string>} */
  const moduleOf = new Map();
  const importsOf = (/** @type {string} */ module) => {
    const pattern = new RegExp(`^import (?!type )[^"]*?\\{([^{}]*)\\} from "node:${module}";`, "gm");
    const lists = sources.flatMap((text) => [...text.matchAll(pattern)].map(([, list = ""]) => list));
    const names = new Set(
      lists.flatMap((list) => list.split(",")).map((item) => item.trim().split(/\s+as\s+/)[0] ?? "")
        .filter((name) => name !== "" && !name.startsWith("type ")),
    );
    for (const name of names) {
      const other = moduleOf.get(name);
      if (other) throw new Error(`Cannot name ${name} in one file: node:${other} and node:${module} both have it.`);
      moduleOf.set(name, module);
    }
    return [...names].sort().join(", ");
  };
  return NODE_MODULES.map((module) => {
    const names = importsOf(module);
    if (module === "process") return `export const { ${names} } = process;\nexport default process;\n`;
    return `export { ${names} } from "node:${module}";\n`;
  }).join("");
}

async function installTools() {
  if (existsSync(join(root, "npm", "node_modules"))) return;
  const installed = await run([process.execPath], [join(root, "scripts", "install.mjs"), "npm"]);
  if (!installed.ok) throw new Error(installed.output);
}

/**
 * Copies the type declarations.
 *
 * @param {string} folder
 * @returns {Promise<Record<string, { types: string }>>} The exports of the package that `deno pack` makes.
 */
async function declarations(folder) {
  const work = mkdtempSync(join(tmpdir(), "cachy-npm-"));
  try {
    const tarball = join(work, "core.tgz");
    const args = ["pack", "--allow-dirty", "--no-source-maps", "-o", tarball];
    const packed = await run(deno(), args, { env: cleanEnvironment(), timeout: 120 });
    if (!packed.ok) throw new Error(`Cannot make type declarations: ${packed.output}`);
    const unpacked = await run(["tar"], ["xzf", tarball, "-C", work]);
    if (!unpacked.ok) throw new Error(`Cannot unpack ${tarball}: ${unpacked.output}`);
    cpSync(join(work, "package"), join(folder, "types"), {
      recursive: true,
      filter: (path) => !/\.[a-z]+$/i.test(path) || path.endsWith(".d.ts"),
    });
    rmSync(join(folder, "types", "LICENSE"), { force: true });
    return JSON.parse(readFileSync(join(work, "package", "package.json"), "utf8")).exports;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * @param {{ name: string, version: string, license: string }} config
 * @param {Record<string, string>} entries
 * @param {Record<string, { types: string }>} types
 */
function manifest({ name, version, license }, entries, types) {
  const names = Object.keys(entries);
  const keyOf = (/** @type {string} */ entry) => entry === "index" ? "." : `./${entry}`;
  return {
    name,
    version,
    description: "Records and replays LLM API calls: each call is paid for once.",
    license,
    type: "module",
    engines: { node: ">=20" },
    bin: { cachy: "dist/cli.js" },
    exports: Object.fromEntries(names.map((entry) => [keyOf(entry), {
      types: types[keyOf(entry)]?.types.replace("./", "./types/"),
      default: `./dist/${entry}.js`,
    }])),
    imports: {
      [PLATFORM]: {
        ...Object.fromEntries(EDGE_CONDITIONS.map((condition) => [condition, "./dist/edge.js"])),
        default: "./dist/node.js",
      },
    },
    // Importing these has an effect.
    sideEffects: ["./dist/auto.js", "./dist/cli.js", "./dist/chunks/*"],
    files: ["dist", "types", ...DOCUMENTS],
    keywords: ["llm", "cache", "vcr", "record", "replay", "openai", "anthropic", "testing"],
  };
}
