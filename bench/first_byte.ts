/** Time to the first byte of a stream: recording against bare fetch. Argument: the URL of the server. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCachy } from "../mod.ts";
import { args, check, median, percentile, report } from "./measure.mjs";

const ROUNDS = 5;
const CALLS = 20;
const WARM_UP_CALLS = 15;

const [server = ""] = args;
const folder = mkdtempSync(join(tmpdir(), "cachy-bench-"));
const cachy = createCachy({ file: join(folder, "cachy.jsonl"), domains: [new URL(server).host], mode: "auto" });

await checkAnswers();
for (let call = 0; call < WARM_UP_CALLS; call++) await compare();
const rounds: Awaited<ReturnType<typeof measureRound>>[] = [];
for (let round = 0; round < ROUNDS; round++) rounds.push(await measureRound());
await cachy.flush();
check(cachy.stats.hits === 1 && cachy.stats.dropped === 0, "every call but one should have been recorded");
rmSync(folder, { recursive: true });
const figure = (name: keyof typeof rounds[number]) => median(rounds.map((round) => round[name]));
report({
  bare: figure("bare"),
  recording: figure("recording"),
  difference: figure("difference"),
  p95: figure("p95"),
  noise: figure("noise"),
  noiseP95: figure("noiseP95"),
});

async function checkAnswers(): Promise<void> {
  const request = newRequest();
  const bare = await text(fetch, request);
  check(bare.endsWith("data: [DONE]\n\n"), "the server's stream is not whole");
  check(await text(cachy.fetch, request) === bare, "a recorded stream differs from the received one");
  check(await text(cachy.fetch, request) === bare && cachy.stats.hits === 1, "a replayed stream differs");
}

async function measureRound() {
  const pairs = [];
  for (let call = 0; call < CALLS; call++) pairs.push(await compare());
  const differences = pairs.map(({ bare, recording }) => recording - bare);
  const noise = pairs.map(({ bare, again }) => again - bare);
  return {
    bare: median(pairs.map(({ bare }) => bare)),
    recording: median(pairs.map(({ recording }) => recording)),
    difference: median(differences),
    p95: percentile(differences, 0.95),
    noise: median(noise),
    noiseP95: percentile(noise, 0.95),
  };
}

/** Bare fetch twice: the random difference between two calls. */
async function compare() {
  const bare = await firstByte(fetch);
  const recording = await firstByte(cachy.fetch);
  const again = await firstByte(fetch);
  return { bare, recording, again };
}

/** Milliseconds from the call to the first chunk. Then reads the rest, so that the response is recorded. */
async function firstByte(call: typeof fetch): Promise<number> {
  const request = newRequest();
  const started = performance.now();
  const reader = (await call(`${server}/first`, request)).body!.getReader();
  await reader.read();
  const elapsed = performance.now() - started;
  while (!(await reader.read()).done);
  return elapsed;
}

async function text(call: typeof fetch, request: RequestInit): Promise<string> {
  return await (await call(`${server}/first`, request)).text();
}

function newRequest(): RequestInit {
  const body = JSON.stringify({ model: "gpt-4.1", stream: true, prompt: crypto.randomUUID() });
  return { method: "POST", headers: { "content-type": "application/json" }, body };
}
