/** Of several lines with one digest, the one that was recorded last counts, everywhere. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { compactFile, type Entry, jsonlStore } from "../mod.ts";
import { mergeFiles } from "../src/cli/edit/merge.ts";
import { contentsOf, withFile } from "../src/cli/file/recorded_file.ts";
import { rounds, slowTest, test, type TestContext } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

const SHA256 = "5ece2360".padEnd(64, "0");
const OTHER = "5ece2360".padEnd(64, "1");

function line(response: string, time?: string, sha256: string | undefined = SHA256): string {
  const entry: Entry = { key: "5ece2360", sha256, v: 1, response };
  return `${JSON.stringify(time === undefined ? entry : { ...entry, recorded_at: `2026-11-${time}T08:00:00.000Z` })}\n`;
}

function fileOf(t: TestContext, ...lines: readonly string[]): string {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  writeFileSync(file, lines.join(""));
  return file;
}

function found(file: string, sha256 = SHA256): string | undefined {
  return (jsonlStore(file).find("5ece2360", sha256) as Entry | undefined)?.response;
}

const FILES: readonly (readonly [what: string, lines: readonly string[], counts: string])[] = [
  ["the later time, above", [line("new", "22"), line("old", "21")], "new"],
  ["the later time, below", [line("old", "21"), line("new", "22")], "new"],
  ["the later line, of equal times", [line("a", "22"), line("b", "22")], "b"],
  ["the later line, if it has no time", [line("a", "22"), line("b")], "b"],
  ["the later line, if the one before has no time", [line("a"), line("b", "22")], "b"],
  ["the later line, without any times", [line("a"), line("b"), line("c")], "c"],
  ["the latest of many", [line("a", "20"), line("b", "25"), line("c", "22"), line("d", "24")], "b"],
  ["what came after a line without a time", [line("a", "25"), line("b"), line("c", "22")], "c"],
  ["that of its digest", [line("a", "21"), line("x", "25", OTHER), line("b", "20")], "a"],
];

for (const [what, lines, counts] of FILES) {
  test(`of several lines with one digest, find(), compactFile(), the commands and merge take ${what}`, async (t) => {
    const file = fileOf(t, ...lines);
    assert.equal(found(file), counts);
    const listed = await withFile(file, (open) => [...contentsOf(open).newest()].map(({ entry }) => entry));
    assert.deepEqual(listed.filter(({ sha256 }) => sha256 === SHA256).map(({ response }) => response), [counts]);
    const target = join(temporaryFolder(t), "merged.jsonl");
    await mergeFiles(target, [file]);
    assert.equal(found(target), counts);
    await compactFile(file);
    assert.equal(found(file), counts);
    assert.equal(readFileSync(file, "utf8").split("\n").filter((text) => text.includes(SHA256)).length, 1);
  });
}

test("find() sees lines that are appended to a digest that was asked for", (t) => {
  const file = fileOf(t, line("a", "21"), line("b", "20"));
  const store = jsonlStore(file);
  const answer = () => (store.find("5ece2360", SHA256) as Entry | undefined)?.response;
  assert.equal(answer(), "a");
  appendFileSync(file, line("c", "22"));
  assert.equal(answer(), "c");
  appendFileSync(file, line("d", "23").trimEnd());
  assert.equal(answer(), "d");
  appendFileSync(file, `x\n${line("e", "19")}`);
  assert.equal(answer(), "c", "the open line became another one");
});

test("compactFile() changes no answer, whatever the times and the order of the lines", async (t) => {
  const times = fc.constantFrom(undefined, "20", "21", "22");
  const recorded = fc.array(fc.tuple(times, fc.constantFrom(SHA256, OTHER)), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(recorded, async (all) => {
      const file = fileOf(t, ...all.map(([time, sha256], at) => line(`${at}`, time, sha256)));
      const before = [found(file), found(file, OTHER)];
      if (all.length > 0) await compactFile(file);
      assert.deepEqual([found(file), found(file, OTHER)], before);
    }),
    { numRuns: rounds(100) },
  );
});

test("compactFile() judges many lines of one digest by reading each of them a few times only", async (t) => {
  const file = fileOf(t, ...Array.from({ length: 3000 }, (_, at) => line(`${at}`, `${10 + at % 20}`)));
  const { kept, replaced } = await compactFile(file);
  assert.deepEqual([kept, replaced, found(file)], [1, 2999, "2999"]);
});

const skip = spawnSync("python3", ["--version"]).status === 0 ? undefined : "there is no python3 on the PATH";
const EXAMPLE = fileURLToPath(new URL("../examples/read.py", import.meta.url));

slowTest("examples/read.py takes the same line", { skip }, (t) => {
  const program = "import sys; sys.path.insert(0, sys.argv[1]); import read\n" +
    "for file in sys.argv[3:]: print(read.read(file)[sys.argv[2]][1].decode())";
  const files = FILES.map(([, lines]) => fileOf(t, ...lines));
  const { stdout, stderr } = spawnSync("python3", ["-c", program, join(EXAMPLE, ".."), SHA256, ...files], {
    encoding: "utf8",
  });
  assert.deepEqual([stdout.trimEnd().split("\n"), stderr], [FILES.map(([, , counts]) => counts), ""]);
});
