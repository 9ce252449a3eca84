/**
 * Time and memory of a large streamed body. Arguments: the URL of the server, the content type, and `bare` (plain
 * fetch), `recording` (recorded as an entry) or `default` (exceeds the default maxBodyBytes, so the copy is dropped).
 * Each runs in a separate process, so that its peak memory can be measured.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Cachy, createCachy } from "../mod.ts";
import { args, check, peakMemory, report } from "./measure.mjs";

const BODY_BYTES = 100_000_000;
const SMALL_BODY_BYTES = 1_000_000;

const [server = "", type = "", way = ""] = args;
const folder = mkdtempSync(join(tmpdir(), "cachy-bench-"));
const file = join(folder, "cachy.jsonl");
const whole = { maxBodyBytes: 2 * BODY_BYTES };

await checkAnswers();
// One round: it takes seconds, and later rounds would hide the memory of the first one.
const before = process.cpuUsage();
const elapsed = await (way === "bare" ? read(fetch) : readThrough(way === "recording"));
const { user, system } = process.cpuUsage(before);
const memory = peakMemory();
rmSync(folder, { recursive: true });
report({ ms: elapsed, cpu: (user + system) / 1000, memory });

async function checkAnswers(): Promise<void> {
  using cachy = newCachy(whole);
  const hash = async (call: typeof fetch) => {
    const body = await (await request(call, SMALL_BODY_BYTES)).arrayBuffer();
    return createHash("sha256").update(new Uint8Array(body)).digest("hex");
  };
  const bare = await hash(fetch);
  check(
    await hash(cachy.fetch) === bare && cachy.stats.recorded === 1,
    "a recorded body differs from the received one",
  );
  check(await hash(cachy.fetch) === bare && cachy.stats.hits === 1, "a replayed body differs from the received one");
}

/** Milliseconds until the complete body is read, and recorded or dropped as expected. */
async function readThrough(isRecorded: boolean): Promise<number> {
  rmSync(file, { force: true });
  await using cachy = newCachy(isRecorded ? whole : {});
  const elapsed = await read(cachy.fetch);
  const { recorded, dropped } = cachy.stats;
  check(isRecorded ? recorded === 1 : dropped === 1, `${recorded} answers were recorded and ${dropped} dropped`);
  return elapsed;
}

async function read(call: typeof fetch): Promise<number> {
  const started = performance.now();
  const response = await request(call, BODY_BYTES);
  let bytes = 0;
  for await (const chunk of response.body!) bytes += chunk.byteLength;
  const elapsed = performance.now() - started;
  check(bytes >= BODY_BYTES, `only ${bytes} bytes arrived`);
  return elapsed;
}

function request(call: typeof fetch, bytes: number): Promise<Response> {
  return call(`${server}/large?type=${encodeURIComponent(type)}&bytes=${bytes}`, { method: "POST", body: "{}" });
}

function newCachy(options: { readonly maxBodyBytes?: number }): Cachy {
  return createCachy({ file, domains: [new URL(server).host], mode: "auto", ...options });
}
