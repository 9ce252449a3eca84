/**
 * Shows recording and replaying: `npm run demo`
 *
 * Three real SDKs stream a response twice: live, then from the file. The provider is a loopback server, and each run
 * starts with an empty demo/cachy.jsonl. With `npm run demo -- --live`, the SDKs whose API keys are in the environment
 * call the real providers. These calls cost money: demo/live.jsonl keeps the responses, and later runs replay them.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { styleText } from "node:util";
import { defaultDomains, enableCachy } from "../mod.ts";
import { cutToWidth } from "../src/cli/display/width.ts";
import { rowOf } from "../src/cli/file/entry_row.ts";
import { readEntry } from "../src/cli/read/reading.ts";
import { utf8 } from "../src/lib/bytes.ts";
import { plural, showBytes, showTime } from "../src/lib/show.ts";
import { parseEntry } from "../src/store/entry.ts";
import { startProvider } from "../tests/provider/provider.ts";
import { type Address, type Sdk, sdks } from "./sdks.ts";

const PAUSE_MS = 80;
const COLUMNS = 80;
/** The indent of lines below the title of an SDK. */
const INDENT = " ".repeat(12);

const isLive = process.argv.includes("--live");
const name = isLive ? "live.jsonl" : "cachy.jsonl";
const file = fileURLToPath(new URL(name, import.meta.url));
if (isLive) announceLive();
else {
  rmSync(file, { force: true });
  console.log("Each run starts with an empty file: it deletes demo/cachy.jsonl.");
}
const answer = ({ body }: { body: string }) => sdks.find(({ prompt }) => body.includes(prompt))?.answer;
const provider = isLive ? undefined : await startProvider({ pause: PAUSE_MS, answer });

// The only line that a program needs. The options are for the demo.
const cachy = enableCachy({ file, domains: provider ? [provider.url] : defaultDomains, mode: "auto" });

for (const sdk of sdks) {
  const address = addressOf(sdk);
  const where = provider ? "loopback" : address ? "the real provider" : `skipped: no ${sdk.apiKey}`;
  console.log(`\n${styled("bold", sdk.name)}  ${sdk.call}  (${where})`);
  if (address) await show(sdk, address);
}

const { hits, misses, recorded } = cachy.stats;
const counts = `${plural(misses, "miss", "misses")}, ${recorded} recorded, ${plural(hits, "hit")}`;
console.log(`\n${counts}: each call was paid for once.`);
console.log(`Your program needs one line:  enableCachy();\n`);
console.log(`The recording is in demo/${name}. Look at it:`);
console.log(`  npm run -s cachy ${isLive ? `-- list --file ${name}` : "list"}`);

cachy.disable();
await provider?.stop();

/** Announces the file of the responses. Ends the program if no API key is set. */
function announceLive(): void {
  if (!sdks.some(({ apiKey }) => process.env[apiKey])) {
    const names = sdks.map(({ apiKey }) => apiKey).join(", ");
    console.error(`Cannot call a real provider: no API key is set.\nSet at least one of ${names}.`);
    process.exit(1);
  }
  if (!existsSync(file)) console.log("demo/live.jsonl keeps the responses: later runs with --live replay them.");
  else console.log("demo/live.jsonl has the responses of earlier runs. To pay again, delete it.");
}

/** The server and the key of an SDK; undefined if its API key is missing. */
function addressOf({ apiKey: variable, path }: Sdk): Address | undefined {
  if (provider) return { apiKey: "no-key-needed", baseURL: `${provider.url}${path}` };
  const apiKey = process.env[variable];
  return apiKey ? { apiKey, baseURL: undefined } : undefined;
}

/** Makes a live call and then a repeated one, or only one call if an earlier run has recorded the response. */
async function show(sdk: Sdk, address: Address): Promise<void> {
  const first = await ask(sdk, address);
  if (first.isReplayed && isLive) return;
  if (first.isReplayed) throw new Error("the first call was replayed, although the file was empty");
  const second = await ask(sdk, address);
  if (!second.isReplayed) throw new Error("the second call was not replayed");
  if (second.text !== first.text) throw new Error("the replayed response differs from the recorded one");
  console.log(`  stored    ${storedAs(lastLine())}`);
}

/** Makes one call and prints the response as it arrives. */
async function ask(sdk: Sdk, address: Address): Promise<{ text: string; isReplayed: boolean }> {
  const hitsBefore = cachy.stats.hits;
  const isReplayed = () => cachy.stats.hits > hitsBefore;
  const start = performance.now();
  let first: number | undefined;
  let text = "";
  for await (const token of sdk.stream(address)) {
    if (first === undefined) {
      first = performance.now() - start;
      process.stdout.write(isReplayed() ? "  from file " : "  live      ");
    }
    text += token;
    process.stdout.write(token.replaceAll("\n", " "));
  }
  const total = performance.now() - start;
  const times = `first token ${showTime(first ?? total)}, total ${showTime(total)}`;
  console.log(`\n${INDENT}${styled("dim", times)}`);
  return { text, isReplayed: isReplayed() };
}

/** Without styles in a pipe. */
function styled(style: "bold" | "dim", text: string): string {
  return process.stdout.isTTY ? styleText(style, text) : text;
}

/** A line of the file in readable form. */
function storedAs(line: string): string {
  const entry = parseEntry(line);
  if (typeof entry === "string") throw new Error(`the recorded line is not an entry: ${entry}`);
  const { model, prompt, answer, tokens } = rowOf(entry, readEntry(entry));
  const fit = (text: string) => cutToWidth(text.replace(/\s+/g, " "), COLUMNS - INDENT.length);
  const size = `one line of ${showBytes(utf8(line).length)}`;
  const count = tokens ? `, ${tokens.input} tokens in, ${tokens.output} out` : "";
  return [fit(`${model}: “${prompt}”`), fit(`→ “${answer}”`), styled("dim", `${size}${count}`)].join(`\n${INDENT}`);
}

function lastLine(): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").at(-1) ?? "";
}
