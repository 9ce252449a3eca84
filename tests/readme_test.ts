/** The programs of the README that need only a provider. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Provider, startProvider } from "./provider/provider.ts";
import { readme, type ReadmePrograms, snippets, writePrograms } from "./readme.ts";
import { thisRuntime } from "./sdk/case.ts";
import { after, before, slowTest, test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

let provider: Provider;
let programs: ReadmePrograms;
before(async () => {
  provider = await startProvider({ pause: 1 });
  programs = writePrograms(provider);
});
after(async () => {
  programs.remove();
  await provider.stop();
});

/** How each runtime runs a test file. */
const TEST_FLAGS = {
  deno: ["test", "-A", "--no-check", "--config", fileURLToPath(new URL("../deno.json", import.meta.url))],
  bun: ["test"],
  node: undefined,
};

test("the README has eleven programs", () => assert.equal(snippets.length, 11));

slowTest("the first program of the README streams live, then from the file, and prints the shown output", async (t) => {
  provider.reset();
  const { stdout, stderr } = await programs.run(0, { cwd: temporaryFolder(t) });
  const tokens = stdout.trimEnd().split("\n");
  assert.ok(tokens.length > 10);
  assert.deepEqual(tokens.slice(0, tokens.length / 2), tokens.slice(tokens.length / 2));
  assert.equal(provider.requests.length, 1);
  const shape = (text: string) =>
    text.replace(/[0-9a-f]{8}/g, "KEY").replace(/[\d.]+ k?B/g, "BYTES").replace(/[\d.]+ m?s/g, "TIME").trim();
  const printed = readme.match(/^```\n(cachy MISS.*?)^```$/ms)?.[1] ?? "";
  assert.equal(shape(stderr), shape(printed));
});

slowTest("the second program of the README records into its own file, also on another day", async (t) => {
  const cwd = temporaryFolder(t);
  provider.reset();
  const first = await programs.run(1, { cwd });
  assert.match(first.stdout, / 1\n$/);
  assert.deepEqual(readdirSync(cwd), ["answers.jsonl"]);
  assert.match(readFileSync(join(cwd, "answers.jsonl"), "utf8"), /Today is DATE/);
  assert.match((await programs.run(1, { cwd })).stdout, / 0\n$/);
  assert.equal(provider.requests.length, 1);
});

slowTest("the third program of the README is a test that needs no network in CI after it was recorded", async (t) => {
  const cwd = temporaryFolder(t);
  provider.reset();
  const flags = TEST_FLAGS[thisRuntime().name];
  await programs.run(2, { cwd, flags });
  assert.equal(provider.requests.length, 1);
  await programs.run(2, { cwd, flags, env: { CI: "true" } });
  assert.equal(provider.requests.length, 1);
  assert.ok(readdirSync(cwd).includes("cachy.jsonl"));
});

slowTest("the typing program of the README prints the same from the file, at the recorded pace", async (t) => {
  const cwd = temporaryFolder(t);
  provider.reset();
  const typing = snippets.findIndex((snippet) => snippet.includes("pace:"));
  const first = await programs.run(typing, { cwd });
  const second = await programs.run(typing, { cwd });
  assert.ok(first.stdout.length > 10);
  assert.deepEqual([second.stdout, provider.requests.length], [first.stdout, 1]);
});

for (const recipe of ["axios.create", "FetchHttpHandler", "new Ollama()", "withOptions", "localhost:4000/v1"]) {
  slowTest(`the recipe of the README with ${recipe} records, and then replays from the file`, async (t) => {
    const cwd = temporaryFolder(t);
    provider.reset();
    const index = snippets.findIndex((snippet) => snippet.includes(recipe));
    const first = await programs.run(index, { cwd });
    const second = await programs.run(index, { cwd, env: { CI: "true" } });
    assert.equal(second.stdout, first.stdout.replace(/ 0\n$/, " 1\n"));
    assert.deepEqual([first.stdout.endsWith(" 0\n"), provider.requests.length], [true, 1]);
  });
}
