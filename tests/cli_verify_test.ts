import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Entry, formatEntry } from "../src/store/entry.ts";
import { cachy, cachyJson, cachyOn, NO_PYCACHY_FILE, project, PYCACHY_FILE } from "./cli.ts";
import { slowTest, test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

interface Report {
  readonly lines: number;
  readonly entries: number;
  readonly findings: readonly {
    line: number;
    byte: number;
    key?: string;
    kind: string;
    severity: string;
    reason: string;
  }[];
  readonly repair?: { readonly kept: number; readonly backup?: string };
}

async function verify(file: string, ...args: readonly string[]): Promise<Report> {
  return await cachyJson(file, "verify", ...args) as Report;
}

/** Looks like a key, and is not valid. */
const LOOKS_LIKE_A_KEY = `sk-${"abcdefgh12345678".repeat(2)}`;

test("verify finds no problems in recordings", async (t) => {
  const { folder, file } = await project(t);
  const { code, stdout } = await cachy(folder, "verify");
  assert.deepEqual([code, stdout], [0, `${file}: 4 lines, 4 entries, 0 problems\n`]);
});

test("verify prints the line, the byte and the reason of each problem, with exit code 1", async (t) => {
  const { file } = await project(t);
  const [first = "", second = "", third = "", fourth = ""] = readFileSync(file, "utf8").trimEnd().split("\n");
  const stream: Entry = JSON.parse(second);
  const message: Entry = JSON.parse(third);
  const lines = [
    first.replace("in Paris", "in Rome!"),
    formatEntry({ ...stream, response: stream.response.replace(/data: \[DONE\]\s*$/, "").replace('"stop"', "null") })
      .trimEnd(),
    "<<<<<<< HEAD",
    formatEntry({ ...message, response: message.response.replace("Blue", LOOKS_LIKE_A_KEY) }).trimEnd(),
    fourth.slice(0, 60),
    fourth,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  const { lines: count, entries, findings } = await verify(file);
  assert.deepEqual([count, entries], [6, 4]);
  const problems = findings.filter(({ severity }) => severity === "error");
  assert.deepEqual(problems.map(({ line, kind }) => [line, kind]), [
    [1, "digest"],
    [2, "incomplete"],
    [3, "damaged"],
    [4, "secret"],
    [5, "damaged"],
  ]);
  const starts = lines.map((_, at) => Buffer.byteLength(lines.slice(0, at).map((line) => `${line}\n`).join("")));
  for (const { line, byte } of findings) assert.equal(byte, starts[line - 1]);
  const { code, stdout } = await cachyOn(file, "verify");
  assert.equal(code, 1);
  assert.match(stdout, /^problem {2}line 3, byte \d+: git conflict marker$/m);
  assert.match(stdout, /^problem {2}line 4, byte \d+, \w{8}: .*an API key \(sk-…\) in /m);
  assert.doesNotMatch(stdout, new RegExp(LOOKS_LIKE_A_KEY));
});

slowTest("verify --fix removes damaged lines, and keeps the original", async (t) => {
  const { folder, file } = await project(t);
  const whole = readFileSync(file, "utf8");
  const lines = whole.split("\n");
  const damaged = `\uFEFF${lines[0]}\r\n<<<<<<< HEAD\n${lines.slice(1).join("\n")}${lines[0]?.slice(0, 40)}`;
  writeFileSync(file, damaged);
  const { code, stdout } = await cachy(folder, "verify", "--fix");
  assert.equal(code, 0, stdout);
  assert.match(
    stdout,
    /Repaired: 4 lines kept .*, 2 damaged parts removed \(lines 2, 6\)\.\nThe original is .*cachy\.jsonl\.bak\.\n$/,
  );
  assert.equal(readFileSync(file, "utf8"), whole);
  assert.equal(readFileSync(`${file}.bak`, "utf8"), damaged);
  assert.match((await cachyOn(file, "verify", "--fix")).stdout, /Nothing to repair/);
  assert.equal(existsSync(`${file}.bak.2`), false);
});

test("verify --fix still reports what it cannot repair", async (t) => {
  const { file } = await project(t);
  writeFileSync(file, readFileSync(file, "utf8").replace("in Paris", "in Rome!"));
  appendFileSync(file, "torn");
  const { code } = await cachyOn(file, "verify", "--fix");
  assert.equal(code, 1);
  assert.deepEqual((await verify(file)).findings.map(({ kind }) => kind), ["digest"]);
});

test("verify reports lines that only other programs answer from as a note", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  writeFileSync(
    file,
    '{"key": "5ece2360", "response": "Not found", "status_code": 404}\n{"key":"5ece2361","v":2}\n',
  );
  const { findings } = await verify(file);
  assert.deepEqual(findings.map(({ kind, severity }) => [kind, severity]), [["foreign", "note"], ["foreign", "note"]]);
  assert.equal((await cachyOn(file, "verify")).code, 0);
});

test("verify checks what pycachy recorded", { skip: NO_PYCACHY_FILE }, async () => {
  const { lines, entries, findings } = await verify(PYCACHY_FILE);
  assert.deepEqual([lines, entries], [110, 110]);
  assert.deepEqual(findings.filter(({ severity }) => severity === "error"), []);
});
