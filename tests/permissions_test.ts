/** Deno without permissions: no prompt, no exception, and one warning that says what to grant. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "./processes.ts";
import { type Provider, startProvider } from "./provider/provider.ts";
import { thisRuntime } from "./sdk/case.ts";
import { after, before, slowTest, test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

const skip = thisRuntime().name === "deno" ? undefined : "Only Deno has permissions.";

let provider: Provider;
before(async () => {
  provider = await startProvider({ pause: 1 });
});
after(() => provider.stop());

/** Makes one request in a project folder, with these permissions besides the network. */
async function ask(cwd: string, permissions: readonly string[], options = "{}", env = {}) {
  provider.reset();
  const flags = ["run", "--no-check", "--allow-net", ...permissions];
  const { stdout, stderr, code } = await runProgram("ask_once", [provider.url, options], { flags, cwd, env });
  assert.equal(code, 0, stderr);
  return { ...JSON.parse(stdout), stderr, warnings: stderr.split("\n").filter((line) => line.startsWith("cachy:")) };
}

function project(folder: string): string {
  writeFileSync(join(folder, "deno.json"), "{}");
  return folder;
}

test("the documented flags are enough, and cause no warning", { skip }, async (t) => {
  const cwd = project(temporaryFolder(t));
  const flags = ["--allow-read=.", "--allow-write=cachy.jsonl", "--allow-env=CI,CACHY_MODE,CACHY_FILE,CACHY_DEBUG"];
  const first = await ask(cwd, flags);
  assert.deepEqual([first.recorded, first.stderr, first.file], [1, "", join(cwd, "cachy.jsonl")]);
  const second = await ask(cwd, flags, "{}", { CI: "1" });
  assert.deepEqual([second.hits, second.stderr, provider.requests.length], [1, "", 0]);
});

slowTest("without read access the call reaches the network, with one warning", { skip }, async (t) => {
  const cwd = project(temporaryFolder(t));
  const result = await ask(cwd, ["--allow-env"], `{"file":"cachy.jsonl"}`);
  assert.deepEqual([result.status, result.recorded, result.warnings.length], [200, 0, 1]);
  assert.match(result.stderr, /Cannot read .*cachy\.jsonl: Deno did not grant read access.*--allow-read=/);
  assert.equal(existsSync(join(cwd, "cachy.jsonl")), false);
});

slowTest("without write access the call reaches the network, with one warning", { skip }, async (t) => {
  const cwd = project(temporaryFolder(t));
  const result = await ask(cwd, ["--allow-env", "--allow-read"]);
  assert.deepEqual([result.status, result.recorded, result.dropped, result.warnings.length], [200, 0, 1, 1]);
  assert.match(result.stderr, /Cannot write .*cachy\.jsonl: Deno did not grant write access.*--allow-write=/);
});

slowTest("without access to CI there is one warning, which the option mode prevents", { skip }, async (t) => {
  const cwd = project(temporaryFolder(t));
  const flags = ["--allow-read=.", "--allow-write=."];
  const result = await ask(cwd, flags);
  assert.deepEqual([result.recorded, result.warnings.length], [1, 1]);
  assert.match(result.stderr, /Cannot read the environment variable CI: .*--allow-env=CI,CACHY_MODE/);
  assert.equal((await ask(cwd, flags, `{"mode":"auto"}`)).stderr, "");
  assert.equal((await ask(cwd, [...flags, "--allow-env=CI"])).stderr, "");
});

slowTest(
  "if the project cannot be searched upwards, the warning names the file that is used",
  { skip },
  async (t) => {
    const folder = project(temporaryFolder(t));
    const cwd = join(folder, "inner");
    mkdirSync(cwd);
    const result = await ask(cwd, ["--allow-env", "--allow-read=.", "--allow-write=."]);
    assert.deepEqual([result.recorded, result.warnings.length], [1, 1]);
    assert.match(result.stderr, /Cannot find the project's folder: .*The file is .*inner.cachy\.jsonl/);
    assert.ok(existsSync(join(cwd, "cachy.jsonl")));
  },
);

slowTest(
  "credentials are redacted if Deno allows access to their variable, and Deno never prompts",
  { skip },
  async (t) => {
    const env = { OPENAI_API_KEY: "not-a-real-key-0" };
    const variables = "--allow-env=CI,CACHY_MODE,CACHY_FILE,CACHY_DEBUG";
    for (const [granted, kept] of [["", "of not-a-real-key-0"], [",OPENAI_API_KEY", "of [redacted]"]] as const) {
      const cwd = project(temporaryFolder(t));
      const flags = ["--allow-read=.", "--allow-write=.", variables + granted];
      const result = await ask(cwd, flags, `{"namespace":"of not-a-real-key-0"}`, env);
      assert.deepEqual([result.recorded, result.stderr], [1, ""]);
      assert.equal(JSON.parse(readFileSync(join(cwd, "cachy.jsonl"), "utf8")).request.namespace, kept);
    }
  },
);
