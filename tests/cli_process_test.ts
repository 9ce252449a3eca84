/** Every command in its own process, on every kind of file. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { commands } from "../src/cli/commands/all.ts";
import type { Entry } from "../src/store/entry.ts";
import { runProgram } from "./processes.ts";
import { cachy, NO_PYCACHY_FILE, project, PYCACHY_FILE } from "./cli.ts";
import { slowTest } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

/** The arguments of each command besides the file, and the expected exit code. */
type Expected = Readonly<Record<string, readonly [args: readonly string[], code: number]>>;

/** `cli_git_test.ts`, `cli_again_test.ts`, `unused_test.ts` and `proxy_run_test.ts` test these. */
const OTHERS: readonly string[] = [
  ...["git-setup", "merge-driver", "textconv", "refresh", "drift", "unused", "run", "proxy"],
];

/** Runs all commands at the same time, each on its own copy of a file. Without a file, the commands find none. */
async function runAll(folder: string, file: string | undefined, expected: Expected) {
  assert.deepEqual(
    Object.keys(expected).sort(),
    commands.map(({ name }) => name).filter((name) => !OTHERS.includes(name)).sort(),
  );
  return await Promise.all(
    Object.entries(expected).map(async ([name, [args, code]]) => {
      const copy = `${name}.jsonl`;
      if (file !== undefined) copyFileSync(file, join(folder, copy));
      const exit = await cachy(folder, name, ...args, "--file", copy);
      assert.equal(exit.code, code, `${name}: ${exit.stdout}${exit.stderr}`);
      assert.doesNotMatch(exit.stderr, /defect|\n\s+at /, name);
      return { name, path: join(folder, copy), ...exit };
    }),
  );
}

slowTest("the command line in the help works as it is printed, also for commands that start programs", async (t) => {
  const { folder } = await project(t);
  // The npm package of Bun has its short name in this folder only.
  const installed = fileURLToPath(new URL("../node_modules/.bin", import.meta.url));
  const PATH = [dirname(process.execPath), installed, process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH, CI: "" };
  const { stdout: help } = await runProgram("cli", ["run", "--help"], { cwd: folder });
  const line = /^cachy stands for: (.+)$/m.exec(help)?.[1];
  for (const words of ["stats", "view --out report.html", `run -- "${process.execPath}" --version`, "git-setup"]) {
    const { status, stdout, stderr } = spawnSync(`${line} ${words}`, {
      shell: true,
      cwd: folder,
      env,
      encoding: "utf8",
    });
    // The folder is not a repository: git must have said so.
    const expected = words === "git-setup" ? /Run it in a git repository/ : /\d|report/;
    assert.match(stdout + stderr, expected, `${line} ${words}`);
    assert.equal(status, words === "git-setup" ? 2 : 0, stdout + stderr);
    assert.doesNotMatch(stderr, /NotCapable|--allow/);
  }
});

const linesOf = (path: string) => readFileSync(path, "utf8").split("\n").filter((line) => line !== "");

slowTest("every command reads and changes what pycachy recorded", { skip: NO_PYCACHY_FILE }, async (t) => {
  const entries: Entry[] = linesOf(PYCACHY_FILE).map((line) => JSON.parse(line));
  const count = (key: string) => entries.filter((entry) => entry.key === key).length;
  const [first, second] = entries.filter(({ key, response }) => count(key) === 1 && response !== "").map(({ key }) =>
    key
  );
  const [one = "", other = ""] = [first, second];
  const results = await runAll(temporaryFolder(t), PYCACHY_FILE, {
    list: [[], 0],
    show: [[one], 0],
    diff: [[one, other, "--response"], 1],
    stats: [[], 0],
    verify: [["--fix"], 0],
    scan: [[], 0],
    view: [["--out", "report.html"], 0],
    compact: [[], 0],
    remove: [[one, "--yes"], 0],
    merge: [[PYCACHY_FILE], 0],
    rekey: [["--yes"], 1],
  });
  const after = new Map(results.map(({ name, path }) => [name, linesOf(path)]));
  const newest = new Map(linesOf(PYCACHY_FILE).map((line) => [JSON.parse(line).key, line]));
  assert.deepEqual(
    after.get("compact"),
    linesOf(PYCACHY_FILE).filter((line) => newest.get(JSON.parse(line).key) === line),
  );
  assert.deepEqual(after.get("remove"), linesOf(PYCACHY_FILE).filter((line) => JSON.parse(line).key !== one));
  for (const name of ["list", "verify", "merge"]) assert.deepEqual(after.get(name), linesOf(PYCACHY_FILE), name);
});

slowTest("every command accepts a damaged file, and loses no entry of it", async (t) => {
  const { folder, file, keys } = await project(t);
  const lines = linesOf(file);
  const damaged = join(folder, "damaged");
  writeFileSync(
    damaged,
    `\uFEFF${lines[0]}\r\n<<<<<<< HEAD\n\n${lines.slice(1).join("\n")}\n${lines[0]?.slice(0, 90)}`,
  );
  const [one = "", other = ""] = keys;
  const results = await runAll(folder, damaged, {
    list: [[], 0],
    show: [[one], 0],
    diff: [[one, other], 1],
    stats: [[], 0],
    verify: [["--fix"], 0],
    scan: [[], 0],
    view: [["--out", "report.html"], 0],
    compact: [[], 0],
    remove: [[one, "--yes"], 0],
    merge: [[file], 0],
    rekey: [["--yes"], 0],
  });
  const after = new Map(results.map(({ name, path }) => [name, readFileSync(path, "utf8")]));
  for (const name of ["compact", "verify"]) assert.equal(after.get(name), `${lines.join("\n")}\n`, name);
  const shown = results.find(({ name }) => name === "list")?.stdout ?? "";
  for (const key of keys) assert.ok(shown.includes(key), key);
  for (const line of lines.slice(1)) assert.ok(after.get("remove")?.includes(line));
  assert.ok(!after.get("remove")?.includes(lines[0] ?? ""));
});

slowTest("every command accepts an empty file, and says if the file is missing", async (t) => {
  const { folder, file } = await project(t);
  const empty = join(folder, "empty");
  writeFileSync(empty, "");
  const nothing: Expected = {
    list: [[], 0],
    show: [["5ece2360"], 2],
    diff: [["5ece2360"], 2],
    stats: [[], 0],
    verify: [[], 0],
    scan: [[], 0],
    view: [["--out", "report.html"], 0],
    compact: [[], 0],
    remove: [["5ece2360", "--yes"], 2],
    merge: [[file], 0],
    rekey: [["--yes"], 0],
  };
  const results = await runAll(folder, empty, nothing);
  const merged = results.find(({ name }) => name === "merge")?.path ?? "";
  assert.equal(readFileSync(merged, "utf8"), readFileSync(file, "utf8"));

  const other = temporaryFolder(t);
  const missing = await runAll(other, undefined, {
    ...Object.fromEntries(Object.entries(nothing).map(([name, [args]]) => [name, [args, 2] as const])),
    merge: [[file], 0],
  });
  for (const { name, path, stderr } of missing.filter(({ name }) => name !== "merge")) {
    assert.match(stderr, /^cachy: Cannot read .*\.jsonl: there is no such file\. Record a call first/, name);
    assert.ok(!existsSync(path), name);
  }
});
