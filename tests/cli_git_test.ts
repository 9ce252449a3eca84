/** The commands for git, in real repositories. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { TestContext } from "node:test";
import { formatEntry } from "../src/store/entry.ts";
import { runProgram } from "./processes.ts";
import { slowTest } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

const missing = ["git", "sh", "find"].find((name) => spawnSync(name, ["--version"]).error !== undefined);
const skip = process.platform === "win32"
  ? "Hooks are shell scripts, which Windows does not run."
  : missing === undefined
  ? undefined
  : `${missing} is missing.`;

/** A repository in a temporary folder, with `git-setup` run for its recordings. */
async function repository(t: TestContext) {
  const folder = temporaryFolder(t);
  const git = (...args: string[]) => {
    const env = {
      ...process.env,
      GIT_CONFIG_GLOBAL: "",
      GIT_CONFIG_SYSTEM: "",
      SERVICE_TOKEN: "a-quite-ordinary-value-1",
    };
    const { status, stdout, stderr } = spawnSync(
      "git",
      ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "core.editor=true", ...args],
      { cwd: folder, encoding: "utf8", env },
    );
    return { status, output: stdout + stderr };
  };
  assert.equal(git("init", "--quiet", "--initial-branch=main").status, 0);
  const setup = async (...args: string[]) => await runProgram("cli", ["git-setup", ...args], { cwd: folder });
  const { code, stdout, stderr } = await setup();
  assert.equal(code, 0, stdout + stderr);
  const file = join(folder, "cachy.jsonl");
  return { folder, git, setup, stdout, file };
}

slowTest("git-setup installs a hook that rejects a commit with a secret, and accepts others", { skip }, async (t) => {
  const { folder, git } = await repository(t);
  const commit = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    git("add", name);
    return git("commit", "--quiet", "--message", name);
  };
  assert.equal(commit("other.txt", "no recording").status, 0);
  const odd = commit("ä b'\".jsonl", formatEntry({ key: "5ece2360", response: "Fine." }));
  assert.equal(odd.status, 0, odd.output);
  const good = commit("cachy.jsonl", formatEntry({ key: "5ece2360", response: "Fine." }));
  assert.deepEqual(good, { status: 0, output: "No secrets found in cachy.jsonl.\n" });
  const bad = commit("more.jsonl", formatEntry({ key: "5ece2361", response: "It is a-quite-ordinary-value-1." }));
  assert.notEqual(bad.status, 0);
  assert.match(bad.output, /more\.jsonl:1 5ece2361 {2}the value of SERVICE_TOKEN in response/);
  // The hook checks the staged content, not the file on disk.
  writeFileSync(join(folder, "more.jsonl"), formatEntry({ key: "5ece2361", response: "Fine." }));
  assert.notEqual(git("commit", "--quiet", "--message", "again").status, 0);
  git("add", "more.jsonl");
  writeFileSync(join(folder, "more.jsonl"), formatEntry({ key: "5ece2361", response: "a-quite-ordinary-value-1" }));
  assert.equal(git("commit", "--quiet", "--message", "clean").status, 0);
  git("reset", "--quiet", "--hard");

  // Moving a file does not avoid the check.
  git("mv", "cachy.jsonl", "moved.jsonl");
  const line = formatEntry({ key: "5ece2360", response: "Fine." });
  const moved = commit(
    "moved.jsonl",
    `${line}${formatEntry({ key: "5ece2361", response: "a-quite-ordinary-value-1" })}`,
  );
  assert.notEqual(moved.status, 0);
  assert.match(moved.output, /moved\.jsonl:2 5ece2361 {2}the value of SERVICE_TOKEN in response/);
  git("reset", "--quiet", "--hard");

  git("rm", "--quiet", "cachy.jsonl");
  assert.equal(git("commit", "--quiet", "--message", "without").status, 0);
});

slowTest("git-setup writes attributes once, and leaves an existing hook unchanged", { skip }, async (t) => {
  const { folder, setup } = await repository(t);
  const hook = join(folder, ".git", "hooks", "pre-commit");
  writeFileSync(hook, "#!/bin/sh\nexit 0\n");
  const { stdout } = await setup();
  assert.match(stdout, /nothing to add/);
  assert.match(stdout, /exists and is not changed.*cd "\$staged"/s);
  assert.equal(readFileSync(hook, "utf8"), "#!/bin/sh\nexit 0\n");
  assert.equal((await setup("recordings/**/*.jsonl")).code, 0);
  const attributes = "merge=cachy diff=cachy linguist-generated -text";
  assert.equal(
    readFileSync(join(folder, ".gitattributes"), "utf8"),
    `cachy.jsonl ${attributes}\nrecordings/**/*.jsonl ${attributes}\n`,
  );
});

slowTest("git-setup outside of a repository says what to do", { skip }, async (t) => {
  const { code, stderr } = await runProgram("cli", ["git-setup"], { cwd: temporaryFolder(t) });
  assert.equal(code, 2);
  assert.match(stderr, /Cannot run git rev-parse --show-toplevel: .*Run it in a git repository\./s);
});

/** A line by its name: equal names have equal digests. */
const line = (name: string, response: string, day = 1) => {
  const sha256 = createHash("sha256").update(name).digest("hex");
  return formatEntry({ key: sha256.slice(0, 8), sha256, v: 1, response, recorded_at: `2026-11-0${day}T00:00:00.000Z` });
};

for (const way of ["merge", "rebase", "cherry-pick"] as const) {
  slowTest(`git ${way} unites the recordings of two branches without a conflict`, { skip }, async (t) => {
    const { git, file } = await repository(t);
    const commit = (...lines: string[]) => {
      writeFileSync(file, lines.join(""));
      git("add", "--all");
      const { status, output } = git("commit", "--quiet", "--message", "x");
      assert.equal(status, 0, output);
    };
    const [stays, anew] = [line("stays", "stays"), line("anew", "old")];
    commit(stays, line("removed here", "1"), line("removed there", "2"), anew, line("removed, made anew", "old"));
    git("checkout", "--quiet", "-b", "other");
    commit(
      stays,
      line("removed here", "1"),
      line("anew", "older", 2),
      line("there", "3"),
      line("removed, made anew", "new", 2),
    );
    git("checkout", "--quiet", "main");
    commit(stays, line("removed there", "2"), line("here", "4"), line("anew", "newest", 3));
    if (way === "rebase") git("checkout", "--quiet", "other");
    const { status, output } = git(
      ...way === "merge" ? [way, "--quiet", "other"] : [way, way === "rebase" ? "main" : "other"],
    );
    assert.equal(status, 0, output);
    const responses = readFileSync(file, "utf8").trim().split("\n").map((text) => JSON.parse(text).response);
    assert.deepEqual(responses.sort(), ["3", "4", "new", "newest", "stays"]);
  });
}

slowTest("git diff shows conversations instead of lines", { skip }, async (t) => {
  const { git, file } = await repository(t);
  const asked = (content: string) => ({
    ...{ method: "POST", url: "https://api.openai.com/v1/chat/completions", exact: true },
    body: JSON.stringify({ messages: [{ content, role: "user" }], model: "gpt-5" }),
  });
  writeFileSync(file, formatEntry({ key: "5ece2360", response: "Fine.", request: asked("How are you?") }));
  git("add", "--all");
  git("commit", "--quiet", "--message", "x");
  writeFileSync(file, formatEntry({ key: "5ece2360", response: "Not bad.", request: asked("How are you?") }));
  const { output } = git("diff");
  assert.match(output, /^ user\n {3}How are you\?$/m);
  assert.match(output, /^-\s+Fine\.\n\+\s+Not bad\.$/m);
});
