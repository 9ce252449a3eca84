import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isGranted } from "../../lib/environment.ts";
import { asRecord, parseJson } from "../../lib/json.ts";
import type { LedgerLine, NotedTest } from "../../report/ledger.ts";
import { CommandError } from "../app/command.ts";

/** A request that was missed in a run. */
export interface LedgerMiss {
  /** ISO 8601 in UTC. */
  readonly at: string;
  /** The path of the recording, or the name of another store. */
  readonly file: string;
  readonly sha256: string;
  readonly key: string;
  readonly method: string;
  readonly url: string;
  /** The explanation: the nearest recorded request, the differences, and the cure. */
  readonly message: string;
  /** The test that the recording belongs to, if it is known. */
  readonly test?: NotedTest["test"];
}

/** A command that ran a test suite: `cachy unused -- COMMAND`. */
export interface LedgerRun {
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly command: readonly string[];
  /** The exit code; null if a signal ended it. */
  readonly code: number | null;
}

/** What the processes of one or more runs asked for. */
export interface Ledger {
  /** Recording → the digests of requests, and the digests (or keys) of the entries that answered them. */
  readonly asked: ReadonlyMap<string, ReadonlySet<string>>;
  /** Recording → the digests of requests that were missed, or for which the network was called. */
  readonly unanswered: ReadonlyMap<string, Readonly<Record<"miss" | "live", ReadonlySet<string>>>>;
  /** In order of time; one for each request and process. */
  readonly misses: readonly LedgerMiss[];
  readonly tests: readonly NotedTest[];
  readonly runs: readonly LedgerRun[];
  /** Ledger files without a run: nothing says whether the whole suite ran and passed. */
  readonly withoutRun: readonly string[];
  /** The number of lines that a killed process, or a full disk, has cut off. */
  readonly damaged: number;
  /** The time of the first line, in ISO 8601; empty without lines. */
  readonly start: string;
}

type Line = { readonly at: string } & (LedgerLine | ({ readonly kind: "run" } & LedgerRun));

/**
 * Reads a ledger that processes wrote because of CACHY_LEDGER. Paths in the result are real paths.
 *
 * @param path A ledger, or a folder with ledgers in files that end in `.jsonl`, which are merged.
 * @throws {CommandError} If there is no such file.
 */
export function readLedger(path: string): Ledger {
  if (!isGranted({ name: "read", path })) {
    throw new CommandError(`Cannot read the ledger ${path}: Deno did not grant it. Run with --allow-read (-R).`);
  }
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) {
    throw new CommandError(
      `Cannot read the ledger ${path}: there is no such file. Run the tests with CACHY_LEDGER=${path}.`,
    );
  }
  const names = stats.isDirectory() ? readdirSync(path).filter((name) => name.endsWith(".jsonl")) : [];
  const files = stats.isDirectory() ? names.map((name) => join(path, name)) : [path];
  const contents = files.map((file) => ({ file, ...linesIn(readFileSync(file, "utf8")) }));
  const lines = contents.flatMap(({ lines }) => lines).sort((a, b) => a.at < b.at ? -1 : a.at > b.at ? 1 : 0);
  const tests = lines.flatMap((line) => line.kind === "test" ? [realTest(line)] : []);
  return {
    ...askedIn(lines),
    misses: missesIn(lines, tests),
    tests,
    runs: lines.flatMap((line) => line.kind === "run" ? [line] : []),
    withoutRun: contents.flatMap(({ file, lines }) => lines.some(({ kind }) => kind === "run") ? [] : [file]),
    damaged: contents.reduce((sum, { damaged }) => sum + damaged, 0),
    start: lines[0]?.at ?? "",
  };
}

function linesIn(text: string): { readonly lines: readonly Line[]; readonly damaged: number } {
  const texts = text.split("\n").filter((line) => line.trim() !== "");
  const lines = texts.flatMap((line) => {
    const value = asRecord(parseJson(line));
    return typeof value?.at === "string" && typeof value.kind === "string" ? [value as unknown as Line] : [];
  });
  return { lines, damaged: texts.length - lines.length };
}

function askedIn(lines: readonly Line[]): Pick<Ledger, "asked" | "unanswered"> {
  const asked = new Map<string, Set<string>>();
  const unanswered = new Map<string, Record<"miss" | "live", Set<string>>>();
  const realOf = realPaths();
  for (const line of lines) {
    if (line.kind !== "asked") continue;
    const file = realOf(line.file);
    const ids = asked.get(file) ?? new Set();
    asked.set(file, ids.add(line.sha256));
    if (line.entry !== undefined) ids.add(line.entry);
    if (line.outcome === "hit") continue;
    const ofFile = unanswered.get(file) ?? { miss: new Set(), live: new Set() };
    unanswered.set(file, ofFile);
    ofFile[line.outcome].add(line.sha256);
  }
  return { asked, unanswered };
}

function missesIn(lines: readonly Line[], tests: readonly NotedTest[]): LedgerMiss[] {
  const testOf = new Map(tests.map(({ file, test }) => [file, test]));
  const realOf = realPaths();
  return lines.flatMap((line) => {
    if (line.kind !== "asked" || !line.miss) return [];
    const file = realOf(line.file);
    return [{ at: line.at, file, sha256: line.sha256, ...line.miss, test: testOf.get(file) }];
  });
}

function realTest({ file, project, folder, isChosen, test, all }: NotedTest): NotedTest {
  return {
    isChosen,
    file: realPath(file),
    project: realPath(project),
    folder: realPath(folder),
    test: { ...test, file: test.file && realPath(test.file) },
    all: all?.map(realPath),
  };
}

function realPaths(): (path: string) => string {
  const known = new Map<string, string>();
  return (path) => {
    const real = known.get(path) ?? realPath(path);
    known.set(path, real);
    return real;
  };
}

/** A path without symbolic links, also of a file that does not exist. */
export function realPath(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  return dirname(path) === path ? path : join(realPath(dirname(path)), basename(path));
}
