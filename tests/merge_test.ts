/** Two branches that both recorded, merged by a real git: with the line of the README, and without it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { slowTest, test, type TestContext } from "./suite.ts";
import { CHAT_URL, jsonAnswer, jsonPost, network, temporaryFolder, testCachy } from "./testing.ts";

const skip = spawnSync("git", ["--version"]).status === 0 ? undefined : "git is missing.";
const textOf = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");

/** How this repository has its file merged. */
const [attribute = ""] = textOf(".gitattributes").split("\n").filter((line) => line.startsWith("cachy.jsonl "));

/** A separate repository, without any configuration of the user. */
function repository(t: TestContext, attributes: string | undefined) {
  const folder = temporaryFolder(t);
  const run = (...args: readonly string[]) => {
    const env: NodeJS.ProcessEnv = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
    // If git itself runs the tests, as in a hook, these would name another repository.
    for (const name of Object.keys(env)) if (/^GIT_(?!CONFIG_)/.test(name)) delete env[name];
    const user = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "core.autocrlf=false"];
    return spawnSync("git", [...user, ...args], { cwd: folder, env, encoding: "utf8" });
  };
  const git = (...args: readonly string[]) => {
    const { status, stdout, stderr } = run(...args);
    assert.equal(status, 0, `git ${args.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  };
  const commit = (message: string) => {
    git("add", ".");
    git("commit", "--quiet", "--message", message);
  };
  git("init", "--quiet");
  git("checkout", "--quiet", "-b", "main");
  if (attributes !== undefined) writeFileSync(join(folder, ".gitattributes"), `${attributes}\n`);
  writeFileSync(join(folder, "README"), "");
  commit("Start");
  return { file: join(folder, "cachy.jsonl"), run, git, commit };
}

/** Sends these requests, one after the other. A network response contains its author and the request. */
async function ask(file: string, who: string, inputs: readonly string[]): Promise<void> {
  const { fetch } = network((_, init) => jsonAnswer({ who, ...JSON.parse(String(init?.body)) }));
  const cachy = testCachy({ file, mode: "auto", fetch });
  for (const input of inputs) await (await cachy.fetch(CHAT_URL, jsonPost({ input }))).text();
  await cachy.flush();
}

/** The authors of the recorded responses to these requests, and the warnings. */
async function answersIn(file: string, inputs: readonly string[]) {
  const { fetch } = network(() => assert.fail("the network was asked"));
  const cachy = testCachy({ file, mode: "replay", fetch });
  const answers: Record<string, string> = {};
  for (const input of inputs) {
    const answer = await (await cachy.fetch(CHAT_URL, jsonPost({ input }))).json();
    if (answer.input === input) answers[input] = answer.who;
  }
  assert.deepEqual(cachy.misses, []);
  const warnings = cachy.events.flatMap((event) => event.kind === "warning" ? [event.message] : []);
  return { answers, warnings };
}

const OURS = ["only ours 1", "of both", "only ours 2"];
const THEIRS = ["only theirs 1", "of both", "only theirs 2", "only theirs 3"];

/** Two branches that have both recorded. The current one is `main`. */
async function branches(t: TestContext, { attributes, before }: { attributes?: string; before: readonly string[] }) {
  const made = repository(t, attributes);
  const { file, git, commit } = made;
  if (before.length) {
    await ask(file, "before", before);
    commit("Record");
  }
  git("checkout", "--quiet", "-b", "theirs");
  await ask(file, "theirs", THEIRS);
  commit("Record theirs");
  git("checkout", "--quiet", "main");
  await ask(file, "ours", OURS);
  commit("Record ours");
  return made;
}

/** The files of two branches may have a common start or not. */
const STARTS = [["before 1", "before 2"], []];

test("the documentation contains the line by which this repository merges its file", () => {
  assert.equal(attribute, "cachy.jsonl merge=union -text");
  assert.ok(textOf("docs/lifecycle.md").split("\n").includes(attribute));
});

slowTest(
  "git merges two branches that both recorded without a conflict, and every recording is found",
  { skip },
  async (t) => {
    for (const before of STARTS) {
      const { file, git } = await branches(t, { attributes: attribute, before });
      git("merge", "--quiet", "theirs", "--message", "Merge");
      const { answers, warnings } = await answersIn(file, [...before, ...OURS, ...THEIRS]);
      const { "of both": both = "", ...rest } = answers;
      assert.match(both, /^(?:ours|theirs)$/);
      const expected = [...before, ...OURS, ...THEIRS].map((
        input,
      ) => [input, /ours|theirs/.exec(input)?.[0] ?? "before"]);
      assert.deepEqual({ ...rest, "of both": "before" }, Object.fromEntries(expected));
      assert.deepEqual(warnings, []);
      const count = before.length + OURS.length + THEIRS.length;
      assert.equal(readFileSync(file, "utf8").split("\n").length, count + 1, "both lines of the same request are kept");
    }
  },
);

slowTest("git merges repeatedly while both branches continue to record", { skip }, async (t) => {
  const { file, git, commit } = await branches(t, { attributes: attribute, before: ["before"] });
  for (const round of ["2", "3"]) {
    git("merge", "--quiet", "theirs", "--message", `Merge ${round}`);
    await ask(file, "ours", [`ours ${round}`]);
    commit(`Record ours ${round}`);
    git("checkout", "--quiet", "theirs");
    git("merge", "--quiet", "main", "--message", `Merge ${round} back`);
    await ask(file, "theirs", [`theirs ${round}`]);
    commit(`Record theirs ${round}`);
    git("checkout", "--quiet", "main");
  }
  git("merge", "--quiet", "theirs", "--message", "Merge at last");
  const inputs = [...OURS, ...THEIRS, "ours 2", "ours 3", "theirs 2", "theirs 3"];
  const { answers, warnings } = await answersIn(file, inputs);
  assert.deepEqual([Object.keys(answers).sort(), warnings], [[...new Set(inputs)].sort(), []]);
});

slowTest(
  "a file with conflict markers answers every request and reports them if git has no such line",
  { skip },
  async (t) => {
    for (const before of STARTS) {
      for (const style of ["merge", "diff3"]) {
        const { file, run } = await branches(t, { before });
        const { status, stdout } = run("-c", `merge.conflictStyle=${style}`, "merge", "theirs", "--message", "Merge");
        assert.deepEqual([status, /CONFLICT .*cachy\.jsonl/.test(stdout)], [1, true]);
        const lines = readFileSync(file, "utf8").split("\n");
        const markers = lines.flatMap((line, at) => /^(?:<{7}|\|{7}|={7}|>{7})/.test(line) ? [at + 1] : []);
        assert.ok(markers.length >= 3);

        const inputs = [...before, ...OURS, ...THEIRS];
        const { answers, warnings } = await answersIn(file, inputs);
        assert.deepEqual(Object.keys(answers).sort(), [...new Set(inputs)].sort());
        assert.equal(warnings.length, 1);
        const named = markers.map((number) => `line ${number} (git conflict marker)`).join(", ");
        assert.ok(warnings[0]?.includes(`: ${named}. Delete them`), `${warnings[0]}`);
      }
    }
  },
);
