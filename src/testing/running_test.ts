import process from "node:process";

/**
 * What test runners pass to a test, or report about it. Of these members, each runner has a few; other members do not
 * matter.
 */
export interface RunningTest {
  /** `Deno.test`, `node:test`: the name of the test or step. */
  readonly name?: string;
  /** `Deno.test`: the URL of the test file. */
  readonly origin?: string;
  /** `Deno.test`: the context of the test that contains the step. */
  readonly parent?: unknown;
  /** `node:test`: the names of the suites and of the test, separated by ` > `. */
  readonly fullName?: string;
  /** `node:test` of Node 22 and newer: the path of the test file. */
  readonly filePath?: string | undefined;
  /** Vitest: the test, with its suites and its file. */
  readonly task?: unknown;
  /** Mocha: the test, or the hook. */
  readonly test?: unknown;
  /** Mocha, in a hook: the test. */
  readonly currentTest?: unknown;
  /** Jest and Vitest, `expect.getState()`: the path of the test file. */
  readonly testPath?: string | undefined;
  /** Jest and Vitest, `expect.getState()`: the names of the suites and of the test. */
  readonly currentTestName?: string | undefined;
  /** AVA, Playwright: the title of the test. */
  readonly title?: string;
  /** Playwright: the test file, the suites and the title. */
  readonly titlePath?: unknown;
  /** Playwright: the path of the test file. */
  readonly file?: string;
}

/** A test, as its runner names it. */
export interface NamedTest {
  /** The suites and the title. */
  readonly names: readonly string[];
  /** The position among tests of the file with equal names, from 1. */
  readonly ordinal: number;
}

/** The running test. */
export interface FoundTest extends NamedTest {
  /** The path or URL of its file; undefined if the runner does not say. */
  readonly file: string | undefined;
  /** All tests of the file, also those that do not run; undefined if the runner does not say. */
  readonly all?: readonly NamedTest[];
}

/** Finds the name and the file of a test in what its runner passes to it; undefined if there is no name. */
export function findTest(test: RunningTest, ordinalOf: (test: object, name: string) => number): FoundTest | undefined {
  const { task, testPath, currentTestName, titlePath, fullName, origin, name, title } = test;
  const mochaTest = asMochaTest(test.currentTest) ?? asMochaTest(test.test);
  if (isVitestTask(task)) return ofVitest(task);
  if (currentTestName !== undefined) return ofJest(currentTestName, testPath);
  if (mochaTest) return ofMocha(mochaTest);
  if (Array.isArray(titlePath)) return { names: titlePath.slice(1).map(String), ordinal: 1, file: test.file };
  if (origin !== undefined && name !== undefined) {
    const names = namesOfSteps(test);
    return { names, ordinal: ordinalOf(test, `${origin} ${names.join(" > ")}`), file: origin };
  }
  if (fullName !== undefined) {
    const file = test.filePath ?? mainFile();
    return { names: fullName.split(" > "), ordinal: ordinalOf(test, `${file} ${fullName}`), file };
  }
  return title === undefined ? undefined : { names: [title], ordinal: 1, file: test.file };
}

/** The file that the process runs: the test file, for `node:test` on every runtime. */
function mainFile(): string | undefined {
  const { Bun, Deno } = globalThis as { Bun?: { readonly main: string }; Deno?: { readonly mainModule: string } };
  return Bun?.main ?? Deno?.mainModule ?? process.argv[1];
}

function namesOfSteps({ name = "", parent }: RunningTest): string[] {
  return [...(parent ? namesOfSteps(parent as RunningTest) : []), name];
}

/** Gives each test of a file its position among those with equal names. */
function numbered<Test>(tests: readonly (readonly [Test, readonly string[]])[]): Map<Test, NamedTest> {
  const counts = new Map<string, number>();
  return new Map(tests.map(([test, names]) => {
    const id = names.join(" > ");
    const ordinal = (counts.get(id) ?? 0) + 1;
    counts.set(id, ordinal);
    return [test, { names, ordinal }];
  }));
}

interface VitestTask {
  readonly name: string;
  readonly suite?: VitestTask;
  readonly file: { readonly filepath: string; readonly tasks: readonly VitestTask[] };
  readonly tasks?: readonly VitestTask[];
}

function isVitestTask(task: unknown): task is VitestTask {
  return typeof (task as Partial<VitestTask> | undefined)?.file?.filepath === "string";
}

function ofVitest(task: VitestTask): FoundTest {
  const namesOf = ({ name, suite }: VitestTask): string[] => [
    ...(suite && !("filepath" in suite) ? namesOf(suite) : []),
    name,
  ];
  const testsIn = (tasks: readonly VitestTask[]): VitestTask[] =>
    tasks.flatMap((inner) => inner.tasks ? testsIn(inner.tasks) : [inner]);
  const all = numbered(testsIn(task.file.tasks).map((inner) => [inner, namesOf(inner)]));
  const own = all.get(task) ?? { names: namesOf(task), ordinal: 1 };
  return { ...own, file: task.file.filepath, all: [...all.values()] };
}

interface JestTest {
  readonly type?: string;
  readonly name: string;
  readonly parent?: JestTest;
  readonly children?: readonly JestTest[];
}

/** `jest-circus` keeps its tests under a symbol that is not registered. */
function jestState(): { readonly currentlyRunningTest?: JestTest; readonly rootDescribeBlock: JestTest } | undefined {
  const symbol = Object.getOwnPropertySymbols(globalThis).find(({ description }) =>
    description === "JEST_STATE_SYMBOL"
  );
  return symbol && (globalThis as unknown as Record<symbol, ReturnType<typeof jestState>>)[symbol];
}

/** Jest joins the names with spaces, Vitest with ` > `. */
function ofJest(fullName: string, file: string | undefined): FoundTest {
  const state = jestState();
  if (!state) return { names: fullName.split(" > "), ordinal: 1, file };
  const namesOf = ({ name, parent }: JestTest): string[] => parent ? [...namesOf(parent), name] : [];
  const testsIn = ({ children = [] }: JestTest): JestTest[] =>
    children.flatMap((child) => child.type === "test" ? [child] : testsIn(child));
  const all = numbered(testsIn(state.rootDescribeBlock).map((test) => [test, namesOf(test)]));
  const isNamed = (test: JestTest | undefined) => test !== undefined && namesOf(test).join(" ") === fullName;
  const running = state.currentlyRunningTest;
  const own = [...all].find(([test]) => isNamed(running) ? test === running : isNamed(test));
  return { ...(own?.[1] ?? { names: [fullName], ordinal: 1 }), file, all: [...all.values()] };
}

interface MochaSuite {
  readonly root?: boolean;
  readonly parent?: MochaSuite;
  readonly suites: readonly MochaSuite[];
  readonly tests: readonly MochaTest[];
}

interface MochaTest {
  readonly file?: string;
  readonly parent: MochaSuite;
  titlePath(): string[];
  retriedTest?(): MochaTest | undefined;
}

function asMochaTest(value: unknown): MochaTest | undefined {
  const test = value as Partial<MochaTest> | undefined;
  return typeof test?.titlePath === "function" && test.parent ? test as MochaTest : undefined;
}

function ofMocha(test: MochaTest): FoundTest {
  const rootOf = (suite: MochaSuite): MochaSuite => suite.parent ? rootOf(suite.parent) : suite;
  const testsIn = ({ suites, tests }: MochaSuite): MochaTest[] => [...tests, ...suites.flatMap(testsIn)];
  const ofFile = testsIn(rootOf(test.parent)).filter(({ file }) => file === test.file);
  const all = numbered(ofFile.map((other) => [other, other.titlePath()]));
  // A retry runs a copy of the test.
  const own = all.get(test) ?? all.get(test.retriedTest?.() ?? test) ?? { names: test.titlePath(), ordinal: 1 };
  return { ...own, file: test.file, all: [...all.values()] };
}
