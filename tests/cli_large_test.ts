/** Behavior that only large files and long responses show. Tests that take gigabytes are run by hand. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatEntry } from "../src/store/entry.ts";
import { compactAt } from "../src/store/jsonl/compact.ts";
import { cachy, cachyJson, cachyOn, project } from "./cli.ts";
import { slowTest, test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

/** More than a call can have arguments. */
const MANY = 200_000;

function chat(content: string): string {
  return JSON.stringify({ choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }] });
}

slowTest("show prints a response of very many lines", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  writeFileSync(file, formatEntry({ key: "5ece2360", response: chat("a line\n".repeat(MANY)) }));
  const { code, stdout, stderr } = await cachyOn(file, "show", "5ece");
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(stdout.split("\n").filter((line) => line === "  a line").length, MANY);
  assert.match(stdout, /\nended: stop\n$/);
});

slowTest("diff prints very many differences", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const [zeros, ones] = [0, 1].map((value) => JSON.stringify(new Array(MANY).fill(value)));
  writeFileSync(file, formatEntry({ key: "5ece2360", response: zeros ?? "" }));
  writeFileSync(file, formatEntry({ key: "97f3a2e8", response: ones ?? "" }), { flag: "a" });
  const { code, stdout, stderr } = await cachyOn(file, "diff", "5ece", "97f3", "--response");
  assert.deepEqual([code, stderr], [1, ""]);
  assert.match(stdout, /^response:\n {2}\S*\[0\]: 0 → 1\n/);
});

slowTest("scan reports very many secrets", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  writeFileSync(file, `{"key":"5ece2360","response":"${`AKIA${"A1".repeat(8)}`}"}\n`.repeat(MANY));
  const { code, stderr } = await cachyOn(file, "scan");
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`^${MANY} secrets found\\.`));
});

test("list reads more of a stream if its first words arrive late", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const event = (delta: unknown) => `data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`;
  const words = event({ content: "A word and another one. " }).repeat(2000);
  for (const thoughts of [0, 100, 300, 600]) {
    const thinking = event({ reasoning_content: "Well, let me see. " }).repeat(thoughts);
    writeFileSync(file, formatEntry({ key: "5ece2360", response: thinking + words }));
    const [row] = await cachyJson(file, "list") as { readonly answer: string; readonly isStream: boolean }[];
    assert.equal(row?.isStream, true);
    assert.equal(row.answer, "A word and another one. ".repeat(9).slice(0, 200));
  }
});

test("show says how many entries match an ambiguous prefix", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const keys = Array.from({ length: 12 }, (_, index) => `5ece236${index.toString(16)}`);
  writeFileSync(file, keys.map((key) => formatEntry({ key, response: chat(key) })).join(""));
  const { code, stderr } = await cachyOn(file, "show", "5ece");
  assert.equal(code, 2);
  assert.match(stderr, /it matches 5ece236b, 5ece236a, 5ece2369, 5ece2368, 5ece2367 and 7 more\. Write more digits\./);
});

test("compactAt() reports its progress, up to the complete file", (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const lines = ["5ece2360", "97f3a2e8", "00000001"].map((key) => formatEntry({ key, response: chat(key) })).join("");
  for (const sort of [false, true]) {
    writeFileSync(file, `${lines}torn`);
    const told: number[] = [];
    compactAt(file, { sort, onProgress: (done, total) => void told.push(done / total) });
    assert.ok(told.length > 3);
    assert.deepEqual(told, told.toSorted((a, b) => a - b));
    assert.equal(told.at(-1), 1);
  }
});

test("show --json prints one indented JSON text, written member by member", async (t) => {
  const { file, keys } = await project(t);
  for (const key of keys) {
    const { stdout } = await cachyOn(file, "show", key, "--json");
    const shown = JSON.parse(stdout);
    assert.deepEqual(Object.keys(shown), ["line", "entry", "reading"]);
    assert.equal(stdout, `${JSON.stringify(shown, null, 2)}\n`);
  }
});

slowTest("list prints more than one buffer, as a table and as JSON", async (t) => {
  const { folder, file } = await project(t, []);
  const keys = Array.from({ length: 12_000 }, (_, index) => index.toString(16).padStart(8, "0"));
  writeFileSync(
    file,
    keys.map((key) => formatEntry({ key, response: chat(`${key} says something `.repeat(9)) })).join(""),
  );
  const table = await cachy(folder, "list");
  assert.deepEqual([table.code, table.stderr], [0, ""]);
  assert.ok(table.stdout.length > 1 << 20);
  assert.deepEqual(table.stdout.trimEnd().split("\n").slice(1).map((line) => line.slice(0, 8)), keys.toReversed());
  const rows = JSON.parse((await cachy(folder, "list", "--json")).stdout) as { readonly key: string }[];
  assert.deepEqual(rows.map(({ key }) => key), keys.toReversed());
});
