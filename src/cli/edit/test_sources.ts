import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileName } from "../../testing/file_name.ts";

/** Longer files are not test files. In bytes. */
const MOST_BYTES = 1 << 22;

/** The text of a test file; undefined if it does not exist. */
export function sourceOf(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() && stats.size <= MOST_BYTES ? readFileSync(path, "utf8") : undefined;
}

/** String literals without line feeds. Quotes within others match too: one literal too many only keeps a recording. */
const LITERALS = [/"((?:[^"\\\n]|\\.)*)"/g, /'((?:[^'\\\n]|\\.)*)'/g, /`((?:[^`\\]|\\.)*)`/g];

const HASH = /-[0-9a-f]{8}$/;
const NUMBER = / \(\d+\)$/;

/** Whether a test file still contains the title of a recording's name. */
export function hasTitle(source: string, recordingName: string): boolean {
  const name = recordingName.replace(NUMBER, "");
  const bare = name.replace(HASH, "");
  for (const literal of LITERALS.flatMap((pattern) => [...source.matchAll(pattern)])) {
    const title = fileName([unescaped(literal[1] ?? "")]);
    const bareTitle = title.replace(HASH, "");
    // A long name is cut: its end is missing.
    const isCut = bare.length > 60 && bareTitle.length > 20 && bare.includes(bareTitle.slice(0, 20));
    if (title === name || bare === bareTitle || bare.endsWith(` - ${bareTitle}`) || isCut) return true;
  }
  return false;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, "$1");
}

const ONLY = /\.only\b|\bonly\s*:\s*true|\bf(?:it|describe)\s*\(/;
const SKIP = /\.(?:skip|todo|skipIf|runIf|fixme)\b|\b(?:skip|todo|ignore)\s*:|\bx(?:it|test|describe)\s*\(/;

/** What in a test file keeps tests from running: `.only` or `.skip`; undefined if there is nothing. */
export function filterIn(source: string): string | undefined {
  return (ONLY.exec(source) ?? SKIP.exec(source))?.[0].trim();
}

const TEST_FILE = /(?:^|[._-])(?:test|spec)s?\.[cm]?[jt]sx?$/;

const SCRIPT = /\.[cm]?[jt]sx?$/;
const TEST_FOLDER = /^(?:__tests__|tests?|specs?|e2e)$/;

/** The test files below a folder: by their names, or by the name of a folder that contains them. */
export function* testFilesIn(folder: string, isOfTests = false): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const { name } = entry;
    const path = join(folder, name);
    if (entry.isDirectory() && name !== "node_modules" && !name.startsWith(".")) {
      yield* testFilesIn(path, isOfTests || TEST_FOLDER.test(name));
    } else if (entry.isFile() && (isOfTests ? SCRIPT : TEST_FILE).test(name)) yield path;
  }
}

/** Options of test runners that select tests. */
const SELECTING =
  /^(?:-t|-g|-m|-f|-i|--(?:test)?-?(?:f?grep(?:-invert)?|invert|filter|match|only|only-?changed|only-?failures|changed|related|find-?related-?tests|last-?commit|last-?failed|shard|name-?patterns?|skip-?pattern|path-?(?:ignore-?)?patterns?|select-?projects|project|exclude|ignore))(?:=|$)/i;

const RUNNERS =
  /^(?:vitest|jest|ava|mocha|_mocha|playwright|uvu|bun|deno|npm|npx|pnpm|yarn|bunx)(?:\.[cm]?js|\.cmd|\.exe)?$/;
const WORDS = /^(?:run|run-script|task|exec|test\S*|t|tst|x|dlx|vitest|jest|ava|mocha|playwright|uvu)$/;

/** Options of test runners whose next argument selects no tests. */
const VALUED =
  /^(?:-c|-r|--(?:config|require|import|loader|preload|reporters?|pool|env-file|timeout|max-?workers|coverage\S*))$/;

/** The argument of a command that may select tests; undefined without such an argument. */
export function selectorIn(command: readonly string[]): string | undefined {
  const names = command.map((word) => word.split(/[/\\]/).at(-1) ?? "");
  const runner = names.findIndex((name) => RUNNERS.test(name));
  return command.find((word, at) =>
    at > 0 && !VALUED.test(command[at - 1] ?? "") &&
    (SELECTING.test(word) || TEST_FILE.test(word) || isSelector(word, names[at] ?? "", at, runner))
  );
}

function isSelector(word: string, name: string, at: number, runner: number): boolean {
  if (word.startsWith("-")) return false;
  if (runner === -1) return /\.[cm]?[jt]sx?$/.test(word) && !word.includes("node_modules") && existsSync(word);
  return at > runner && !WORDS.test(word) && !RUNNERS.test(name);
}
