// @ts-check
/**
 * Measures a file of a million entries, against `wc -l` on the same file and against a file of a hundred entries.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { median } from "../bench/measure.mjs";
import { addToChart, goal, measure, mib, ms, printTable, times, us } from "./bench_report.mjs";
import { bun, run } from "./run.mjs";

const ENTRIES = 1_000_000;
/** Every n-th entry has a known request. */
const STEP = 100;
const WC_RUNS = 3;
const OPENINGS = 3;
const MOST_BYTES_PER_ENTRY = 100;
const MOST_MEMORY_MIB = 512;

/**
 * @typedef {{ label: string, command: import("./run.mjs").Command }} Runtime
 * @param {{ runtimes: readonly Runtime[], temporary: string }} setting
 */
export async function benchMillion({ runtimes, temporary }) {
  const file = join(temporary, "million.jsonl");
  const small = join(temporary, "hundred.jsonl");
  await measure(bun(), ["million_file.ts", file, String(ENTRIES), String(STEP)]);
  await measure(bun(), ["million_file.ts", small, "100", "1"]);
  const grown = await benchGrowth({ runtimes, temporary, hundred: small });
  const size = `${(statSync(file).size / 1e9).toFixed(1)} GB`;
  /** @type {{ opening: string[][], hit: string[][], growth: string[][] }} */
  const rows = { opening: [], hit: [], growth: [] };
  for (const { label, command } of runtimes) {
    /** @param {string} what */
    const figures = (what) => measure(command, ["million.ts", what, file, String(ENTRIES), String(STEP), small]);
    const { wc, loop, opened, bytesPerEntry, peak } = await openings(file, figures);
    const hits = await figures("hits");
    const growth = await figures("growth");
    grown.push(growthRow(label, ENTRIES, opened, hits.large));
    const limit = label.startsWith("Deno") ? 8 : 4;
    goal("a million entries: first response within 4 × wc -l (Deno 8 ×)", label, opened <= limit * wc);
    goal("… at most 100 bytes of memory per entry", label, bytesPerEntry <= MOST_BYTES_PER_ENTRY);
    goal("… never 512 MB", label, peak < MOST_MEMORY_MIB);
    goal("… a hit takes the time of a hit with 100 entries, within 20 %", label, hits.ratio <= 1.2);
    goal("… growth takes the time of growth with 100 entries, within 20 %", label, growth.ratio <= 1.2);
    const memory = [`${bytesPerEntry.toFixed(0)} B`, mib(peak)];
    rows.opening.push([label, ms(wc), times(loop / wc), ms(opened), times(opened / wc), ...memory]);
    rows.hit.push([label, us(hits.small * 1000), us(hits.large * 1000), times(hits.ratio), times(hits.p95)]);
    rows.growth.push([label, ms(growth.small), ms(growth.large), times(growth.ratio)]);
  }
  printTable("Growth", ["entries", "", "first hit", "a later hit, p50"], grown);
  const name = `a file of ${ENTRIES.toLocaleString("en")} entries (${size}, warm)`;
  const opening = ["", "wc -l", "bare loop", "first response", "ratio", "memory per entry", "peak"];
  printTable(`Opening ${name}: time to the first response against wc -l`, opening, rows.opening);
  printTable(`A hit in ${name}`, ["", "of 100", "of a million", "ratio p50", "ratio p95"], rows.hit);
  const growth = ["", "of 100", "of a million", "ratio"];
  printTable(`The first hit after another process appended 1,000 lines to ${name}`, growth, rows.growth);
}

/**
 * Measures in turns, because the machine's speed drifts. Returns the medians.
 *
 * @param {string} file
 * @param {(what: string) => Promise<any>} figures
 * @returns {Promise<{ wc: number, loop: number, opened: number, bytesPerEntry: number, peak: number }>}
 */
async function openings(file, figures) {
  /** @type {{ wc: number[], loop: number[], opened: number[], warm: number[], peak: number[] }} */
  const found = { wc: [], loop: [], opened: [], warm: [], peak: [] };
  for (let round = 0; round < OPENINGS; round++) {
    for (let at = 0; at < WC_RUNS; at++) found.wc.push((await run(["wc"], ["-l", file])).seconds * 1000);
    found.loop.push((await figures("loop")).ms);
    found.warm.push((await figures("warm")).peak);
    const { ms, peak } = await figures("open");
    found.opened.push(ms);
    found.peak.push(peak);
  }
  const [wc, loop, opened, peak] = [median(found.wc), median(found.loop), median(found.opened), median(found.peak)];
  const bytesPerEntry = (peak - median(found.warm)) * 2 ** 20 / ENTRIES;
  return { wc, loop, opened, bytesPerEntry, peak };
}

/** Smaller files for the chart of growth: the number of entries, and the step between those with a known request. */
const SIZES = /** @type {const} */ ([[100, 1], [1000, 1], [10_000, 10], [100_000, 100]]);

/**
 * Measures the first hit and a later hit in files of 100 to 100,000 entries, for the chart.
 *
 * @param {{ runtimes: readonly Runtime[], temporary: string, hundred: string }} setting
 * @returns {Promise<string[][]>} The rows of the table.
 */
async function benchGrowth({ runtimes, temporary, hundred }) {
  /** @type {string[][]} */
  const rows = [];
  for (const [entries, step] of SIZES) {
    const file = entries === 100 ? hundred : join(temporary, `${entries}.jsonl`);
    if (file !== hundred) await measure(bun(), ["million_file.ts", file, String(entries), String(step)]);
    for (const { label, command } of runtimes) {
      /** @param {string} what */
      const figures = (what) => measure(command, ["million.ts", what, file, String(entries), String(step), hundred]);
      const first = [(await figures("open")).ms, (await figures("open")).ms, (await figures("open")).ms];
      rows.push(growthRow(label, entries, median(first), (await figures("hits")).large));
    }
  }
  return rows;
}

/** @param {string} label @param {number} entries @param {number} first In milliseconds. @param {number} later */
function growthRow(label, entries, first, later) {
  const [name = ""] = label.split(" ");
  addToChart(`first hit, ${name}`, entries, first * 1000);
  addToChart(`a hit, ${name}`, entries, later * 1000);
  return [entries.toLocaleString("en"), label, ms(first), us(later * 1000)];
}
