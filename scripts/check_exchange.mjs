// @ts-check
/**
 * Checks that each runtime replays the recordings of the others: `node scripts/check_exchange.mjs`
 *
 * Every call of every SDK is recorded on each runtime and replayed on each, with equal results. Ends with the line
 * "N passed, N failed".
 */
import { spawn } from "node:child_process";
import { isDeepStrictEqual } from "node:util";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allPassed, bun, checks, cleanEnvironment, deno, root, run, start } from "./run.mjs";
import { nodeFiles } from "./transpile.mjs";

const env = cleanEnvironment();
const folder = mkdtempSync(join(tmpdir(), "cachy-exchange-"));
const onNode = await nodeFiles(join(folder, "javascript"));
const PROGRAM = "tests/programs/run_sdks.ts";
/** @type {Record<string, import("./run.mjs").Command>} */
const runtimes = {
  Deno: [...deno(), "run", "-A", "--no-check", PROGRAM],
  Bun: [...bun(), PROGRAM],
  Node: [process.execPath, onNode(PROGRAM)],
};

await start(async () => {
  const server = spawn(process.execPath, [onNode("tests/programs/serve.ts")], { cwd: root, env });
  try {
    return await exchange(await firstLine(server));
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
});

/** @param {string} url The provider. */
async function exchange(url) {
  for (const recorder of Object.keys(runtimes)) {
    const file = join(folder, `${recorder}.jsonl`);
    const recorded = await runSdks(recorder, [url, file, "auto", join(folder, "recorded.json")]);
    for (const player of Object.keys(runtimes)) {
      const replayed = await runSdks(player, [url, file, "replay", join(folder, "replayed.json")]);
      const different = Object.keys(recorded).filter((name) => !isDeepStrictEqual(recorded[name], replayed[name]));
      checks.passed += Object.keys(recorded).length - different.length;
      checks.failed += different.length;
      for (const name of different) console.log(`  failed: ${name}, recorded on ${recorder}, replayed on ${player}`);
    }
  }
  return allPassed();
}

/**
 * @param {string} runtime
 * @param {readonly string[]} args
 * @returns {Promise<Record<string, unknown>>} The results that the callers saw, by the name of the call.
 */
async function runSdks(runtime, args) {
  const { ok, output } = await run(runtimes[runtime] ?? [], args, {
    env,
    timeout: 300,
  });
  if (!ok) throw new Error(`The SDKs did not run on ${runtime} with ${args.join(" ")}:\n${output}`);
  return JSON.parse(readFileSync(args.at(-1) ?? "", "utf8"));
}

/**
 * @param {import("node:child_process").ChildProcessWithoutNullStreams} child
 * @returns {Promise<string>}
 */
function firstLine(child) {
  return new Promise((resolve, reject) => {
    child.stdout.once("data", (data) => resolve(String(data).trim()));
    child.once("exit", (code) => reject(new Error(`The provider ended with exit code ${code}.`)));
  });
}
