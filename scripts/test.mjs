// @ts-check
/**
 * Runs the test suite on Deno, Bun and Node, one after the other: `node scripts/test.mjs [OPTION…]`
 *
 *     --runtime deno|bun|node   only this runtime (repeatable)
 *     --node PATH               another Node binary as well (repeatable)
 *     --filter TEXT             only files whose name contains this text
 *     --timeout SECONDS         per runtime, 180 by default; then it is killed and counts as failed
 *
 * Files `tests/*_test.ts` use node:test and run everywhere; `tests/*_deno.ts` use `Deno.test` and run on Deno alone,
 * with its leak sanitizers on (they do not apply to node:test). The last line is `N passed, N failed`, summed over the
 * runtimes, with `, N skipped` after it if there are any. Exit code 1 if anything failed.
 *
 * A runtime fails if its runner does, but also if it leaves no report, or if a file runs no test at all: a test that
 * calls `process.exit(0)` would pass everywhere otherwise.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { cleanEnvironment, commandLine, root, run, start } from "./run.mjs";
import { onBun, onDeno, onNode, shortName } from "./runtimes.mjs";
import { testCases } from "./junit.mjs";

/** @typedef {import("./runtimes.mjs").Runtime} Runtime */
/** @typedef {import("./junit.mjs").TestCase} TestCase */
/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

const options = commandLine(["runtime", "node", "filter", "timeout"]);
const timeout = Number(options.timeout?.at(-1) ?? 180);

await start(async () => {
  const portable = testFiles("_test.ts");
  const denoOnly = testFiles("_deno.ts");
  const totals = tally([...portable, ...denoOnly].flatMap(skipCalls));
  for (const prepare of wantedRuntimes()) {
    const counts = await prepare().then(
      (runtime) => testOn(runtime, runtime.runsDenoTest ? [...portable, ...denoOnly] : portable),
      (error) => tally([error.message]),
    );
    totals.passed += counts.passed;
    totals.failed += counts.failed;
    totals.skipped += counts.skipped;
  }
  if (totals.passed + totals.failed === 0) totals.failed = tally(["no test ran"]).failed;
  console.log(summary(totals));
  return totals.failed === 0;
});

/** @returns {(() => Promise<Runtime>)[]} */
function wantedRuntimes() {
  const chosen = options.runtime?.length ? options.runtime : ["deno", "bun", "node"];
  const nodes = [...(chosen.includes("node") ? [process.execPath] : []), ...options.node ?? []];
  return [
    ...chosen.filter((name) => !["deno", "bun", "node"].includes(name)).map((name) => () => unknown(name)),
    ...(chosen.includes("deno") ? [onDeno] : []),
    ...(chosen.includes("bun") ? [onBun] : []),
    ...nodes.map((path) => () => onNode(path)),
  ];
}

/**
 * @param {string} name
 * @returns {Promise<Runtime>}
 */
function unknown(name) {
  return Promise.reject(new Error(`Unknown runtime "${name}": deno, bun or node.`));
}

/**
 * @param {Runtime} runtime
 * @param {readonly string[]} files
 * @returns {Promise<Counts>}
 */
async function testOn(runtime, files) {
  if (files.length === 0) {
    console.log(`${runtime.label}: no file of the suite matches`);
    return tally([]);
  }
  const folder = mkdtempSync(join(tmpdir(), "cachy-test-"));
  const reportFile = join(folder, "report.xml");
  // "./" makes Bun take the argument as a path; without it, it is a substring that any path may contain.
  const args = [...runtime.reportTo(reportFile), ...files.map((file) => `./${file}`)];
  const { ok, ending, output, seconds } = await run(runtime.command, args, { env: cleanEnvironment(), timeout });
  const report = readReport(reportFile);
  rmSync(folder, { recursive: true, force: true });

  const { tests, activeFiles, problems } = runtime.review(output, testCases(report ?? ""));
  const failures = [...problems];
  if (report === undefined) failures.push(`the runner left no report (${ending})`);
  else if (activeFiles.length > 0) {
    failures.push(...files.filter((file) => !activeFiles.includes(file)).map((file) => `no test ran in ${file}`));
  }
  if (tests.every(({ result }) => result === "skipped") && failures.length === 0) failures.push("no test ran");
  if (!ok && failures.length === 0 && tests.every(({ result }) => result !== "failed")) failures.push(ending);

  const counts = tally([], tests);
  counts.failed += failures.length;
  if (counts.failed > 0) console.log(`\n${output.trim()}\n`);
  console.log(`${runtime.label}: ${summary(counts)} (${seconds.toFixed(1)} s)`);
  tally(failures);
  for (const test of tests) describe(test);
  return counts;
}

/** @param {TestCase} test */
function describe(test) {
  if (test.result === "skipped") console.log(`  skipped: ${test.name} (${test.reason || skipOption(test)})`);
  if (test.result !== "failed") return;
  const name = test.name.endsWith(".ts") ? shortName(test.name) : test.name; // Node names a broken file so
  const place = test.file && test.file !== test.name && !/^\w+:/.test(test.file) ? ` (${shortName(test.file)})` : "";
  console.log(`  failed: ${name}${place}`);
}

/**
 * Counts tests, and failures that are no test's, which it prints.
 *
 * @param {readonly string[]} failures
 * @param {readonly TestCase[]} tests
 * @returns {Counts}
 */
function tally(failures, tests = []) {
  for (const failure of failures) console.log(`  failed: ${failure}`);
  const count = (/** @type {string} */ result) => tests.filter((test) => test.result === result).length;
  return { passed: count("passed"), failed: count("failed") + failures.length, skipped: count("skipped") };
}

/** @param {string} file */
function readReport(file) {
  try {
    return readFileSync(file, "utf8") || undefined;
  } catch {
    return undefined; // The runner crashed or was killed before it wrote one.
  }
}

/**
 * Deno's and Bun's reports do not say why a test was skipped, so the test's source does.
 *
 * @param {TestCase} test
 */
function skipOption({ file, line }) {
  if (file === undefined || line === undefined || /^\w+:/.test(file)) return "no reason reported";
  const below = readFileSync(resolve(root, file), "utf8").split("\n").slice(line - 1, line + 5).join("\n");
  const option = /\b(?:skip|todo|ignore):\s*(.+?)(?:,\s*\w+:|\s*[,}]\s*$|\s*\}|$)/m.exec(below);
  return option?.[1] ?? "no reason reported";
}

/**
 * Deno counts a test that calls `t.skip()` as passed, so such a call would make the numbers wrong.
 *
 * @param {string} file
 */
function skipCalls(file) {
  return readFileSync(resolve(root, file), "utf8").split("\n").flatMap((line, index) =>
    /\b(t|ctx|context)\.(skip|todo)\(/.test(line)
      ? [`${file}:${index + 1} skips itself, which Deno counts as passed: use the skip option of test()`]
      : []
  );
}

/** @param {string} ending */
function testFiles(ending) {
  const filter = options.filter?.at(-1) ?? "";
  const names = readdirSync(join(root, "tests")).filter((name) => name.endsWith(ending) && name.includes(filter));
  return names.sort().map((name) => `tests/${name}`);
}

/** @param {Counts} counts */
function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed` + (skipped > 0 ? `, ${skipped} skipped` : "");
}
