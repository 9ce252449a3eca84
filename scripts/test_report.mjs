// @ts-check
/**
 * The output of scripts/test.mjs.
 */
import process from "node:process";

/** @typedef {import("./test.mjs").Results} Results */
/** @typedef {import("./test.mjs").Failure} Failure */

/**
 * Shows the progress of each runtime: in a terminal as one updated line, elsewhere as one line at the end of a runtime.
 *
 * @param {readonly Results[]} all
 * @returns {(() => void) & { done(results: Results): void, end(): void }}
 */
export function progress(all) {
  const isTerminal = process.stdout.isTTY === true;
  let shown = 0;
  const show = () => {
    if (!isTerminal || performance.now() - shown < 100) return;
    shown = performance.now();
    const line = all.map((results) => `${results.runtime.label} ${ended(results)}/${results.tests}`).join("   ");
    process.stdout.write(`\r${line.slice(0, (process.stdout.columns ?? 80) - 1)}\x1b[K`);
  };
  show.done = (/** @type {Results} */ results) => {
    if (isTerminal) return;
    const { runtime, failures, seconds } = results;
    console.log(`${runtime.label}: ${ended(results)} tests ended, ${failures.length} failed, ${seconds.toFixed(1)} s`);
  };
  show.end = () => void (isTerminal && process.stdout.write("\r\x1b[K"));
  return show;
}

/** @param {Results} results */
function ended({ passed, failures, skips }) {
  return passed.length + failures.length + skips.length;
}

/**
 * @param {Results} results
 * @param {Failure} failure
 * @param {{ layer: string, seed: number }} settings
 */
export function printFailure({ runtime }, { file, title, error }, { layer, seed }) {
  console.log(`\nFAILED on ${runtime.label}: ${title}${file === "" ? "" : `\n  ${file}`}`);
  console.log(error.trim().replace(/^/gm, "    "));
  if (file === "") return;
  const name = file.slice(file.lastIndexOf("/") + 1).replace(/_(?:test|deno)\.ts$/, "");
  const args = [...runtime.rerun, "--layer", layer, "--filter", name, "--title", quote(title), "--seed", String(seed)];
  console.log(`  Again: npm test -- ${args.join(" ")}`);
}

/** @param {string} text */
function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * @param {readonly Results[]} all
 * @param {{ layer: string, slowest: number }} settings `slowest`: how many of the slowest tests to list.
 * @returns {boolean} Whether all tests passed.
 */
export function printSummary(all, { layer, slowest }) {
  const rows = all.map(({ runtime, passed, failures, skips, seconds }) => [
    runtime.label,
    ...[passed.length, failures.length, skips.length].map(String),
    seconds.toFixed(1),
  ]);
  console.log();
  for (const row of columns([["runtime", "passed", "failed", "skipped", "seconds"], ...rows])) console.log(row);
  for (const [reason, count] of skipReasons(all)) console.log(`skipped ${count}: ${reason}`);
  for (const line of slowestTests(all, slowest)) console.log(line);
  const later = Math.max(0, ...all.map((results) => results.later));
  if (layer === "fast" && later > 0) console.log(`npm run test:all runs ${later} more tests on each runtime.`);
  const sum = (/** @type {(results: Results) => number} */ of) =>
    all.reduce((total, results) => total + of(results), 0);
  const [passed, failed, skipped] = [
    sum((results) => results.passed.length),
    sum(({ failures }) => failures.length),
    sum(({ skips }) => skips.length),
  ];
  if (passed + failed === 0) console.log("No test ran.");
  console.log(
    `${passed} passed, ${passed + failed === 0 ? 1 : failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
  );
  return passed > 0 && failed === 0;
}

/**
 * @param {readonly Results[]} all
 * @param {number} count
 */
function slowestTests(all, count) {
  return all.flatMap(({ runtime, passed }) => passed.map((test) => ({ label: runtime.label, ...test })))
    .sort((a, b) => b.seconds - a.seconds).slice(0, count)
    .map(({ label, file, title, seconds }) => `${seconds.toFixed(2).padStart(6)} s  ${label}  ${file}: ${title}`);
}

/** @param {readonly Results[]} all */
function skipReasons(all) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { reason } of all.flatMap(({ skips }) => skips)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

/**
 * Aligns the first column to the left, the others to the right.
 *
 * @param {readonly (readonly string[])[]} rows
 */
function columns(rows) {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    row.map((cell, at) => at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)).join("  ")
  );
}
