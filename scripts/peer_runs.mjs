// @ts-check
/**
 * Runs the programs of bench/peers: every tool records, and replays in fresh processes.
 *
 * The programs check the responses. This module checks that no request reaches the server during a replay. A peer that
 * fails gets a reason instead of figures. A failure of cachy is an error.
 */
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ours, peers } from "../bench/peers/peer.mjs";
import { attempt } from "./bench_report.mjs";

/** @typedef {import("../bench/peers/peer.mjs").Tool} Tool */

/**
 * @typedef {object} Setting
 * @property {string} url The server.
 * @property {string} temporary A folder for the recordings.
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
      const folder = folderOf(setting, tool, size);
      const { reason } = await runProgram(setting, "record", { tool, folder, chats: size });
      results.set(
        keyOf(tool, size),
        reason ? { found: [], reason: `recording: ${reason}` } : { found: [sizeOf(folder)] },
      );
    }
  };
  await Promise.all([work(), work()]);
  return results;
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
function folderOf({ temporary }, tool, recording) {
  const folder = join(temporary, "recordings", keyOf(tool, recording));
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
