// @ts-check
/**
 * Compares cachy with other tools that record and replay, on Node and in one run: the benchmark `peers` of bench.mjs.
 *
 * All tools are plain JavaScript. cachy is the packed package, and each tool is set up as its documentation says.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { median } from "../bench/measure.mjs";
import { ours, peers } from "../bench/peers/peer.mjs";
import { folder, mib, ms, us } from "./bench_report.mjs";
import { printComparison } from "./comparison.mjs";
import { buildPackage } from "./npm_package.mjs";
import { keptFolder, keyOf, recordAll, recordStreams, replayAll } from "./peer_runs.mjs";

/** @typedef {import("../bench/peers/peer.mjs").Tool} Tool */
/** @typedef {import("./peer_runs.mjs").Result} Result */
/** @typedef {import("./peer_runs.mjs").Results} Results */
/** @typedef {import("./peer_runs.mjs").Setting} Setting */

const SIZES = [100, 2000, 20_000];
const COLD_STARTS = 5;
const HIT_PROCESSES = 3;
const STREAMS = { rounds: 2, streams: 8 };

/** @param {{ url: string, temporary: string }} given */
export async function benchPeers({ url, temporary }) {
  introduce();
  const ourPackage = join(temporary, "npm");
  await buildPackage(ourPackage);
  const setting = { url, temporary, kept: keptFolder(url), env: { BENCH_PACKAGE: ourPackage } };
  const recorded = await recordAll(setting, SIZES);
  await benchColdStart(setting, recorded);
  const hits = await benchHits(setting, recorded);
  await benchStreams(setting);
  print("Size of the recording, in one file by default", recorded, { figure: "bytes", format: size });
  print("Peak memory of a process that opens the recording and replays", hits, {
    figure: "memory",
    format: mib,
  });
}

/**
 * @param {number} bytes
 * @param {{ files: number }} recorded
 */
function size(bytes, { files }) {
  return `${(bytes / 1e6).toFixed(2)} MB${files === 1 ? "" : ` in ${files.toLocaleString("en")} files`}`;
}

function introduce() {
  const versions = peers.filter(({ npm }) => npm).map(({ label, npm = "" }) => `${label} ${versionOf(npm)}`);
  console.log(`\nAgainst other tools, with ratios to cachy: ${versions.join(", ")}\n`);
  for (const { label, note } of peers) if (note) console.log(`- ${label} ${note}`);
}

/** @param {string} name */
function versionOf(name) {
  return JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")).version;
}

/**
 * @param {Setting} setting
 * @param {Results} recorded
 */
async function benchColdStart(setting, recorded) {
  const starts = await replayAll(setting, recorded, { program: "cold_start", rounds: COLD_STARTS, sizes: SIZES });
  const title = "Cold start in a fresh process: import, opening of the recording, first hit";
  print(title, starts, { figure: "ms", format: ms, goal: "cold start" });
}

/**
 * @param {Setting} setting
 * @param {Results} recorded
 */
async function benchHits(setting, recorded) {
  const hits = await replayAll(setting, recorded, { program: "hit", rounds: HIT_PROCESSES, sizes: SIZES });
  print("A hit, p50", hits, { figure: "p50", format: us, goal: "hit p50" });
  print("A hit, p95", hits, { figure: "p95", format: us, goal: "hit p95" });
  return hits;
}

/** @param {Setting} setting */
async function benchStreams(setting) {
  const recorders = [ours, { name: "bare", label: "bare fetch" }, ...peers];
  const streams = await recordStreams(setting, { recorders, ...STREAMS });
  printComparison({
    title: "First byte of a stream of half a second, while it is recorded",
    tools: recorders,
    columns: ["a stream"],
    cellOf: (tool) => cellOf(streams.get(keyOf(tool, "streams")), "ms"),
    format: ms,
    goal: "ahead of every peer in first byte",
  });
}

/**
 * Prints a table with a column for each size.
 *
 * @param {string} title
 * @param {Results} results
 * @param {{ figure: string, format: (value: number, found: any) => string, goal?: string }} options `format` also gets
 * one of the findings. `goal` names the figure in which cachy must be ahead.
 */
function print(title, results, { figure, format, goal }) {
  const columns = SIZES.map((size) => `${size.toLocaleString("en")} chats`);
  printComparison({
    title,
    tools: [ours, ...peers],
    columns,
    cellOf: (tool, column) => cellOf(results.get(keyOf(tool, SIZES[columns.indexOf(column)] ?? NaN)), figure),
    format,
    ...(goal && { goal: `ahead of every peer in ${goal}` }),
  });
}

/**
 * The median of the figures of all processes of a tool.
 *
 * @param {Result | undefined} result
 * @param {string} figure
 * @returns {import("./comparison.mjs").Cell}
 */
function cellOf({ found, reason } = { found: [], reason: "not measured" }, figure) {
  return reason ? { reason } : { value: median(found.map((figures) => figures[figure])), found: found[0] };
}
