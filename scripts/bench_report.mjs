// @ts-check
/**
 * Shared by the benchmarks: measures a program, prints figures, and collects the goals that were met.
 */
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { cleanEnvironment, root, run } from "./run.mjs";

/** @typedef {import("./run.mjs").Command} Command */

/** A measured program that takes longer is killed. */
const LIMIT_SECONDS = 120;

/** The folder of the measured programs. */
export const folder = join(root, "bench");

/** Where each goal was met, and where not. @type {Map<string, { met: string[], missed: string[] }>} */
const goals = new Map();

/**
 * @param {Command} command
 * @param {readonly string[]} args A file of bench/ and its arguments.
 * @returns {Promise<any>} The figures that it printed last.
 */
export async function measure(command, args) {
  const { figures, reason, output } = await attempt(command, args);
  if (reason) throw new Error(`Cannot measure ${args.join(" ")} on ${command[0]}: ${reason}\n${output}`);
  return figures;
}

/**
 * Like `measure`, for programs that may fail.
 *
 * @param {Command} command
 * @param {readonly string[]} args
 * @param {Record<string, string>} [env] Further environment variables of the program.
 * @returns {Promise<{ figures?: any, reason?: string, output: string }>} The figures, or the reason for their absence.
 */
export async function attempt(command, args, env = {}) {
  const settings = { cwd: folder, env: { ...cleanEnvironment(), ...env }, timeout: LIMIT_SECONDS };
  const { ok, output, ending, seconds } = await run(command, args, settings);
  const [program, ...rest] = args.map((arg) => arg.startsWith("http") ? "" : basename(arg));
  progress(`${basename(command[0] ?? "")} ${program} ${rest.join(" ")}: ${seconds.toFixed(1)} s`);
  if (ok) return { figures: JSON.parse(output.trim().split("\n").at(-1) ?? ""), output };
  return { reason: /^\w*Error(?: \[\w+\])?: (.+)$/m.exec(output)?.[1] ?? ending, output };
}

/**
 * Shows on stderr what was done last. On a terminal, each line replaces the one before it.
 *
 * @param {string} text
 */
export function progress(text) {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text.slice(0, process.stderr.columns - 1)}` : `${text}\n`);
}

/**
 * @param {string} name
 * @param {string} where
 * @param {boolean} isMet
 */
export function goal(name, where, isMet) {
  const places = goals.get(name) ?? { met: [], missed: [] };
  (isMet ? places.met : places.missed).push(where);
  goals.set(name, places);
}

/** The printed tables. @type {{ title: string, columns: readonly string[], rows: readonly (readonly string[])[] }[]} */
const tables = [];

/** The figures of the chart: time in microseconds by number of entries. @type {Record<string, [number, number][]>} */
const growth = {};

/**
 * @param {string} line
 * @param {number} entries
 * @param {number} microseconds
 */
export function addToChart(line, entries, microseconds) {
  (growth[line] ??= []).push([entries, microseconds]);
}

/**
 * Writes the tables and goals of this run to a file.
 *
 * @param {string} file
 * @param {string} machine
 */
export function saveRun(file, machine) {
  const [date] = new Date().toISOString().split("T");
  const run = { date, machine, tables, growth, goals: Object.fromEntries(goals) };
  writeFileSync(file, `${JSON.stringify(run, undefined, 2)}\n`);
}

/** The goals that were met and missed, in one line. */
export function verdicts() {
  return [...goals].map(([name, { met, missed }]) => verdict(name, met, missed)).join("; ");
}

/**
 * @param {string} name
 * @param {readonly string[]} met
 * @param {readonly string[]} missed
 */
function verdict(name, met, missed) {
  if (missed.length === 0) return `${name}: met`;
  return `${name}: ${met.length ? `met on ${met.join(", ")}, ` : ""}not met on ${missed.join(", ")}`;
}

/** @param {number} value */
export function ms(value) {
  return `${value.toFixed(Math.abs(value) < 100 ? 2 : 0)} ms`;
}

/** @param {number} value */
export function us(value) {
  return `${value.toFixed(0)} µs`;
}

/** @param {number} value */
export function mib(value) {
  return `${value.toFixed(0)} MiB`;
}

/** @param {number} value */
export function times(value) {
  return `${value.toFixed(2)} ×`;
}

/**
 * @param {string} title
 * @param {readonly string[]} columns
 * @param {readonly (readonly string[])[]} rows
 */
export function printTable(title, columns, rows) {
  tables.push({ title, columns, rows });
  const widths = columns.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  console.log(`\n${title}\n\n${[line(columns), rule, ...rows.map(line)].join("\n")}`);
}
