/**
 * Names a recording by the test that it belongs to: one file for each test.
 *
 * @example With `node:test`, `Deno.test`, Playwright's `testInfo` and Mocha's `this`
 * ```ts ignore
 * import { test } from "node:test";
 * import { withCachy } from "@cachy/core";
 * import { recordingFile } from "@cachy/core/testing";
 *
 * test("says hello", (t) =>
 *   withCachy({ file: recordingFile(t) }, async () => {
 *     // … is recorded in recordings/greeting_test_ts/says hello.jsonl
 *   }));
 * ```
 *
 * @module
 */
import { dirname, join, relative, sep } from "node:path";
import { isPath, pathOf, workingDirectory } from "./lib/environment.ts";
import { CachyError, checkByRules, type Rules } from "./lib/errors.ts";
import { shared } from "./lib/shared_state.ts";
import { show } from "./lib/show.ts";
import { findProjectFile } from "./options/settings.ts";
import { noteTest } from "./report/ledger.ts";
import { fileName, folderName, folderOfTestFile } from "./testing/file_name.ts";
import { findTest, type FoundTest, type NamedTest, type RunningTest } from "./testing/running_test.ts";

export type { RunningTest };

/** Options of {@linkcode recordingFile}. */
export interface RecordingFileOptions {
  /**
   * The test file, as a path or `file:` URL: `import.meta.url`.
   *
   * @default what the test runner says; without it, the name of the test is not below the name of a test file
   */
  readonly testFile?: string | URL;
  /**
   * The folder of all recordings. A relative path starts at the project's folder: the nearest one above the test file
   * with a `deno.json`, `deno.jsonc` or `package.json`.
   *
   * @default "recordings"
   */
  readonly folder?: string | URL;
}

const RULES: Rules<RecordingFileOptions> = {
  testFile: ["a path or a file: URL", isPath],
  folder: ["a path or a file: URL", isPath],
};

/**
 * The path of the recording of one test: `recordings/<test file>/<test name>.jsonl` in the project's folder.
 *
 * It is the same each time that the test runs: after a retry, in another order, in parallel, and on every runtime. It is
 * valid on every file system. Names that need it end with a short hash, such as names with capital letters, which some
 * file systems do not distinguish. Tests of a file with equal names get ` (2)`, ` (3)` and so on, in the order of the file.
 *
 * | test runner              | `test`                                                     |
 * | ------------------------ | ---------------------------------------------------------- |
 * | `node:test`, `Deno.test` | `t`                                                        |
 * | Vitest                   | the context of the test, or `{ task }`                     |
 * | Jest                     | `expect.getState()`                                        |
 * | Mocha                    | `this`, in a `function`                                    |
 * | AVA                      | `t`, with `{ testFile: import.meta.url }`                  |
 * | Playwright               | `testInfo`                                                 |
 * | `bun:test`, others       | a name of your choice, with `{ testFile: import.meta.url }` |
 *
 * @param test The context of the running test, or a name.
 * @param options The test file, if the context does not contain it, and the folder.
 * @returns An absolute path.
 * @throws {CachyError} `invalid_option`, if the test has no name or an unknown file, or an option is invalid.
 *
 * @example A name of your choice
 * ```ts
 * import { recordingFile } from "@cachy/core/testing";
 *
 * const file = recordingFile("says hello", { testFile: import.meta.url });
 * console.assert(file.endsWith("says hello.jsonl"));
 * ```
 */
export function recordingFile(test: string | RunningTest, options: RecordingFileOptions = {}): string {
  checkByRules(options, RULES, "a recording's file");
  const isChosen = typeof test === "string";
  const found = isChosen ? ofName(test) : findIn(test);
  const place = placeOf(found, options, isChosen);
  const pathFor = ({ names, ordinal }: NamedTest) =>
    join(place.folder, ...place.parts, `${fileName(names, ordinal)}.jsonl`);
  const file = pathFor(found);
  const { project, folder, testFile } = place;
  noteTest(
    { file, project, folder, isChosen, test: { file: testFile, name: found.names.join(" > ") } },
    () => found.all?.map(pathFor),
  );
  return file;
}

function ofName(name: string): FoundTest {
  if (name.trim() === "") throw refuse(`Cannot name a recording by an empty text. Pass the name of the test.`);
  return { names: [name], ordinal: 1, file: undefined };
}

const CONTEXTS =
  "Pass the context of the test: t, Playwright's testInfo, Jest's expect.getState(), Mocha's `this` in a " +
  "function that is not an arrow function; or a name, as a string.";

function findIn(test: RunningTest): FoundTest {
  // Vitest's context is a function with members.
  const isContext = typeof test === "object" && test !== null || typeof test === "function";
  const found = isContext ? findTest(test, ordinalOf) : undefined;
  if (found?.names.some((name) => name.trim() !== "")) return found;
  throw refuse(`Cannot name a recording by ${show(test)}: it does not contain the name of a test. ${CONTEXTS}`);
}

/** Where the recordings of a test file are. */
interface Place {
  readonly project: string;
  readonly folder: string;
  /** Below the folder. */
  readonly parts: readonly string[];
  /** The path of the test file; undefined if it is not known. */
  readonly testFile: string | undefined;
}

function placeOf({ file }: FoundTest, options: RecordingFileOptions, isChosen: boolean): Place {
  const from = workingDirectory();
  const known = options.testFile ?? file;
  if (known === undefined ? !isChosen : !isPath(known)) {
    const what = known === undefined ? "the test runner does not name it" : `${show(String(known))} is not a file`;
    throw refuse(`Cannot find the test file: ${what}. Pass it: recordingFile(t, { testFile: import.meta.url }).`);
  }
  const testFile = known === undefined ? undefined : pathOf(known, from);
  const project = dirname(findProjectFile(testFile === undefined ? from : dirname(testFile)).path);
  const below = testFile === undefined ? "" : relative(project, testFile);
  const parts = folderOfTestFile(below).split(sep).filter(Boolean).map(folderName);
  return { project, folder: pathOf(options.folder ?? "recordings", project), parts, testFile };
}

function refuse(message: string): CachyError {
  return new CachyError("invalid_option", message);
}

/** The position of a test among those that had the same name before, if its runner does not list all tests of a file. */
function ordinalOf(test: object, name: string): number {
  const { counts, ordinals } = shared("namedTests", () => ({
    counts: new Map<string, number>(),
    ordinals: new WeakMap<object, number>(),
  }));
  const ordinal = ordinals.get(test) ?? (counts.get(name) ?? 0) + 1;
  if (!ordinals.has(test)) counts.set(name, ordinal);
  ordinals.set(test, ordinal);
  return ordinal;
}
