/** What all rewrites of a file share, at moments that other tests cannot reach. */
import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { jsonlStore } from "../mod.ts";
import { copyTo } from "../src/cli/edit/back_up.ts";
import { formatEntry } from "../src/store/entry.ts";
import { copyBytes } from "../src/store/jsonl/write_lines.ts";
import { rewriteFile, type Rewriting } from "../src/store/jsonl/rewrite.ts";
import { digestOf, entryOf } from "./store_contract.ts";
import { test, type TestContext } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

const one = digestOf("5ece2360");
const other = digestOf("0badcafe");
const line = (response: string, digest = one) => formatEntry(entryOf(response, digest));

function fileOf(t: TestContext, ...lines: readonly string[]): string {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  writeFileSync(file, lines.join(""));
  return file;
}

const textOf = (file: string) => readFileSync(file, "utf8");

/** Copies the file unchanged. */
function copying(more: Partial<Rewriting<string>> = {}): Rewriting<string> {
  return {
    verb: "copy",
    keepsOld: true,
    write: (old, target, size) => {
      copyBytes(old, target, 0, size);
      return { report: "copied", end: size, isChanged: true };
    },
    ...more,
  };
}

test("rewriteFile() copies what was appended after the copy, with and without a second name for the old file", (t) => {
  for (const keepsOld of [true, false]) {
    const file = fileOf(t, line("a"), line("torn", other).slice(0, 40));
    const prepare = () => {
      appendFileSync(file, line("torn", other).slice(40));
      jsonlStore(file).append(entryOf("newer"));
      return () => {};
    };
    assert.equal(rewriteFile(file, copying({ keepsOld, prepare })), "copied");
    const torn = line("torn", other);
    assert.equal(textOf(file), `${line("a")}${torn.slice(0, 40)}\n${torn}${line("newer")}`);
    assert.deepEqual(readdirSync(join(file, "..")), ["cachy.jsonl"]);
  }
});

test("rewriteFile() gives the old file a second name only on request, because it may restore removed entries", (t) => {
  for (const keepsOld of [true, false]) {
    const file = fileOf(t, line("a").trimEnd());
    const prepare = () => {
      jsonlStore(file).append(entryOf("b", other));
      return () => {};
    };
    let isThere = false;
    // Before it copies the second line, it waits for the rest of the first one. By then, the files are exchanged.
    const { mock } = t.mock.method(Atomics, "wait", () => {
      isThere ||= existsSync(`${file}.compact-old`);
      return "timed-out";
    });
    rewriteFile(file, copying({ keepsOld, prepare }));
    mock.restore();
    assert.deepEqual([isThere, textOf(file)], [keepsOld, line("a") + line("b", other)]);
  }
});

test("rewriteFile() undoes its preparation if the new file cannot replace the old one", (t) => {
  const file = fileOf(t, line("a"));
  let isTakenBack = false;
  const prepare = () => {
    renameSync(file, `${file}.moved`);
    mkdirSync(file);
    return () => void (isTakenBack = true);
  };
  assert.throws(() => rewriteFile(file, copying({ keepsOld: false, prepare })), {
    code: "cannot_compact",
    message: /^Cannot copy \S+cachy\.jsonl: /,
  });
  assert.ok(isTakenBack);
  assert.deepEqual(readdirSync(join(file, "..")).sort(), ["cachy.jsonl", "cachy.jsonl.moved"]);
  assert.equal(textOf(`${file}.moved`), line("a"));
});

test("rewriteFile() removes the new file and keeps the old one if copying fails", (t) => {
  const file = fileOf(t, line("a"));
  const write = () => {
    throw new Error("it went wrong");
  };
  assert.throws(
    () => rewriteFile(file, copying({ write })),
    /^CachyError: Cannot copy \S+cachy\.jsonl: it went wrong$/,
  );
  assert.deepEqual([readdirSync(join(file, "..")), textOf(file)], [["cachy.jsonl"], line("a")]);
});

test("copyTo() copies a file, and overwrites no file", (t) => {
  const file = fileOf(t, line("a"));
  writeFileSync(`${file}.bak`, "");
  assert.deepEqual([copyTo(file, `${file}.bak`), textOf(`${file}.bak`)], [false, ""]);
  assert.deepEqual([copyTo(file, `${file}.bak.2`), textOf(`${file}.bak.2`)], [true, line("a")]);
  rmSync(file);
  assert.throws(() => copyTo(file, `${file}.bak.3`), /ENOENT|No such file/i);
  assert.equal(existsSync(`${file}.bak.3`), false);
});
