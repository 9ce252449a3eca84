import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { displayWidth } from "../src/cli/display/width.ts";
import { type Entry, formatEntry } from "../src/store/entry.ts";
import {
  cachy,
  cachyJson,
  cachyOn,
  GREETING,
  NO_PYCACHY_FILE,
  project,
  PYCACHY_FILE,
  record,
  SAMPLES,
  WEATHER,
} from "./cli.ts";
import { slowTest, test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

interface Row {
  readonly key: string;
  readonly model?: string;
  readonly kind: string;
  readonly prompt: string;
  readonly answer: string;
  readonly isStream: boolean;
  readonly bytes: number;
}

async function rows(file: string, ...args: readonly string[]): Promise<Row[]> {
  return await cachyJson(file, "list", ...args) as Row[];
}

test("list prints a line for each entry: newest first, with model, kind, first words, tokens and size", async (t) => {
  const { folder, keys } = await project(t);
  const { code, stdout, stderr } = await cachy(folder, "ls");
  assert.deepEqual([code, stderr], [0, ""]);
  const [titles = "", ...lines] = stdout.trimEnd().split("\n");
  assert.match(titles, /^KEY +TIME +PROVIDER +MODEL +KIND +PROMPT +RESPONSE +TOKENS +SIZE +TOOK$/);
  assert.deepEqual(lines.map((line) => line.split(" ")[0]), keys.toReversed());
  assert.match(
    lines[3] ?? "",
    /OpenAI +gpt-4\.1 +chat +How is the weather in Paris\? +get_weather\(\{"city":"Paris"\}\) +40\+7 /,
  );
  assert.match(lines[2] ?? "", /gpt-5-mini +chat, stream +日本語で挨拶して 👩‍🚀 +こんにちは、世界！/);
  assert.match(lines[1] ?? "", /Anthropic +claude-haiku-4-5 +messages +Name a colour\. +Blue, of course\. +10\+5 /);
  assert.match(lines[0] ?? "", /tts-1 +speech +Hello +\[audio, /);
});

test("list aligns its columns, also with wide characters and emoji", async (t) => {
  const { file } = await project(t);
  const lines = (await cachyOn(file, "list")).stdout.trimEnd().split("\n");
  const starts = lines.map((line) => displayWidth(line.slice(0, line.search(/PROMPT|How is|日本語|Name a|Hello/))));
  assert.equal(new Set(starts).size, 1, lines.join("\n"));
  const answers = lines.map((line) =>
    displayWidth(line.slice(0, line.search(/RESPONSE|get_w|こんにちは|Blue|\[audio/)))
  );
  assert.equal(new Set(answers).size, 1, lines.join("\n"));
});

test("list --json prints the rows as one JSON list", async (t) => {
  const { file, keys } = await project(t);
  const found = await rows(file);
  assert.deepEqual(found.map(({ key }) => key), keys.toReversed());
  const { prompt, answer, isStream, kind, model } = found[2] as Row;
  assert.deepEqual([prompt, answer, isStream, kind, model], [
    "日本語で挨拶して 👩‍🚀",
    "こんにちは、世界！",
    true,
    "chat",
    "gpt-5-mini",
  ]);
});

test("list filters by model, domain, time and text", async (t) => {
  const { file } = await project(t);
  const models = async (...args: string[]) => (await rows(file, ...args)).map(({ model }) => model);
  assert.deepEqual(await models("--model", "gpt-4.1"), ["gpt-4.1"]);
  assert.deepEqual(await models("--model", "GPT-*"), ["gpt-5-mini", "gpt-4.1"]);
  assert.deepEqual(await models("--model", "gpt"), []);
  assert.deepEqual(await models("--domain", "anthropic.com"), ["claude-haiku-4-5"]);
  assert.deepEqual(await models("--grep", "世界"), ["gpt-5-mini"]);
  assert.deepEqual(await models("--grep", "PARIS"), ["gpt-4.1"]);
  assert.deepEqual(await models("--grep", "something calm"), ["claude-haiku-4-5"], "thoughts are searched, too");
  assert.equal((await models("--since", "1h")).length, 4);
  assert.equal((await models("--since", "2100-01-01")).length, 0);
  assert.deepEqual(await models("--domain", "openai.com", "--grep", "hello"), ["tts-1"]);
});

test("list says that no entries match", async (t) => {
  const { file } = await project(t);
  const { code, stdout, stderr } = await cachyOn(file, "list", "--model", "none");
  assert.deepEqual([code, stdout], [0, ""]);
  assert.match(stderr, /No entries in .*cachy\.jsonl match\./);
});

test("list sorts, reverses and limits its rows", async (t) => {
  const { file } = await project(t);
  const models = async (...args: string[]) => (await rows(file, ...args)).map(({ model }) => model);
  assert.deepEqual(await models("--limit", "2"), ["tts-1", "claude-haiku-4-5"]);
  assert.deepEqual(await models("--reverse", "--limit", "1"), ["gpt-4.1"]);
  assert.deepEqual(await models("--sort", "tokens", "--limit", "2"), ["gpt-4.1", "claude-haiku-4-5"]);
  assert.deepEqual(await models("--sort", "model"), ["claude-haiku-4-5", "gpt-4.1", "gpt-5-mini", "tts-1"]);
  const sizes = (await rows(file, "--sort", "size")).map(({ bytes }) => bytes);
  assert.deepEqual(sizes, sizes.toSorted((a, b) => b - a));
  assert.equal((await models("--sort", "duration")).length, 4);
});

test("list omits entries that a newer response to the same request has replaced", async (t) => {
  const { file } = await project(t, [WEATHER, GREETING]);
  await record(file, [WEATHER], { mode: "refresh" });
  assert.deepEqual((await rows(file)).map(({ model }) => model), ["gpt-4.1", "gpt-5-mini"]);
});

test("list lets no response color the terminal or forge a line", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const response = JSON.stringify({ choices: [{ message: { content: "red \x1b[31m\rfake\nline \u202e" } }] });
  writeFileSync(file, formatEntry({ key: "5ece2360", response }));
  const { stdout } = await cachyOn(file, "list");
  assert.equal(stdout.trimEnd().split("\n").length, 2);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(stdout, /[\x1b\r\u202e]/);
});

test("list reads every response that pycachy recorded", { skip: NO_PYCACHY_FILE }, async () => {
  const lines = readFileSync(PYCACHY_FILE, "utf8").trimEnd().split("\n");
  const found = await rows(PYCACHY_FILE);
  assert.equal(found.length, new Set(lines.map((line) => JSON.parse(line).key)).size);
  const silent = found.filter(({ answer }) => answer === "").map(({ key }) => key);
  const empty = lines.map((line): Entry => JSON.parse(line)).filter(({ response }) => response === "").map(({ key }) =>
    key
  );
  assert.deepEqual(silent.sort(), empty.sort(), "only an empty answer has no words");
});

slowTest("list reads 100,000 entries", async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, "cachy.jsonl");
  const [line = ""] = await recordedLines(t, SAMPLES.slice(0, 1));
  const entry: Entry = JSON.parse(line);
  const count = 100_000;
  const descriptor = openSync(file, "w");
  let block = "";
  for (let index = 0; index < count; index++) {
    const key = index.toString(16).padStart(8, "0");
    block += formatEntry({ ...entry, key, sha256: key.padEnd(64, "0") });
    if (block.length > 1 << 20 || index === count - 1) {
      writeSync(descriptor, block);
      block = "";
    }
  }
  closeSync(descriptor);
  const { code, stdout } = await cachy(folder, "list");
  assert.equal(code, 0);
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.length, count + 1);
  assert.match(lines[1] ?? "", /^0001869f .*How is the weather in Paris\?/);
  assert.match((await cachyOn(file, "show", "0001869f")).stdout, /get_weather/);
});

async function recordedLines(t: Parameters<typeof temporaryFolder>[0], samples: typeof SAMPLES): Promise<string[]> {
  const { file } = await project(t, samples);
  return readFileSync(file, "utf8").trimEnd().split("\n");
}

test("list reads only the first words of a long stream", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const event = (content: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;
  const response = event("Once upon a time") + event(" and then").repeat(20_000) + "data: [DONE]\n\n";
  writeFileSync(file, formatEntry({ key: "5ece2360", response }));
  const [row] = await rows(file, "--grep", "and then");
  assert.match(row?.answer ?? "", /^Once upon a time and then/);
  assert.equal((await rows(file))[0]?.answer, row?.answer);
});
