import { existsSync } from "node:fs";
import { readLedger, realPath } from "../file/ledger.ts";

/** A request of the last run that had no recorded response. */
export interface ViewedMiss {
  /** `POST https://api.openai.com/v1/chat/completions`. */
  readonly request: string;
  /** The explanation, in lines. */
  readonly explanation: string;
  /** ISO 8601 in UTC. */
  readonly time?: string;
  /** The name of the test that sent the request. */
  readonly test?: string | undefined;
}

/** Returns the misses of the last run; none if no record of it exists. */
export type LastMisses = () => readonly ViewedMiss[];

/**
 * The misses of a recording in a ledger.
 *
 * @param ledger Without it, or before it exists, the list is empty.
 */
export function missesIn(ledger: string | undefined, recording: string): ViewedMiss[] {
  if (ledger === undefined || !existsSync(ledger)) return [];
  const file = realPath(recording);
  // Processes of one run, and a second run, may miss the same request.
  const newest = new Map(
    readLedger(ledger).misses.filter((miss) => miss.file === file).map((miss) => [miss.sha256, miss]),
  );
  return [...newest.values()].map(({ at, method, url, message, test }) => ({
    request: `${method} ${url}`,
    explanation: message,
    time: at,
    test: test?.name,
  }));
}
