/**
 * Shows the main job: `npm run demo`
 *
 * Three real SDKs stream an answer, live the first time, from the file the second. The provider is a loopback server;
 * with `npm run demo -- --live` the calls whose API key is in the environment go to the real one. The recording stays
 * in demo/cachy.jsonl, which each run begins anew.
 */
import { readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { styleText } from "node:util";
import { defaultDomains, enableCachy } from "../mod.ts";
import { rowOf } from "../src/cli/file/row.ts";
import { readEntry } from "../src/cli/read/reading.ts";
import { parseEntry } from "../src/store/entry.ts";
import { startProvider } from "../tests/provider/provider.ts";
import { type Sdk, sdks } from "./sdks.ts";

const PAUSE_MS = 80;

const isLive = process.argv.includes("--live");
const file = fileURLToPath(new URL("cachy.jsonl", import.meta.url));
rmSync(file, { force: true });
const answer = ({ body }: { body: string }) => sdks.find(({ prompt }) => body.includes(prompt))?.answer;
const provider = await startProvider({ pause: PAUSE_MS, answer });

// The one line that a program needs; the options are those of a demo.
const cachy = enableCachy({ file, domains: [...defaultDomains, provider.url], mode: "auto" });

for (const sdk of sdks) {
  const apiKey = isLive ? process.env[sdk.apiKey] : undefined;
  const where = apiKey ? "the real provider" : isLive ? `loopback, because ${sdk.apiKey} is not set` : "loopback";
  console.log(`\n${styled("bold", sdk.name)}  ${sdk.call}  (${where})`);
  const baseURL = apiKey ? undefined : `${provider.url}${sdk.path}`;
  const live = await ask("live     ", sdk, apiKey, baseURL);
  const replayed = await ask("from file", sdk, apiKey, baseURL);
  if (replayed !== live) throw new Error("the answer from the file is not the one that was recorded");
  console.log(`  stored    ${storedAs(lastLine())}`);
}

const { hits, misses, recorded } = cachy.stats;
if (hits !== sdks.length) throw new Error(`${hits} of ${sdks.length} second calls were answered from the file`);
console.log(`\n${misses} misses, ${recorded} recorded, ${hits} hits: each call was paid for once.`);
console.log(`Your program needs one line:  enableCachy();\n`);
console.log(`The recording is in demo/cachy.jsonl. Look at it:  npm run -s cachy list`);

cachy.disable();
await provider.stop();

/** Asks once and prints the answer as it arrives. */
async function ask(title: string, sdk: Sdk, apiKey: string | undefined, baseURL: string | undefined): Promise<string> {
  const start = performance.now();
  let first: number | undefined;
  let text = "";
  process.stdout.write(`  ${title} `);
  for await (const token of sdk.stream({ apiKey: apiKey ?? "no-key-needed", baseURL })) {
    first ??= performance.now() - start;
    text += token;
    process.stdout.write(token.replaceAll("\n", " "));
  }
  const total = performance.now() - start;
  const times = `first token ${milliseconds(first ?? total)}, total ${milliseconds(total)}`;
  console.log(`\n            ${styled("dim", times)}`);
  return text;
}

/** Plain in a pipe. */
function styled(style: "bold" | "dim", text: string): string {
  return process.stdout.isTTY ? styleText(style, text) : text;
}

function milliseconds(time: number): string {
  return `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`;
}

/** A line of the file as a person reads it. */
function storedAs(line: string): string {
  const entry = parseEntry(line);
  if (typeof entry === "string") throw new Error(`the line that was recorded is no entry: ${entry}`);
  const { model, prompt, answer, tokens } = rowOf(entry, readEntry(entry));
  const size = `${(line.length / 1000).toFixed(1)} kB`;
  const count = tokens ? `, ${tokens.input} tokens in, ${tokens.output} out` : "";
  return `${model}: “${prompt}”\n            → “${answer}”\n            ${
    styled("dim", `one line of ${size}${count}`)
  }`;
}

function lastLine(): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").at(-1) ?? "";
}
