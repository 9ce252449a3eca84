import assert from "node:assert/strict";
import { appendFileSync, readFileSync, statSync } from "node:fs";
import { cachy, cachyJson, NO_PYCACHY_FILE, project, PYCACHY_FILE, record, SAMPLES, WEATHER } from "./cli.ts";
import { test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

interface Count {
  readonly entries: number;
  readonly streams: number;
  readonly bytes: number;
  readonly tokens: { readonly input: number; readonly output: number };
  readonly milliseconds: number;
}

interface FileStats {
  readonly fileBytes: number;
  readonly total: Count;
  readonly replaced: number;
  readonly damaged: number;
  readonly models: readonly (Count & { readonly provider?: string; readonly model?: string })[];
}

test("stats counts entries, bytes, tokens and time, in total and by model", async (t) => {
  const { file } = await project(t);
  await record(file, [WEATHER], { mode: "refresh" });
  appendFileSync(file, "torn\n");
  const { fileBytes, total, replaced, damaged, models } = await cachyJson(file, "stats") as FileStats;
  assert.deepEqual([fileBytes, replaced, damaged], [statSync(file).size, 1, 1]);
  const bodies = await Promise.all(SAMPLES.map(({ answer }) => answer().arrayBuffer()));
  const bytes = bodies.reduce((sum, { byteLength }) => sum + byteLength, 0);
  assert.deepEqual([total.entries, total.streams, total.bytes, total.tokens], [4, 1, bytes, { input: 50, output: 12 }]);
  const durations = new Map(
    readFileSync(file, "utf8").split("\n").filter((line) => line.startsWith("{")).map((line) => {
      const { sha256, duration_ms } = JSON.parse(line);
      return [sha256, duration_ms];
    }),
  );
  assert.equal(total.milliseconds, [...durations.values()].reduce((sum, ms) => sum + ms, 0));
  const ofWeather = models.find(({ model }) => model === "gpt-4.1");
  assert.deepEqual([ofWeather?.provider, ofWeather?.entries, ofWeather?.tokens], ["OpenAI", 1, {
    input: 40,
    output: 7,
  }]);
});

test("stats prints the same figures as a table", async (t) => {
  const { folder } = await project(t);
  const { code, stdout } = await cachy(folder, "stats");
  assert.equal(code, 0);
  assert.match(stdout, /^entries +4, 1 of them streamed, /m);
  assert.match(stdout, /^tokens +50 input, 12 output$/m);
  assert.match(stdout, /^Anthropic +claude-haiku-4-5 +1 +\d+ B +10\+5\b/m);
});

test("stats reads what pycachy recorded", { skip: NO_PYCACHY_FILE }, async (t) => {
  const { code, stdout } = await cachy(temporaryFolder(t), "stats", "--file", PYCACHY_FILE);
  assert.equal(code, 0);
  assert.match(stdout, /^Anthropic +claude-\S+ +\d+ /m);
  assert.match(stdout, /^Google +gemini-\S+ +\d+ /m);
});
