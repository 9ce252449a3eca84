// @ts-check
/**
 * Makes docs/performance.svg, the tables of docs/performance.md and the table of README.md from a run of the benchmarks:
 * `npm run bench -- --json run.json && node scripts/bench_chart.mjs run.json`
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { root } from "./run.mjs";

/** @typedef {[number, number][]} Points Number of entries and microseconds. */

const WIDTH = 720;
const HEIGHT = 400;
const PLOT = { left: 70, right: 560, top: 30, bottom: 350 };
const COLORS = ["#c2410c", "#1d4ed8", "#15803d"];

/** @type {{ date: string, machine: string, growth: Record<string, Points>, tables: any[], goals: Record<string, any> }} */
const run = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
writeFileSync(join(root, "docs", "performance.svg"), chart(run.growth));
replace(join(root, "docs", "performance.md"), "run", report());
replace(join(root, "README.md"), "speed", summary());

/**
 * Replaces a part of a page.
 *
 * @param {string} page @param {string} name Of the comments before and after the part. @param {string} text
 */
function replace(page, name, text) {
  const [before = "", , after] = readFileSync(page, "utf8").split(new RegExp(`<!-- (?:end of )?${name} -->`));
  if (after === undefined) throw new Error(`Cannot change ${page}: it has no part <!-- ${name} -->.`);
  writeFileSync(page, `${before}<!-- ${name} -->\n\n${text}\n\n<!-- end of ${name} -->${after}`);
}

/** The comparison with other recorders, in short. */
function summary() {
  const size = "2,000 chats";
  const columns = { "first hit": "Cold start", "later hit": "A hit, p50", "first byte": "First byte of a stream" };
  const figures = Object.values(columns).map((start) => {
    const { columns, rows } = run.tables.find(({ title }) => title.startsWith(start));
    const at = Math.max(columns.indexOf(size), 1);
    return Object.fromEntries(rows.map((/** @type {string[]} */ row) => [row[0], row[at]?.replace(/ \(.*/, "")]));
  });
  const names = Object.keys(figures.at(-1) ?? {});
  const rows = names.map((name) => [name, ...figures.map((figure) => figure[name] ?? "–")]);
  return [
    `Node, ${size} of 2 KB (${run.date}, ${run.machine}). The first hit includes the import. Later hits are medians. The ` +
    "first byte is that of a stream while it is recorded. A linear scan reads the file from its start for each request.",
    table(["", ...Object.keys(columns)], rows),
  ].join("\n\n");
}

/** The tables and goals of the run, in Markdown. */
function report() {
  const tables = run.tables.map(({ title, columns, rows }) => `### ${title}\n\n${table(columns, rows)}`);
  const goals = Object.entries(run.goals).map(([name, { met, missed }]) => [
    name,
    missed.length ? met.join(", ") || "–" : "everywhere",
    missed.join(", ") || "–",
  ]);
  return [
    `${run.date}, ${run.machine}.`,
    "![Time of the first hit and of a later hit, by number of entries](performance.svg)",
    "The first hit of a process reads the whole file once, to index it: solid lines. Dashed lines: a later hit.",
    `### Goals\n\n${table(["goal", "met", "not met"], goals)}`,
    ...tables,
  ].join("\n\n");
}

/**
 * @param {readonly string[]} columns
 * @param {readonly (readonly string[])[]} rows
 */
function table(columns, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(" | ")} |`;
  return [line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");
}

/**
 * Time by number of entries, both on logarithmic scales.
 *
 * @param {Record<string, Points>} lines
 */
function chart(lines) {
  const points = Object.values(lines).flat();
  const [least, most] = [10, Math.max(...points.map(([, time]) => time)) * 1.5];
  const x = (/** @type {number} */ entries) => scaled(entries, [100, 1_000_000], [PLOT.left, PLOT.right]);
  const y = (/** @type {number} */ time) => scaled(time, [least, most], [PLOT.bottom, PLOT.top]);
  const decades = Array.from({ length: 9 }, (_, power) => 10 ** power);
  const grid = decades.filter((time) => time >= least && time <= most).map((time) =>
    `<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${y(time)}" y2="${y(time)}" stroke="#ddd"/>` +
    `<text x="${PLOT.left - 8}" y="${y(time) + 4}" text-anchor="end">${shownTime(time)}</text>`
  );
  const axis = decades.filter((entries) => entries >= 100 && entries <= 1e6).map((entries) =>
    `<text x="${x(entries)}" y="${PLOT.bottom + 20}" text-anchor="middle">${entries.toLocaleString("en")}</text>`
  );
  const drawn = Object.entries(lines).map(([name, line]) => {
    const color = COLORS[["Deno", "Bun", "Node"].findIndex((runtime) => name.endsWith(runtime))] ?? "#555";
    const dashes = name.startsWith("first") ? "" : ` stroke-dasharray="5 4"`;
    const path = line.map(([entries, time]) => `${x(entries).toFixed(1)},${y(time).toFixed(1)}`).join(" ");
    return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"${dashes}/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<title>Time of the first hit and of a later hit, by number of entries</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${[...grid, ...axis, ...drawn, ...labels(lines, y)].join("\n")}
<text x="${(PLOT.left + PLOT.right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">entries in the file</text>
</svg>
`;
}

/**
 * Labels at the ends of the lines, moved apart.
 *
 * @param {Record<string, Points>} lines
 * @param {(time: number) => number} y
 */
function labels(lines, y) {
  const places = Object.entries(lines).map(([name, line]) => ({ name, at: y(line.at(-1)?.[1] ?? 1) }));
  let next = 0;
  return places.toSorted((a, b) => a.at - b.at).map(({ name, at }) => {
    next = Math.max(at + 4, next + 15);
    return `<text x="${PLOT.right + 10}" y="${next.toFixed(1)}">${name}</text>`;
  });
}

/**
 * @param {number} value
 * @param {readonly [number, number]} domain
 * @param {readonly [number, number]} range
 */
function scaled(value, [from, to], [start, end]) {
  return start + (Math.log(value / from) / Math.log(to / from)) * (end - start);
}

/** @param {number} microseconds */
function shownTime(microseconds) {
  if (microseconds < 1000) return `${microseconds} µs`;
  return microseconds < 1e6 ? `${microseconds / 1000} ms` : `${microseconds / 1e6} s`;
}
