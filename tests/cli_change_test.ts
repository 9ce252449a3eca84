/** The commands that change a file: compact, remove and merge. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatEntry } from "../src/store/entry.ts";
import { cachy, cachyJson, cachyOn, GREETING, MESSAGE, project, record, SPEECH, WEATHER } from "./cli.ts";
import { slowTest, test } from "./suite.ts";

function linesOf(file: string): string[] {
  return readFileSync(file, "utf8").trimEnd().split("\n");
}

slowTest("compact removes replaced and damaged lines, and says how many", async (t) => {
  const { folder, file } = await project(t, [WEATHER, GREETING]);
  await record(file, [WEATHER], { mode: "refresh" });
  writeFileSync(file, `${readFileSync(file, "utf8")}torn\n`);
  const [, second, third] = linesOf(file);
  const { code, stdout } = await cachy(folder, "compact");
  assert.equal(code, 0);
  assert.match(stdout, /^2 lines kept, 2 removed \(1 replaced, 1 damaged\): .* → .*\.\n$/);
  assert.deepEqual(linesOf(file), [second, third]);
  await cachyOn(file, "compact", "--sort");
  const responses = linesOf(file).map((line) => JSON.parse(line).response);
  assert.deepEqual(responses, responses.toSorted());
});

test("remove removes entries by key, with the entries that they had replaced", async (t) => {
  const { folder, file, keys: [weather = "", greeting = ""] } = await project(t, [WEATHER, GREETING, MESSAGE]);
  await record(file, [WEATHER], { mode: "refresh" });
  const [, second, third] = linesOf(file);
  const { code, stdout, stderr } = await cachy(folder, "remove", weather.slice(0, 6), "--yes");
  assert.equal(code, 0);
  assert.match(stdout, new RegExp(`^KEY.*\n${weather} .*How is the weather in Paris\\?`));
  assert.match(stderr, /^Removed 2 lines: /);
  assert.deepEqual(linesOf(file), [second, third]);
  await cachyOn(file, "rm", greeting, "-y");
  assert.deepEqual(linesOf(file), [third]);
});

test("remove removes entries by model, text and age", async (t) => {
  const { file } = await project(t, [WEATHER, GREETING, MESSAGE, SPEECH]);
  const models = async () => (await cachyJson(file, "list") as { model: string }[]).map(({ model }) => model).sort();
  await cachyOn(file, "remove", "--model", "claude-*", "--yes");
  assert.deepEqual(await models(), ["gpt-4.1", "gpt-5-mini", "tts-1"]);
  await cachyOn(file, "remove", "--grep", "世界", "--yes");
  assert.deepEqual(await models(), ["gpt-4.1", "tts-1"]);
  const old = formatEntry({ ...JSON.parse(linesOf(file)[0] ?? ""), recorded_at: "2020-01-01T00:00:00.000Z" });
  writeFileSync(file, old + linesOf(file)[1] + "\n");
  await cachyOn(file, "remove", "--older", "30d", "--yes");
  assert.deepEqual(await models(), ["tts-1"]);
});

test("remove by age keeps a response that was recorded again", async (t) => {
  const { file } = await project(t, [WEATHER]);
  const [line = ""] = linesOf(file);
  writeFileSync(file, formatEntry({ ...JSON.parse(line), recorded_at: "2020-01-01T00:00:00.000Z" }) + `${line}\n`);
  assert.match((await cachyOn(file, "remove", "--older", "30d", "--yes")).stderr, /Nothing was removed/);
  assert.equal(linesOf(file).length, 2);
});

slowTest("remove asks first, and without a terminal it requires --yes", async (t) => {
  const { folder, file, keys: [key = ""] } = await project(t, [WEATHER]);
  const before = readFileSync(file, "utf8");
  const { code, stdout, stderr } = await cachy(folder, "remove", key);
  assert.equal(code, 2);
  assert.ok(stdout.includes(key));
  assert.match(
    stderr,
    /Cannot ask "Remove 1 entry \(1 line, .*\) from .*\?": there is no terminal\. Add --yes/,
  );
  assert.equal(readFileSync(file, "utf8"), before);
});

test("remove requires either keys or filters", async (t) => {
  const { file, keys: [key = ""] } = await project(t, [WEATHER]);
  const { code, stderr } = await cachyOn(file, "remove", key, "--older", "1d", "--yes");
  assert.equal(code, 2);
  assert.match(stderr, /Name KEYs, or use --older, --model, --domain, --grep\./);
  assert.equal(linesOf(file).length, 1);
});

slowTest("merge adds the entries of other files, and the newest entry of a digest wins", async (t) => {
  const { folder, file } = await project(t, [WEATHER, GREETING]);
  const other = join(folder, "other.jsonl");
  await record(other, [WEATHER, MESSAGE]);
  writeFileSync(other, `${readFileSync(other, "utf8")}torn\n`);
  const { code, stdout } = await cachy(folder, "merge", "other.jsonl");
  assert.equal(code, 0);
  assert.equal(stdout, `${other}: 1 added, 1 newer, 0 present or older, 1 damaged\n`);
  assert.deepEqual(linesOf(file).slice(2), linesOf(other).slice(0, 2));
  assert.match(
    (await cachyOn(file, "merge", other)).stdout,
    /: 0 added, 0 newer, 2 present or older, 1 damaged\n$/,
  );
  const missing = await cachyOn(file, "merge", "nowhere.jsonl");
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /Cannot merge .*nowhere\.jsonl/);
});

slowTest("merge creates the file if it is missing", async (t) => {
  const { folder, file } = await project(t, [WEATHER]);
  assert.equal((await cachy(folder, "merge", "cachy.jsonl", "--file", "all.jsonl")).code, 0);
  assert.equal(readFileSync(join(folder, "all.jsonl"), "utf8"), readFileSync(file, "utf8"));
});
