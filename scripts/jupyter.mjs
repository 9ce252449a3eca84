// @ts-check
/**
 * Deno's Jupyter kernel for scripts/check_notebook.mjs: its requirements, and functions that run cells in it.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cleanEnvironment, deno, root, run } from "./run.mjs";

/** The Python client of kernels, its Debian package, and the time limit of the installation, in seconds. */
const MODULE = "jupyter_client";
const PACKAGE = "python3-jupyter-client";
const INSTALLATION = 120;

/** Environment variables that name another provider or its key for an SDK. */
const UNWANTED = ["OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_API_KEY"];
const KEYS = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"];

/**
 * An output of a cell in the format of notebooks, with each text as one string.
 *
 * @typedef {object} Output
 * @property {"stream" | "execute_result" | "display_data" | "error"} output_type
 * @property {string} [name] `stdout` or `stderr`.
 * @property {string} [text] Of a stream.
 * @property {Record<string, string>} [data] By media type.
 * @property {string} [evalue] The message of an error.
 */

/**
 * One cell, or a restart of the kernel.
 *
 * @typedef {{ code: string, interrupt?: boolean } | { restart: true }} Step
 */

/**
 * Finds a Python that can talk to kernels. For root, it installs one with `apt-get`, if available.
 *
 * @returns {Promise<{ python: string } | { reason: string }>} Its path, or the reason why it is missing.
 */
export async function findPython() {
  const found = await installedPython();
  if (found) return { python: found };
  if (process.getuid?.() !== 0) return { reason: "only root can install it" };
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const options = { env, timeout: INSTALLATION };
  const updated = await run(["apt-get"], ["update"], options);
  if (updated.ending.startsWith("not started")) return { reason: "there is no apt-get" };
  const installed = updated.ok
    ? await run(["apt-get"], ["install", "-y", "--no-install-recommends", PACKAGE], options)
    : updated;
  const python = installed.ok ? await installedPython() : undefined;
  return python ? { python } : { reason: `apt-get failed: ${installed.output.trim().split("\n").at(-1)}` };
}

/** Other Pythons may precede the system's in the PATH, without the packages of the system. */
async function installedPython() {
  for (const python of ["python3", "/usr/bin/python3"]) {
    const { ok } = await run([python], ["-c", `import ${MODULE}`], { timeout: INSTALLATION });
    if (ok) return python;
  }
  return undefined;
}

/**
 * Installs the kernel into a folder, separate from the user's kernels.
 *
 * @param {string} python
 * @param {string} home An empty folder.
 * @param {string} provider The URL of the simulated providers.
 * @returns {Promise<(folder: string, steps: readonly Step[]) => Promise<Output[][]>>} Runs steps in a kernel that starts
 * in a folder.
 */
export async function installKernel(python, home, provider) {
  const env = cleanEnvironment();
  const kernel = await run(deno(), ["jupyter", "--install"], { env: { ...env, HOME: home, XDG_DATA_HOME: undefined } });
  if (!kernel.ok) throw new Error(`Cannot install the kernel: ${kernel.ending}.\n${kernel.output}`);
  const jupyterPath = [join(home, ".local", "share", "jupyter"), join(home, "Library", "Jupyter")].join(delimiter);
  const kernelEnv = {
    ...env,
    ...Object.fromEntries(UNWANTED.map((name) => [name, undefined])),
    ...Object.fromEntries(KEYS.map((name) => [name, "not-a-real-key"])),
    PROVIDER: provider,
    JUPYTER_PATH: jupyterPath,
    JUPYTER_RUNTIME_DIR: join(home, "runtime"),
    DENO_DIR: join(home, "deno"),
  };
  mkdirSync(join(home, "runtime"));
  const [input, output] = [join(home, "steps.json"), join(home, "outputs.json")];
  return async (folder, steps) => {
    writeFileSync(input, JSON.stringify(steps));
    const args = [join(root, "scripts", "notebook_kernel.py"), input, output];
    const ran = await run([python], args, { cwd: folder, env: kernelEnv, timeout: 90 });
    if (!ran.ok) throw new Error(`Cannot run the cells: ${ran.ending}.\n${ran.output}`);
    return JSON.parse(readFileSync(output, "utf8"));
  };
}
