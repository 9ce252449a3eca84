// @ts-check
/**
 * Measures what recording and replaying cost, on Deno, Bun and Node: `node scripts/bench.mjs [--runtime deno|bun|node]`
 *
 * Each measure runs in a process of its own and compares with bare fetch, or with the steps that cannot be left out, in
 * the same run. The last line says which goals were met; the exit code only whether all answers were right.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { bun, cleanEnvironment, commandLine, deno, root, run, start } from "./run.mjs";
import { onBun, onDeno, onNode } from "./runtimes.mjs";

/** @typedef {import("./run.mjs").Command} Command */
/** @typedef {{ name: string, label: string, command: Command }} Runtime */

const folder = join(root, "bench");
const env = cleanEnvironment();
const node = [process.execPath, "--import", "tsx"];
const chosen = commandLine(["runtime"]).runtime ?? [];

/** Where each goal was met, and where not. @type {Map<string, { met: string[], missed: string[] }>} */
const goals = new Map();

await start(async () => {
  const temporary = mkdtempSync(join(tmpdir(), "cachy-bench-"));
  const server = spawn(node[0] ?? "", [...node.slice(1), "server.ts"], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const url = String((await once(server.stdout, "data"))[0]).trim();
    const runtimes = await wantedRuntimes();
    console.log(`${cpus()[0]?.model}, ${cpus().length} cores; ${runtimes.map(({ label }) => label).join(", ")}`);
    await benchFirstByte(runtimes, url);
    await benchLargeBody(runtimes, url);
    await benchHit(runtimes, temporary);
  } finally {
    server.kill();
    rmSync(temporary, { recursive: true, force: true });
  }
  console.log(`\nGoals: ${[...goals].map(([name, { met, missed }]) => verdict(name, met, missed)).join("; ")}.`);
  return true;
});

/**
 * @param {string} name
 * @param {string} where
 * @param {boolean} isMet
 */
function goal(name, where, isMet) {
  const places = goals.get(name) ?? { met: [], missed: [] };
  (isMet ? places.met : places.missed).push(where);
  goals.set(name, places);
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

/** @returns {Promise<Runtime[]>} */
async function wantedRuntimes() {
  const { label: denoLabel } = await onDeno();
  const { label: bunLabel } = await onBun();
  const { label: nodeLabel } = await onNode(process.execPath);
  const all = [
    { name: "deno", label: denoLabel, command: [...deno(), "run", "-A", "--no-check"] },
    { name: "bun", label: bunLabel, command: bun() },
    { name: "node", label: nodeLabel, command: node },
  ];
  return all.filter(({ name }) => chosen.length === 0 || chosen.includes(name));
}

/**
 * @param {readonly Runtime[]} runtimes
 * @param {string} url
 */
async function benchFirstByte(runtimes, url) {
  const rows = [];
  for (const { label, command } of runtimes) {
    const { bare, recording, difference, p95, noise, noiseP95 } = await measure(command, ["first_byte.ts", url]);
    goal("first byte within 1 ms, median", label, difference <= 1);
    goal("first byte within 1 ms, p95", label, p95 <= 1);
    const ratio = times(recording / bare);
    rows.push([label, ms(bare), ms(recording), ratio, ms(difference), ms(p95), ms(noise), ms(noiseP95)]);
  }
  const columns = ["bare", "recording", "ratio", "difference", "p95", "bare − bare", "p95"];
  printTable("Time to first byte, recording − bare fetch (goal: within 1 ms)", ["", ...columns], rows);
}

/**
 * @param {readonly Runtime[]} runtimes
 * @param {string} url
 */
async function benchLargeBody(runtimes, url) {
  const rows = [];
  for (const { label, command } of runtimes) {
    for (const type of ["text/event-stream", "application/octet-stream"]) {
      const bare = await measure(command, ["large_body.ts", url, type, "bare"]);
      for (const way of ["recording", "default"]) {
        const cached = await measure(command, ["large_body.ts", url, type, way]);
        const memory = [mib(bare.memory), mib(cached.memory)];
        rows.push([label, type, way, ms(bare.ms), ms(cached.ms), times(cached.ms / bare.ms), ...memory]);
      }
    }
  }
  const columns = ["", "type", "maxBodyBytes", "bare", "cachy", "ratio", "peak, bare", "peak, cachy"];
  const rule = "raised, so it is recorded, and default, so the copy is dropped";
  printTable(`A body of 100 MB against bare fetch (maxBodyBytes ${rule})`, columns, rows);
}

/**
 * @param {readonly Runtime[]} runtimes
 * @param {string} temporary
 */
async function benchHit(runtimes, temporary) {
  const rows = [];
  const sizes = ["100", "20000"];
  for (const entries of sizes) {
    await measure(bun(), ["hit_file.ts", join(temporary, entries), entries]);
  }
  for (const { label, command } of runtimes) {
    const hits = [];
    for (const entries of sizes) {
      const figures = await measure(command, ["hit.ts", join(temporary, entries), entries]);
      const { floorP50, hitP50, ratioP50, floorP95, hitP95, ratioP95 } = figures;
      goal("hit within 1.5 floors, p50", `${label} (${entries})`, ratioP50 <= 1.5);
      goal("hit within 1.5 floors, p95", `${label} (${entries})`, ratioP95 <= 1.5);
      const p50 = [us(floorP50), us(hitP50), times(ratioP50)];
      rows.push([label, entries, ...p50, us(floorP95), us(hitP95), times(ratioP95)]);
      hits.push(ratioP50);
    }
    goal("alike at both sizes (ratios within 15 %)", label, Math.max(...hits) <= 1.15 * Math.min(...hits));
  }
  const columns = ["", "entries", "floor p50", "hit p50", "ratio", "floor p95", "hit p95", "ratio"];
  printTable("A hit of 2 KB against its floor (goal: at most 1.5 times, alike at both sizes)", columns, rows);
}

/**
 * @param {Command} command
 * @param {readonly string[]} args A file of bench/ and its arguments.
 * @returns {Promise<any>} The figures that it printed last.
 */
async function measure(command, args) {
  const { ok, output, ending } = await run(command, args, { cwd: folder, env, timeout: 120 });
  if (!ok) throw new Error(`Cannot measure ${args.join(" ")} on ${command[0]}: ${ending}\n${output}`);
  return JSON.parse(output.trim().split("\n").at(-1) ?? "");
}

/** @param {number} value */
function ms(value) {
  return `${value.toFixed(Math.abs(value) < 100 ? 2 : 0)} ms`;
}

/** @param {number} value */
function us(value) {
  return `${value.toFixed(0)} µs`;
}

/** @param {number} value */
function mib(value) {
  return `${value.toFixed(0)} MiB`;
}

/** @param {number} value */
function times(value) {
  return `${value.toFixed(2)} ×`;
}

/**
 * @param {string} title
 * @param {readonly string[]} columns
 * @param {readonly (readonly string[])[]} rows
 */
function printTable(title, columns, rows) {
  const widths = columns.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  console.log(`\n${title}\n\n${[line(columns), rule, ...rows.map(line)].join("\n")}`);
}
