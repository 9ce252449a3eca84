// @ts-check
/**
 * How each runtime runs the test suite, and where its runner looks away.
 */
import { join, relative, resolve } from "node:path";
import { bun, cleanEnvironment, deno, root, run } from "./run.mjs";

/** @typedef {import("./run.mjs").Command} Command */
/** @typedef {import("./junit.mjs").TestCase} TestCase */

/**
 * A runtime, ready to run the suite.
 *
 * @typedef {object} Runtime
 * @property {string} label Its name and version.
 * @property {Command} command Its test runner; arguments for the report and the files follow.
 * @property {(report: string) => string[]} reportTo The arguments that make it write a JUnit report to a file.
 * @property {boolean} runsDenoTest Whether it can run files that use `Deno.test`.
 * @property {(output: string, cases: readonly TestCase[]) => Review} review
 */

/**
 * What the runner's report alone does not tell.
 *
 * @typedef {object} Review
 * @property {readonly TestCase[]} tests The test cases that are tests.
 * @property {readonly string[]} activeFiles The files in which a test ran or was skipped.
 * @property {readonly string[]} problems What the runner took for a success.
 */

/** A test that hangs fails after this time, in milliseconds; Bun's own limit of 5 s is too short for child processes. */
const TEST_TIMEOUT = "60000";

/** @returns {Promise<Runtime>} */
export async function onDeno() {
  const version = await ask(deno(), ["eval", "console.log(Deno.version.deno)"]);
  const preload = join(root, "scripts", "deno_uncaught.mjs");
  const flags = ["-A", "--no-check", "--sanitize-ops", "--sanitize-resources", `--preload=${preload}`];
  return {
    label: `Deno ${version}`,
    command: [...deno(), "test", ...flags],
    reportTo: (report) => [`--junit-path=${report}`],
    runsDenoTest: true,
    review: (output, tests) => ({ tests, activeFiles: filesWithTests(output), problems: uncaught(output) }),
  };
}

/**
 * The report names the file that contains the test's source, which may be a shared one; the output names the test file.
 *
 * @param {string} output
 */
function filesWithTests(output) {
  return [...output.matchAll(/^running [1-9]\d* tests? from (\S+)$/gm)].map((match) => shortName(match[1] ?? ""));
}

/**
 * An error while a file is loaded shows in a block of output right before the line that announces the file's tests. In
 * any other place it is a test's own, which Deno judges.
 *
 * @param {string} output
 */
function uncaught(output) {
  const blocks = output.matchAll(
    /^-+ (?:pre|post)-test output -+$((?:(?!^-+ )[^])*)^-+ \w+-test output end -+\nrunning .* (\S+)$/gm,
  );
  return [...blocks].filter((block) => /^\[uncaught\]/m.test(block[1] ?? ""))
    .map((block) => `an error outside all tests, probably in ${shortName(block[2] ?? "")}`);
}

/** @returns {Promise<Runtime>} */
export async function onBun() {
  return {
    label: `Bun ${await ask(bun(), ["--version"])}`,
    command: [...bun(), "test", `--timeout=${TEST_TIMEOUT}`],
    reportTo: (report) => ["--reporter=junit", `--reporter-outfile=${report}`],
    runsDenoTest: false,
    review: (_output, tests) => ({ tests, activeFiles: tests.map(({ file }) => shortName(file ?? "")), problems: [] }),
  };
}

/**
 * @param {string} path A Node binary.
 * @returns {Promise<Runtime>}
 */
export async function onNode(path) {
  const version = await ask([path], ["-p", "process.versions.node"]);
  const strips = await ask([path], ["-p", "!!process.features.typescript"]) === "true";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const stripsOnDemand = major > 22 || (major === 22 && minor >= 6);
  const typescript = strips ? [] : stripsOnDemand ? ["--experimental-strip-types"] : ["--import", "tsx"];
  return {
    label: `Node ${version}`,
    command: [path, ...typescript, "--test", "--test-concurrency=2", `--test-timeout=${TEST_TIMEOUT}`],
    reportTo: (report) => [
      ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
      ...["--test-reporter=junit", `--test-reporter-destination=${report}`],
    ],
    runsDenoTest: false,
    review: reviewNode,
  };
}

/**
 * Node reports a file that ran no test as one passed test with the name of the file; likewise, as a failed one, a file
 * that failed outside its tests.
 *
 * @param {string} _output
 * @param {readonly TestCase[]} cases
 * @returns {Review}
 */
function reviewNode(_output, cases) {
  const idle = cases.filter(({ name, result }) => result === "passed" && /^tests\/\w+\.ts$/.test(shortName(name)));
  const problems = idle.map(({ name }) => `no test ran in ${shortName(name)}`);
  return { tests: cases.filter((test) => !idle.includes(test)), activeFiles: [], problems };
}

/**
 * A path as the suite lists it, such as `tests/key_test.ts`.
 *
 * @param {string} path
 */
export function shortName(path) {
  return relative(root, resolve(root, path)).replaceAll("\\", "/");
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
