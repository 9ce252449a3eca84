/**
 * Time, CPU time and memory of a stream of very many small events at full speed. Arguments: the URL of the server, and
 * `bare` (plain fetch) or `recording`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createCachy } from "../mod.ts";
import { args, check, median, peakMemory, report } from "./measure.mjs";

const EVENTS = 10_000;
const ROUNDS = 7;
const WARM_UP_ROUNDS = 2;

const [server = "", way = ""] = args;
const folder = mkdtempSync(join(tmpdir(), "cachy-bench-"));
const cachy = createCachy({ file: join(folder, "cachy.jsonl"), domains: [new URL(server).host], mode: "auto" });
const call = way === "bare" ? fetch : cachy.fetch;
const times: number[] = [];
const cpu: number[] = [];
let bytes = 0;
for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
  const before = process.cpuUsage();
  const started = performance.now();
  const response = await call(`${server}/events?count=${EVENTS}`, { method: "POST", body: `{"round":${round}}` });
  bytes = 0;
  for await (const chunk of response.body!) bytes += chunk.byteLength;
  if (round < 0) continue;
  times.push(performance.now() - started);
  const { user, system } = process.cpuUsage(before);
  cpu.push((user + system) / 1000);
}
await cachy.flush();
const expected = way === "bare" ? 0 : ROUNDS + WARM_UP_ROUNDS;
check(cachy.stats.recorded === expected, `${cachy.stats.recorded} of ${expected} streams were recorded`);
rmSync(folder, { recursive: true });
report({ ms: median(times), cpu: median(cpu), memory: peakMemory(), bytes });
