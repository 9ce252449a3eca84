/**
 * The cost of a file of very many entries. Arguments: the benchmark, the file, the number of its entries, the step
 * between entries with a known request, and a file with 100 entries with known requests.
 *
 * - `open`: time to the first response, with warm code, and the peak memory of the process
 * - `warm`: the same without the large file: the memory of the process itself
 * - `loop`: time of a bare loop over the line feeds of the file
 * - `hits`: a hit in the large file against one in the small file, in turns
 * - `growth`: the first hit after another process appended 1,000 lines, in the large file against the small one
 */
import { Buffer } from "node:buffer";
import { appendFileSync, closeSync, openSync, readFileSync, readSync } from "node:fs";
import { type Cachy, createCachy } from "../mod.ts";
import { CHAT_URL, chatAnswer, chatRequest } from "./chat.mjs";
import { args, check, median, peakMemory, percentile, report } from "./measure.mjs";

const [what = "", file = "", count = "", step = "", smallFile = ""] = args;
const SMALL = { file: smallFile, entries: 100, step: 1 };
const LARGE = { file, entries: Number(count), step: Number(step) };
/** Not a divisor of the number of chats, so that calls jump through the file and reach every chat. */
const STRIDE = 7919;
const ROUNDS = 7;
const CALLS = 500;
const APPENDED_LINES = 1000;

interface Place {
  readonly file: string;
  readonly entries: number;
  readonly step: number;
}

const measures: Record<string, () => Promise<unknown>> = { open, warm, loop, hits, growth };
report(await measures[what]?.());

function opened({ file }: Place): Cachy {
  return createCachy({ file, mode: "auto", fetch: () => Promise.reject(new Error("Wrong response: a miss.")) });
}

/** In milliseconds, including a check of the response. */
async function timeOfHit(cachy: Cachy, { entries, step }: Place, call: number): Promise<number> {
  const number = (call * STRIDE) % (entries / step) * step;
  const request = chatRequest(number);
  const started = performance.now();
  const answer = await (await cachy.fetch(CHAT_URL, request)).json();
  const elapsed = performance.now() - started;
  check(JSON.stringify(answer) === chatAnswer(number), `the one to chat ${number}`);
  return elapsed;
}

async function open() {
  await warm();
  return { ms: await timeOfHit(opened(LARGE), LARGE, 1), peak: peakMemory() };
}

async function warm() {
  const small = opened(SMALL);
  for (let call = 0; call < CALLS; call++) await timeOfHit(small, SMALL, call);
  return { peak: peakMemory() };
}

function loop() {
  const block = "Deno" in globalThis ? new Uint8Array(1 << 20) : Buffer.allocUnsafeSlow(1 << 20);
  const started = performance.now();
  const opened = openSync(file, "r");
  let lines = 0;
  for (let length = read(); length > 0; length = read()) {
    const part = block.subarray(0, length);
    for (let at = part.indexOf(10); at !== -1; at = part.indexOf(10, at + 1)) lines++;
  }
  closeSync(opened);
  check(lines >= LARGE.entries, `${lines} lines`);
  return Promise.resolve({ ms: performance.now() - started });

  function read(): number {
    return readSync(opened, block, 0, block.length, null);
  }
}

async function hits() {
  const [small, large] = [opened(SMALL), opened(LARGE)];
  const times: { small: number; large: number; ratio: number; p95: number }[] = [];
  for (let round = -2; round < ROUNDS; round++) {
    const [inSmall, inLarge]: [number[], number[]] = [[], []];
    for (let call = 0; call < CALLS; call++) {
      inSmall.push(await timeOfHit(small, SMALL, call));
      inLarge.push(await timeOfHit(large, LARGE, round * CALLS + call + 2 * CALLS));
    }
    if (round < 0) continue; // warming up
    const [p50, p50Large] = [median(inSmall), median(inLarge)];
    const p95 = percentile(inLarge, 0.95) / percentile(inSmall, 0.95);
    times.push({ small: p50, large: p50Large, ratio: p50Large / p50, p95 });
  }
  const figure = (name: "small" | "large" | "ratio" | "p95") => median(times.map((round) => round[name]));
  return { small: figure("small"), large: figure("large"), ratio: figure("ratio"), p95: figure("p95") };
}

async function growth() {
  const lines = readFileSync(smallFile, "utf8").split("\n").slice(0, -1);
  const more = Array.from({ length: APPENDED_LINES }, (_, at) => `${lines[at % lines.length]}\n`).join("");
  const times = { small: [] as number[], large: [] as number[] };
  const places = [["small", SMALL, opened(SMALL)], ["large", LARGE, opened(LARGE)]] as const;
  for (const [, place, cachy] of places) await timeOfHit(cachy, place, 0);
  for (let round = 0; round < 3 * ROUNDS; round++) {
    for (const [name, place, cachy] of places) {
      appendFileSync(place.file, more);
      times[name].push(await timeOfHit(cachy, place, round));
    }
  }
  const [small, large] = [median(times.small), median(times.large)];
  return { small, large, ratio: large / small };
}
