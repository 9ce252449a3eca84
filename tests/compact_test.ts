import assert from "node:assert/strict";
import { chmodSync, lstatSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { CachyError, compactFile, type Entry, jsonlStore } from "../mod.ts";
import { formatEntry } from "../src/store/entry.ts";
import { namesBeside } from "./changed_file.ts";
import { fileOf, line, one, other, textOf, twin } from "./entry_lines.ts";
import { digestOf, entryOf, legacyEntry } from "./store_contract.ts";
import { test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

test("compactFile() keeps the newest line of each digest, in order", async (t) => {
  const legacy = formatEntry(legacyEntry("by pycachy"));
  const lines = [line("old"), line("twin", twin), line("other", other), legacy, line("new"), legacy];
  const file = fileOf(t, ...lines);
  const report = await compactFile(file);
  assert.equal(textOf(file), [line("twin", twin), line("other", other), line("new"), legacy].join(""));
  assert.deepEqual(report, {
    kept: 4,
    replaced: 2,
    damaged: 0,
    bytesBefore: lines.join("").length,
    bytesAfter: textOf(file).length,
  });
  assert.deepEqual(namesBeside(file), ["cachy.jsonl"]);
});

test("compactFile() removes invalid lines, so that every remaining line can be parsed", async (t) => {
  const conflict = ["<<<<<<< HEAD\n", line("ours"), "=======\n", line("theirs", other), ">>>>>>> branch\n"];
  const file = fileOf(t, "\uFEFF", line("first", twin), "\n", "\0\0\n", ...conflict, "{}\n", line("torn").slice(0, 50));
  assert.deepEqual([(await compactFile(file)).kept, (await compactFile(file)).damaged], [3, 0]);
  assert.equal(textOf(file), [line("first", twin), line("ours"), line("theirs", other)].join(""));
});

test("compactFile() counts what it removes", async (t) => {
  const file = fileOf(t, "\n", "no\n", line("kept"), "{}\n", line("torn").slice(0, 50));
  assert.deepEqual([(await compactFile(file)).damaged, textOf(file)], [4, line("kept")]);
});

test("compactFile() keeps a last line without a line feed, and ends all lines with one", async (t) => {
  const file = fileOf(t, line("a").replace("\n", "\r\n"), line("b", other).trimEnd());
  assert.deepEqual([(await compactFile(file)).kept, textOf(file)], [2, line("a") + line("b", other)]);
});

test("compactFile() keeps lines of a newer format, and failures that pycachy recorded", async (t) => {
  const newer = `{"key":"${one.key}","sha256":"${one.sha256}","v":2,"answer":["of another shape"]}\n`;
  const failure = `{"key": "${one.key}", "response": "busy", "headers": {}, "status_code": 500, "binary": false}\n`;
  const nothing = `{"key":"${one.key}","v":1}\n`;
  const file = fileOf(t, newer, failure, line("old"), nothing, line("new"));
  const { kept, replaced, damaged } = await compactFile(file);
  assert.deepEqual([kept, replaced, damaged], [3, 1, 1]);
  assert.equal(textOf(file), newer + failure + line("new"));
});

test("compactFile() removes lines that no reader can read, even if another program may have written them", async (t) => {
  const failure = `{"key": "${one.key}", "response": "\xff", "status_code": 500}\n`;
  const file = join(temporaryFolder(t), "cachy.jsonl");
  for (const start of [`{"v":2,`, "{"]) {
    writeFileSync(file, line("kept") + failure.replace("{", start), "latin1");
    assert.deepEqual([(await compactFile(file)).damaged, textOf(file)], [1, line("kept")]);
  }
  writeFileSync(file, line("kept").replace("\n", "\r\r\n"));
  assert.deepEqual(
    [(await compactFile(file)).kept, textOf(file)],
    [1, line("kept")],
    "some readers take a lone \\r for an end",
  );
});

test("compactFile() refuses a file in which no line is an entry, and leaves it unchanged", async (t) => {
  for (const text of ["Notes\nof a meeting\n", `[{"name":"data"}]`, `{"other":"lines"}\n{"of":"JSON"}\n`]) {
    const file = fileOf(t, text);
    await assert.rejects(compactFile(file), {
      code: "cannot_compact",
      message: /: it is not a recording, because no /,
    });
    assert.equal(textOf(file), text);
  }
});

test("compactFile() sorts by response and then by key on request, as pycachy does", async (t) => {
  // Python compares code points: U+FF5E comes before U+1F600, whose UTF-16 units are smaller.
  const long = "x".repeat(31);
  const responses = [
    "",
    "a",
    "b",
    `${long}a`,
    `${long}b`,
    `${long}\u{1F600}a`,
    `${long}\u{1F600}b`,
    "\uFF5E",
    "\u{1F600}",
  ];
  const lines = responses.map((response, at) => line(response, digestOf(`0000000${at}`.slice(-8))));
  const twins = [line("b", digestOf("1badcafe")), line("b", digestOf("0badcafe"))].sort();
  const file = fileOf(t, ...[...lines, ...twins].reverse(), "bad\n");
  await compactFile(file, { sort: true });
  const order = textOf(file).trim().split("\n").map((text) => JSON.parse(text));
  assert.deepEqual(
    order.map(({ response }) => response),
    responses.flatMap((text) => text === "b" ? ["b", "b", "b"] : [text]),
  );
  const keys = order.filter(({ response }) => response === "b").map(({ key }) => key);
  assert.deepEqual(keys, keys.toSorted());
});

test("compactFile() does not touch a file without replaced or damaged lines", async (t) => {
  for (const lines of [[line("a"), line("b", other)], [line("a"), line("b", other).trimEnd()], []]) {
    const file = fileOf(t, ...lines);
    const { ino, size } = statSync(file);
    const { bytesBefore, bytesAfter } = await compactFile(file);
    assert.deepEqual([bytesBefore, bytesAfter], [size, size]);
    assert.deepEqual([statSync(file).ino, textOf(file), namesBeside(file)], [ino, lines.join(""), ["cachy.jsonl"]]);
  }
});

test(
  "compactFile() keeps the mode of the file, and keeps a link a link",
  { skip: process.platform === "win32" ? "Windows has neither modes nor links." : undefined },
  async (t) => {
    const file = fileOf(t, line("old"), line("new"));
    chmodSync(file, 0o640);
    const link = `${file}.link`;
    symlinkSync(file, link);
    await compactFile(link);
    assert.equal(textOf(file), line("new"));
    assert.ok(lstatSync(link).isSymbolicLink());
    assert.equal(statSync(file).mode & 0o777, 0o640);
  },
);

test("compactFile() leaves every entry readable for a store that uses the file", async (t) => {
  const file = fileOf(t, line("old"), line("other", other), line("new"));
  const store = jsonlStore(file);
  const responseOf = ({ key, sha256 }: { key: string; sha256: string }) => (store.find(key, sha256) as Entry).response;
  assert.deepEqual([responseOf(one), responseOf(other)], ["new", "other"]);
  await compactFile(file);
  assert.deepEqual([responseOf(one), responseOf(other), store.size], ["new", "other", 2]);
  store.append(entryOf("newest"));
  assert.equal(responseOf(one), "newest");
  assert.equal(textOf(file), line("other", other) + line("new") + line("newest"));
});

test("compactFile() copies what a killed compaction left behind, unless a newer entry exists", async (t) => {
  const file = fileOf(t, line("new"), line("new"));
  // Killed after the rename: the old file still has lines that were appended just before.
  writeFileSync(`${file}.compact-old`, line("older") + line("last moment", other));
  await compactFile(file);
  assert.equal(textOf(file), line("new") + line("last moment", other));
  assert.deepEqual(namesBeside(file), ["cachy.jsonl"]);
});

test("compactFile() copies lines unchanged, also if they are nested too deeply for JSON.stringify()", async (t) => {
  const lines = ["[".repeat(200_000) + "]".repeat(200_000), "9007199254740993", `{"toString":7}`].map((json, at) =>
    line("last moment", digestOf(`0000000${at}`)).replace("}\n", `,"recorded_at":${json}}\n`)
  );
  const file = fileOf(t, line("new"), line("new"));
  writeFileSync(`${file}.compact-old`, lines.join(""));
  await compactFile(file);
  assert.ok(textOf(file) === line("new") + lines.join(""));
});

/** What `compactFile()` throws. */
async function errorOf(file: string): Promise<CachyError> {
  try {
    await compactFile(file);
  } catch (error) {
    if (error instanceof CachyError) return error;
    throw error;
  }
  return assert.fail("it did not throw");
}

test("compactFile() rejects and says what to do if another process compacts, or was killed", async (t) => {
  const file = fileOf(t, line("old"), line("new"));
  writeFileSync(`${file}.compact`, "unfinished");
  const { code, message } = await errorOf(file);
  assert.equal(code, "cannot_compact");
  assert.match(
    message,
    /^Cannot compact \S+cachy\.jsonl: another process is rewriting it, .*\.compact exists\. If .* delete \S+\.compact, which/,
  );
  assert.equal(textOf(file), line("old") + line("new"));
  assert.equal(textOf(`${file}.compact`), "unfinished");
});

test("compactFile() rejects an invalid path and invalid options", async (t) => {
  const file = fileOf(t, line("kept"));
  const compact = compactFile as (...call: unknown[]) => Promise<unknown>;
  const refused = (...call: unknown[]) => assert.rejects(() => compact(...call), { code: "invalid_option" });
  for (const path of [undefined, 7, "", "https://a.example/x", "~/x"]) await refused(path);
  for (const options of [null, { sorted: true }, { sort: "yes" }]) await refused(file, options);
  assert.equal(textOf(file), line("kept"));
});

// Windows opens a folder as an empty file.
const noFiles = ["missing.jsonl", ...process.platform === "win32" ? [] : ["folder"]];

test("compactFile() rejects and changes nothing if the file is missing or a folder", async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, "folder"));
  for (const name of noFiles) {
    const { code, message } = await errorOf(join(folder, name));
    assert.deepEqual([code, message.startsWith(`Cannot compact ${join(folder, name)}: `)], ["cannot_compact", true]);
  }
  assert.deepEqual(readdirSync(folder), ["folder"]);
});
