import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { messageOf } from "../../lib/errors.ts";
import { asRecord } from "../../lib/json.ts";
import { CommandError, defineCommand, FILE_OPTION, FINE, type Terminal } from "../app/command.ts";
import { programWords } from "../app/program.ts";
import { printable } from "../display/printable.ts";
import { mergeVersions } from "../edit/three_way.ts";
import { fileLines, findFile, type RecordedFile, withAnyFile } from "../file/recorded_file.ts";
import { readEntry } from "../read/reading.ts";
import { showMessage } from "../show/conversation.ts";

/** `merge-driver`: merges two versions of a file for git. */
export const mergeDriver = defineCommand({
  name: "merge-driver",
  summary: "Merges two versions of a file for git, without conflicts",
  operands: { usage: "BASE OURS THEIRS", least: 3, most: 3 },
  options: {},
  examples: ["merge-driver %O %A %B"],
  notes: [
    "git-setup makes git call it. Recordings that were added are kept, a removal removes, and of two recordings the newer",
    "one is used. The result replaces OURS.",
  ],
  run({ operands: [base = "", ours = "", theirs = ""], terminal }) {
    const { kept, taken, removed } = mergeVersions({ base, ours, theirs });
    terminal.note(`cachy: merged ${kept + taken} recordings, ${taken} of them from the other side; ${removed} removed`);
    return FINE;
  },
});

/** `textconv`: the conversations of a file, for `git diff`. */
export const textconv = defineCommand({
  name: "textconv",
  summary: "Prints the conversations of a file for git diff",
  operands: { usage: "FILE", least: 1, most: 1 },
  options: {},
  examples: ["textconv cachy.jsonl"],
  notes: ["git-setup makes git diff call it. Times and sizes are left out, because they change with each recording."],
  async run({ operands: [path = ""], terminal }) {
    // Git cannot show a diff if this fails.
    await withAnyFile(path, (file) => terminal.printAll(conversations(file)));
    return FINE;
  },
});

function* conversations(file: RecordedFile): Generator<string, void> {
  for (const { content } of fileLines(file)) {
    if (typeof content === "string") {
      yield `not an entry: ${content}`;
      continue;
    }
    const { asked, answered, provider, model } = readEntry(content);
    const { method = "", url = "" } = asRecord(content.request) ?? {};
    yield printable([content.key, method, url, provider, model].filter(Boolean).join(" "));
    for (const message of [...asked, ...answered]) yield* showMessage(message, (text) => text);
    yield "";
  }
}

const ATTRIBUTES = "merge=cachy diff=cachy linguist-generated -text";

/** `git-setup`: prepares a repository for recordings. */
export const gitSetup = defineCommand({
  name: "git-setup",
  summary: "Sets up git: merges without conflicts, readable diffs, a hook that finds secrets",
  operands: { usage: "[PATTERN…]", least: 0, most: Infinity },
  options: FILE_OPTION,
  examples: ["git-setup", "git-setup 'recordings/**/*.jsonl'"],
  notes: [
    "Writes .gitattributes, which you commit, and the configuration and hook of this clone, which every clone needs: run",
    "it there too. PATTERN is a pattern of .gitattributes; without one, it is the path of the file.",
  ],
  run({ options, operands, terminal }) {
    const top = git(["rev-parse", "--show-toplevel"]);
    const patterns = operands.length ? operands : [patternOf(top, findFile(options.file, terminal))];
    writeAttributes(join(top, ".gitattributes"), patterns, terminal);
    const program = programWords().map(quoted).join(" ");
    for (const [name, value] of Object.entries(CONFIGURATION)) git(["config", name, value.replace("cachy", program)]);
    terminal.print(`git config: merge.cachy and diff.cachy run ${program}`);
    writeHook(git(["rev-parse", "--git-path", "hooks/pre-commit"]), program, terminal);
    return FINE;
  },
});

const CONFIGURATION: Readonly<Record<string, string>> = {
  "merge.cachy.name": "recordings of LLM calls",
  "merge.cachy.driver": "cachy merge-driver %O %A %B",
  "diff.cachy.textconv": "cachy textconv",
};

function git(words: readonly string[]): string {
  try {
    const { status, stdout, stderr, error } = spawnSync("git", words, { encoding: "utf8" });
    if (error) throw error;
    if (status !== 0) throw new Error(stderr.trim());
    return stdout.trim();
  } catch (error) {
    throw new CommandError(`Cannot run git ${words.join(" ")}: ${messageOf(error)}. Run it in a git repository.`, {
      cause: error,
    });
  }
}

function patternOf(top: string, file: string): string {
  const folder = existsSync(dirname(file)) ? realpathSync(dirname(file)) : dirname(file);
  const path = join(relative(realpathSync(top), folder), basename(file)).replaceAll("\\", "/");
  if (path.startsWith("..")) throw new CommandError(`Cannot set up git for ${file}: it is outside of ${top}.`);
  return /\s/.test(path) ? `"${path}"` : path;
}

function writeAttributes(path: string, patterns: readonly string[], terminal: Terminal): void {
  const before = existsSync(path) ? readFileSync(path, "utf8") : "";
  const missing = patterns.map((pattern) => `${pattern} ${ATTRIBUTES}`)
    .filter((line) => !before.split(/\r?\n/).includes(line));
  // Of several lines, git uses the last one.
  if (missing.length) {
    appendFileSync(path, `${before === "" || before.endsWith("\n") ? "" : "\n"}${missing.join("\n")}\n`);
  }
  for (const line of missing) terminal.print(`.gitattributes: ${line}`);
  if (!missing.length) terminal.print(".gitattributes: nothing to add");
}

function quoted(word: string): string {
  return /^[\w./:@=+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The pre-commit hook. It checks the staged content of recordings, not the files on disk. */
function hookOf(program: string): string {
  return `#!/bin/sh
# Rejects commits of recordings with text that looks like a secret.
set -- --cached --no-renames --diff-filter=d -- '*.jsonl'
git diff --quiet "$@" && exit
staged=$(mktemp -d) && trap 'rm -rf "$staged"' EXIT
git diff --name-only -z "$@" | git checkout-index -z --stdin --prefix="$staged/"
(cd "$staged" && find . -name '*.jsonl' -exec ${program} scan --env {} +)
`;
}

function writeHook(path: string, program: string, terminal: Terminal): void {
  const hook = hookOf(program);
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, hook, { mode: 0o755 });
    terminal.print(`${path}: rejects commits with text that looks like a secret`);
  } else if (readFileSync(path, "utf8") !== hook) {
    terminal.print(
      `${path} exists and is not changed. To check recordings for secrets, add these lines to it:`,
      "",
      hook,
    );
  }
}
