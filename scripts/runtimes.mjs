// @ts-check
/**
 * How each runtime runs the test suite.
 */
import { join } from "node:path";
import { bun, cleanEnvironment, deno, root, run } from "./run.mjs";

/** @typedef {import("./run.mjs").Command} Command */

/**
 * A runtime, ready to run the suite.
 *
 * @typedef {object} Runtime
 * @property {"deno" | "bun" | "node"} name
 * @property {string} label Its name and version.
 * @property {Command} command Runs tests/main.ts under its test runner.
 * @property {string | undefined} [layer] The tests that it runs, if they are others than on the other runtimes.
 * @property {readonly string[]} rerun The arguments of scripts/test.mjs that select this runtime.
 */

/** Bun has a limit for each test, which cannot be turned off. A test that hangs is found by its silence instead. */
const BUN_LIMIT_MS = 3_600_000;

/** @returns {Promise<Runtime>} */
export async function onDeno() {
  const version = await ask(deno(), ["eval", "console.log(Deno.version.deno)"]);
  const command = [...deno(), "test", "-A", "--no-check", join(root, "tests", "main.ts")];
  return { name: "deno", label: `Deno ${version}`, command, rerun: ["--runtime", "deno"] };
}

/** @returns {Promise<Runtime>} */
export async function onBun() {
  const version = await ask(bun(), ["--version"]);
  const command = [...bun(), "test", `--timeout=${BUN_LIMIT_MS}`, join(root, "tests", "main.ts")];
  return { name: "bun", label: `Bun ${version}`, command, rerun: ["--runtime", "bun"] };
}

/**
 * @param {string} path A Node binary.
 * @param {() => Promise<string>} transpiled The folder with the JavaScript of this repository. Called only for a
 * Node that cannot run TypeScript.
 * @returns {Promise<Runtime>}
 */
export async function onNode(path, transpiled) {
  const version = await ask([path], ["-p", "process.versions.node"]);
  const runsTypescript = await ask([path], ["-p", "!!process.features.typescript"]) === "true";
  const main = runsTypescript ? join(root, "tests", "main.ts") : join(await transpiled(), "tests", "main.js");
  const rerun = path === process.execPath ? ["--runtime", "node"] : ["--node", path];
  // Without "--test" the tests run in this process, instead of one process for each file.
  return { name: "node", label: `Node ${version}`, command: [path, "--test-reporter=spec", main], rerun };
}

/**
 * @param {Command} command
 * @param {readonly string[]} args
 */
async function ask(command, args) {
  const { ok, output, ending } = await run(command, args, { env: cleanEnvironment(), timeout: 60 });
  if (!ok) throw new Error(`Cannot run ${command.join(" ")}: ${ending}\n${output}`.trim());
  return output.trim();
}
