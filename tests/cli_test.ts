/** The command line as a whole: messages for wrong arguments, and what all commands share. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../src/cli/commands/all.ts";
import { VERSION } from "../src/cli/app/run_command_line.ts";
import { formatEntry } from "../src/store/entry.ts";
import { compactFile } from "../src/store/jsonl/compact_file.ts";
import { cachy, cachyOn, project } from "./cli.ts";
import { runProgram } from "./processes.ts";
import { thisRuntime } from "./sdk/case.ts";
import { slowTest, test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

const READING = ["list", "stats", "verify", "scan"];

test("VERSION is the published version", () => {
  const config = JSON.parse(readFileSync(new URL("../deno.json", import.meta.url), "utf8"));
  assert.equal(VERSION, config.version);
});

slowTest("cachy without a command lists the commands, with exit code 2", async (t) => {
  const { code, stdout, stderr } = await cachy(temporaryFolder(t));
  assert.deepEqual([code, stdout], [2, ""]);
  for (const { name } of commands) assert.match(stderr, new RegExp(`\\b${name}\\b`));
});

slowTest("cachy --help lists every command and how to run it, on stdout", async (t) => {
  const folder = temporaryFolder(t);
  const { code, stdout, stderr } = await cachy(folder, "--help");
  assert.deepEqual([code, stderr], [0, ""]);
  const text = unwrapped(stdout);
  for (const { name, summary } of commands) assert.ok(text.includes(name) && text.includes(summary), name);
  assert.match(text, /cachy stands for: (?:node|bun|deno run -A) \S*cli\b/);
  assert.deepEqual(await cachy(folder, "--version"), { code: 0, stdout: `${VERSION}\n`, stderr: "" });
});

/** A text without line breaks. */
function unwrapped(text: string): string {
  return text.replace(/\s+/g, " ");
}

test("cachy COMMAND --help shows each option and an example", async () => {
  const helps = await Promise.all(
    commands.map(async (command) => ({ command, ...await cachyOn("x", command.name, "-h") })),
  );
  for (const { command: { name, alias, options, examples }, code, stdout } of helps) {
    assert.equal(code, 0, name);
    for (const [option, { help }] of Object.entries(options)) {
      assert.ok(stdout.includes(`--${option}`) && unwrapped(stdout).includes(help), `${name} --${option}`);
    }
    assert.ok(examples.length > 0 && examples.every((example) => stdout.includes(example)), name);
    assert.ok(alias === undefined || stdout.includes(`cachy ${alias}`), name);
  }
});

test("cachy rejects unknown arguments, suggests a correction, and ends with exit code 2", async (t) => {
  const { file } = await project(t);
  const cases: [args: string[], message: RegExp][] = [
    [["lst"], /Cannot run "lst": there is no such command\. Did you mean "list"\?/],
    [["frobnicate"], /there is no such command\. Commands: list, show/],
    [["--file", "x", "list"], /the command comes first/],
    [["list", "--modle", "gpt"], /Cannot use the option --modle: it is unknown\. Did you mean "--model"\?/],
    [["list", "-x"], /Cannot use the option -x: it is unknown\. Known options: /],
    [["list", "--model", "--json"], /write --model=--json/],
    [["list", "--json=yes"], /it takes no value/],
    [["list", "--limit", "0"], /Cannot use "0" as --limit: expected a whole number, at least 1/],
    [["list", "--limit", "1", "--limit", "2"], /Cannot use --limit twice/],
    [["list", "--sort", "colour"], /expected one of time, size, tokens, duration, model/],
    [["list", "--since", "yesterday"], /Cannot use "yesterday" as --since: expected an age such as 30d/],
    [["list", "--domain", "a b"], /as --domain: expected a host/],
    [["list", "a.jsonl", "more"], /list takes only \[FILE\]\. Remove it/],
    [["diff"], /Cannot run diff: KEY \[KEY\] is missing/],
    [["show", "xyz"], /Cannot use "xyz" as a key: expected hex digits/],
    [["show", "00000000"], /Cannot find 00000000: no key in .*cachy\.jsonl starts with it/],
    [["show", "a", "--raw", "--curl"], /Cannot use --raw and --curl together/],
    [["diff", "a", "b", "c"], /diff takes only KEY \[KEY\]/],
    [["remove"], /Cannot remove entries: expected either/],
    [["merge"], /Cannot run merge: OTHER\.jsonl… is missing/],
    [["help", "nothing"], /there is no such command/],
    [["list", "--model", ""], /Cannot use --model: its value is missing/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await cachyOn(file, ...args);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /defect|\n\s+at /, args.join(" "));
  }
});

test("cachy reports a missing file or a folder, and creates none", async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, "recordings"));
  const writers = ["merge", "git-setup", "run", "proxy"];
  for (const { name } of commands.filter(({ name, options }) => "file" in options && !writers.includes(name))) {
    const operands = ["show", "diff", "remove", "refresh"].includes(name) ? ["5ece2360"] : [];
    const missing = await cachyOn(join(folder, "cachy.jsonl"), name, ...operands);
    assert.equal(missing.code, 2, name);
    assert.match(missing.stderr, /Cannot read .*cachy\.jsonl: there is no such file\. Record a call first/, name);
    const { code, stderr } = await cachyOn(join(folder, "recordings"), name, ...operands);
    assert.equal(code, 2, name);
    assert.match(stderr, /Cannot read .*recordings: it is a folder/, name);
  }
});

slowTest("cachy accepts an empty file", async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, "cachy.jsonl"), "");
  for (const name of READING) {
    const { code, stderr } = await cachy(folder, name);
    assert.equal(code, 0, `${name}: ${stderr}`);
  }
  assert.match((await cachy(folder, "list")).stderr, /No entries in /);
  assert.equal((await cachy(folder, "list", "--json")).stdout, "[]\n");
  assert.equal((await cachy(folder, "compact")).code, 0);
  assert.match((await cachy(folder, "verify", "--fix")).stdout, /Nothing to repair/);
  assert.match((await cachy(folder, "show", "5")).stderr, /no key in .* starts with it/);
});

slowTest("cachy reads the intact lines of a damaged file", async (t) => {
  const { folder, file } = await project(t);
  appendFileSync(file, '\n<<<<<<< HEAD\n{"key":"aaaaaaaa","resp\n\xff\xfe\0\n{"key":"bbbbbbbb","response":5}\n');
  const { code, stdout, stderr } = await cachy(folder, "list");
  assert.equal(code, 0);
  assert.equal(stdout.trimEnd().split("\n").length, 1 + 4, "a line of titles and 4 entries");
  assert.match(stderr, /5 lines skipped\. Run verify to see why/);
  assert.equal((await cachy(folder, "stats")).code, 0);
});

test("cachy finds the file as enableCachy() does", async (t) => {
  const { folder } = await project(t);
  writeFileSync(join(folder, "deno.json"), "{}");
  const below = join(folder, "src", "deep");
  mkdirSync(below, { recursive: true });
  assert.equal((await cachy(below, "list")).stdout, (await cachy(folder, "list")).stdout);
});

const onlyDeno = thisRuntime().name === "deno" ? undefined : "Only Deno has permissions.";
slowTest("cachy reports a missing permission, and never prompts", { skip: onlyDeno }, async (t) => {
  const { folder, keys: [key = ""] } = await project(t);
  const run = (flags: string[], ...args: string[]) =>
    runProgram("cli", args, { cwd: folder, flags: ["run", "--no-check", ...flags] });
  const unreadable = await run(["--allow-net"], "list", "--file", "cachy.jsonl");
  assert.equal(unreadable.code, 2);
  assert.match(
    unreadable.stderr,
    /^cachy: Cannot read .*cachy\.jsonl: Deno did not grant it\. Run with --allow-read \(-R\)\.\n$/,
  );
  assert.equal((await run(["-R"], "list")).code, 0);
  for (const args of [["compact"], ["remove", key, "--yes"], ["merge", "cachy.jsonl", "--file", "all.jsonl"]]) {
    const { code, stderr } = await run(["-R"], ...args);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, /Deno did not grant write access\. Run with --allow-write/, args.join(" "));
    assert.doesNotMatch(stderr, /defect/);
  }
  const partly = await run(["--allow-read=all.jsonl", "-W"], "merge", "cachy.jsonl", "--file", "all.jsonl");
  assert.equal(partly.code, 2);
  assert.match(partly.stderr, /^cachy: .*Deno did not grant.*--allow-read/);
});

const noPipe = spawnSync("mkfifo", ["--version"]).error ? "mkfifo is missing." : undefined;
test("cachy rejects a pipe, a device or a folder, and does not replace it with a file", { skip: noPipe }, async (t) => {
  const folder = temporaryFolder(t);
  const { file } = await project(t, []);
  writeFileSync(file, formatEntry({ key: "5ece2360", response: "{}" }));
  const pipe = join(folder, "pipe");
  assert.equal(spawnSync("mkfifo", [pipe]).status, 0);
  for (const args of [["list"], ["compact", "--sort"], ["verify", "--fix"], ["remove", "5e", "-y"], ["merge", file]]) {
    const { code, stderr } = await cachyOn(pipe, ...args);
    assert.equal(code, 2);
    assert.match(stderr, /pipe: it is a pipe or a device\. Copy its content to a file/);
  }
  assert.match((await cachyOn(file, "merge", pipe)).stderr, /^cachy: Cannot merge .*pipe: it is a pipe or a device/);
  await assert.rejects(
    () => compactFile(pipe, { sort: true }),
    /Cannot compact .*pipe: it is a folder, a pipe or a device/,
  );
  await assert.rejects(() => compactFile(folder), /Cannot compact .*: it is a folder, a pipe or a device/);
  assert.ok(statSync(pipe).isFIFO());
});
