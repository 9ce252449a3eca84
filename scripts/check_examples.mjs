// @ts-check
/**
 * Checks the examples like a new user: `node scripts/check_examples.mjs [--only NAME]`
 *
 * Copies each example into an empty folder, and installs the package (for Node and Bun the npm package, for
 * Deno the source) and the example's dependencies. Then runs its tests twice: first against a simulated provider, then
 * with `CI=true` and no server. The last line is `N passed, N failed`.
 */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { paidNetwork, startResponses } from "./example_provider.mjs";
import { packPackage } from "./npm_package.mjs";
import { allPassed, bun, cleanEnvironment, commandLine, deno, npm, report, root, run, start } from "./run.mjs";

/** @typedef {import("./run.mjs").Command} Command */

/**
 * @typedef {object} Example
 * @property {string} name Its folder.
 * @property {() => Command} command Runs its tests.
 * @property {Record<string, number>} lines The number of lines that it records into each file.
 * @property {(folder: string) => void} [prepare] Loads the simulated network if NODE_OPTIONS has no effect.
 */

const ONE_EACH = { "recordings/French.jsonl": 1, "recordings/German.jsonl": 1, "recordings/Spanish.jsonl": 1 };
const USUAL = { "cachy.jsonl": 1, ...ONE_EACH, "recordings/samples.jsonl": 2 };

const npmTest = () => [...npm(), "test"];

/** @type {readonly Example[]} */
const examples = [
  { name: "node", command: npmTest, lines: USUAL },
  { name: "vitest", command: npmTest, lines: USUAL },
  { name: "jest", command: npmTest, lines: USUAL },
  { name: "jest-commonjs", command: npmTest, lines: { "cachy.jsonl": 4 } },
  { name: "bun", command: () => [...bun(), "test"], lines: USUAL, prepare: prepareBun },
  { name: "deno", command: () => [...deno(), "task", "test"], lines: USUAL, prepare: prepareDeno },
];

const only = commandLine(["only"]).only ?? [];
const temporary = mkdtempSync(join(tmpdir(), "cachy-examples-"));
let tarball = "";
const network = join(temporary, "paid_network.mjs");
/** Installed folders by their dependencies: examples with the same ones share a folder. @type {Map<string, string>} */
const installed = new Map();

await start(async () => {
  const provider = await startResponses();
  try {
    writeFileSync(network, paidNetwork);
    reportUnknown();
    tarball = await packPackage(temporary);
    for (const example of examples) {
      if (only.length === 0 || only.includes(example.name)) await check(example, provider);
    }
  } finally {
    provider.close();
    rmSync(temporary, { recursive: true, force: true });
  }
  return allPassed();
});

/** Reports examples without a check. The notebook has a separate script: scripts/check_notebook.mjs. */
function reportUnknown() {
  const known = ["notebook", ...examples.map(({ name }) => name)];
  for (const entry of readdirSync(join(root, "examples"), { withFileTypes: true })) {
    const isKnown = !entry.isDirectory() || known.includes(entry.name);
    if (!isKnown) report(`${entry.name} is checked`, false, "scripts/check_examples.mjs does not list it.");
  }
}

/**
 * @param {Example} example
 * @param {Awaited<ReturnType<typeof startResponses>>} provider
 */
async function check({ name, command, lines, prepare }, provider) {
  const folder = join(temporary, name);
  cpSync(join(root, "examples", name), folder, {
    recursive: true,
    filter: (path) => !/[/\\](?:node_modules|recordings|cachy\.jsonl)$/.test(path),
  });
  const problem = existsSync(join(folder, "package.json")) ? await install(folder) : undefined;
  if (problem !== undefined) return report(`${name}: npm install`, false, problem);
  prepare?.(folder);

  const NODE_OPTIONS = `--import ${pathToFileURL(network)}`;
  /** @param {Record<string, string>} env */
  const test = (env) =>
    run(command(), [], { cwd: folder, env: { ...cleanEnvironment(), NODE_OPTIONS, ...env }, timeout: 90 });
  const before = provider.requests();
  const first = await test({ PROVIDER: provider.url });
  const asked = provider.requests() - before;
  const expected = Object.values(lines).reduce((sum, count) => sum + count, 0);
  report(`${name}: tests pass and record`, first.ok, `${first.ending}\n${first.output}`);
  report(`${name}: ${expected} requests are made`, asked === expected, `${asked} were made.`);
  reportLines(`${name}: ${Object.keys(lines).length} files have the expected number of lines`, folder, lines);

  const second = await test({ PROVIDER: provider.deadUrl, CI: "true" });
  report(`${name}: tests pass in CI without the provider`, second.ok, `${second.ending}\n${second.output}`);
  reportLines(`${name}: CI changes no file`, folder, lines);
}

/**
 * @param {string} name
 * @param {string} folder
 * @param {Record<string, number>} lines
 */
function reportLines(name, folder, lines) {
  const found = Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".jsonl") && !path.includes("node_modules"))
      .map((path) => [path.replaceAll("\\", "/"), readFileSync(join(folder, path), "utf8").split("\n").length - 1]),
  );
  const sorted = (/** @type {Record<string, number>} */ of) => JSON.stringify(Object.entries(of).sort());
  report(name, sorted(found) === sorted(lines), `expected ${sorted(lines)}\nfound    ${sorted(found)}`);
}

/**
 * Installs the dependencies of an example, and the package.
 *
 * @param {string} folder
 * @returns {Promise<string | undefined>} The error, if the installation failed.
 */
async function install(folder) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const key = JSON.stringify({ dependencies, devDependencies });
  const known = installed.get(key);
  if (known) symlinkSync(known, join(folder, "node_modules"), "junction");
  if (known) return undefined;
  const args = ["install", "--no-audit", "--no-fund", tarball];
  const { ok, output } = await run(npm(), args, { cwd: folder, env: cleanEnvironment(), timeout: 180 });
  if (ok) installed.set(key, join(folder, "node_modules"));
  return ok ? undefined : output;
}

/**
 * @param {string} file
 * @param {string} text
 * @param {string} replacement
 */
function replaceIn(file, text, replacement) {
  const before = readFileSync(file, "utf8");
  if (!before.includes(text)) throw new Error(`Cannot prepare ${file}: it has no ${text}.`);
  writeFileSync(file, before.replaceAll(text, replacement));
}

/** @param {string} folder */
function prepareBun(folder) {
  replaceIn(join(folder, "bunfig.toml"), `["@cachy/core/auto"]`, JSON.stringify([network, "@cachy/core/auto"]));
}

/** @param {string} folder */
function prepareDeno(folder) {
  const source = (/** @type {string} */ file) => pathToFileURL(join(root, file)).href;
  const preload = join(folder, "auto.mjs");
  writeFileSync(preload, `import "${pathToFileURL(network)}";\nimport "${source("src/auto.ts")}";\n`);
  const config = join(folder, "deno.json");
  replaceIn(config, "jsr:@cachy/core/auto", "./auto.mjs");
  replaceIn(config, "jsr:@cachy/core@^0.1.0", source("mod.ts"));
}
