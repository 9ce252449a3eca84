import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { tmpdir } from "node:os";
import { findProjectFile } from "../src/options/settings.ts";
import { test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

const NAMES = ["deno.json", "deno.jsonc", "package.json"];

function makeFolder(...parts: string[]): string {
  const folder = join(...parts);
  mkdirSync(folder, { recursive: true });
  return folder;
}

test("findProjectFile() is in the working directory if that is the project's folder", (t) => {
  for (const name of NAMES) {
    const folder = makeFolder(temporaryFolder(t), name.replace(".", "-"));
    writeFileSync(join(folder, name), "{}");
    assert.deepEqual(findProjectFile(folder), { path: join(folder, "cachy.jsonl") }, name);
  }
});

test("findProjectFile() is in the nearest folder above that has a file of a project", (t) => {
  for (const name of NAMES) {
    const root = temporaryFolder(t);
    const outer = makeFolder(root, "outer"),
      inner = makeFolder(outer, "a", "inner"),
      deep = makeFolder(inner, "b", "c");
    writeFileSync(join(outer, "package.json"), "{}");
    writeFileSync(join(inner, name), "{}");
    assert.equal(findProjectFile(deep).path, join(inner, "cachy.jsonl"), name);
    assert.equal(findProjectFile(inner).path, join(inner, "cachy.jsonl"), name);
    assert.equal(findProjectFile(dirname(inner)).path, join(outer, "cachy.jsonl"), name);
  }
});

test("findProjectFile() ignores files that do not identify a project", (t) => {
  const outer = temporaryFolder(t), inner = makeFolder(outer, "inner");
  writeFileSync(join(outer, "deno.jsonc"), "{}");
  for (const name of ["package-lock.json", "deno.lock", "tsconfig.json", "cachy.jsonl", "package.json5"]) {
    writeFileSync(join(inner, name), "");
  }
  assert.equal(findProjectFile(inner).path, join(outer, "cachy.jsonl"));
});

/** The first project folder above the temporary folders, by a file that happens to be there. */
function projectAbove(folder: string): string | undefined {
  if (NAMES.some((name) => existsSync(join(folder, name)))) return folder;
  return dirname(folder) === folder ? undefined : projectAbove(dirname(folder));
}

const above = projectAbove(tmpdir());
const isProject = above === undefined ? undefined : `${above} is a project.`;

test("findProjectFile() is in the working directory if there is no project", { skip: isProject }, (t) => {
  const folder = makeFolder(temporaryFolder(t), "a", "b");
  assert.deepEqual(findProjectFile(folder), { path: join(folder, "cachy.jsonl") });
});

test("findProjectFile() accesses no file and says so if the working directory is unknown", () => {
  const { path, warning } = findProjectFile(undefined);
  assert.equal(path, "cachy.jsonl");
  assert.match(warning ?? "", /^Cannot find the working directory: [^.]+\. The file is cachy\.jsonl\. .*"file"/s);
});
