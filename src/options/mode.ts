import { readVariable } from "../lib/environment.ts";

/**
 * When the network is asked.
 *
 * - `auto`: for what is not recorded; the answer is recorded
 * - `replay`: never; what is not recorded is a miss, which explains itself
 * - `refresh`: once per request and process, and what was recorded is replaced
 * - `off`: always, and nothing is recorded
 */
export type Mode = "auto" | "replay" | "refresh" | "off";

/** The modes, for those who check a name. */
export const MODES: readonly Mode[] = ["auto", "replay", "refresh", "off"];

/** Who chose the mode. */
export type ModeSource = "option" | "CACHY_MODE" | "CI" | "default";

/** A mode, what chose it, and what to tell the user about it. */
export interface ModeChoice {
  readonly mode: Mode;
  readonly source: ModeSource;
  readonly warnings: readonly string[];
}

/** The option wins over CACHY_MODE, that over CI. */
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
      `Cannot read the environment variable CI: Deno did not grant it, so what is not recorded goes to the network ` +
        `even in CI. Run with --allow-env=CI,CACHY_MODE,CACHY_FILE,CACHY_DOMAINS,CACHY_DEBUG,CACHY_STRICT, or set the option { mode }.`,
    );
  }
  return { ...choice, warnings };
}

/** Why a mode applies, and how to record if it is `replay`. */
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

/** Why the mode is `replay`, by what chose it. */
export function modeReason(source: ModeSource): ModeReason {
  return REASONS[source];
}
