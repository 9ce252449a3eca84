// @ts-check
/**
 * Runs the test suite on Deno, Bun and Node: `node scripts/test.mjs [OPTION…]`
 *
 *     --layer fast|all          fast (the default): tests without processes, and one test of each kind with processes
 *     --runtime deno|bun|node   run only on this runtime (repeatable)
 *     --node PATH               run also on this Node binary (repeatable); with --title, only on this one
 *     --node-layer fast|all     the layer for the Nodes of --node; by default that of --layer
 *     --filter TEXT             run only test files whose name contains this text
 *     --title TEXT              run only tests whose title contains this text
 *     --slowest NUMBER          print this number of slowest tests
 *     --folder PATH             the folder of the test files, by default tests
 *     --silence SECONDS         the time without an ended test after which the run counts as hung, by default 60
 *     --seed NUMBER             the seed of the property tests, by default random
 *
 * Each runtime loads the files in a few processes; as many as there are cores run at a time (see tests/main.ts). The
 * total time is not limited. If no test ends for a minute, the process is killed, and the report names the test that
 * was running.
 *
 * The last line is `N passed, N failed`, summed over the runtimes, with `, N skipped` after it if there are any. A
 * file without a test, a test that did not run and a runner that fails also count as failures.
 */
import { closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { cleanEnvironment, commandLine, root, run, start } from "./run.mjs";
import { onBun, onDeno, onNode } from "./runtimes.mjs";
import { printFailure, printSummary, progress } from "./test_report.mjs";
import { transpile } from "./transpile.mjs";

/** @typedef {import("./runtimes.mjs").Runtime} Runtime */
/** @typedef {import("../tests/suite.ts").SuiteEvent} SuiteEvent */

/**
 * The results of a runtime so far.
 *
 * @typedef {object} Results
 * @property {Runtime} runtime
 * @property {number} tests The number of all tests.
 * @property {number} later The number of tests that only the layer "all" runs.
 * @property {{ file: string, title: string, seconds: number }[]} passed
 * @property {Failure[]} failures
 * @property {{ title: string, reason: string }[]} skips
 * @property {number} seconds
 *
 * @typedef {{ file: string, title: string, error: string }} Failure
 */

const options = commandLine([
  "layer",
  "runtime",
  "node",
  "node-layer",
  "filter",
  "title",
  "slowest",
  "folder",
  "silence",
  "seed",
]);
const layer = options.layer?.at(-1) ?? "fast";
const title = options.title?.at(-1);
const seed = Number(options.seed?.at(-1) ?? Math.floor(Math.random() * 2 ** 31));
const folderOfTests = options.folder?.at(-1) ?? "tests";
/** If no test ends within this time, in seconds, the run has hung. */
const silenceLimit = Number(options.silence?.at(-1) ?? 60);
const workers = availableParallelism();

await start(async () => {
  if (layer !== "fast" && layer !== "all") throw new Error(`Cannot run layer "${layer}": expected fast or all.`);
  const folder = mkdtempSync(join(tmpdir(), "cachy-test-"));
  try {
    const runtimes = await wantedRuntimes(folder);
    const files = testFiles(runtimes.some(({ name }) => name === "deno"));
    if (files.length === 0) {
      throw new Error(`Cannot test "${options.filter?.at(-1)}": no test file has this text in its name.`);
    }
    console.log(`Testing ${files.length} files, layer "${layer}", seed ${seed}`);
    const results = runtimes.map(noResults);
    const show = progress(results);
    await inTurns(results.flatMap((result) => jobs(result, files, folder, show)));
    show.end();
    results.forEach(requireTests);
    for (const result of results) for (const failure of result.failures) printFailure(result, failure, { layer, seed });
    return printSummary(results, { layer, slowest: Number(options.slowest?.at(-1) ?? 0) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/**
 * @param {string} folder
 * @returns {Promise<Runtime[]>}
 */
async function wantedRuntimes(folder) {
  const isRepetition = options.node?.length && title !== undefined; // the repetition of one failed test on one Node
  const chosen = options.runtime?.length ? options.runtime : isRepetition ? [] : ["deno", "bun", "node"];
  const unknown = chosen.find((name) => !["deno", "bun", "node"].includes(name));
  if (unknown !== undefined) throw new Error(`Cannot test on "${unknown}": expected deno, bun or node.`);
  /** @type {Promise<string> | undefined} */
  let output;
  const transpiled = () => output ??= transpile(join(folder, "javascript"));
  const others = async (/** @type {string} */ path) => {
    return { ...await onNode(path, transpiled), layer: options["node-layer"]?.at(-1) };
  };
  return [
    ...(chosen.includes("deno") ? [await onDeno()] : []),
    ...(chosen.includes("bun") ? [await onBun()] : []),
    ...(chosen.includes("node") ? [await onNode(process.execPath, transpiled)] : []),
    ...await Promise.all((options.node ?? []).map(others)),
  ];
}

/**
 * @param {Runtime} runtime
 * @returns {Results}
 */
function noResults(runtime) {
  return { runtime, tests: 0, later: 0, passed: [], failures: [], skips: [], seconds: 0 };
}

/**
 * Test files, relative to the repository. Files `*_deno.ts` run only on Deno.
 *
 * @param {boolean} onDeno
 */
function testFiles(onDeno) {
  const filter = options.filter?.at(-1) ?? "";
  return readdirSync(join(root, folderOfTests))
    .filter((name) => name.endsWith("_test.ts") || (onDeno && name.endsWith("_deno.ts")))
    .filter((name) => name.includes(filter))
    .sort().map((name) => `${folderOfTests}/${name}`);
}

/**
 * One job for each process of a runtime.
 *
 * @param {Results} results
 * @param {readonly string[]} files
 * @param {string} folder
 * @param {ReturnType<typeof progress>} show
 * @returns {(() => Promise<void>)[]}
 */
function jobs(results, files, folder, show) {
  const own = files.filter((file) => results.runtime.name === "deno" || !file.endsWith("_deno.ts"));
  const shares = Array.from({ length: Math.min(workers, own.length) }, () => /** @type {string[]} */ ([]));
  own.forEach((file, at) => shares[at % shares.length]?.push(file));
  let running = shares.length;
  return shares.map((share) => async () => {
    await runShare(results, share, folder, show);
    if (--running === 0) show.done(results);
  });
}

/**
 * Runs jobs, one per core at a time.
 *
 * @param {(() => Promise<void>)[]} waiting
 */
async function inTurns(waiting) {
  const work = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) await job();
  };
  await Promise.all(Array.from({ length: workers }, work));
}

/**
 * Runs some files in one process.
 *
 * @param {Results} results
 * @param {readonly string[]} files
 * @param {string} folder
 * @param {() => void} show
 */
async function runShare(results, files, folder, show) {
  const report = join(mkdtempSync(join(folder, "report-")), "events.jsonl");
  writeFileSync(report, "");
  const plan = JSON.stringify({ files, layer: results.runtime.layer ?? layer, title, seed, report });
  const seen = { ended: 0, tests: -1, running: "", at: performance.now() };
  const read = reader(report, (event) => {
    seen.at = performance.now();
    note(results, event, seen);
    show();
  });
  const stopWhen = () => {
    read();
    const silence = (performance.now() - seen.at) / 1000;
    return silence > silenceLimit ? `no test ended for ${silenceLimit} s` : undefined;
  };
  const { ok, ending, output, seconds } = await run(results.runtime.command, [], {
    env: { ...cleanEnvironment(), CACHY_SUITE: plan },
    stopWhen,
  });
  read();
  results.seconds += seconds;
  const failed = results.failures.some(({ file }) => files.includes(file));
  const missing = seen.tests - seen.ended;
  if (missing > 0 || seen.tests === -1 || (!ok && !failed)) {
    const during = seen.running === "" ? "" : `, while this test ran: ${seen.running}`;
    const lost = missing > 0 ? ` ${missing} tests did not run.` : "";
    const tail = output.trim().split("\n").slice(-40).join("\n");
    results.failures.push({ file: "", title: `The test runner: ${ending}${during}.${lost}`, error: tail });
  }
  show();
}

/**
 * A runtime that ran no test has failed. @param {Results} results
 */
function requireTests({ tests, later, failures }) {
  if (tests > 0 || failures.length) return;
  const cure = `--layer all runs ${later} tests.`;
  const error = later > 0 ? cure : `No test has "${title}" in its title.`;
  failures.push({ file: "", title: "No test ran", error });
}

/**
 * @param {Results} results
 * @param {SuiteEvent} event
 * @param {{ ended: number, tests: number, running: string }} seen `tests` is -1 until the tests are collected.
 */
function note(results, event, seen) {
  switch (event.kind) {
    case "imported":
      return;
    case "collected":
      seen.tests = event.tests;
      results.tests += event.tests;
      results.later += event.later;
      return;
    case "started":
      seen.running = `${event.file}: ${event.title}`;
      return;
    case "passed":
      results.passed.push(event);
      break;
    case "skipped":
      results.skips.push(event);
      break;
    case "failed":
      results.failures.push(event);
      if (event.isTest) break;
      return;
  }
  seen.ended++;
  seen.running = "";
}

/**
 * @param {string} path
 * @param {(event: SuiteEvent) => void} each
 * @returns {() => void} Reads the new lines.
 */
function reader(path, each) {
  const buffer = Buffer.alloc(1 << 16);
  let position = 0;
  let rest = Buffer.alloc(0);
  return () => {
    const file = openSync(path, "r");
    try {
      for (let count; (count = readSync(file, buffer, 0, buffer.length, position)) > 0;) {
        position += count;
        rest = Buffer.concat([rest, buffer.subarray(0, count)]);
        for (let end; (end = rest.indexOf("\n")) >= 0; rest = rest.subarray(end + 1)) {
          each(JSON.parse(rest.subarray(0, end).toString()));
        }
      }
    } finally {
      closeSync(file);
    }
  };
}
