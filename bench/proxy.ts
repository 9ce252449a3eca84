/**
 * Time to the first byte of a stream through the proxy: recording against a bare pass-through proxy. Each proxy has its
 * own process. Arguments: the URL of the server, and in those processes the name of the proxy.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { createCachy } from "../mod.ts";
import { startProxy } from "../src/proxy/server.ts";
import { args, check, median, percentile, report } from "./measure.mjs";

const ROUNDS = 5;
const CALLS = 20;
const WARM_UP_CALLS = 15;

const [server = "", role] = args;
const { host } = new URL(server);
if (role === "bare") serveBare();
else if (role) await serveCachy(role);
else await compareProxies();

function serveBare(): void {
  const proxy = createServer((request, response) => {
    const { method, headers, url = "" } = request;
    const sent = httpRequest(`http:/${url}`, { method, headers: { ...headers, host } }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    request.pipe(sent);
  });
  proxy.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`));
}

async function serveCachy(file: string): Promise<void> {
  const { fetch } = createCachy({ file, domains: [host], mode: "auto" });
  const proxy = await startProxy({ fetch, network: fetch, isForwarded: () => true, maxBodyBytes: 1 << 26, pages: [] });
  console.log(proxy.address);
}

async function compareProxies(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "cachy-bench-"));
  const children = ["bare", join(folder, "cachy.jsonl")].map((role) => {
    const flags = "Deno" in globalThis ? ["run", "-A", "--no-check"] : process.execArgv;
    return spawn(process.execPath, [...flags, fileURLToPath(import.meta.url), server, role], {
      stdio: ["ignore", "pipe", "inherit"],
    });
  });
  const [bare = "", cachy = ""] = await Promise.all(
    children.map(async ({ stdout }) => `${(await once(stdout, "data"))[0]}`.trim()),
  );
  const request = newRequest();
  const texts = [await text(bare, request), await text(cachy, request), await text(cachy, request)];
  check(texts[0]?.endsWith("data: [DONE]\n\n") === true, "the server's stream is not whole");
  check(new Set(texts).size === 1, "a stream through the proxy differs from the received one");
  for (let call = 0; call < WARM_UP_CALLS; call++) await compare(bare, cachy);
  const rounds: Awaited<ReturnType<typeof measureRound>>[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await measureRound(bare, cachy));
  for (const child of children) child.kill();
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
}

async function measureRound(bare: string, cachy: string) {
  const pairs = [];
  for (let call = 0; call < CALLS; call++) pairs.push(await compare(bare, cachy));
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

/** The bare proxy twice: the random difference between two calls. */
async function compare(bare: string, cachy: string) {
  const first = await firstByte(bare);
  const recording = await firstByte(cachy);
  return { bare: first, recording, again: await firstByte(bare) };
}

/** Milliseconds from the call to the first chunk. Then reads the rest, so that the response is recorded. */
async function firstByte(proxy: string): Promise<number> {
  const request = newRequest();
  const started = performance.now();
  const reader = (await fetch(`${proxy}/${host}/first`, request)).body!.getReader();
  await reader.read();
  const elapsed = performance.now() - started;
  while (!(await reader.read()).done);
  return elapsed;
}

async function text(proxy: string, request: RequestInit): Promise<string> {
  return await (await fetch(`${proxy}/${host}/first`, request)).text();
}

function newRequest(): RequestInit {
  const body = JSON.stringify({ model: "gpt-4.1", stream: true, prompt: crypto.randomUUID() });
  return { method: "POST", headers: { "content-type": "application/json" }, body };
}
