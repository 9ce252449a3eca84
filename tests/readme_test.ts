/** The snippets of the README, as programs of their own. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runProgram } from "./processes.ts";
import { type Provider, startProvider } from "./provider/provider.ts";
import { thisRuntime } from "./sdk/case.ts";
import { temporaryFolder } from "./testing.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const snippets = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? "");
/** Among the programs, because that is where the SDKs are found. */
const folder = fileURLToPath(new URL(`programs/readme_${crypto.randomUUID()}`, import.meta.url));

let provider: Provider;
before(async () => {
  provider = await startProvider({ pause: 1 });
  mkdirSync(folder);
  for (const [index, snippet] of snippets.entries()) {
    const program = snippet.replaceAll(`"@cachy/core"`, `"../../../mod.ts"`);
    writeFileSync(join(folder, `${index}.ts`), `import "../paid_network.ts";\n${program}`);
  }
});
after(async () => {
  rmSync(folder, { recursive: true });
  await provider.stop();
});

/** How each runtime runs a test file. */
const TEST_FLAGS = {
  deno: ["test", "-A", "--no-check", "--config", fileURLToPath(new URL("../deno.json", import.meta.url))],
  bun: ["test"],
  node: undefined,
};

async function run(index: number, cwd: string, env: Record<string, string> = {}, flags?: readonly string[]) {
  const keys = { OPENAI_API_KEY: "dummy", ANTHROPIC_API_KEY: "dummy", PROVIDER: provider.url };
  const program = `${folder.split(/[/\\]/).at(-1)}/${index}`;
  const exit = await runProgram(program, [], { cwd, flags, env: { ...keys, ...env } });
  assert.equal(exit.code, 0, exit.stderr + exit.stdout);
  return exit;
}

test("the README has three programs", () => assert.equal(snippets.length, 3));

test("the first program of the README streams live, then from the file, and prints what it says", async (t) => {
  provider.reset();
  const { stdout, stderr } = await run(0, temporaryFolder(t));
  const tokens = stdout.trimEnd().split("\n");
  assert.ok(tokens.length > 10);
  assert.deepEqual(tokens.slice(0, tokens.length / 2), tokens.slice(tokens.length / 2));
  assert.equal(provider.requests.length, 1);
  const shape = (text: string) => text.replace(/[0-9a-f]{8}/g, "KEY").replace(/[\d.]+ (bytes|ms)/g, "N $1").trim();
  const printed = readme.match(/^```\n(cachy MISS.*?)^```$/ms)?.[1] ?? "";
  assert.equal(shape(stderr), shape(printed));
});

test("the second program of the README records into its own file, also on another day", async (t) => {
  const cwd = temporaryFolder(t);
  provider.reset();
  const first = await run(1, cwd);
  assert.match(first.stdout, / 1\n$/);
  assert.deepEqual(readdirSync(cwd), ["answers.jsonl"]);
  assert.match(readFileSync(join(cwd, "answers.jsonl"), "utf8"), /Today is DATE/);
  assert.match((await run(1, cwd)).stdout, / 0\n$/);
  assert.equal(provider.requests.length, 1);
});

test("the third program of the README is a test that needs no network in CI, once it is recorded", async (t) => {
  const cwd = temporaryFolder(t);
  provider.reset();
  const flags = TEST_FLAGS[thisRuntime().name];
  await run(2, cwd, {}, flags);
  assert.equal(provider.requests.length, 1);
  await run(2, cwd, { CI: "true" }, flags);
  assert.equal(provider.requests.length, 1);
  assert.ok(readdirSync(cwd).includes("cachy.jsonl"));
});
