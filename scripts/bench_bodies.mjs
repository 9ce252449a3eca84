// @ts-check
/**
 * Measures streams of many small events, and bodies of 100 MB, against bare fetch.
 */
import { median } from "../bench/measure.mjs";
import { goal, measure, mib, ms, printTable, times } from "./bench_report.mjs";

/** @typedef {{ label: string, command: import("./run.mjs").Command }} Runtime */

const EVENT_ROUNDS = 3;
const LARGE_ROUNDS = 3;
const BODY_MIB = 100_000_000 / 2 ** 20;

/**
 * Measures a program in several ways, in turns, because the machine's speed drifts.
 *
 * @template {string} Way
 * @param {readonly Way[]} ways
 * @param {number} rounds
 * @param {(way: Way) => Promise<any>} figures
 * @returns {Promise<Record<Way, { ms: number, memory: number, bytes: number }>>} The medians.
 */
async function inTurns(ways, rounds, figures) {
  const found = ways.map(() => /** @type {any[]} */ ([]));
  for (let round = 0; round < rounds; round++) {
    for (const [at, way] of ways.entries()) found[at]?.push(await figures(way));
  }
  const medians = ways.map((way, at) => {
    const figure = (/** @type {string} */ name) => median((found[at] ?? []).map((figures) => figures[name]));
    return [way, { ms: figure("ms"), memory: figure("memory"), bytes: figure("bytes") }];
  });
  return Object.fromEntries(medians);
}

/** @param {{ runtimes: readonly Runtime[], url: string }} setting */
export async function benchEvents({ runtimes, url }) {
  const rows = [];
  for (const { label, command } of runtimes) {
    const ways = /** @type {const} */ (["bare", "recording"]);
    const { bare, recording } = await inTurns(ways, EVENT_ROUNDS, (way) => measure(command, ["events.ts", url, way]));
    goal("10,000 small events within 2 × bare fetch", label, recording.ms <= 2 * bare.ms);
    const limit = bare.memory + 4 * bare.bytes / 2 ** 20;
    goal("… memory within bare fetch + 4 × the body", label, recording.memory <= limit);
    const memory = [mib(bare.memory), mib(recording.memory)];
    rows.push([label, ms(bare.ms), ms(recording.ms), times(recording.ms / bare.ms), ...memory]);
  }
  const columns = ["", "bare", "recording", "ratio", "peak, bare", "peak, recording"];
  printTable("A stream of 10,000 small events at full speed (goal: at most 2 × bare fetch)", columns, rows);
}

/** @param {{ runtimes: readonly Runtime[], url: string }} setting */
export async function benchLargeBody({ runtimes, url }) {
  const rows = [];
  for (const { label, command } of runtimes) {
    for (const type of ["text/event-stream", "application/octet-stream"]) {
      const ways = /** @type {const} */ (["bare", "recording", "default"]);
      const found = await inTurns(ways, LARGE_ROUNDS, (way) => measure(command, ["large_body.ts", url, type, way]));
      const { bare, recording } = found;
      const where = `${label} (${type === "text/event-stream" ? "text" : "binary"})`;
      goal("100 MB recorded within 4 × bare fetch", where, recording.ms <= 4 * bare.ms);
      goal("… memory within bare fetch + 3.5 × the body", where, recording.memory <= bare.memory + 3.5 * BODY_MIB);
      goal("100 MB passed through within 1.3 × bare fetch", where, found.default.ms <= 1.3 * bare.ms);
      for (const way of /** @type {const} */ (["recording", "default"])) {
        const cached = found[way];
        const memory = [mib(bare.memory), mib(cached.memory)];
        rows.push([label, type, way, ms(bare.ms), ms(cached.ms), times(cached.ms / bare.ms), ...memory]);
      }
    }
  }
  const columns = ["", "type", "maxBodyBytes", "bare", "cachy", "ratio", "peak, bare", "peak, cachy"];
  const rule = "raised: recorded; default: passed through";
  printTable(`A body of 100 MB against bare fetch (maxBodyBytes ${rule})`, columns, rows);
}
