/**
 * Time of a hit against a baseline: the steps that no cache in a file can omit, without cachy. Arguments: a file of
 * chats_file.ts and the number of its entries.
 */
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { createCachy } from "../mod.ts";
import { CHAT_URL, chatAnswer, chatRequest } from "./chat.mjs";
import { args, check, median, percentile, report } from "./measure.mjs";

const ROUNDS = 5;
const WARM_UP_ROUNDS = 2;
const BATCHES = 6;
const CALLS = 100;
/** Not a divisor of the number of entries, so that calls jump through the file and reach every entry. */
const STRIDE = 7919;

const [file = "", count = ""] = args;
const entries = Number(count);
const positions = linePositions();
const cachy = createCachy({ file, mode: "auto", fetch: () => Promise.reject(new Error("Wrong response: a miss.")) });
const decoder = new TextDecoder();
let next = 0;

check(positions.length === entries, `${positions.length} of ${entries} lines in the file`);
for (let call = 0; call < CALLS; call++) {
  const number = nextNumber();
  for (const answer of [await floor(number), await hit(number)]) {
    check(JSON.stringify(answer) === chatAnswer(number), `the one to chat ${number}`);
  }
}
for (let round = 0; round < WARM_UP_ROUNDS; round++) await measureRound();
const rounds: Awaited<ReturnType<typeof measureRound>>[] = [];
for (let round = 0; round < ROUNDS; round++) rounds.push(await measureRound());
const figure = (name: keyof typeof rounds[number]) => median(rounds.map((round) => round[name]));
report({
  floorP50: figure("floorP50"),
  hitP50: figure("hitP50"),
  ratioP50: figure("ratioP50"),
  floorP95: figure("floorP95"),
  hitP95: figure("hitP95"),
  ratioP95: figure("ratioP95"),
});

/** In alternating batches, so that a slow machine affects both. */
async function measureRound() {
  const [floors, hits]: [number[], number[]] = [[], []];
  for (let batch = 0; batch < BATCHES; batch++) {
    for (let call = 0; call < CALLS; call++) floors.push(await timeOf(floor));
    for (let call = 0; call < CALLS; call++) hits.push(await timeOf(hit));
  }
  const [floorP50, hitP50] = [median(floors), median(hits)];
  const [floorP95, hitP95] = [percentile(floors, 0.95), percentile(hits, 0.95)];
  return { floorP50, hitP50, floorP95, hitP95, ratioP50: hitP50 / floorP50, ratioP95: hitP95 / floorP95 };
}

/** In microseconds, without the creation of the request. */
async function timeOf(call: (number: number, request: ReturnType<typeof chatRequest>) => Promise<unknown>) {
  const number = nextNumber();
  const request = chatRequest(number);
  const started = performance.now();
  await call(number, request);
  return (performance.now() - started) * 1000;
}

async function hit(number: number, request = chatRequest(number)): Promise<unknown> {
  return await (await cachy.fetch(CHAT_URL, request)).json();
}

async function floor(number: number, { body } = chatRequest(number)): Promise<unknown> {
  createHash("sha256").update(JSON.stringify(JSON.parse(body))).digest("hex");
  const { start, length } = positions[number]!;
  const bytes = new Uint8Array(length);
  const opened = openSync(file, "r");
  readSync(opened, bytes, 0, length, start);
  closeSync(opened);
  const { response, status_code: status, headers } = JSON.parse(decoder.decode(bytes));
  return await new Response(response, { status, headers }).json();
}

function nextNumber(): number {
  return next = (next + STRIDE) % entries;
}

function linePositions(): { readonly start: number; readonly length: number }[] {
  const bytes = readFileSync(file);
  const found = [];
  for (let start = 0, end = bytes.indexOf(10); end !== -1; start = end + 1, end = bytes.indexOf(10, start)) {
    found.push({ start, length: end - start });
  }
  return found;
}
