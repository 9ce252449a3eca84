// @ts-check
/**
 * Measures the cost of recording and replaying: `node scripts/bench.mjs [--only NAME] [--runtime deno|bun|node]`
 *
 * `--only` selects benchmarks. Like `--runtime`, it may be repeated:
 *
 * - `first-byte`: the first byte of a small stream during recording, against bare fetch
 * - `events`: a stream of 10,000 small events at full speed, against bare fetch
 * - `large-body`: time and memory of a body of 100 MB, against bare fetch
 * - `proxy`: the first byte of a small stream during recording through the proxy, against a bare proxy
 * - `hit`: against the steps that no cache in a file can omit
 * - `import`: the import of mod.ts, against one file with all modules
 * - `commands`: `list`, `stats` and `verify` of a large file, on Node
 * - `million`: a file of a million entries, against `wc -l` and against a file of a hundred
 * - `peers`: against other tools that record and replay, always on Node (see bench_peers.mjs)
 *
 * Recordings of other tools (0.5 GB) stay in the temporary folder of the system, in `cachy-bench-peers-…`, for the next
 * run: recording them takes minutes.
 *
 * Each benchmark runs in separate processes, in the same run as its baseline. The last line lists the goals that were
 * met. `--json FILE` writes all tables and goals to a file, of which `scripts/bench_chart.mjs` makes the chart and the
 * tables of docs/performance.md. The exit code only says whether all responses of cachy were right.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { benchEvents, benchLargeBody } from "./bench_bodies.mjs";
import { benchMillion } from "./bench_million.mjs";
import { benchPeers } from "./bench_peers.mjs";
import { folder, goal, measure, ms, printTable, saveRun, times, us, verdicts } from "./bench_report.mjs";
import { benchCommands, benchImport } from "./bench_start.mjs";
import { bun, cleanEnvironment, commandLine, deno, start } from "./run.mjs";
import { onBun, onDeno } from "./runtimes.mjs";

/** @typedef {import("./run.mjs").Command} Command */
/** @typedef {{ label: string, command: Command }} Runtime */
/** @typedef {{ runtimes: readonly Runtime[], url: string, temporary: string }} Setting */

const node = [process.execPath, "--import", pathToFileURL(join(folder, "typescript.mjs")).href];

/** @type {Record<string, (setting: Setting) => Promise<void>>} */
const measures = {
  "first-byte": benchFirstByte,
  events: benchEvents,
  "large-body": benchLargeBody,
  proxy: benchProxy,
  hit: benchHit,
  import: benchImport,
  commands: benchCommands,
  million: benchMillion,
  peers: benchPeers,
};

/** @type {Record<string, () => Promise<Runtime>>} */
const runtimes = {
  deno: async () => ({ label: (await onDeno()).label, command: [...deno(), "run", "-A", "--no-check"] }),
  bun: async () => ({ label: (await onBun()).label, command: bun() }),
  node: () => Promise.resolve({ label: `Node ${process.versions.node}`, command: node }),
};

await start(async () => {
  const options = commandLine(["only", "runtime", "json"]);
  const wantedMeasures = chosen(measures, "--only", options.only);
  const wantedRuntimes = chosen(runtimes, "--runtime", options.runtime);
  const temporary = mkdtempSync(join(tmpdir(), "cachy-bench-"));
  const server = spawn(node[0] ?? "", [...node.slice(1), "server.ts"], {
    cwd: folder,
    env: cleanEnvironment(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let machine = "";
  try {
    const url = String((await once(server.stdout, "data"))[0]).trim();
    const found = await Promise.all(wantedRuntimes.map((find) => find()));
    machine = `${cpus()[0]?.model}, ${cpus().length} cores; ${found.map(({ label }) => label).join(", ")}`;
    console.log(machine);
    for (const bench of wantedMeasures) await bench({ runtimes: found, url, temporary });
  } finally {
    server.kill();
    rmSync(temporary, { recursive: true, force: true });
  }
  for (const file of options.json ?? []) saveRun(file, machine);
  if (verdicts()) console.log(`\nGoals: ${verdicts()}.`);
  return true;
});

/**
 * @template T
 * @param {Record<string, T>} known
 * @param {string} option
 * @param {string[]} [names] The names given with the option; by default all.
 * @returns {T[]}
 */
function chosen(known, option, names = []) {
  const unknown = names.find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) {
    throw new Error(`Cannot use "${unknown}" as ${option}: expected one of ${Object.keys(known).join(", ")}.`);
  }
  return Object.entries(known).filter(([name]) => names.length === 0 || names.includes(name)).map(([, value]) => value);
}

/** @param {Setting} setting */
async function benchFirstByte(setting) {
  await benchFirst(setting, "first_byte.ts", "Time to first byte, recording − bare fetch", 0.3);
}

/** @param {Setting} setting */
async function benchProxy(setting) {
  await benchFirst(setting, "proxy.ts", "Time to first byte through the proxy, recording − bare proxy", 1);
}

/** @param {Setting} setting @param {string} program @param {string} title @param {number} limit In milliseconds. */
async function benchFirst({ runtimes, url }, program, title, limit) {
  const rows = [];
  for (const { label, command } of runtimes) {
    const { bare, recording, difference, p95, noise, noiseP95 } = await measure(command, [program, url]);
    goal(`${title}: within ${limit} ms`, label, difference <= limit);
    const ratio = times(recording / bare);
    rows.push([label, ms(bare), ms(recording), ratio, ms(difference), ms(p95), ms(noise), ms(noiseP95)]);
  }
  const columns = ["bare", "recording", "ratio", "difference", "p95", "bare − bare", "p95"];
  printTable(`${title} (goal: within ${limit} ms)`, ["", ...columns], rows);
}

/** @param {Setting} setting */
async function benchHit({ runtimes, temporary }) {
  const rows = [];
  const sizes = ["100", "20000"];
  for (const entries of sizes) {
    await measure(bun(), ["chats_file.ts", join(temporary, entries), entries]);
  }
  for (const { label, command } of runtimes) {
    const hits = [];
    for (const entries of sizes) {
      const figures = await measure(command, ["hit.ts", join(temporary, entries), entries]);
      const { floorP50, hitP50, ratioP50, floorP95, hitP95, ratioP95 } = figures;
      goal("hit within 1.25 × baseline, p50", `${label} (${entries})`, ratioP50 <= 1.25);
      goal("hit within 1.25 × baseline, p95", `${label} (${entries})`, ratioP95 <= 1.25);
      const p50 = [us(floorP50), us(hitP50), times(ratioP50)];
      rows.push([label, entries, ...p50, us(floorP95), us(hitP95), times(ratioP95)]);
      hits.push(ratioP50);
    }
    goal("the same at both sizes (ratios within 15 %)", label, Math.max(...hits) <= 1.15 * Math.min(...hits));
  }
  const columns = ["", "entries", "floor p50", "hit p50", "ratio", "floor p95", "hit p95", "ratio"];
  printTable("A hit of 2 KB against its baseline (goal: at most 1.25 times, the same at both sizes)", columns, rows);
}
