import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Entry, jsonlStore } from "../mod.ts";
import { CommandError } from "../src/cli/app/command.ts";
import { mergeFiles } from "../src/cli/edit/merge.ts";
import { formatEntry, parseEntry } from "../src/store/entry.ts";
import { changeWhileRecording, killWhileChanging, namesBeside, wholeLinesOf } from "./changed_file.ts";
import { one, other, twin } from "./entry_lines.ts";
import { mount, noDisk, smallDisk } from "./small_disk.ts";
import { digestOf, entryOf, legacyEntry } from "./store_contract.ts";
import { slowTest, test, type TestContext } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

const timeOf = (day: number) => `2026-11-${String(day).padStart(2, "0")}T08:00:00.000Z`;

/** A line. The day says when it was recorded. */
function line(response: string, digest = one, day?: number): string {
  return formatEntry({ ...entryOf(response, digest), ...(day === undefined ? {} : { recorded_at: timeOf(day) }) });
}

/** Creates files: `ours.jsonl`, and others by their names. */
function filesOf(t: TestContext, lines: Readonly<Record<string, readonly string[]>>) {
  const folder = temporaryFolder(t);
  for (const [name, texts] of Object.entries(lines)) writeFileSync(join(folder, `${name}.jsonl`), texts.join(""));
  const pathOf = (name: string) => join(folder, `${name}.jsonl`);
  const merge = async (...names: readonly string[]) => {
    const { files } = await mergeFiles(pathOf("ours"), names.map(pathOf));
    assert.deepEqual(files.map(({ path }) => path), names.map(pathOf));
    return files.map(({ added, replaced, skipped, damaged }) => [added, replaced, skipped, damaged]);
  };
  return { pathOf, merge, ours: () => readFileSync(pathOf("ours"), "utf8"), file: pathOf("ours") };
}

test("mergeFiles() adds missing entries, and leaves the other file and our lines unchanged", async (t) => {
  const lines = [line("ours"), line("of both", other, 1)];
  const theirs = [line("of both", other, 1), line("theirs", twin, 2)];
  const { merge, ours, pathOf } = filesOf(t, { ours: lines, theirs });
  assert.deepEqual(await merge("theirs"), [[1, 0, 1, 0]]);
  assert.equal(ours(), [...lines, line("theirs", twin, 2)].join(""));
  assert.equal(readFileSync(pathOf("theirs"), "utf8"), theirs.join(""));
  assert.deepEqual(await merge("theirs"), [[0, 0, 2, 0]], "a second time nothing is added");
});

test("mergeFiles() prefers the newer recording of a digest, and ours if a time is equal or missing", async (t) => {
  for (
    const [day, dayThere, isReplaced] of [
      ...[[2, 1, true], [1, 2, false], [1, 1, false]] as const,
      ...[[1, undefined, false], [undefined, 1, false], [undefined, undefined, false]] as const,
    ]
  ) {
    const before = line("ours", one, dayThere);
    const { merge, ours, file } = filesOf(t, { ours: [before], theirs: [line("theirs", one, day)] });
    assert.deepEqual(await merge("theirs"), [isReplaced ? [0, 1, 0, 0] : [0, 0, 1, 0]]);
    const { response } = jsonlStore(file).find(one.key, one.sha256) as Entry;
    assert.equal(response, isReplaced ? "theirs" : "ours");
    assert.equal(ours(), isReplaced ? before + line("theirs", one, day) : before);
  }
});

test("mergeFiles() takes the entry that the other file answers with, and the newest of several files", async (t) => {
  const { merge, ours } = filesOf(t, {
    ours: [line("ours", one, 1)],
    theirs: [line("old", other, 2), line("old", one, 2), line("new", other, 3), line("new", one, 3)],
    third: [line("older", other, 2), line("newest", one, 4)],
  });
  assert.deepEqual(await merge("theirs", "third"), [[1, 1, 2, 0], [0, 1, 1, 0]]);
  assert.equal(ours(), line("ours", one, 1) + line("new", other, 3) + line("new", one, 3) + line("newest", one, 4));
});

test("mergeFiles() compares entries of pycachy by their keys", async (t) => {
  const [legacy, legacyOther] = [legacyEntry("theirs"), legacyEntry("theirs", other.key)].map(formatEntry);
  const { merge, ours } = filesOf(t, {
    ours: [line("ours"), formatEntry(legacyEntry("ours", other.key))],
    theirs: [legacy ?? "", legacyOther ?? ""],
  });
  assert.deepEqual(await merge("theirs"), [[1, 0, 1, 0]]);
  assert.equal(ours(), line("ours") + formatEntry(legacyEntry("ours", other.key)) + legacy);
});

test("mergeFiles() copies lines unchanged, except byte order marks and carriage returns", async (t) => {
  const precise = line("a").replace("}\n", `,"recorded_at":9007199254740993, "x" : 1.0, "é€👩‍🚀":"\\u00e9"}\n`);
  const theirs = [
    "\uFEFF",
    precise.replace("\n", "\r\n"),
    line("b", twin).replace("\n", "\r\r\n"),
    line("c", other).trimEnd(),
  ];
  const { merge, ours } = filesOf(t, { ours: [], theirs });
  assert.deepEqual(await merge("theirs"), [[3, 0, 0, 0]]);
  assert.equal(ours(), precise + line("b", twin) + line("c", other));
});

test("mergeFiles() counts and skips invalid lines", async (t) => {
  const { merge, ours } = filesOf(t, {
    ours: [line("ours"), "<<<<<<< HEAD\n", line("torn").slice(0, 40)],
    theirs: ["<<<<<<< HEAD\n", line("theirs", other), "\n", "{}\n", "\0\n", line("torn", twin).slice(0, 40)],
  });
  assert.deepEqual(await merge("theirs"), [[1, 0, 0, 5]]);
  assert.equal(ours(), `${line("ours")}<<<<<<< HEAD\n${line("torn").slice(0, 40)}\n${line("theirs", other)}`);
});

test("mergeFiles() adds lines that only other programs answer from, unless an identical line exists", async (t) => {
  const newer = `{"key":"${one.key}","sha256":"${one.sha256}","v":2,"answer":[]}\n`;
  const failure = `{"key": "${one.key}", "response": "busy", "status_code": 500}\n`;
  const odd = formatEntry({ key: "odd", response: "x" });
  const { merge, ours } = filesOf(t, {
    ours: [newer.replace("\n", "\r\n"), line("ours")],
    theirs: [newer, newer.replace("[]", "[1]"), failure, odd, failure, line("theirs", other)],
  });
  assert.deepEqual(await merge("theirs"), [[4, 0, 2, 0]]);
  const after = ours();
  const added = [line("theirs", other), newer.replace("[]", "[1]"), failure, odd];
  assert.equal(after, [newer.replace("\n", "\r\n"), line("ours"), ...added].join(""));
  assert.deepEqual(await merge("theirs"), [[0, 0, 6, 0]]);
  assert.equal(ours(), after);
});

test("mergeFiles() creates the file and its folder if it adds something", async (t) => {
  const { pathOf } = filesOf(t, { theirs: [line("a")], empty: ["\n"] });
  const path = join(pathOf("x"), "..", "new", "cachy.jsonl");
  await mergeFiles(path, [pathOf("empty")]);
  assert.equal(existsSync(path), false);
  await mergeFiles(path, [pathOf("theirs")]);
  assert.equal(readFileSync(path, "utf8"), line("a"));
});

test("mergeFiles() changes nothing and says what to do if it cannot merge a file", async (t) => {
  const { pathOf, file, ours } = filesOf(t, { ours: [line("a")], theirs: [line("b", other)] });
  mkdirSync(pathOf("folder"));
  const refused = async (other: string, message: RegExp, path = file) => {
    await assert.rejects(mergeFiles(path, [pathOf("theirs"), other]), (error) => {
      assert.ok(error instanceof CommandError);
      assert.match(error.message, message);
      return true;
    });
    assert.equal(ours(), line("a"));
  };
  await refused(pathOf("missing"), /^Cannot merge \S+missing\.jsonl: there is no such file\. Check the path\.$/);
  await refused(pathOf("folder"), /^Cannot merge \S+folder\.jsonl: it is a folder\. Name a file in it\.$/);
  await refused(file, /^Cannot merge \S+ours\.jsonl: it is the target file\. Name another file\.$/);
  await refused(pathOf("theirs"), /^Cannot merge into \S+folder\.jsonl: it is a folder\./, pathOf("folder"));
  if (process.platform === "win32") return;
  symlinkSync(file, pathOf("link"));
  await refused(pathOf("link"), /it is the target file/);
});

test("mergeFiles() reports its progress over all files in bytes", async (t) => {
  const long = "x".repeat(1_500_000);
  const { pathOf, file } = filesOf(t, { first: [line(long), line("a", twin)], second: [line(long, other)] });
  const [first, second] = ["first", "second"].map((name) => statSync(pathOf(name)).size) as [number, number];
  const told: (readonly [number, number])[] = [];
  await mergeFiles(file, [pathOf("first"), pathOf("second")], {
    onProgress: (...progress) => void told.push(progress),
  });
  const total = first + second;
  assert.deepEqual(told, [[line(long).length, total], [total, total]]);
});

const RECORDED = fileURLToPath(new URL("../../shared/fixtures/pycachy-recorded.jsonl", import.meta.url));
const noRecorded = existsSync(RECORDED) ? undefined : `${RECORDED} is missing.`;

test("mergeFiles() copies what pycachy recorded byte for byte", { skip: noRecorded }, async (t) => {
  const { file } = filesOf(t, {});
  const { files: [merged] } = await mergeFiles(file, [RECORDED]);
  const lines = readFileSync(RECORDED, "utf8").trimEnd().split("\n");
  const keyOf = (text: string) => JSON.parse(text).key;
  const counting = lines.filter((text, at) => !lines.slice(at + 1).some((later) => keyOf(later) === keyOf(text)));
  assert.deepEqual(wholeLinesOf(file), counting);
  assert.deepEqual([merged?.added, merged?.skipped, merged?.damaged], [counting.length, 110 - counting.length, 0]);
});

test("mergeFiles() reports a full or read-only disk, and leaves the file unchanged", {
  skip: noDisk(),
}, async (t) => {
  const { pathOf } = filesOf(t, { theirs: [line("b", other), line("x".repeat(30_000), twin), line("c", one)] });
  const folder = smallDisk(t);
  const file = join(folder, "cachy.jsonl");
  writeFileSync(file, line("a"));
  writeFileSync(join(folder, "ballast"), new Uint8Array(40_000));
  const merge = () => mergeFiles(file, [pathOf("theirs")]);
  await assert.rejects(merge(), /Cannot merge into \S+: .*(?:ENOSPC|no space)[^]*Free disk space/i);
  assert.ok(readFileSync(file, "utf8").startsWith(line("a") + line("b", other)));
  assert.equal(mount("-o", "remount,ro", folder).status, 0);
  await assert.rejects(merge(), /Cannot merge into \S+: .*(?:EROFS|read-only)[^]*Make the file system writable/i);
  assert.equal(mount("-o", "remount,rw", folder).status, 0);
  rmSync(join(folder, "ballast"));
  const { added, skipped } = (await merge()).files[0] ?? {};
  assert.deepEqual([added, skipped], [1, 2]);
});

slowTest("mergeFiles() loses no recording of other processes when it runs repeatedly", async (t) => {
  const { file, pathOf } = filesOf(t, { ours: [] });
  writeFileSync(`${file}.other`, Array.from({ length: 50 }, (_, n) => line("x", digestOf(`000000${10 + n}`))).join(""));
  const rounds = await changeWhileRecording(file, "merge");
  assert.ok(rounds > 1, `${rounds} rounds`);
  const merged = wholeLinesOf(file).filter((text) => text.includes(`"response":"x"`));
  assert.deepEqual([merged.length, existsSync(pathOf("ours"))], [50, true]);
});

slowTest("mergeFiles() continues where a killed merge stopped", async (t) => {
  const { file } = filesOf(t, { ours: [] });
  const theirs = Array.from(
    { length: 2000 },
    (_, n) => line("x".repeat(500), digestOf(n.toString(16).padStart(8, "0"))),
  );
  writeFileSync(`${file}.other`, theirs.join(""));
  await killWhileChanging(file, "merge", () => {
    const lines = readFileSync(file, "utf8").split("\n").slice(0, -1).filter((text) =>
      typeof parseEntry(text) !== "string"
    );
    assert.ok(lines.join("\n") === theirs.slice(0, lines.length).map((text) => text.trimEnd()).join("\n"));
  });
  await mergeFiles(file, [`${file}.other`]);
  const lines = wholeLinesOf(file).filter((text) => typeof parseEntry(text) !== "string");
  assert.ok(lines.map((text) => `${text}\n`).join("") === theirs.join(""));
  assert.deepEqual(namesBeside(file), ["ours.jsonl", "ours.jsonl.other"]);
});
