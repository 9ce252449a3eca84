// @ts-check
/**
 * Runs the apps of tests/frameworks for scripts/check_frameworks.mjs: copies of apps, servers, and a simulated provider.
 */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, delimiter, dirname, join } from "node:path";
import { cleanEnvironment, root, run } from "./run.mjs";

/** @typedef {import("./run.mjs").Command} Command */

const frameworks = join(root, "tests", "frameworks");

/** How long a server may be silent, in milliseconds. */
const PATIENCE_MS = 120_000;

/**
 * Installs frameworks by their lock file, and the package as npm would unpack it.
 *
 * @param {string} tarball Of the package.
 * @param {string} group The folder in tests/frameworks: "small" or "large".
 */
export async function install(tarball, group) {
  const installed = await run([process.execPath], [join(root, "scripts", "install.mjs"), `tests/frameworks/${group}`]);
  if (!installed.ok) throw new Error(installed.output);
  const folder = packageFile(group, "@cachy/core");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const unpacked = await run(["tar"], ["-xzf", tarball, "-C", folder, "--strip-components=1"]);
  if (!unpacked.ok) throw new Error(unpacked.output);
}

/**
 * Copies an app, so that its files can be edited. Bundlers look for packages in the folders above it.
 *
 * @param {string} app In tests/frameworks, such as "small/hono".
 * @param {string} [copy] The name of the copy.
 */
export function copyApp(app, copy = basename(app)) {
  const folder = join(frameworks, dirname(app), ".work", copy);
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(frameworks, app), folder, { recursive: true });
  cpSync(join(frameworks, "ask.js"), join(folder, "ask.js"));
  return folder;
}

export function removeApps() {
  for (const group of ["small", "large"]) {
    rmSync(join(frameworks, group, ".work"), { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** @param {string} group @param {string} path Of a file in an installed package. */
export const packageFile = (group, path) => join(frameworks, group, "node_modules", ...path.split("/"));

/** A provider whose responses repeat the input, with a number. */
export async function startProvider() {
  let count = 0;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const text of request.setEncoding("utf8")) body += text;
    const answer = `${JSON.parse(body).input} ${++count}`;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ id: `resp_${count}`, object: "response", status: "completed", answer }));
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => count,
    close: () => (server.closeAllConnections(), server.close()),
  };
}

/**
 * @param {import("node:http").Server} server
 * @returns {Promise<number>} The port.
 */
async function listen(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  return /** @type {import("node:net").AddressInfo} */ (server.address()).port;
}

/** A port that was just free. */
export async function freePort() {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * The environment of an app, in which `node` is the given binary.
 *
 * @param {string} node
 * @param {Record<string, string>} more
 * @returns {Record<string, string>}
 */
export function environment(node, more) {
  const telemetry = { NEXT_TELEMETRY_DISABLED: "1", ASTRO_TELEMETRY_DISABLED: "1" };
  const path = dirname(node) + delimiter + process.env.PATH;
  return { ...cleanEnvironment(), ...telemetry, CACHY_DOMAINS: "127.0.0.1", HOST: "127.0.0.1", PATH: path, ...more };
}

/**
 * A running server.
 *
 * @typedef {object} Served
 * @property {string} url
 * @property {() => string} output
 * @property {(path: string, until: RegExp) => Promise<string>} text Asks until the response matches.
 * @property {() => Promise<void>} stop
 */

/**
 * @param {Command} command
 * @param {{ cwd: string, env: Record<string, string>, port: number }} settings
 * @returns {Served}
 */
export function serve(command, { cwd, env, port }) {
  let isEnded = false;
  let output = "";
  const child = spawn(command[0] ?? "", command.slice(1), {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part) => output += part);
  const ended = new Promise((resolve) =>
    child.on("exit", resolve).on("error", (error) => (output += error, resolve(0)))
  );
  ended.then(() => isEnded = true);
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  };
  process.once("exit", kill);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    output: () => output,
    async text(path, until) {
      const deadline = Date.now() + PATIENCE_MS;
      for (let seen = "no response";; await new Promise((resolve) => setTimeout(resolve, 100))) {
        try {
          seen = await (await fetch(url + path)).text();
          if (until.test(seen)) return seen;
        } catch {
          // The server is not ready.
        }
        if (isEnded || Date.now() > deadline) throw new Error(`${path} does not match ${until}:\n${seen}\n${output}`);
      }
    },
    async stop() {
      kill();
      await ended;
      process.off("exit", kill);
    },
  };
}

/**
 * Replaces a text of a source file, as an editor does.
 *
 * @param {string} file
 * @param {string} from
 * @param {string} to
 */
export function edit(file, from, to) {
  const text = readFileSync(file, "utf8");
  if (!text.includes(from)) throw new Error(`${file} does not contain "${from}".`);
  writeFileSync(file, text.replace(from, to));
}

/** @param {string} folder @returns {number} The number of lines in its cachy.jsonl. */
export function recordedLines(folder) {
  const file = join(folder, "cachy.jsonl");
  return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n").length : 0;
}
