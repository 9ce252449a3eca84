import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type Entry, formatEntry } from "../src/store/entry.ts";
import { jsonlStore } from "../src/store/jsonl/store.ts";
import type { Store } from "../src/store/store.ts";
import { digestOf, entryOf, legacyEntry, storeContract } from "./store_contract.ts";
import { test, type TestContext } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

/** Whether this system does not list the open files of a process. */
const noOpenFiles = existsSync("/proc/self/fd") ? undefined : "There is no /proc/self/fd.";

/** The file behind a descriptor; the descriptor of the listing itself is closed already. */
function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return "";
  }
}

storeContract("jsonlStore()", (t) => fileStore(t).store);

const { key, sha256 } = digestOf("5ece2360");
const other = digestOf("0badcafe");
const line = (response: string, digest = { key, sha256 }) => formatEntry(entryOf(response, digest));

function storeOf(file: string, warn: (message: string) => void): Store {
  const store = jsonlStore(file);
  store.warnTo?.(warn);
  return store;
}

/** A store in a new folder, its file, and its warnings. */
function fileStore(t: TestContext, content?: string | Uint8Array) {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  if (content !== undefined) writeFileSync(file, content);
  const warnings: string[] = [];
  const store = storeOf(file, (message) => void warnings.push(message));
  const responseOf = (digest = { key, sha256 }) =>
    (store.find(digest.key, digest.sha256) as Entry | undefined)?.response;
  return { file, store, warnings, responseOf };
}

test("append() writes the line and nothing else, and creates the file and its folders", (t) => {
  const file = join(temporaryFolder(t), "a", "b", "cachy.jsonl");
  const store = storeOf(file, assert.fail);
  assert.equal(store.find(key, sha256), undefined);
  assert.equal(existsSync(file), false, "reading makes no file");
  store.append(entryOf("one"));
  store.append(entryOf("two"));
  assert.equal(readFileSync(file, "utf8"), line("one") + line("two"));
  assert.equal(store.name, file);
});

test("find() sees what another process appends", (t) => {
  const { file, store, responseOf } = fileStore(t);
  store.append(entryOf("ours"));
  assert.equal(responseOf(), "ours");
  appendFileSync(file, line("theirs") + line("another", other));
  assert.deepEqual([responseOf(), responseOf(other)], ["theirs", "another"]);
  const second = storeOf(file, assert.fail);
  second.append(entryOf("of a second store"));
  assert.equal(responseOf(), "of a second store");
});

test("find() reads the file again after it was deleted, replaced, truncated or rewritten", (t) => {
  const { file, store, responseOf, warnings } = fileStore(t, line("first") + line("other", other));
  assert.deepEqual([responseOf(), responseOf(other)], ["first", "other"]);
  rmSync(file);
  assert.deepEqual([responseOf(), store.size], [undefined, 0]);
  writeFileSync(file, line("again"));
  assert.deepEqual([responseOf(), responseOf(other)], ["again", undefined]);
  writeFileSync(`${file}.new`, line("moved") + line("here", other) + line("and more", digestOf("00000001")));
  renameSync(`${file}.new`, file);
  assert.deepEqual([responseOf(), responseOf(other)], ["moved", "here"]);
  truncateSync(file, line("moved").length);
  assert.deepEqual([responseOf(), responseOf(other), store.size], ["moved", undefined, 1]);
  writeFileSync(file, line("longer than all that was there before", other) + line("x".repeat(500)));
  assert.deepEqual([responseOf(), responseOf(other)?.slice(0, 6)], ["x".repeat(500), "longer"]);
  truncateSync(file, 0);
  assert.deepEqual([responseOf(), store.size], [undefined, 0]);
  assert.deepEqual(warnings, []);
});

/** Changes of a file that is still open after a hit: `old` has no entry of `other`. */
const CHANGES: Readonly<Record<string, (file: string) => void>> = {
  deleted: (file) => rmSync(file),
  replaced: (file) => {
    writeFileSync(`${file}.new`, line("new"));
    renameSync(`${file}.new`, file);
  },
  "deleted and created": (file) => {
    rmSync(file);
    writeFileSync(file, line("new"));
  },
  shrunk: (file) => writeFileSync(file, line("new").replace("old ", "")),
  appended: (file) => appendFileSync(file, line("new")),
};

for (const [change, make] of Object.entries(CHANGES)) {
  test(`find() after two hits sees that the file was ${change}`, (t) => {
    const { file, store, warnings } = fileStore(t, line("old answer, which is longer") + line("b", other));
    const found = () => store.find(key, sha256) as Entry | undefined;
    assert.deepEqual([found()?.response, found()?.response], Array(2).fill("old answer, which is longer"));
    make(file);
    assert.equal(found()?.response, change === "deleted" ? undefined : "new");
    assert.equal(found()?.response, change === "deleted" ? undefined : "new");
    assert.deepEqual(warnings, []);
  });
}

test("find() keeps at most one file open, and not for long", { skip: noOpenFiles }, async (t) => {
  const stores = [fileStore(t, line("a")), fileStore(t, line("b")), fileStore(t, line("c"))];
  const files = stores.map(({ file }) => realpathSync(file));
  const open = () => readdirSync("/proc/self/fd").map(targetOf).filter((target) => files.includes(target)).length;
  for (const _ of ["indexed", "read"]) for (const { store } of stores) store.find(key, sha256);
  assert.ok(open() <= 1, `${open()} files are open`);
  while (open() > 0) await new Promise((resolve) => setTimeout(resolve, 20));
});

test("find() reads the file again after an edit in place that kept its size", (t) => {
  const { file, responseOf } = fileStore(t, line("before"));
  assert.equal(responseOf(), "before");
  const { mtimeMs } = statSync(file);
  writeFileSync(file, line("behind", other));
  utimesSync(file, new Date(), new Date(mtimeMs + 2000));
  assert.deepEqual([responseOf(), responseOf(other)], [undefined, "behind"]);
});

test("find() reads the file again if another one with its size and time replaced it", (t) => {
  const { file, responseOf } = fileStore(t, line("before"));
  assert.equal(responseOf(), "before");
  const { atime, mtime } = statSync(file);
  const time = new Date(Math.floor(mtime.getTime() / 1000) * 1000);
  utimesSync(file, atime, time);
  assert.equal(responseOf(), "before");
  writeFileSync(`${file}.new`, line("behind"));
  utimesSync(`${file}.new`, atime, time);
  renameSync(`${file}.new`, file);
  assert.equal(responseOf(), "behind");
});

test("find() reads the file again if it was deleted and created between two calls", (t) => {
  const { file, responseOf } = fileStore(t, line("before"));
  assert.equal(responseOf(), "before");
  for (const response of ["after1", "much longer than before", "short"]) {
    const { mtimeMs } = statSync(file);
    rmSync(file);
    writeFileSync(file, line(response));
    utimesSync(file, new Date(), new Date(mtimeMs + 2000)); // some file systems count time coarsely
    assert.equal(responseOf(), response);
  }
});

test("find() reads the file again if lines with the same length and end were inserted before the others", (t) => {
  // pycachy sorts its lines and so leaves such a file. Its second new file may get the inode number of the first.
  const end = `"headers": {"content-type": "application/json"}, "status_code": 200, "binary": false}\n`;
  const lines = ["5ece2360", "77777777", "88888888"].map((key) => `{"key": "${key}", "response": "of ${key}", ${end}`);
  const { file, responseOf, warnings } = fileStore(t, lines.join(""));
  assert.equal(responseOf(), "of 5ece2360");
  writeFileSync(file, `{"key": "0badcafe", "response": "of 0badcafe", ${end}${lines.join("")}`);
  const found = ["0badcafe", "5ece2360", "77777777", "88888888"].map((key) => responseOf(digestOf(key)));
  assert.deepEqual(found, ["of 0badcafe", "of 5ece2360", "of 77777777", "of 88888888"]);
  assert.deepEqual(warnings, []);
});

test("append() repairs a torn last line, which a process leaves that is killed during a write", (t) => {
  const torn = line("torn").slice(0, 40);
  const { file, store, warnings, responseOf } = fileStore(t, line("whole") + torn);
  assert.equal(responseOf(), "whole");
  store.append(entryOf("next"));
  assert.equal(readFileSync(file, "utf8"), `${line("whole")}${torn}\n${line("next")}`);
  assert.equal(responseOf(), "next");
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /line 2 \(not JSON\)/);
  for (const _ of [1, 2]) responseOf();
  assert.equal(warnings.length, 1, "reported once");
});

test("find() waits for the rest of a torn last line, which another process may still be writing", (t) => {
  const whole = line("written in parts é");
  const bytes = new TextEncoder().encode(whole);
  const { file, responseOf, warnings, store } = fileStore(t, line("old"));
  for (const byte of bytes) {
    assert.match(responseOf() ?? "", /^(?:old|written in parts é)$/);
    appendFileSync(file, new Uint8Array([byte]));
  }
  assert.deepEqual([responseOf(), store.size, warnings], ["written in parts é", 2, []]);
});

test("find() reads a last line without a line feed, and append() adds the line feed", (t) => {
  for (const end of ["", "\r"]) {
    const { file, store, warnings, responseOf } = fileStore(t, line("first") + line("last").trimEnd() + end);
    assert.equal(responseOf(), "last");
    store.append(entryOf("next", other));
    assert.equal(readFileSync(file, "utf8"), `${line("first")}${line("last").trimEnd()}${end}\n${line("next", other)}`);
    assert.deepEqual([responseOf(), responseOf(other), store.size, warnings], ["last", "next", 3, []]);
    appendFileSync(file, "not an entry\n");
    assert.equal(responseOf(), "last");
    assert.match(warnings.join(), /line 4 \(not JSON\)/);
  }
});

test("find() reads a file that an editor or git has changed: CR LF, a BOM, blank lines, conflict markers", (t) => {
  const crlf = (text: string) => text.replace("\n", "\r\n");
  const lines = ["<<<<<<< HEAD\n", line("ours"), "=======\r\n", line("theirs", other), ">>>>>>> branch\n"];
  const content = ["\uFEFF", crlf(line("crlf", digestOf("00000001"))), "\n", " \t\r\n", ...lines, "{}\n", "\0\0\0\n"];
  const { store, warnings, responseOf } = fileStore(t, content.join(""));
  assert.deepEqual([responseOf(), responseOf(other), responseOf(digestOf("00000001"))], ["ours", "theirs", "crlf"]);
  assert.equal(store.size, 3);
  const reasons: [number, string][] = [[2, "blank line"], [3, "blank line"], [4, "git conflict marker"]];
  reasons.push([6, "git conflict marker"], [8, "git conflict marker"], [9, `"key" is missing`], [10, "not JSON"]);
  assert.equal(warnings.length, 1);
  assert.ok(warnings[0]?.includes(reasons.map(([at, reason]) => `line ${at} (${reason})`).join(", ")));
});

test("find() reports bad lines once and by their numbers if more are added later", (t) => {
  const { file, warnings, responseOf } = fileStore(t, `bad\n${line("good")}`);
  for (const _ of [1, 2]) assert.equal(responseOf(), "good");
  appendFileSync(file, `\n${line("better")}bad\n`);
  for (const _ of [1, 2]) assert.equal(responseOf(), "better");
  assert.deepEqual(warnings.map((warning) => warning.match(/line \d+/g)), [["line 1"], ["line 3", "line 5"]]);
});

test("find() lists the first ten bad lines and counts the others", (t) => {
  const { warnings, responseOf } = fileStore(t, "bad\n".repeat(25) + line("good"));
  assert.equal(responseOf(), "good");
  assert.match(warnings[0] ?? "", /line 10 \(not JSON\) and 15 more\./);
});

test("find() uses the older entry and reports the line if a line only starts like an entry", (t) => {
  const start = `{"key":"${key}","sha256":"${sha256}","response":`;
  const newer = `{"key":"${key}","sha256":"${sha256}","v":2,"response":"from the future"}\n`;
  const content = [line("good"), `${start}}\n`, `${start}"a" "b"}\n`, newer, line("elsewhere", other)];
  const { warnings, responseOf } = fileStore(t, content.join(""));
  for (const _ of [1, 2]) {
    assert.deepEqual([responseOf(), responseOf(other)], ["good", "elsewhere"]);
  }
  const numbers = warnings
    .join()
    .match(/line \d+ \([^)]*\)/g)
    ?.toSorted();
  assert.deepEqual(numbers, [
    "line 2 (not JSON)",
    "line 3 (not JSON)",
    "line 4 (format 2 needs a newer version of cachy)",
  ]);
});

test("find() reads pycachy's lines in any order of their members", (t) => {
  const lines = [`{"key": "${key}", "response": "a"}\n`, `{"response": "b", "key": "${other.key}"}\n`];
  const { store, responseOf } = fileStore(t, lines.join(""));
  assert.deepEqual([responseOf(), responseOf(other), store.size], ["a", "b", 2]);
  store.append(legacyEntry("c"));
  assert.equal(responseOf(), "c");
});

test("find() ignores entries that are quoted in a line", (t) => {
  const quoted = line(`{"key":"${key}"}\\n${line("fake")}`, other);
  const twice = `{"key":"${key}","response":"fake","key":"${other.key}"}\n`;
  const { responseOf } = fileStore(t, quoted + twice);
  assert.equal(responseOf(), undefined);
});

test("find() reads lines longer than a block, and lines that cross the border of two", (t) => {
  const block = 1 << 20;
  const digest = (at: number) => digestOf(at.toString(16).padStart(8, "0"));
  for (const shift of [-60, -25, -24, -2, -1, 0, 1, 2, 17, 23, 24, 25, 60]) {
    const empty = line("", digest(0)).length;
    const filled = line("x".repeat(block - empty + shift), digest(0));
    assert.equal(filled.length, block + shift);
    const long = line("é".repeat(block), digest(1));
    const { store, warnings, responseOf } = fileStore(t, filled + line("next", digest(2)) + long + line("last"));
    assert.deepEqual([responseOf(digest(2)), responseOf()], ["next", "last"], `${shift}`);
    assert.equal(responseOf(digest(0))?.length, block - empty + shift);
    assert.ok(responseOf(digest(1)) === "é".repeat(block));
    assert.deepEqual([store.size, warnings], [4, []]);
  }
});

test("find() finds each of thousands of entries, and reports the right number of a bad line after them", (t) => {
  const digests = Array.from({ length: 20_000 }, (_, at) => digestOf((at * 7919).toString(16).padStart(8, "0")));
  const { store, warnings } = fileStore(t, `${digests.map((of) => line(`of ${of.key}`, of)).join("")}bad\n`);
  for (const digest of digests) {
    assert.equal((store.find(digest.key, digest.sha256) as Entry).response, `of ${digest.key}`);
  }
  assert.equal(store.size, digests.length);
  assert.deepEqual(warnings.map((warning) => warning.match(/line \d+/g)), [["line 20001"]]);
});

const noFolderErrors = process.platform === "win32" ? "Windows opens a folder as an empty file." : undefined;

test("jsonlStore() throws if the path is a folder or is below a file", { skip: noFolderErrors }, (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, "cachy.jsonl"));
  writeFileSync(join(folder, "file"), "");
  for (const path of [join(folder, "cachy.jsonl"), join(folder, "file", "cachy.jsonl")]) {
    const store = storeOf(path, assert.fail);
    assert.throws(() => store.append(entryOf("x")), path);
    assert.throws(() => store.find(key, sha256), path);
  }
});

const fullDisk = existsSync("/dev/full") ? undefined : "This system has no /dev/full.";

test("append() throws if the disk is full", { skip: fullDisk }, () => {
  assert.throws(() => storeOf("/dev/full", assert.fail).append(entryOf("x")), /ENOSPC|No space/i);
});

const isRoot = process.getuid?.() === 0 ? "The user root may write to every file." : undefined;

test("append() throws and find() reads if the file is read-only", { skip: isRoot }, (t) => {
  const { file, store, responseOf } = fileStore(t, line("kept"));
  chmodSync(file, 0o444);
  assert.throws(() => store.append(entryOf("x")));
  assert.equal(responseOf(), "kept");
  chmodSync(file, 0o644); // Windows does not remove read-only files.
});
