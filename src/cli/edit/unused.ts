import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { findProjectFile } from "../../options/settings.ts";
import type { NotedTest } from "../../report/ledger.ts";
import type { EntryRow } from "../file/entry_row.ts";
import { type Ledger, realPath } from "../file/ledger.ts";
import { newNameOf } from "./new_name.ts";
import { filterIn, hasTitle, selectorIn, sourceOf, testFilesIn } from "./test_sources.ts";
import { entriesOf, type Times } from "./unasked.ts";
import { testFileOfFolder } from "../../testing/file_name.ts";

/** A recording that no test asks for. */
export interface UnusedFile {
  readonly file: string;
  /** The folder of all recordings, which stays. */
  readonly folder: string;
  readonly entries: number;
  readonly reason: string;
  /** The test that asks for the same requests, or has a similar name, and that had no recording before. */
  readonly renamedTo?: { readonly file: string; readonly name: string };
}

/** Entries that no request asked for, in a recording that others were asked for. */
export interface UnusedEntries {
  readonly file: string;
  /** By digest, or by key without one. */
  readonly entries: ReadonlyMap<string, EntryRow>;
}

/** What no request used, but may still be needed. */
export interface Kept {
  readonly file: string;
  readonly entries: number;
  readonly reason: string;
}

/** What no run asked for. */
export interface Unused {
  readonly files: readonly UnusedFile[];
  readonly entries: readonly UnusedEntries[];
  readonly kept: readonly Kept[];
  /** Why the ledger proves nothing; undefined if it is of runs that passed. */
  readonly doubt: string | undefined;
}

/** Why a ledger proves less than it seems; undefined if nothing is against it. */
export interface Doubts {
  /** Some request may be missing in the ledger. */
  readonly failed: string | undefined;
  /** Nothing says that all tests ran. */
  readonly partial: string | undefined;
}

/** Why a ledger is not proof. @param isComplete Whether the user states that the whole suite ran and passed. */
function doubtsOf({ runs, damaged, withoutRun }: Ledger, isComplete: boolean): Doubts {
  const failed = runs.find(({ code }) => code !== 0);
  const selecting = runs.map(({ command }) => selectorIn(command)).find((word) => word !== undefined);
  const unknown =
    "nothing says that the whole suite ran and passed (run it by `cachy unused -- COMMAND`, or add --complete)";
  return {
    failed: failed
      ? `the tests failed (exit code ${failed.code})`
      : damaged > 0
      ? "the ledger has a torn line: a process was killed"
      : withoutRun.length > 0 && !isComplete
      ? unknown
      : undefined,
    partial: isComplete || selecting === undefined
      ? undefined
      : `"${selecting}" in the command may select tests (if not, add --complete)`,
  };
}

/** Judges every recording that the ledger names, and every file in its folders of recordings. */
export async function findUnused(ledger: Ledger, isComplete: boolean): Promise<Unused> {
  const doubts = doubtsOf(ledger, isComplete);
  const judge: Judge = { ledger, isComplete, doubts, filters: new Map() };
  const folders = new Set(ledger.tests.map(({ folder }) => folder));
  const files = new Set([...ledger.asked.keys(), ...[...folders].flatMap((folder) => [...recordingsIn(folder)])]);
  const found = { files: [] as UnusedFile[], entries: [] as UnusedEntries[], kept: [] as Kept[] };
  for (const file of [...files].filter((file) => existsSync(file)).sort()) {
    const asked = ledger.asked.get(file);
    const { all, unasked } = await entriesOf(file, ledger);
    const entries = asked ? unasked.size : all.size;
    if (entries === 0) continue;
    const verdict = asked ? verdictOnEntries(judge, file, all) : verdictOnFile(judge, file);
    const known = { file, entries, reason: verdict.reason };
    if (!verdict.isUnused) found.kept.push(known);
    else if (asked) found.entries.push({ file, entries: unasked });
    else {
      const folder = folderOf(ledger, file)?.folder ?? dirname(file);
      found.files.push({ ...known, folder, renamedTo: await newNameOf(ledger, file, all) });
    }
  }
  return { ...found, doubt: doubts.failed };
}

interface Judge {
  readonly ledger: Ledger;
  readonly isComplete: boolean;
  readonly doubts: Doubts;
  /** Project's folder → what keeps tests in it from running. */
  readonly filters: Map<string, string | undefined>;
}

interface Verdict {
  readonly isUnused: boolean;
  readonly reason: string;
}

const keep = (reason: string): Verdict => ({ isUnused: false, reason });

/** Entries of one test's recording are unused if the test passed; entries of other files, if all tests ran. */
function verdictOnEntries(judge: Judge, file: string, entries: Times): Verdict {
  const { ledger, doubts } = judge;
  const reason = doubts.failed ?? interruption(ledger, file, entries);
  const isOfOneTest = ledger.tests.some((noted) => noted.file === file && !noted.isChosen);
  const kept = reason ?? (isOfOneTest ? undefined : doubts.partial ?? filterNear(judge, dirname(file)));
  return kept === undefined ? { isUnused: true, reason: "" } : keep(kept);
}

/** After a request without an answer, a program may stop before it asks for the rest. */
function interruption({ unanswered }: Ledger, file: string, entries: Times): string | undefined {
  const { miss, live } = unanswered.get(file) ?? {};
  if (miss?.size) return "requests were missed, so that later ones may be missing (record them first)";
  const isLost = [...live ?? []].some((digest) => !entries.has(digest));
  return isLost ? "responses could not be recorded, so that later requests may be missing" : undefined;
}

/** What keeps tests of a project from running; undefined if there is nothing, or the user knows. */
function filterNear({ isComplete, filters }: Judge, folder: string): string | undefined {
  const project = dirname(findProjectFile(folder).path);
  if (!filters.has(project)) filters.set(project, isComplete ? undefined : filterInProject(project));
  return filters.get(project);
}

function filterInProject(project: string): string | undefined {
  for (const file of testFilesIn(project)) {
    const word = filterIn(sourceOf(file) ?? "");
    if (word !== undefined) return skips(relative(project, file), word);
  }
  return undefined;
}

function skips(file: string, word: string): string {
  return `not all tests run: ${file} contains "${word}" (if that is fine, add --complete)`;
}

/**
 * A recording that nothing asked for is unused if its test is gone, and all others ran: one of these may be the same test
 * with a new name.
 */
function verdictOnFile(judge: Judge, file: string): Verdict {
  const { ledger, doubts } = judge;
  const noted = folderOf(ledger, file);
  if (!noted || ledger.tests.some((noted) => noted.file === file)) return keep("its test ran, but asked for nothing");
  const part = testFileOfFolder(dirname(relative(noted.folder, file)));
  const testFile = join(noted.project, part);
  const source = part === "." ? undefined : sourceOf(testFile);
  const reason = source === undefined
    ? filterNear(judge, noted.project)
    : reasonInSource(judge, { file, testFile, part, source });
  const kept = reason ?? doubts.failed ?? doubts.partial;
  if (kept !== undefined) return keep(kept);
  if (source !== undefined) return gone(`${part} has no such test`);
  if (part === ".") return gone("no test names it");
  // The name of the folder may differ from that of the test file.
  return /-[0-9a-f]{8}(?:$|[/\\])/.test(part) ? keep("its test file is not known") : gone(`${part} does not exist`);
}

/** Why the test of a recording may still exist, because its test file does; undefined if it does not. */
function reasonInSource(
  { ledger, isComplete }: Judge,
  { file, testFile, part, source }: Readonly<Record<"file" | "testFile" | "part" | "source", string>>,
): string | undefined {
  const ofFile = ledger.tests.filter(({ test }) => test.file === testFile);
  if (ofFile.length === 0) return `${part} did not run, or names no recordings`;
  const lists = ofFile.flatMap(({ all }) => all ? [all] : []);
  if (lists.some((all) => all.includes(file))) return "its test did not run";
  if (hasTitle(source, basename(file, ".jsonl"))) return `no run asked for it, but ${part} has its title`;
  const word = isComplete || lists.length > 0 ? undefined : filterIn(source);
  return word && skips(part, word);
}

const gone = (reason: string): Verdict => ({ isUnused: true, reason });

/** A test whose folder of recordings contains a file. */
function folderOf({ tests }: Ledger, file: string): NotedTest | undefined {
  return tests.find(({ folder }) => file.startsWith(join(folder, "/")));
}

/** The recordings below a folder. */
function* recordingsIn(folder: string): Generator<string> {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* recordingsIn(path);
    else if (entry.isFile() && entry.name.endsWith(".jsonl")) yield realPath(path);
  }
}
