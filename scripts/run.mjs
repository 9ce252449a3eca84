// @ts-check
/**
 * Shared by the other scripts: the paths of the tools, and functions that run child processes.
 *
 * Only the standard library is used, so the scripts start on Node 20 before anything is installed.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const WINDOWS = process.platform === "win32";

/** The repository. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * A command line without its arguments, such as `["node", "cli.js"]`.
 *
 * @typedef {readonly string[]} Command
 */

/**
 * The tools are called by their own files, not through `node_modules/.bin`: on Windows those are batch files,
 * and Deno's is a Node program that would survive a kill of the wrong process.
 */

/** @returns {Command} Deno of the development dependencies. */
export function deno() {
  const folder = join(root, "node_modules", "deno");
  const binary = join(folder, WINDOWS ? "deno.exe" : "deno");
  return existsSync(binary) ? [binary] : [process.execPath, installed(join(folder, "bin.cjs"))];
}

/** @returns {Command} Bun of the development dependencies. Its file ends in `.exe` on every system. */
export function bun() {
  return [installed(join(root, "node_modules", "bun", "bin", "bun.exe"))];
}

/** @returns {Command} The TypeScript compiler of the development dependencies. */
export function tsc() {
  return [process.execPath, installed(join(root, "node_modules", "typescript", "bin", "tsc"))];
}

/** @returns {Command} npm: the one that runs this script, or else the one on the PATH. */
export function npm() {
  const cli = process.env.npm_execpath ?? "";
  if (/npm-cli\.c?js$/.test(cli)) return [process.execPath, cli];
  return WINDOWS ? ["cmd.exe", "/d", "/s", "/c", "npm"] : ["npm"];
}

/** @param {string} file */
function installed(file) {
  if (existsSync(file)) return file;
  throw new Error(`Cannot find ${file}. Run "node scripts/install.mjs ." first.`);
}

/**
 * The environment of a tested program, without `CI` and `CACHY_*`, which change the behavior of cachy, and without
 * `NODE_TEST_CONTEXT`, which would disable a nested test runner.
 *
 * @returns {Record<string, string>}
 */
export function cleanEnvironment() {
  /** @type {Record<string, string>} */
  const clean = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  for (const [name, value] of Object.entries(process.env)) {
    const unwanted = name === "CI" || name.startsWith("CACHY_") || name === "NODE_TEST_CONTEXT" ||
      name === "FORCE_COLOR";
    if (value !== undefined && !unwanted) clean[name] = value;
  }
  return clean;
}

/**
 * The result of a child process.
 *
 * @typedef {object} Outcome
 * @property {boolean} ok It ended by itself with exit code 0.
 * @property {string} ending How it ended, in words, such as "exit code 1".
 * @property {string} output Standard output and standard error, as they came.
 * @property {number} seconds How long it took.
 */

/**
 * Runs a program without standard input. Kills all processes that it started when it ends or reaches the time limit.
 *
 * @param {Command} command The program.
 * @param {readonly string[]} args Its arguments.
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, timeout?: number, stopWhen?: () => string | undefined
 * }} [options] `timeout` in seconds; none by default. `stopWhen` is polled, and ends the program as soon as it
 * returns a reason.
 * @returns {Promise<Outcome>} Never rejects: a program that cannot be started also has an outcome.
 */
export function run(command, args, { cwd = root, env = process.env, timeout = 0, stopWhen } = {}) {
  const started = performance.now();
  return new Promise((resolve) => {
    // A separate process group, so that a kill reaches the processes that the program has started.
    const child = spawn(command[0] ?? "", [...command.slice(1), ...args], {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: !WINDOWS,
    });
    let output = "";
    let reason = "";
    const end = (/** @type {string} */ why) => (reason = why, stop());
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => output += text);
    const stop = () => killAll(child);
    const timer = timeout > 0 ? setTimeout(() => end(`killed after ${timeout} seconds`), timeout * 1000) : undefined;
    const watch = stopWhen && setInterval(() => {
      const why = stopWhen();
      if (why !== undefined) end(why);
    }, 200);
    process.once("exit", stop);
    /** @param {string} ending */
    const finish = (ending) => {
      clearTimeout(timer);
      clearInterval(watch);
      process.off("exit", stop);
      resolve({ ok: ending === "exit code 0", ending, output, seconds: (performance.now() - started) / 1000 });
    };
    child.on("error", (error) => finish(`not started: ${error.message}`));
    child.on("exit", (code, signal) => {
      stop();
      const ending = reason !== "" ? reason : signal ? `signal ${signal}` : `exit code ${code}`;
      // A process that left the group may keep the pipes open: limit the wait for it.
      const patience = setTimeout(() => finish(ending), 2000);
      child.on("close", () => (clearTimeout(patience), finish(ending)));
    });
  });
}

/** @param {import("node:child_process").ChildProcess} child */
function killAll(child) {
  if (child.pid === undefined) return;
  try {
    if (!WINDOWS) process.kill(-child.pid, "SIGKILL");
    else if (child.exitCode === null) spawn("taskkill", ["/pid", String(child.pid), "/T", "/F"], { stdio: "ignore" });
  } catch {
    // The group has already ended.
  }
}

// Without a handler, Ctrl-C would end this process but not the group of the child; exit handlers end both.
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.once(signal, () => process.exit(130));
}

/**
 * The values of the options of the command line, each given as `--name value`. An unknown option ends the process.
 *
 * @param {readonly string[]} names The known options, without dashes.
 * @returns {Record<string, string[]>} All values of each option, in order.
 */
export function commandLine(names) {
  /** @type {Record<string, string[]>} */
  const values = Object.fromEntries(names.map((name) => [name, []]));
  const args = process.argv.slice(2);
  for (let i = 0; i < args.length; i += 2) {
    const list = args[i]?.startsWith("--") ? values[args[i]?.slice(2) ?? ""] : undefined;
    const value = args[i + 1];
    if (list && value !== undefined) list.push(value);
    else {
      const known = names.map((name) => `--${name} VALUE`).join(", ");
      console.error(`Cannot use argument "${args[i]}": expected ${known || "no arguments"}.`);
      process.exit(2);
    }
  }
  return values;
}

/** How many checks of a script passed and failed. */
export const checks = { passed: 0, failed: 0 };

/**
 * Counts a check and prints its result.
 *
 * @param {string} name
 * @param {boolean} ok
 * @param {string} [details] Shown if it is not ok.
 * @returns {boolean} `ok`.
 */
export function report(name, ok, details = "") {
  console.log(`${ok ? "ok    " : "FAILED"} ${name}${ok || !details ? "" : `\n${details.trim()}`}`);
  checks[ok ? "passed" : "failed"]++;
  return ok;
}

/** Prints the last line of a script that checks. @returns {boolean} Whether all checks passed. */
export function allPassed() {
  console.log(`${checks.passed} passed, ${checks.failed} failed`);
  return checks.failed === 0 && checks.passed > 0;
}

/**
 * Runs a script's main function. An error is printed as one line and ends the process with exit code 1.
 *
 * @param {() => Promise<boolean>} main Returns whether the script succeeded.
 */
export async function start(main) {
  try {
    process.exitCode = await main() ? 0 : 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
