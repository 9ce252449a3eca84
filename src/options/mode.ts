import { readVariable } from "../lib/environment.ts";
import { shared } from "../lib/shared_state.ts";
import { showTime, type Wording } from "../lib/show.ts";
import { PlatformDate } from "../lib/wait.ts";
import type { EventRequest } from "../report/events.ts";
import { testOf } from "../report/ledger.ts";
import type { Entry } from "../store/entry.ts";

/**
 * Decides between cache and network.
 *
 * - `auto`: replays recorded requests; sends all others to the network and records their responses
 * - `replay`: replays recorded requests; for all others, the result is a miss with an explanation, without a network call
 * - `refresh`: sends each request to the network once per process, and replaces its recording
 * - `off`: sends all requests to the network, and records nothing
 */
export type Mode = "auto" | "replay" | "refresh" | "off";

/** All modes. */
export const MODES: readonly Mode[] = ["auto", "replay", "refresh", "off"];

/** What chose the mode. */
export type ModeSource = "option" | "CACHY_MODE" | "CI" | "default";

/** A mode, what chose it, and warnings for the user. */
export interface ModeChoice {
  readonly mode: Mode;
  readonly source: ModeSource;
  readonly warnings: readonly string[];
}

/** Chooses the mode from the option, else from CACHY_MODE, else from CI. */
export function chooseMode(option: Mode | undefined, wording: Wording): ModeChoice {
  if (option !== undefined) {
    return { mode: option, source: "option", warnings: [] };
  }
  const named = readVariable("CACHY_MODE");
  const namedMode = MODES.find((mode) => mode === named.value?.trim().toLowerCase());
  if (namedMode) return { mode: namedMode, source: "CACHY_MODE", warnings: [] };
  const ci = readVariable("CI");
  const isCi = ci.value !== undefined && ci.value.toLowerCase() !== "false";
  const choice: ModeChoice = { mode: isCi ? "replay" : "auto", source: isCi ? "CI" : "default", warnings: [] };
  const warnings: string[] = [];
  if (named.value !== undefined) {
    const allowed = MODES.join(", ");
    warnings.push(`Cannot use CACHY_MODE=${named.value}: expected one of ${allowed}. The mode is "${choice.mode}".`);
  }
  if (ci.denied) {
    warnings.push(
      `Cannot read the environment variable CI: Deno did not grant access to it. Requests without a recording go to ` +
        `the network, even in CI. Run with --allow-env=CI,CACHY_MODE,CACHY_FILE,CACHY_DOMAINS,CACHY_DEBUG,CACHY_STRICT, ` +
        `or set the option ${wording.option("mode")}.`,
    );
  }
  return { ...choice, warnings };
}

/** Why the mode is `replay`, and how to record. */
export interface ModeReason {
  readonly because: string;
  readonly cure: string;
}

const REASONS: Readonly<Record<Exclude<ModeSource, "option">, ModeReason>> = {
  CACHY_MODE: { because: "by the environment variable CACHY_MODE", cure: "run once with CACHY_MODE=auto" },
  CI: {
    because: "because the environment variable CI is set",
    cure: "run once on your machine, or with CACHY_MODE=auto",
  },
  default: { because: "by default", cure: "run once with CACHY_MODE=auto" },
};

/** The reason for mode `replay`, by what chose it. */
export function modeReason(source: ModeSource, { option }: Wording): ModeReason {
  if (source !== "option") return REASONS[source];
  return { because: `by the option ${option("mode", "replay")}`, cure: `run once with ${option("mode", "auto")}` };
}

/** What to do about a recording that is older than `maxAge`. */
export type ExpiredBehavior = "warn" | "fail" | "refresh";

/** The settings by which recordings expire. */
export interface ExpirySettings {
  readonly mode: Mode;
  readonly modeSource: ModeSource;
  /** In milliseconds, and as the option says it; undefined: recordings do not expire. */
  readonly maxAge: { readonly ms: number; readonly text: string } | undefined;
  readonly onExpired: ExpiredBehavior;
}

/** What to do with an entry by its age. */
export interface Expiry {
  readonly action: ExpiredBehavior;
  /** How old the entry is, if it is expired or soon will be, and how to record it again. */
  readonly problem?: { readonly cause: string; readonly cure: string };
}

const DAY = 864e5;

/** Whether the entry of a request is older than the option `maxAge`. @param file Where the entry is. */
export function expiryOf(settings: ExpirySettings, entry: Entry, request: EventRequest, file: string): Expiry {
  const { maxAge, onExpired, mode } = settings;
  const { recorded_at: recordedAt } = entry;
  // An edited file may contain any value.
  if (!maxAge || typeof recordedAt !== "string") return { action: "warn" };
  const age = new PlatformDate().getTime() - Date.parse(recordedAt);
  // With "fail", a warning comes first.
  if (!(age > maxAge.ms * (onExpired === "fail" ? 0.9 : 1))) return { action: "warn" };
  const isExpired = age > maxAge.ms;
  const test = testOf(file);
  const old = age < 2 * DAY ? showTime(age) : `${Math.floor(age / DAY)} days`;
  const limit = `${isExpired ? "older than" : "and expires at"} maxAge "${maxAge.text}"`;
  const facts = [
    `key ${request.key}`,
    `recorded ${recordedAt.slice(0, 10)}`,
    test === undefined ? [] : `test "${test}"`,
  ];
  const { method, url } = request;
  const cause = `The recording of ${method} ${url} in ${file} is ${old} old, ${limit} (${facts.flat().join(", ")}).`;
  const problem = { cause, cure: expiryCure(settings, request.key, test) };
  const isReplayed = !isExpired || onExpired === "refresh" && mode === "replay";
  return { action: isReplayed ? "warn" : onExpired, problem };
}

/** CACHY_REFRESH records only this request anew, but not in mode `replay`. */
function expiryCure({ mode, modeSource }: ExpirySettings, key: string, test: string | undefined): string {
  const option = modeSource === "option" ? ` and { mode: "auto" }` : " CACHY_MODE=auto";
  return `run ${test === undefined ? "the program" : `the test "${test}"`} once with CACHY_REFRESH=${key}` +
    (mode === "replay" ? option : "");
}

/** How many expired recordings a process names. */
const NAMED_EXPIRED = 10;

/** The warning of an entry that is replayed although it is expired. Only the first ones of the process are named. */
export function expiryWarning({ cause, cure }: Required<Expiry>["problem"], file: string): string {
  const named = shared("expired", () => new Set<string>()).add(cause);
  if (named.size <= NAMED_EXPIRED) return `${cause} To record it again, ${cure}, and commit the file.`;
  return `More recordings than these are expired, also in ${file}; \`cachy list --file ${file}\` shows when each was recorded.`;
}

/** The explanation of a request that fails because its entry is expired. */
export function explainExpired(
  { method, url, key }: EventRequest,
  { cause, cure }: Required<Expiry>["problem"],
): string {
  return [
    `Cannot replay ${method} ${url}: its recording is expired (key ${key}).`,
    cause,
    `The network was not called: the option onExpired is "fail".`,
    `To record the response again, ${cure}, and commit the file.`,
  ].join("\n");
}
