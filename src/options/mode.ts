import { readVariable } from "../lib/environment.ts";

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
export function chooseMode(option: Mode | undefined): ModeChoice {
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
        `the network, even in CI. Run with --allow-env=CI,CACHY_MODE,CACHY_FILE,CACHY_DOMAINS,CACHY_DEBUG,CACHY_STRICT, or set the option "mode".`,
    );
  }
  return { ...choice, warnings };
}

/** Why the mode is `replay`, and how to record. */
export interface ModeReason {
  readonly because: string;
  readonly cure: string;
}

const REASONS: Readonly<Record<ModeSource, ModeReason>> = {
  option: { because: `by the option { mode: "replay" }`, cure: `run once with { mode: "auto" }` },
  CACHY_MODE: { because: "by the environment variable CACHY_MODE", cure: "run once with CACHY_MODE=auto" },
  CI: {
    because: "because the environment variable CI is set",
    cure: "run once on your machine, or with CACHY_MODE=auto",
  },
  default: { because: "by default", cure: "run once with CACHY_MODE=auto" },
};

/** The reason for mode `replay`, by what chose it. */
export function modeReason(source: ModeSource): ModeReason {
  return REASONS[source];
}
