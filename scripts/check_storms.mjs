// @ts-check
/**
 * Checks that no recording is lost when many processes use one file: `node scripts/check_storms.mjs`
 *
 * Deno, Bun and Node processes record into the file concurrently, are killed at random moments, and record while one
 * process compacts it. The last line is "N passed, N failed". `--kills N` sets the number of killed processes (200).
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { allPassed, bun, checks, cleanEnvironment, commandLine, deno, root, start } from "./run.mjs";
import { nodeFiles } from "./transpile.mjs";

const env = cleanEnvironment();
const scratch = mkdtempSync(join(tmpdir(), "cachy-storm-"));
process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
const onNode = await nodeFiles(join(scratch, "javascript"));
const importSource = (/** @type {string} */ file) => import(pathToFileURL(onNode(file)).href);
/** @type {typeof import("../mod.ts")} */
const { compactFile, createCachy } = await importSource("mod.ts");
/** @type {typeof import("../tests/storm.ts")} */
const { ask, stormAt } = await importSource("tests/storm.ts");

const PROGRAM = "tests/programs/storm.ts";
/** @type {import("./run.mjs").Command[]} */
const RUNTIMES = [
  [...bun(), PROGRAM],
  [...deno(), "run", "-A", "--no-check", PROGRAM],
  [process.execPath, onNode(PROGRAM)],
];
const WRITERS = 8;
const RECORDINGS = 200;
const COMPACTED_WRITERS = 4;
const COMPACTED_RECORDINGS = 250;
const COMPACTIONS_KILLED = 30;
/** How many processes run ahead of their kill, and the longest time that one records, in milliseconds. */
const VICTIMS_READY = 2;
const LONGEST_LIFE = 100;
const MOST_RECORDINGS = 60;
const kills = Number(commandLine(["kills"]).kills?.at(-1) ?? 200);

await start(async () => {
  await check("many writers", () => manyWriters(newFile("writers")));
  await check("writers and a compactor", () => writersAndCompactor(newFile("compacted"), false));
  await check("writers and a compactor that is killed", () => writersAndCompactor(newFile("killed"), true));
  let [torn, busy] = [0, 0];
  /** These start while the files of earlier ones are checked. */
  const victims = Array.from({ length: VICTIMS_READY }, (_, number) => startVictim(number));
  for (let number = 0; number < kills; number++) {
    await check(`kill ${number}`, async () => {
      const victim = await killVictim(/** @type {Victim} */ (victims.shift()));
      victims.push(startVictim(number + VICTIMS_READY));
      const left = await lookAfter(victim);
      if (left.isTorn) torn++;
      if (left.isBusy) busy++;
    });
  }
  for (const { child } of victims) child.kill("SIGKILL");
  console.log(`${kills} processes killed, ${busy} of them before they had finished; ${torn} left a torn line`);
  if (kills > 0) {
    await check("kills hit processes that record", () => expect(busy > kills / 4, "most kills came too late"));
  }
  return allPassed();
});

/**
 * @param {string} name
 * @param {() => Promise<void> | void} run
 */
async function check(name, run) {
  try {
    const started = performance.now();
    await run();
    checks.passed++;
    if (!name.startsWith("kill ")) console.log(`${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  } catch (error) {
    checks.failed++;
    console.log(`  failed: ${name}: ${error instanceof Error ? error.stack : error}`);
  }
}

/**
 * A file in a separate folder, so that leftover files are found.
 *
 * @param {string} name
 */
function newFile(name) {
  return join(mkdtempSync(join(scratch, `${name}-`)), "cachy.jsonl");
}

/**
 * A process of tests/programs/storm.ts, and the lines that it prints.
 *
 * @param {number} number Chooses the runtime.
 * @param {readonly string[]} args
 */
function startStorm(number, args) {
  const [command = "", ...first] = RUNTIMES[number % RUNTIMES.length] ?? [];
  const child = spawn(command, [...first, ...args], { cwd: root, env });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (data) => output.stdout += data);
  child.stderr.on("data", (data) => output.stderr += data);
  const exit = once(child, "close");
  /** @param {string} text */
  const printed = async (text) => {
    while (!output.stdout.includes(`${text}\n`)) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${text} missing: ${output.stderr}`);
      await pause(2);
    }
  };
  /** Only complete lines: a killed process may have left a partial one. */
  const lines = () => output.stdout.split("\n").slice(0, -1);
  return { child, exit, printed, lines, errors: () => output.stderr };
}

/**
 * @param {boolean} isRight
 * @param {string} what
 */
function expect(isRight, what) {
  if (!isRight) throw new Error(what);
}

/** @param {string} file */
function linesOf(file) {
  const lines = readFileSync(file, "utf8").split("\n");
  return { whole: lines.slice(0, -1), rest: lines.at(-1) ?? "" };
}

/** @param {string} line */
function isEntry(line) {
  try {
    return typeof JSON.parse(line).key === "string";
  } catch {
    return false;
  }
}

/** @param {string} file */
async function manyWriters(file) {
  const names = Array.from({ length: WRITERS }, (_, number) => `w${number}`);
  const writers = names.map((name, number) =>
    startStorm(number, ["share", file, name, String(RECORDINGS), names.join()])
  );
  await Promise.all(writers.map(({ printed }) => printed("ready")));
  writeFileSync(`${file}.go`, "");
  await Promise.all(writers.map(({ printed }) => printed("recorded")));
  const { whole, rest } = linesOf(file);
  expect(rest === "" && whole.every(isEntry), `some of ${whole.length} lines are not entries`);
  expect(whole.length >= WRITERS * RECORDINGS + 1, `only ${whole.length} lines`);
  writeFileSync(`${file}.read`, "");
  await Promise.all(writers.map(({ exit }) => exit));
  const results = writers.map(({ lines, errors }) => {
    expect(errors() === "", errors());
    return JSON.parse(lines().at(-1) ?? "");
  });
  const shared = JSON.stringify(results[0].shared);
  for (const result of results) {
    expect(result.hits === WRITERS * RECORDINGS + result.shared.length, `${result.hits} hits`);
    expect(JSON.stringify(result.shared) === shared, "processes read different responses to one request");
  }
  const beside = readdirSync(join(file, "..")).filter((name) =>
    !/^cachy\.jsonl(?:\.go|\.read|\.seen-by-w\d)?$/.test(name)
  );
  expect(beside.length === 0, `left behind: ${beside}`);
}

/**
 * @param {string} file
 * @param {boolean} isKilled Whether the compactor is killed repeatedly.
 */
async function writersAndCompactor(file, isKilled) {
  const names = Array.from({ length: COMPACTED_WRITERS }, (_, number) => `c${number}`);
  const writers = names.map((name, number) => startStorm(number, ["record", file, name, String(COMPACTED_RECORDINGS)]));
  writeFileSync(`${file}.go`, "");
  await (isKilled ? killCompactors : compactAlong)(file, Promise.all(writers.map(({ exit }) => exit)));
  for (const { errors } of writers) expect(errors() === "", errors());
  await compactFile(file);
  const storm = stormAt(file, "nobody");
  for (const name of names) {
    for (let n = 0; n < COMPACTED_RECORDINGS; n++) await ask(storm, name, n);
  }
  const { hits } = storm.cachy.stats;
  expect(hits === COMPACTED_WRITERS * COMPACTED_RECORDINGS, `${hits} of ${COMPACTED_WRITERS * COMPACTED_RECORDINGS}`);
  expect(linesOf(file).whole.every(isEntry), "some lines are not entries");
}

/**
 * @param {string} file
 * @param {Promise<unknown>} written
 */
async function compactAlong(file, written) {
  const { exit, errors } = startStorm(0, ["compact", file]);
  await written;
  writeFileSync(`${file}.stop`, "");
  await exit;
  expect(errors() === "", errors());
}

/**
 * @param {string} file
 * @param {Promise<unknown>} written
 */
async function killCompactors(file, written) {
  let isWritten = false;
  written.then(() => isWritten = true);
  for (let round = 0; round < COMPACTIONS_KILLED || !isWritten; round++) {
    const { child, exit, printed } = startStorm(0, ["compact", file]);
    await printed("ready");
    await pause(Math.random() * 40);
    child.kill("SIGKILL");
    await exit;
    rmSync(`${file}.compact`, { force: true }); // as the message says
  }
}

/** @typedef {ReturnType<typeof startVictim>} Victim */

/**
 * @param {number} number
 */
function startVictim(number) {
  const file = newFile(`kill${number}`);
  return { file, ...startStorm(number, ["record", file, "k", String(MOST_RECORDINGS)]) };
}

/** @param {Victim} victim */
async function killVictim(victim) {
  const { file, child, exit, printed, errors } = victim;
  await printed("ready");
  writeFileSync(`${file}.go`, "");
  await pause(Math.random() * LONGEST_LIFE);
  child.kill("SIGKILL");
  await exit;
  expect(errors() === "", errors());
  return victim;
}

/**
 * @param {Victim} victim
 * @returns {Promise<{ isTorn: boolean, isBusy: boolean }>} The state that the process left.
 */
async function lookAfter({ file }) {
  const seenFile = `${file}.seen-by-k`;
  const seen = existsSync(seenFile) ? linesOf(seenFile).whole.map(Number) : [];
  const { whole = [], rest = "" } = existsSync(file) ? linesOf(file) : {};
  expect(whole.every(isEntry), "a line that ends in a line feed is not an entry");

  // The next process finds every confirmed recording, reports at most the torn line, and appends a valid line after it.
  /** @type {string[]} */
  const warnings = [];
  const storm = stormAt(file, "next");
  const reader = createCachy({
    file,
    mode: "replay",
    onEvent: (event) => event.kind === "warning" && warnings.push(event.message),
  });
  for (const n of seen) await ask({ cachy: reader }, "k", n);
  expect(reader.stats.hits === seen.length, `${seen.length - reader.stats.hits} of ${seen.length} lost`);
  expect(warnings.length === 0, warnings.join());
  await ask(storm, "next", 1);
  expect(linesOf(file).rest === "" && isEntry(linesOf(file).whole.at(-1) ?? ""), "the next line is not complete");
  await ask({ cachy: reader }, "next", 1);
  for (const n of seen) await ask({ cachy: reader }, "k", n);
  const bad = linesOf(file).whole.filter((line) => !isEntry(line)).length;
  expect(bad <= 1 && bad === (rest === "" || isEntry(rest) ? 0 : 1), `${bad} bad lines`);
  expect(warnings.length === bad && (bad === 0 || /: line \d+ \(/.test(warnings[0] ?? "")), warnings.join());
  rmSync(file);
  return { isTorn: bad > 0, isBusy: seen.length < MOST_RECORDINGS };
}
