/** The pre-commit hook of the README. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { formatEntry } from "../src/store/entry.ts";
import { defaultFlags, programPath } from "./processes.ts";
import { slowTest } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const HOOK = /```sh\n(#!\/bin\/sh\n[^]*?)```/.exec(README)?.[1] ?? "";
const COMMAND = "deno run -RE jsr:@cachy/core/cli";
const missing = ["git", "sh", "find"].find((name) => spawnSync(name, ["--version"]).error !== undefined);
const skip = process.platform === "win32"
  ? "Hooks are shell scripts, which Windows does not run."
  : missing === undefined
  ? undefined
  : `${missing} is missing.`;

slowTest("the README's pre-commit hook rejects a commit with a secret, and accepts others", { skip }, (t) => {
  const folder = temporaryFolder(t);
  const git = (...args: string[]) => {
    const env = {
      ...process.env,
      GIT_CONFIG_GLOBAL: "",
      GIT_CONFIG_SYSTEM: "",
      SERVICE_TOKEN: "a-quite-ordinary-value-1",
    };
    const { status, stdout, stderr } = spawnSync("git", ["-c", "user.name=A", "-c", "user.email=a@b.c", ...args], {
      cwd: folder,
      encoding: "utf8",
      env,
    });
    return { status, output: stdout + stderr };
  };
  assert.equal(git("init", "--quiet").status, 0);
  mkdirSync(join(folder, ".git", "hooks"), { recursive: true });
  assert.ok(HOOK.includes(COMMAND));
  const program = programPath("cli");
  const command = [process.execPath, ...defaultFlags(), program].map((word) => `'${word}'`).join(" ");
  writeFileSync(join(folder, ".git", "hooks", "pre-commit"), HOOK.replace(COMMAND, command), { mode: 0o755 });

  const commit = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    git("add", name);
    return git("commit", "--quiet", "--message", name);
  };
  assert.equal(commit("other.txt", "no recording").status, 0);
  const odd = commit("ä b'\".jsonl", formatEntry({ key: "5ece2360", response: "Fine." }));
  assert.equal(odd.status, 0, odd.output);
  const good = commit("cachy.jsonl", formatEntry({ key: "5ece2360", response: "Fine." }));
  assert.equal(good.status, 0, good.output);
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
