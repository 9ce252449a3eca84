/** What a user of the command line expects: files as operands, suggestions, a pager, and no harm to other files. */
import assert from "node:assert/strict";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compareLines } from "../src/cli/display/line_diff.ts";
import { commandHelp, programHelp } from "../src/cli/app/help.ts";
import { commands } from "../src/cli/commands/all.ts";
import { displayWidth } from "../src/cli/display/width.ts";
import { cachy, cachyJson, cachyOn, project, record, type Sample, WEATHER } from "./cli.ts";
import { isLonger } from "../src/cli/app/pager.ts";
import { test } from "./suite.ts";
import { CHAT_URL, jsonAnswer, jsonPost, temporaryFolder } from "./testing.ts";

test("list, stats, verify and compact take a file as an operand", async (t) => {
  const { folder, keys } = await project(t);
  const elsewhere = temporaryFolder(t);
  const file = join(folder, "cachy.jsonl");
  for (const command of ["list", "stats", "verify", "compact"]) {
    const { code, stdout, stderr } = await cachy(elsewhere, command, file);
    assert.equal(code, 0, `${command}: ${stderr}`);
    assert.match(stdout, /\S/, command);
  }
  const both = JSON.parse((await cachy(elsewhere, "stats", file, file, "--json")).stdout);
  assert.deepEqual(both.map(({ total }: { total: { entries: number } }) => total.entries), [4, 4]);
  const { code, stderr } = await cachy(elsewhere, "show", keys[0] ?? "", file);
  assert.equal(code, 2);
  assert.match(stderr, /show takes only \[KEY\]\. If it is the file, write --file=.*cachy\.jsonl\./);
});

test("commands refuse a file that is not a recording, and leave it as it is", async (t) => {
  const { folder, file: recording } = await project(t, [WEATHER]);
  const file = join(folder, "notes.md");
  const content = '# Notes\n{"name": "value"}\n';
  writeFileSync(file, content);
  for (
    const args of [["list"], ["show"], ["diff", "5ec"], ["stats"], ["verify"], ["verify", "--fix"], ["compact"], [
      "remove",
      "--model",
      "x",
      "--yes",
    ], ["merge", recording]]
  ) {
    const { code, stderr } = await cachyOn(file, ...args);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, /^cachy: Cannot use .*notes\.md: it is not a recording, because no line is an entry\. Name/);
    assert.equal(readFileSync(file, "utf8"), content, args.join(" "));
  }
  assert.equal((await cachyOn(file, "scan")).code, 0, "scan searches any file");
  writeFileSync(file, "");
  assert.equal((await cachyOn(file, "list")).code, 0, "an empty file");
});

test("show without a key shows the entry that was added last", async (t) => {
  const { file, keys } = await project(t, [WEATHER]);
  assert.equal((await cachyOn(file, "show")).stdout, (await cachyOn(file, "show", keys[0] ?? "")).stdout);
  writeFileSync(file, "");
  assert.match((await cachyOn(file, "show")).stderr, /Cannot show an entry: .* has none\. Record a call first\./);
});

test("list and remove suggest a model or host, if no entry matches", async (t) => {
  const { file } = await project(t);
  const cases: [args: string[], hint: RegExp][] = [
    [["--model", "gpt-5"], /No entry has the model gpt-5\. To match gpt-5-mini, write --model 'gpt-5\*'\./],
    [["--model", "haiku"], /To match claude-haiku-4-5, write --model '\*haiku\*'\./],
    [["--model", "gtp-4.1"], /Did you mean "gpt-4\.1"\?/],
    [["--model", "o3"], /Models: /],
    [["--domain", "openai"], /No entry has the host openai\. Write the whole host: api\.openai\.com\./],
    [["--domain", "api.opnai.com"], /Did you mean "api\.openai\.com"\?/],
  ];
  for (const [args, hint] of cases) {
    assert.match((await cachyOn(file, "list", ...args)).stderr, hint);
    assert.match((await cachyOn(file, "remove", ...args, "--yes")).stderr, hint);
  }
  assert.doesNotMatch((await cachyOn(file, "list", "--model", "gpt-4.1", "--grep", "absent")).stderr, /No entry has/);
});

test("list, stats and verify agree on the lines that are not entries", async (t) => {
  const { file } = await project(t);
  const bad = [
    "",
    "<<<<<<< HEAD",
    '{"key":"zzzzzzzz","response":"{}"}',
    '{"key":"0000000a","v":2,"response":"{}"}',
    "torn",
    '{"key":"0000000b","key":"0000000c","response":"{}"}',
    '{"key":"0000000d","response":3}',
  ];
  appendFileSync(file, bad.join("\n") + "\n");
  const { damaged, total } = await cachyJson(file, "stats") as { damaged: number; total: { entries: number } };
  const { skipped, entries } = await cachyJson(file, "verify") as { skipped: number; entries: number };
  assert.deepEqual([damaged, skipped, total.entries, entries], [bad.length, bad.length, 4, 4]);
  assert.match((await cachyOn(file, "list")).stderr, /^7 lines skipped\. Run verify to see why\.$/m);
  assert.match((await cachyOn(file, "verify")).stdout, /4 entries, 7 skipped, /);
});

/** A response with a long text; ids and times differ each time. */
function poem(id: string, created: number, content: string): Sample {
  const message = { role: "assistant", content };
  return {
    url: CHAT_URL,
    request: jsonPost({ model: "gpt-4.1", messages: [{ role: "user", content: "A poem" }] }),
    answer: () => jsonAnswer({ id, created, model: "gpt-4.1", choices: [{ message, finish_reason: "stop" }] }),
  };
}

test("diff compares long texts line by line, and leaves out ids and times without --all", async (t) => {
  const { file, keys: [key = ""] } = await project(t, [poem("chatcmpl-1", 1, "One\nTwo\nThree\nFour\nFive\nSix")]);
  await record(file, [poem("chatcmpl-2", 2, "One\nTwo\nThree\nFour\n5\nSix")], { mode: "refresh" });
  const { stdout, stderr } = await cachyOn(file, "diff", key);
  const path = "choices[0].message.content";
  assert.equal(
    stdout,
    `response:\n  ${path}:\n      …\n      Three\n      Four\n    - Five\n    + 5\n      Six\n`,
  );
  assert.equal(stderr, "2 ids and times differ; --all shows them.\n");
  assert.match((await cachyOn(file, "diff", key, "--all")).stdout, /^ {2}created: 1 → 2\n {2}id: "chatcmpl-1" →/m);
  const { file: other } = await project(t, [poem("chatcmpl-1", 1, "One")]);
  await record(other, [poem("chatcmpl-2", 2, "One")], { mode: "refresh" });
  const same = await cachyOn(other, "diff", key);
  assert.deepEqual([same.code, same.stdout], [0, "No differences.\n"]);
});

test("compareLines() finds few changed lines, and does not align thousands of them", () => {
  const marks = (a: string, b: string) => compareLines(a, b).map(({ mark, text }) => mark + text);
  assert.deepEqual(marks("a\nb\nc", "a\nc\nd"), [" a", "-b", " c", "+d"]);
  assert.deepEqual(marks("", "x"), ["-", "+x"]);
  const many = (letter: string) => Array.from({ length: 5000 }, (_, at) => `${letter}${at}`).join("\n");
  assert.equal(compareLines(many("a"), many("b")).length, 10_000);
});

test("the help of each command fits 80 columns, and names the command line that ran it", () => {
  for (const help of [programHelp(commands), ...commands.map((command) => commandHelp(command))]) {
    const widest = Math.max(...help.split("\n").filter((line) => !line.includes("stands for")).map(displayWidth));
    assert.ok(widest <= 80, help);
    assert.doesNotMatch(help, /-- COMMAND….*OPTION/);
    assert.match(help, /^cachy stands for: (?:node|bun|deno run -A) \S+/m);
  }
});

test("isLonger() counts the lines that a terminal needs", () => {
  const screen = { rows: 4, columns: 10 };
  assert.equal(isLonger(["1\n2\n", "3\n"], screen), false);
  assert.equal(isLonger(["1\n2\n", "3\n4\n"], screen), true);
  assert.equal(isLonger(["x".repeat(45)], screen), true, "wrapped");
  assert.equal(isLonger([new Uint8Array(1000)], screen), false, "bytes");
});
