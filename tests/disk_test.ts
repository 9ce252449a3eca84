/** Faults of disks: full, read-only, without permission, or the folder is gone. On a real tmpfs with little space. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { compactFile } from "../mod.ts";
import { parseEntry } from "../src/store/entry.ts";
import { runProgram } from "./processes.ts";
import { startProvider } from "./provider/provider.ts";
import { thisRuntime } from "./sdk/case.ts";
import { mount, noDisk, smallDisk } from "./small_disk.ts";
import { slowTest, test } from "./suite.ts";
import { CHAT_URL, jsonAnswer, jsonPost, network, temporaryFolder, testCachy } from "./testing.ts";

/** A handle on a file whose responses have a given length, and its warnings. */
function diskCachy(file: string) {
  const fetch = network((_, init) => {
    const { n, length = 10 } = JSON.parse(String(init?.body));
    return jsonAnswer({ n, text: "x".repeat(length) });
  });
  const cachy = testCachy({ file, fetch: fetch.fetch });
  const ask = async (n: number, length?: number) => {
    const answer = await (await cachy.fetch(CHAT_URL, jsonPost({ n, length }))).json();
    assert.deepEqual(answer, { n, text: "x".repeat(length ?? 10) }, "the caller gets everything");
  };
  const warnings = () => cachy.events.flatMap((event) => event.kind === "warning" ? [event.message] : []);
  return { cachy, ask, warnings };
}

/** Whether a request is in the file, for a process that opens it now. */
async function isRecorded(file: string, n: number, length?: number): Promise<boolean> {
  const { fetch } = testCachy({ file, mode: "replay", fetch: network(() => assert.fail("no network")).fetch });
  return (await fetch(CHAT_URL, jsonPost({ n, length }))).status === 200;
}

const skip = noDisk();

test("a full disk costs recordings and one warning, until it has space again", { skip }, async (t) => {
  const folder = smallDisk(t);
  const file = join(folder, "cachy.jsonl");
  const { cachy, ask, warnings } = diskCachy(file);
  await ask(1);
  writeFileSync(join(folder, "ballast"), new Uint8Array(50_000));
  for (const n of [2, 3, 4]) await ask(n, 30_000);
  assert.equal(cachy.stats.dropped, 3);
  assert.equal(warnings().length, 1);
  assert.match(
    warnings()[0] ?? "",
    /^Cannot write \S+cachy\.jsonl: .*(?:ENOSPC|no space)[^]*Free disk space, or use another file/i,
  );
  assert.deepEqual([await isRecorded(file, 1), await isRecorded(file, 2, 30_000)], [true, false]);

  rmSync(join(folder, "ballast"));
  await ask(5, 1000);
  await ask(2, 3000);
  assert.equal(cachy.stats.recorded, 3);
  for (const [n, length] of [[1, undefined], [5, 1000], [2, 3000]] as const) {
    assert.ok(await isRecorded(file, n, length));
  }
  const broken = readFileSync(file, "utf8").split("\n").slice(0, -1).filter((line) =>
    typeof parseEntry(line) === "string"
  );
  assert.ok(broken.every((line) => line.startsWith(`{"key":`)), "only what the disk took of a line");
});

test("a disk that is full from the start costs recordings, not calls", { skip }, async (t) => {
  const folder = smallDisk(t);
  writeFileSync(join(folder, "ballast"), new Uint8Array(65_536));
  const file = join(folder, "a", "cachy.jsonl");
  const { ask, warnings } = diskCachy(file);
  for (const n of [1, 2]) await ask(n);
  assert.equal(warnings().length, 1);
  rmSync(join(folder, "ballast"));
  await ask(1);
  assert.ok(await isRecorded(file, 1));
});

test("compactFile() leaves the file unchanged if the disk is full", { skip }, async (t) => {
  const folder = smallDisk(t);
  const file = join(folder, "cachy.jsonl");
  await diskCachy(file).ask(1, 20_000);
  const content = `${readFileSync(file, "utf8")}no entry\n`;
  writeFileSync(file, content);
  writeFileSync(join(folder, "ballast"), new Uint8Array(30_000));
  await assert.rejects(() => compactFile(file), /Cannot compact \S+: .*(?:ENOSPC|no space)[^]*Free disk space/i);
  assert.equal(readFileSync(file, "utf8"), content);
  rmSync(join(folder, "ballast"));
  assert.equal((await compactFile(file)).damaged, 1);
});

test("a read-only disk costs recordings and one warning, until it is writable", { skip }, async (t) => {
  const folder = smallDisk(t);
  const file = join(folder, "cachy.jsonl");
  const { cachy, ask, warnings } = diskCachy(file);
  await ask(1);
  assert.equal(mount("-o", "remount,ro", folder).status, 0);
  for (const n of [1, 2, 3]) await ask(n);
  assert.deepEqual([cachy.stats.hits, cachy.stats.dropped, warnings().length], [1, 2, 1]);
  assert.match(
    warnings()[0] ?? "",
    /^Cannot write \S+: .*(?:EROFS|read-only)[^]*Make the file system writable, or use another file/i,
  );
  assert.equal(mount("-o", "remount,rw", folder).status, 0);
  await ask(2);
  assert.ok(await isRecorded(file, 2));
});

test("a folder that was deleted is created again", async (t) => {
  const folder = join(temporaryFolder(t), "gone");
  const file = join(folder, "cachy.jsonl");
  const { cachy, ask, warnings } = diskCachy(file);
  for (const n of [1, 2]) {
    await ask(n);
    assert.equal(await isRecorded(file, n), true);
    rmSync(folder, { recursive: true });
    await ask(n);
    assert.equal(await isRecorded(file, n), true);
  }
  assert.deepEqual([cachy.stats.recorded, warnings()], [4, []]);
});

const otherErrors = process.platform === "win32" ? "Windows reports other errors." : undefined;

test("a file in place of the folder costs recordings and one warning, until it is gone", {
  skip: otherErrors,
}, async (t) => {
  const folder = join(temporaryFolder(t), "folder");
  writeFileSync(folder, "");
  const file = join(folder, "cachy.jsonl");
  const { ask, warnings } = diskCachy(file);
  for (const n of [1, 2]) await ask(n);
  assert.equal(warnings().length, 1);
  assert.match(
    warnings()[0] ?? "",
    /(?:ENOTDIR|not a directory)[^]*Rename the file that has the name of its folder, or use another file/i,
  );
  rmSync(folder);
  await ask(1);
  assert.ok(await isRecorded(file, 1));
});

test("a folder in place of the file costs recordings and one warning, until it is gone", {
  skip: otherErrors,
}, async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  mkdirSync(file);
  const { ask, warnings } = diskCachy(file);
  for (const n of [1, 2]) await ask(n);
  assert.equal(warnings().length, 1);
  assert.match(
    warnings()[0] ?? "",
    /(?:EISDIR|directory)[^]*The path names a folder: name a file in it, such as cachy\.jsonl/i,
  );
  rmdirSync(file);
  await ask(1);
  assert.ok(await isRecorded(file, 1));
});

/** Only root can change the user id, and Deno has no function for it. */
const noOther = process.getuid?.() !== 0
  ? "Only root can change the user id."
  : thisRuntime().name === "deno"
  ? "Deno cannot change its user id."
  : undefined;

slowTest("a file of another user costs recordings and one warning", { skip: noOther }, async (t) => {
  const provider = await startProvider({ pause: 1 });
  t.after(() => provider.stop());
  const folder = temporaryFolder(t);
  const file = join(folder, "cachy.jsonl");
  writeFileSync(file, "", { mode: 0o644 });
  const { stdout, stderr, code } = await runProgram("ask_as_nobody", [provider.url, file]);
  assert.deepEqual([code, JSON.parse(stdout)], [0, { statuses: [200, 200], recorded: 0, dropped: 2 }]);
  assert.match(
    stderr,
    /^cachy: Cannot write \S+cachy\.jsonl: EACCES[^\n]*Grant access to this path, or use another file/,
  );
  assert.equal(stderr.match(/^cachy: /gm)?.length, 1);
  assert.deepEqual([statSync(file).size, existsSync(`${file}.compact`)], [0, false]);
});
