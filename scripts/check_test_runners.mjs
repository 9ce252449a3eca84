// @ts-check
/**
 * Checks that a miss is seen in each test runner: `node scripts/check_test_runners.mjs [--only RUNNER]`
 *
 * The projects in tests/runners hide a miss, as an app does that catches all errors. Each is run by its real runner, with
 * the npm package, in mode `replay`: the miss must be explained once, and must fail the run with
 * `CACHY_STRICT=1`; if the response is recorded, nothing must be printed. In the last run, the tests of `names.test.js`
 * must name their recordings by `recordingFile()`. The last line is `N passed, N failed`.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packPackage } from "./npm_package.mjs";
import { allPassed, bun, cleanEnvironment, commandLine, deno, report, root, run, start } from "./run.mjs";

/** @typedef {import("./run.mjs").Command} Command */

/**
 * @typedef {object} Runner
 * @property {string} name
 * @property {string} folder Below tests/runners.
 * @property {() => Command} command
 * @property {Record<string, readonly string[]>} ways Names of ways to run it, and the arguments of each.
 */

const runners = join(root, "tests", "runners");
const temporary = mkdtempSync(join(tmpdir(), "test-runners-"));
const installed = join(runners, "node_modules", "@cachy", "core");

/**
 * @param {string} folder
 * @param {string} path Of a file in a package, which npm has put into the project or above it.
 * @param {readonly string[]} flags Of Node.
 */
const byNode = (folder, path, flags = []) => () => {
  const file = [join(runners, folder), runners].map((place) => join(place, "node_modules", path)).find(existsSync);
  if (file === undefined) throw new Error(`Cannot find ${path} for tests/runners/${folder}.`);
  return [process.execPath, ...flags, file];
};

const PRELOAD = ["--import", "@cachy/core/auto"];
const POOLS = {
  threads: ["run", "--pool=threads"],
  forks: ["run", "--pool=forks"],
  vmThreads: ["run", "--pool=vmThreads"],
};

/** @param {number} version @returns {Runner} */
const vitest = (version) => {
  const folder = `vitest${version}`;
  const ways = { ...POOLS, "no isolation": ["run", "--no-isolate"] };
  return { name: `vitest ${version}`, folder, command: byNode(folder, "vitest/vitest.mjs"), ways };
};

/** @param {number} version @returns {Runner[]} */
const jest = (version) => {
  const [name, folder, file] = [`jest ${version}`, `jest${version}`, "jest/bin/jest.js"];
  const esm = byNode(folder, file, ["--experimental-vm-modules", "--no-warnings"]);
  return [
    { name, folder, command: esm, ways: { "ES modules": ["-c", "esm.config.json"] } },
    { name, folder, command: byNode(folder, file, PRELOAD), ways: { workers: ["-c", "commonjs.config.json", "-w=2"] } },
  ];
};

const auto = `--preload=${join(root, "src", "auto.ts")}`;

/** @type {readonly Runner[]} */
const all = [
  vitest(3),
  vitest(4),
  ...(isAtLeast("22.12") ? [vitest(5)] : []),
  ...jest(29),
  ...jest(30),
  { name: "mocha", folder: "mocha", command: byNode("mocha", "mocha/bin/mocha.js"), ways: both("--parallel") },
  { name: "bun", folder: "bun", command: () => [...bun(), "test"], ways: both("--parallel") },
  { name: "deno", folder: "deno", command: () => [...deno(), "test", "-A", auto], ways: both("--parallel") },
  { name: "node", folder: "node", command: () => [process.execPath, ...PRELOAD], ways: { usual: ["--test"] } },
  { name: "ava", folder: "ava", command: byNode("ava", "ava/entrypoints/cli.mjs"), ways: { usual: [] } },
  { name: "uvu", folder: "uvu", command: byNode("uvu", "uvu/bin.js", PRELOAD), ways: { usual: [".", "test"] } },
  {
    name: "playwright",
    folder: "playwright",
    command: byNode("playwright", "@playwright/test/cli.js"),
    ways: { usual: ["test", `--output=${join(temporary, "playwright")}`] },
  },
];

/** The tests of `names.test.js`, without those whose names repeat: some runners reject these. */
const NAMES = ["case 1", "case 2", "greets - Says_ goodbye_-b5336981", "greets - twice", "says hello"];

const only = commandLine(["only"]).only ?? [];

await start(async () => {
  try {
    const unknown = only.filter((name) => !all.some((runner) => runner.name === name));
    if (unknown.length > 0) throw new Error(`No such runner: ${unknown}. Known are: ${all.map(({ name }) => name)}.`);
    if (only.length === 0 && !isAtLeast("22.12")) console.log("note: vitest 5 is not checked: it needs Node 22.12.");
    if (await install()) {
      const recorded = await record();
      for (const runner of all) {
        if (only.length === 0 || only.includes(runner.name)) await check(runner, recorded);
      }
    }
    return allPassed();
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
});

/** @param {string} flag @returns {Record<string, readonly string[]>} */
function both(flag) {
  return { usual: [], [flag.slice(2)]: [flag] };
}

/** @param {string} version */
function isAtLeast(version) {
  return process.versions.node.localeCompare(version, "en", { numeric: true }) >= 0;
}

/** The runners by the lock file, and the package as npm would unpack it. */
async function install() {
  const runnersInstalled = await run([process.execPath], [join(root, "scripts", "install.mjs"), "tests/runners"]);
  if (!runnersInstalled.ok) return report("install", false, runnersInstalled.output);
  const tarball = await packPackage(temporary);
  rmSync(installed, { recursive: true, force: true });
  mkdirSync(installed, { recursive: true });
  const unpacked = await run(["tar"], ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
  return unpacked.ok || report("unpack the package", false, unpacked.output);
}

/** @returns {Promise<string>} A file that has the response to the request of all projects. */
async function record() {
  const file = join(temporary, "recorded.jsonl");
  const { createCachy } = await import(pathToFileURL(join(installed, "dist", "index.js")).href);
  const answer = { id: "resp_1", object: "response", status: "completed", output: [] };
  const cachy = createCachy({ file, mode: "auto", fetch: () => Promise.resolve(Response.json(answer)) });
  const body = JSON.stringify({ input: "Say hello." });
  await (await cachy.fetch("https://api.openai.com/v1/responses", { method: "POST", body })).text();
  await cachy.flush();
  return file;
}

/**
 * @param {Runner} runner
 * @param {string} recorded
 */
async function check({ name, folder, command, ways }, recorded) {
  for (const [way, args] of Object.entries(ways)) {
    const label = way === "usual" ? name : `${name}, ${way}`;
    /** @param {string} CACHY_FILE @param {Record<string, string>} env */
    const test = async (CACHY_FILE, env) => {
      // Jest runs quick files without workers, once it knows how long they take.
      const cache = name.startsWith("jest") ? [`--cacheDirectory=${mkdtempSync(join(temporary, "jest-"))}`] : [];
      const settings = { ...cleanEnvironment(), CACHY_MODE: "replay", CACHY_FILE, ...env };
      const outcome = await run(command(), [...args, ...cache], {
        cwd: join(runners, folder),
        env: settings,
        timeout: 60,
      });
      const output = outcome.output.replaceAll(root, "").replaceAll(pathToFileURL(root).href, "");
      return { ...outcome, output, explained: output.split("Cannot replay POST").length - 1 };
    };
    const empty = join(temporary, "empty.jsonl");
    writeFileSync(empty, "");
    const green = await test(empty, {});
    report(
      `${label}: a hidden miss is explained once, and the run is green`,
      green.ok && green.explained === 1,
      green.ending + green.output,
    );
    const strict = await test(empty, { CACHY_STRICT: "1" });
    const isRed = /^exit code [1-9]/.test(strict.ending) && strict.explained > 0;
    report(`${label}: with CACHY_STRICT=1 it is explained, and the run is red`, isRed, strict.ending + strict.output);
    const CACHY_LEDGER = join(mkdtempSync(join(temporary, "ledger-")), "ledger.jsonl");
    const quiet = await test(recorded, { CACHY_STRICT: "1", CACHY_LEDGER });
    const isQuiet = quiet.ok && !/cachy/i.test(quiet.output);
    report(
      `${label}: if all is recorded, nothing is printed, and the run is green`,
      isQuiet,
      quiet.ending + quiet.output,
    );
    if (!args.includes("commonjs.config.json")) reportNames(label, CACHY_LEDGER);
  }
}

/**
 * Reports whether each test named its recording by itself and by its file.
 *
 * @param {string} label
 * @param {string} path Of the ledger.
 */
function reportNames(label, path) {
  const lines = existsSync(path)
    ? readFileSync(path, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line))
    : [];
  /** @type {string[]} */
  const files = lines.filter(({ kind }) => kind === "test").map(({ file }) => file.replaceAll("\\", "/"));
  const ofFile = files.map((file) =>
    /\/recordings\/(?:\w+\/)?names[._](?:test|spec)_m?js\/(.*)\.jsonl$/.exec(file)?.[1]
  );
  const others = ofFile.filter((name) => name !== "greets - twice (2)").sort();
  const isRight = JSON.stringify(others) === JSON.stringify(NAMES);
  report(`${label}: each test has a recording of its own, by its name`, isRight, files.join("\n"));
}
