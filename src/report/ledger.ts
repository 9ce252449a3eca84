import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { isPath, pathOf, readVariable, requireGranted, workingDirectory } from "../lib/environment.ts";
import { messageOf } from "../lib/errors.ts";
import { shared } from "../lib/shared_state.ts";
import { PlatformDate } from "../lib/wait.ts";
import type { IdentifiedRequest } from "../request/identify.ts";
import type { Entry } from "../store/entry.ts";
import { warnOnStderr } from "../store/store.ts";
import type { EventRequest } from "./events.ts";

/** A line of the ledger: a request that was answered or missed, or a test that has named its recording. */
export type LedgerLine =
  | {
    readonly kind: "asked";
    /** `live`: the network was called. */
    readonly outcome: "hit" | "live" | "miss";
    /** The path of the recording, or the name of another store. */
    readonly file: string;
    /** The digest of the request. */
    readonly sha256: string;
    /** The digest of the entry that answered, or its key if it has no digest. */
    readonly entry?: string;
    /** The request and its explanation; only of misses. */
    readonly miss?: EventRequest & { readonly message: string };
  }
  | ({ readonly kind: "test" } & NotedTest);

/** A test that has named its recording. */
export interface NotedTest {
  /** The path of the recording. */
  readonly file: string;
  /** The project's folder. */
  readonly project: string;
  /** The folder of all recordings. */
  readonly folder: string;
  /** The path of the test file, if it is known, and the name of the test. */
  readonly test: { readonly file: string | undefined; readonly name: string };
  /** Whether the user chose the name, so that several tests may share the recording. */
  readonly isChosen: boolean;
  /** The paths of the recordings of all tests in the test file, if the test runner lists them. */
  readonly all?: readonly string[];
}

/** How many different lines are remembered, so as not to repeat them. */
const MOST_NOTED = 100_000;

const ledger = () =>
  shared(
    "ledger",
    () => ({ path: ledgerPath(), noted: new Set<string>(), tests: new Map<string, NotedTest["test"]>() }),
  );

/** The file in CACHY_LEDGER; undefined without one. */
function ledgerPath(): string | undefined {
  const { value } = readVariable("CACHY_LEDGER");
  if (value === undefined || isPath(value) && !/[/\\]$/.test(value)) return value && pathOf(value, workingDirectory());
  warnOnStderr(`Cannot use CACHY_LEDGER=${value}: expected the path of a file. No ledger is written.`);
  return undefined;
}

/**
 * Appends a line to the ledger, if CACHY_LEDGER names one. Many processes append to one file: each line is one write. It
 * starts with a line feed, so that a line after a torn one is whole.
 */
function noteInLedger(line: LedgerLine): void {
  const { path, noted } = ledger();
  const text = path === undefined ? "" : JSON.stringify(line);
  if (path === undefined || noted.has(text)) return;
  if (noted.size < MOST_NOTED) noted.add(text);
  try {
    requireGranted("write", path);
    if (noted.size === 1 && !existsSync(dirname(path))) mkdirSync(dirname(path), { recursive: true });
    appendFileSync(path, `\n${JSON.stringify({ at: new PlatformDate().toISOString(), ...line })}\n`);
  } catch (error) {
    warnOnStderr(`Cannot write the ledger ${path}: ${messageOf(error)}. Do not remove recordings by it.`);
  }
}

/**
 * Notes in the ledger how a request was answered.
 *
 * @param file The path of the recording, or the name of another store.
 * @param found The entry that was found, and the explanation of a miss.
 */
export function noteAsked(
  file: string,
  { digest: { sha256 } }: IdentifiedRequest,
  outcome: "hit" | "live" | "miss",
  { entry, miss }: { readonly entry?: Entry | undefined; readonly miss?: EventRequest & { readonly message: string } },
): void {
  noteInLedger({
    kind: "asked",
    outcome,
    file,
    sha256,
    entry: entry && (entry.sha256 ?? entry.key),
    miss: miss && { key: miss.key, method: miss.method, url: miss.url, message: miss.message },
  });
}

/** Remembers which test a recording belongs to. @param all Lists the recordings of all tests in the test file. */
export function noteTest(noted: NotedTest, all: () => readonly string[] | undefined): void {
  const { path, tests } = ledger();
  tests.set(noted.file, noted.test);
  if (path !== undefined) noteInLedger({ kind: "test", ...noted, all: all() });
}

/** The name of the test that a recording belongs to; undefined if it is not known. */
export function testOf(file: string): string | undefined {
  return ledger().tests.get(file)?.name;
}
