/** Behavior that needs real processes: exits, kills, several writers, full disks, the environment. */
import assert from "node:assert/strict";
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseEntry } from "../src/store/entry.ts";
import { runProgram, startProgram } from "./processes.ts";
import { type Provider, startProvider } from "./provider/provider.ts";
import { after, before, slowTest, test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

let provider: Provider;
before(async () => {
  provider = await startProvider({ pause: 1 });
});
after(() => provider.stop());

const linesOf = (file: string) => existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];

for (const client of ["fetch", "openai", "anthropic", "ollama", "huggingface"]) {
  (client === "fetch" ? test : slowTest)(
    `a program that exits on the last event of a ${client} stream has lost nothing`,
    async (t) => {
      const file = join(temporaryFolder(t), "cachy.jsonl");
      provider.reset();
      for (let round = 1; round <= 3; round++) {
        const { code, stderr } = await runProgram("read_and_exit", [file, provider.url, client]);
        assert.deepEqual([code, stderr], [0, ""]);
        assert.equal(linesOf(file).length, 1);
        assert.equal(provider.requests.length, 1);
      }
    },
  );
}

test("a process that is killed during a stream leaves only complete lines", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  provider.reset();
  const program = startProgram("record_and_hang", [file, provider.url]);
  await program.printed("recorded");
  provider.fault = "hold";
  await program.printed("reading").catch(() => {}); // the fault may arrive too late
  program.child.kill("SIGKILL");
  await program.exit;
  for (const line of linesOf(file)) assert.equal(typeof parseEntry(line), "object");
  assert.ok(linesOf(file).length >= 1);
});

slowTest("a line that a killed process left unfinished affects no other line", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  provider.reset();
  await runProgram("record_many", [file, provider.url, "a", "3"]);
  const line = linesOf(file)[0] ?? "";
  appendFileSync(file, line.slice(0, line.length / 2));
  const { stderr } = await runProgram("record_many", [file, provider.url, "a", "5"]);
  assert.equal(provider.requests.length, 5);
  assert.equal(linesOf(file).length, 6);
  assert.deepEqual(
    linesOf(file).map((line) => typeof parseEntry(line)).join(),
    "object,object,object,string,object,object",
  );
  assert.match(stderr, /Cannot use some lines of .*cachy\.jsonl: line 4 \(not JSON\)/);
});

slowTest("processes that record into one file at the same time write complete lines that all can read", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  provider.reset();
  const names = ["a", "b", "c"];
  await Promise.all(names.map((name) => runProgram("record_many", [file, provider.url, name, "40"])));
  assert.equal(linesOf(file).length, 120);
  for (const line of linesOf(file)) assert.equal(typeof parseEntry(line), "object");
  const replayed = await Promise.all(names.map((name) => runProgram("record_many", [file, provider.url, name, "40"])));
  for (const { stdout } of replayed) assert.equal(JSON.parse(stdout).hits, 40);
  assert.equal(provider.requests.length, 120);
});

const fullDisk = existsSync("/dev/full") ? undefined : "This system has no /dev/full.";

slowTest("a full disk costs the recording, not the call", { skip: fullDisk }, async () => {
  provider.reset();
  const { stdout, stderr, code } = await runProgram("ask_once", [provider.url, `{"file":"/dev/full","mode":"auto"}`]);
  const result = JSON.parse(stdout);
  assert.deepEqual([code, result.status, result.recorded, result.dropped], [0, 200, 0, 1]);
  assert.match(result.text, /chatcmpl/);
  assert.match(stderr, /^cachy: Cannot write \/dev\/full: .*(ENOSPC|no space|os error 28)/i);
  assert.match(stderr, /Free disk space, or use another file/);
  assert.match(stderr, /The call was answered by the network and is not recorded/);
});

const noFolderError = process.platform === "win32" ? "Windows opens a folder as an empty file." : undefined;

slowTest("a folder in place of the file costs the recording, not the call", { skip: noFolderError }, async (t) => {
  provider.reset();
  const folder = temporaryFolder(t);
  const options = JSON.stringify({ file: folder, mode: "auto" });
  const { stdout, stderr } = await runProgram("ask_once", [provider.url, options]);
  assert.equal(JSON.parse(stdout).status, 200);
  assert.match(stderr, /^cachy: Cannot read .*(EISDIR|directory)/i);
});

const isRoot = process.getuid?.() === 0 ? "The user root may read and write every file." : undefined;

slowTest("a file without permissions costs the recording, not the call", { skip: isRoot }, async (t) => {
  provider.reset();
  const file = join(temporaryFolder(t), "cachy.jsonl");
  writeFileSync(file, "", { mode: 0o444 });
  const { stdout, stderr } = await runProgram("ask_once", [provider.url, JSON.stringify({ file, mode: "auto" })]);
  assert.deepEqual([JSON.parse(stdout).status, JSON.parse(stdout).recorded], [200, 0]);
  assert.match(stderr, /^cachy: Cannot write /);
  chmodSync(file, 0o644); // Windows does not remove read-only files.
});

slowTest("the file is in the nearest project folder, from the working directory upwards", async (t) => {
  provider.reset();
  const folder = temporaryFolder(t);
  const cwd = join(folder, "deep", "down");
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(folder, "package.json"), "{}");
  const { stdout } = await runProgram("ask_once", [provider.url], { cwd, env: { CACHY_MODE: "auto" } });
  assert.match(JSON.parse(stdout).file, /cachy-[^/\\]*[/\\]cachy\.jsonl$/);
  assert.equal(linesOf(join(folder, "cachy.jsonl")).length, 1);
});

slowTest("with CI set, an unrecorded request is a miss that says why, and the network is not called", async (t) => {
  provider.reset();
  const cwd = temporaryFolder(t);
  const { stdout } = await runProgram("ask_once", [provider.url], { cwd, env: { CI: "true" } });
  const { status, text, misses } = JSON.parse(stdout);
  assert.deepEqual([status, misses, provider.requests.length], [406, 1, 0]);
  assert.match(JSON.parse(text).error.message, /because the environment variable CI is set/);
  const forced = await runProgram("ask_once", [provider.url], { cwd, env: { CI: "true", CACHY_MODE: "auto" } });
  assert.deepEqual([JSON.parse(forced.stdout).status, provider.requests.length], [200, 1]);
  const replayed = await runProgram("ask_once", [provider.url], { cwd, env: { CI: "true" } });
  assert.deepEqual([JSON.parse(replayed.stdout).hits, provider.requests.length], [1, 1]);
});

slowTest("CACHY_FILE and CACHY_DEBUG take effect, and a wrong CACHY_MODE lists the valid ones", async (t) => {
  provider.reset();
  const cwd = temporaryFolder(t);
  const env = { CACHY_FILE: "here.jsonl", CACHY_DEBUG: "1", CACHY_MODE: "reply" };
  const { stdout, stderr } = await runProgram("ask_once", [provider.url], { cwd, env });
  assert.equal(linesOf(join(cwd, "here.jsonl")).length, 1);
  assert.equal(JSON.parse(stdout).recorded, 1);
  assert.match(stderr, /Cannot use CACHY_MODE=reply: expected one of auto, replay, refresh, off\. The mode is "auto"/);
  assert.match(stderr, /^cachy MISS/m);
});

slowTest("the import fails on a Node that is too old, and says which one is needed", async () => {
  const { code, stdout } = await runProgram("import_on_old_node", []);
  assert.equal(code, 0);
  assert.match(stdout, /^Cannot use @cachy\/core on Node [\d.]+: it needs Node 20 or newer\.$/m);
});
