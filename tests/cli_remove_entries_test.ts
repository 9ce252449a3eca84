import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { CachyError, compactFile, type Entry, jsonlStore } from "../mod.ts";
import type { FileLine } from "../src/cli/file/recorded_file.ts";
import { findUnwanted, removeEntries } from "../src/cli/edit/remove.ts";
import { formatEntry } from "../src/store/entry.ts";
import { changeWhileRecording, killWhileChanging, namesBeside, wholeLinesOf } from "./changed_file.ts";
import { fileOf, line, one, other, textOf, twin } from "./entry_lines.ts";
import { mount, noDisk, smallDisk } from "./small_disk.ts";
import { digestOf, entryOf, legacyEntry } from "./store_contract.ts";
import { slowTest, test } from "./suite.ts";

/** Selects entries by their response. */
const answers = (...responses: readonly string[]) => ({ content }: FileLine) =>
  typeof content !== "string" && responses.includes(content.response);

/** Removes entries by their response. */
async function remove(file: string, ...responses: readonly string[]) {
  return removeEntries(await findUnwanted(file, answers(...responses)));
}

test("removeEntries() removes a line, and leaves every other byte unchanged", async (t) => {
  const before = ["\uFEFF", line("a", twin).replace("\n", "\r\n"), "\n", "<<<<<<< HEAD\n", "\0\0\n", "  {}\r\n"];
  const after = [line("torn").slice(0, 40), "\n", line("b", digestOf("00000001")), line("last").slice(0, 30)];
  const file = fileOf(t, ...before, line("gone", other), ...after);
  const size = statSync(file).size;
  assert.deepEqual(await remove(file, "gone"), {
    lines: 1,
    entries: 1,
    missing: 0,
    bytesBefore: size,
    bytesAfter: size - line("gone", other).length,
  });
  assert.equal(textOf(file), [...before, ...after].join(""));
  assert.deepEqual(namesBeside(file), ["cachy.jsonl"]);
});

test("removeEntries() also removes older lines of the digest, so that none of them answers", async (t) => {
  const newer = `{"key":"${one.key}","sha256":"${one.sha256}","v":2,"answer":[]}\n`;
  const failure = `{"key": "${one.key}", "response": "busy", "status_code": 500}\n`;
  const spaced = ` {"response":"older", "sha256":"${one.sha256}", "key":"${one.key}"}\n`;
  const file = fileOf(
    t,
    ...[line("old"), formatEntry(legacyEntry("by pycachy")), line("twin", twin), spaced, newer, failure],
    ...[formatEntry(legacyEntry("of another key", other.key)), line("new")],
  );
  const unwanted = await findUnwanted(file, answers("new"));
  assert.deepEqual(unwanted.lines.map(({ number, isPicked }) => [number, isPicked]), [
    ...[1, 2, 4, 5, 6].map((number) => [number, false]),
    [8, true],
  ]);
  assert.equal(removeEntries(unwanted).lines, 6);
  assert.equal(textOf(file), line("twin", twin) + formatEntry(legacyEntry("of another key", other.key)));
  assert.equal(jsonlStore(file).find(one.key, one.sha256), undefined);
});

test("removeEntries() keeps entries with a digest if a line of their key without one is removed", async (t) => {
  const file = fileOf(t, line("ours"), formatEntry(legacyEntry("1")), formatEntry(legacyEntry("2")));
  assert.deepEqual([(await remove(file, "2")).lines, textOf(file)], [2, line("ours")]);
});

test("removeEntries() removes single invalid lines, and entries whose keys are not digests", async (t) => {
  const failure = `{"key": "${one.key}", "response": "busy", "status_code": 500}\n`;
  const odd = formatEntry({ key: "odd", response: "1" });
  const file = fileOf(t, odd, failure, "bad\n", formatEntry(legacyEntry("kept")), odd.replace("1", "2"));
  const unwanted = await findUnwanted(
    file,
    ({ content, number }) => typeof content === "string" || number === 5,
  );
  assert.deepEqual([unwanted.lines.length, unwanted.entries], [4, 1]);
  removeEntries(unwanted);
  assert.equal(textOf(file), formatEntry(legacyEntry("kept")));
});

test("findUnwanted() changes nothing, awaits promises, and counts what removeEntries() will remove", async (t) => {
  const file = fileOf(t, line("old"), line("new"), line("kept", other));
  const unwanted = await findUnwanted(file, async (found) => {
    await Promise.resolve();
    return answers("new")(found);
  });
  const bytes = line("old").length + line("new").length;
  assert.deepEqual([unwanted.entries, unwanted.lines.length, unwanted.bytes], [1, 2, bytes]);
  assert.equal(textOf(file), line("old") + line("new") + line("kept", other));
  const { bytesBefore, bytesAfter } = removeEntries(unwanted);
  assert.equal(bytesBefore - bytesAfter, bytes);
});

test("removeEntries() removes what was found, and nothing that was appended since then", async (t) => {
  const file = fileOf(t, line("unwanted"), line("kept", other));
  const unwanted = await findUnwanted(file, answers("unwanted"));
  jsonlStore(file).append({ ...entryOf("unwanted"), recorded_at: "2026-11-22T08:00:00.000Z" });
  assert.equal(removeEntries(unwanted).lines, 1);
  assert.equal((jsonlStore(file).find(one.key, one.sha256) as Entry).recorded_at, "2026-11-22T08:00:00.000Z");
});

test("removeEntries() removes what was found if the file was compacted or sorted since then", async (t) => {
  const file = fileOf(t, line("new"), "bad\n", line("kept", other), line("older", twin), line("unwanted", twin));
  const unwanted = await findUnwanted(file, answers("unwanted"));
  await compactFile(file, { sort: true });
  const { lines, missing } = removeEntries(unwanted);
  assert.deepEqual([lines, missing, textOf(file)], [1, 1, line("kept", other) + line("new")]);
});

test("removeEntries() leaves the file unchanged if everything that was found is gone", async (t) => {
  const file = fileOf(t, line("unwanted"), line("kept", other));
  const unwanted = await findUnwanted(file, answers("unwanted"));
  writeFileSync(file, line("kept", other));
  const { ino } = statSync(file);
  const { lines, missing, bytesBefore, bytesAfter } = removeEntries(unwanted);
  assert.deepEqual([lines, missing, bytesBefore], [0, 1, bytesAfter]);
  assert.deepEqual([statSync(file).ino, textOf(file)], [ino, line("kept", other)]);
  assert.equal(removeEntries(await findUnwanted(file, () => false)).lines, 0);
  assert.deepEqual([statSync(file).ino, namesBeside(file)], [ino, ["cachy.jsonl"]]);
});

test("removeEntries() keeps what others append while it copies, also for the digest that it removes", async (t) => {
  const file = fileOf(t, line("unwanted"), line("kept", other), line("unwanted", twin).trimEnd());
  const unwanted = await findUnwanted(file, answers("unwanted"));
  let calls = 0;
  const report = removeEntries(unwanted, {
    onProgress: () => {
      if (calls++ === 0) jsonlStore(file).append(entryOf("meanwhile"));
    },
  });
  assert.deepEqual([calls, report.lines], [1, 2]);
  assert.equal(textOf(file), line("kept", other) + line("meanwhile"));
});

test("removeEntries() starts again if the file is replaced while it copies", async (t) => {
  const file = fileOf(t, line("unwanted"), line("kept", other));
  const unwanted = await findUnwanted(file, answers("unwanted"));
  let calls = 0;
  removeEntries(unwanted, {
    onProgress: () => {
      if (calls++ > 0) return;
      writeFileSync(`${file}.new`, line("by another program", twin) + line("unwanted"));
      renameSync(`${file}.new`, file);
    },
  });
  assert.deepEqual([calls, textOf(file)], [2, line("by another program", twin)]);
});

test("findUnwanted() and removeEntries() report their progress in bytes", async (t) => {
  const long = line("x".repeat(1_500_000), other);
  const file = fileOf(t, line("unwanted"), long, long, line("kept", twin));
  const { size } = statSync(file);
  for (const what of ["find", "remove"]) {
    const told: (readonly [number, number])[] = [];
    const onProgress = (done: number, total: number) => void told.push([done, total]);
    const unwanted = await findUnwanted(file, answers("unwanted"), what === "find" ? { onProgress } : {});
    if (what === "remove") removeEntries(unwanted, { onProgress });
    const first = line("unwanted").length;
    assert.deepEqual(told, [first + long.length, first + 2 * long.length, size].map((done) => [done, size]));
  }
  assert.equal(textOf(file), long + long + line("kept", twin));
});

test("removeEntries() keeps the mode of the file, and keeps a link a link", {
  skip: process.platform === "win32" ? "Windows has neither modes nor links." : undefined,
}, async (t) => {
  const file = fileOf(t, line("unwanted"), line("kept", other));
  chmodSync(file, 0o640);
  symlinkSync(file, `${file}.link`);
  await remove(`${file}.link`, "unwanted");
  assert.deepEqual([statSync(file).mode & 0o777, textOf(file)], [0o640, line("kept", other)]);
});

/** What `removeEntries()` throws. */
async function errorOf(file: string): Promise<CachyError> {
  const unwanted = await findUnwanted(file, answers("unwanted"));
  try {
    removeEntries(unwanted);
  } catch (error) {
    if (error instanceof CachyError) return error;
    throw error;
  }
  return assert.fail("it did not throw");
}

test("removeEntries() throws and says what to do if another process rewrites the file", async (t) => {
  const file = fileOf(t, line("unwanted"), line("kept", other));
  writeFileSync(`${file}.compact`, "unfinished");
  const { code, message } = await errorOf(file);
  assert.equal(code, "cannot_compact");
  assert.match(
    message,
    /^Cannot remove from \S+cachy\.jsonl: another process is rewriting it, .* delete \S+\.compact, which/,
  );
  assert.equal(textOf(file), line("unwanted") + line("kept", other));
});

test("findUnwanted() and removeEntries() say if the file is missing or a folder", async (t) => {
  const file = fileOf(t, line("unwanted"));
  const unwanted = await findUnwanted(file, answers("unwanted"));
  renameSync(file, `${file}.moved`);
  assert.throws(() => removeEntries(unwanted), /^CachyError: Cannot remove from \S+cachy\.jsonl: /);
  await assert.rejects(findUnwanted(file, () => true), /Cannot read \S+: there is no such file/);
  mkdirSync(file);
  await assert.rejects(findUnwanted(file, () => true), /Cannot read \S+: it is a folder/);
  assert.throws(() => removeEntries(unwanted), /^CachyError: Cannot remove from \S+cachy\.jsonl: /);
  assert.deepEqual(namesBeside(file), ["cachy.jsonl", "cachy.jsonl.moved"]);
});

test("removeEntries() removes for good after a compaction was killed", async (t) => {
  const file = fileOf(t, line("unwanted"), line("kept", other));
  const unwanted = await findUnwanted(file, answers("unwanted"));
  linkSync(file, `${file}.compact-old`);
  removeEntries(unwanted);
  appendFileSync(file, line("appended", twin));
  await compactFile(file);
  assert.equal(textOf(file), line("kept", other) + line("appended", twin));
  assert.deepEqual(namesBeside(file), ["cachy.jsonl"]);
});

test("removeEntries() leaves the file unchanged if the disk is full or read-only", { skip: noDisk() }, async (t) => {
  const folder = smallDisk(t);
  const file = join(folder, "cachy.jsonl");
  const content = line("unwanted") + line("x".repeat(20_000), other);
  writeFileSync(file, content);
  const unwanted = await findUnwanted(file, answers("unwanted"));
  writeFileSync(join(folder, "ballast"), new Uint8Array(30_000));
  assert.throws(
    () => removeEntries(unwanted),
    /Cannot remove from \S+: .*(?:ENOSPC|no space)[^]*Free disk space/i,
  );
  assert.equal(mount("-o", "remount,ro", folder).status, 0);
  assert.throws(
    () => removeEntries(unwanted),
    /Cannot remove from \S+: .*(?:EROFS|read-only)[^]*Make the file system/i,
  );
  assert.deepEqual([textOf(file), namesBeside(file)], [content, ["ballast", "cachy.jsonl"]]);
  assert.equal(mount("-o", "remount,rw", folder).status, 0);
  rmSync(join(folder, "ballast"));
  assert.equal(removeEntries(unwanted).lines, 1);
});

slowTest("removeEntries() loses no recording of other processes when it runs repeatedly", async (t) => {
  const file = fileOf(t, line("unwanted"));
  const rounds = await changeWhileRecording(file, "remove");
  assert.ok(rounds > 1, `${rounds} rounds`);
  assert.ok(!textOf(file).includes("deadbeef"));
});

slowTest(
  "removeEntries() leaves the old file or the new one, without the removed entries, if it is killed",
  async (t) => {
    const kept = Array.from(
      { length: 2000 },
      (_, n) => line("x".repeat(500), digestOf(n.toString(16).padStart(8, "0"))),
    );
    const file = fileOf(t, ...kept);
    await killWhileChanging(file, "remove", async () => {
      const lines = wholeLinesOf(file).map((text) => `${text}\n`);
      const unwanted = line("unwanted", digestOf("deadbeef"));
      assert.ok(lines.filter((text) => text !== unwanted).join("") === kept.join(""));
      assert.deepEqual(namesBeside(file), ["cachy.jsonl"]);
      await remove(file, "unwanted");
      await compactFile(file);
      assert.ok(textOf(file) === kept.join(""), "what was removed came back");
    });
  },
);
