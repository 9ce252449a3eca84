// @ts-check
/**
 * Runs the programs of bench/peers: every tool records, and replays in fresh processes.
 *
 * The programs check the responses. This module checks that no request reaches the server during a replay. A peer that
 * fails gets a reason instead of figures. A failure of cachy is an error.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ours, peers } from "../bench/peers/peer.mjs";
import { attempt, folder as benchFolder } from "./bench_report.mjs";

/** @typedef {import("../bench/peers/peer.mjs").Tool} Tool */

/**
 * @typedef {object} Setting
 * @property {string} url The server.
 * @property {string} temporary A folder for the recordings of this run.
 * @property {string} kept A folder for recordings of other tools, which the next run uses again.
 * @property {Record<string, string>} env The environment variables of the programs.
 */

/** The figures of the processes of a tool, or why one failed. @typedef {{ found: any[], reason?: string }} Result */
/** @typedef {Map<string, Result>} Results By `keyOf`. */
/** @typedef {{ figures?: any, reason?: string, output: string }} Outcome */

const node = [process.execPath, "--no-warnings"];
const tools = [ours, ...peers];

/**
 * @param {Tool} tool
 * @param {string | number} recording The name of the recording, or the number of chats.
 */
export function keyOf(tool, recording) {
  return `${tool.name}-${recording}`;
}

const KEPT = "cachy-bench-peers-";

/**
 * The folder of recordings of other tools, for as long as neither they nor the programs change: recording takes minutes.
 *
 * @param {string} url The server: it is part of a recording.
 */
export function keptFolder(url) {
  const hash = createHash("sha256").update(url);
  const programs = readdirSync(join(benchFolder, "peers")).map((name) => join("peers", name));
  for (const file of [...programs, "chat.mjs", "server.ts", "package-lock.json"]) {
    hash.update(readFileSync(join(benchFolder, file)));
  }
  const name = KEPT + hash.digest("hex").slice(0, 16);
  for (const other of readdirSync(tmpdir())) {
    if (other.startsWith(KEPT) && other !== name) rmSync(join(tmpdir(), other), { recursive: true, force: true });
  }
  return join(tmpdir(), name);
}

/**
 * Records chats with all tools, two at a time, because no time is measured. The figures are the bytes and files.
 *
 * @param {Setting} setting
 * @param {readonly number[]} sizes
 * @returns {Promise<Results>}
 */
export async function recordAll(setting, sizes) {
  /** @type {Results} */
  const results = new Map();
  const rest = sizes.flatMap((size) => tools.map((tool) => ({ tool, size }))).values();
  const work = async () => {
    for (const { tool, size } of rest) {
      results.set(keyOf(tool, size), await recordOnce(setting, tool, size));
    }
  };
  await Promise.all([work(), work()]);
  return results;
}

/**
 * @param {Setting} setting
 * @param {Tool} tool
 * @param {number} size The number of chats.
 * @returns {Promise<Result>}
 */
async function recordOnce(setting, tool, size) {
  const folder = folderOf(setting, tool, size);
  const figures = `${folder}.json`; // exists if the recording is complete
  if (existsSync(figures)) return { found: [JSON.parse(readFileSync(figures, "utf8"))] };
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  const { reason } = await runProgram(setting, "record", { tool, folder, chats: size });
  if (reason) return { found: [], reason: `recording: ${reason}` };
  const found = sizeOf(folder);
  writeFileSync(figures, JSON.stringify(found));
  return { found: [found] };
}

/**
 * Replays the recordings in rounds, each with one process of every tool, so that a slow machine affects all tools.
 *
 * @param {Setting} setting
 * @param {Results} recorded
 * @param {{ program: string, rounds: number, sizes: readonly number[] }} options
 * @returns {Promise<Results>}
 */
export async function replayAll(setting, recorded, { program, rounds, sizes }) {
  /** @type {Results} */
  const results = new Map([...recorded].map(([key, { reason }]) => [key, { found: [], reason }]));
  for (const size of sizes) {
    for (let round = 0; round < rounds; round++) {
      for (const tool of tools) {
        const result = results.get(keyOf(tool, size));
        if (!result || result.reason) continue;
        const folder = folderOf(setting, tool, size);
        const { figures, reason } = await replay(setting, program, { tool, folder, chats: size });
        result.found.push(figures);
        result.reason = reason;
      }
    }
  }
  return results;
}

/**
 * Records streams, also in rounds, and replays them only to check them.
 *
 * @param {Setting} setting
 * @param {{ recorders: readonly Tool[], rounds: number, streams: number }} options `recorders` may contain one that
 * cannot replay. `streams` is their number per round, unless the tool delays the caller.
 * @returns {Promise<Results>}
 */
export async function recordStreams(setting, { recorders, rounds, streams }) {
  /** @type {Results} */
  const results = new Map(recorders.map((tool) => [keyOf(tool, "streams"), { found: [] }]));
  for (let round = 0; round < rounds; round++) {
    for (const tool of recorders) {
      const result = results.get(keyOf(tool, "streams"));
      if (!result || result.reason) continue;
      const folder = folderOf(setting, tool, `streams-${round}`);
      const { figures, reason } = await runProgram(setting, "first_byte", { tool, folder, chats: streams });
      result.found.push(figures);
      result.reason = reason;
      if (reason || !tools.includes(tool)) continue;
      const replayed = await replay(setting, "replay_streams", { tool, folder, chats: figures.streams });
      result.reason = replayed.reason && `replay: ${replayed.reason}`;
    }
  }
  return results;
}

/**
 * @param {Setting} setting
 * @param {string} program
 * @param {{ tool: Tool, folder: string, chats: number }} recording
 * @returns {Promise<Outcome>}
 */
async function replay(setting, program, recording) {
  const before = await requestsTo(setting.url);
  const outcome = await runProgram(setting, program, recording);
  const requests = await requestsTo(setting.url) - before;
  if (outcome.reason || requests === 0) return outcome;
  return unlessOurs(recording.tool, { reason: `${requests} requests reached the server`, output: "" });
}

/**
 * @param {Setting} setting
 * @param {string} program
 * @param {{ tool: Tool, folder: string, chats: number }} recording
 * @returns {Promise<Outcome>}
 */
async function runProgram({ url, env }, program, { tool, folder, chats }) {
  const outcome = await attempt(node, [`peers/${program}.mjs`, tool.name, folder, url, String(chats)], env);
  return outcome.reason ? unlessOurs(tool, outcome) : outcome;
}

/**
 * @param {Tool} tool
 * @param {Outcome} outcome
 */
function unlessOurs(tool, outcome) {
  if (tool !== ours) return outcome;
  throw new Error(`Cannot measure ${tool.label}: ${outcome.reason}\n${outcome.output}`);
}

/** @param {string} url */
async function requestsTo(url) {
  return Number(await (await fetch(`${url}/asked`)).text());
}

/**
 * @param {Setting} setting
 * @param {Tool} tool
 * @param {string | number} recording
 * @returns {string} A folder that exists.
 */
function folderOf({ temporary, kept }, tool, recording) {
  const isKept = tool !== ours && typeof recording === "number";
  const folder = join(isKept ? kept : join(temporary, "recordings"), keyOf(tool, recording));
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * @param {string} folder
 * @returns {{ bytes: number, files: number }} Of all files below.
 */
function sizeOf(folder) {
  const total = { bytes: 0, files: 0 };
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const { bytes, files } = entry.isDirectory() ? sizeOf(path) : { bytes: statSync(path).size, files: 1 };
    total.bytes += bytes;
    total.files += files;
  }
  return total;
}
