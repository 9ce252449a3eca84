import { isPath, readVariable } from "../lib/environment.ts";
import { CachyError, checkByRules, type Rule, type Rules } from "../lib/errors.ts";
import { LONGEST_TIMER_MS } from "../lib/wait.ts";
import { parseOmitPath } from "../request/body_identity.ts";
import type { Fault } from "../replay/faults.ts";
import { isSecretName } from "../secrets/redact.ts";
import { isErrorStatus, NEVER_RECORDED_HEADERS } from "../store/entry.ts";
import { isStore, STORE_SHAPE } from "../store/store.ts";
import type { CachyOptions, Mode } from "./options.ts";

/** All modes. */
export const MODES: readonly Mode[] = ["auto", "replay", "refresh", "off"];

const RULES: Rules<CachyOptions> = {
  file: ["the path of a file, or a file: URL", (value) => isPath(value) && !/[/\\]$/.test(String(value)), pathCure],
  cacheDir: ["a path or a file: URL", isPath, pathCure],
  domains: ["a list of hosts, URL prefixes, regular expressions and functions", listOf(isDomainMatcher), domainsCure],
  ignore: ["a list of hosts, URL prefixes, regular expressions and functions", listOf(isDomainMatcher), domainsCure],
  mode: [`one of ${MODES.map((mode) => `"${mode}"`).join(", ")}`, (value) => MODES.includes(value as Mode)],
  keyHeaders: ["a list of header names", listOf(isHeaderName)],
  keepHeaders: [
    `a list of header names, except credentials and ${[...NEVER_RECORDED_HEADERS].join(", ")}`,
    listOf(isKeepable),
  ],
  normalize: [
    'a list of pairs [pattern, replacement], such as [[/\\d{4}-\\d\\d-\\d\\d/, "DATE"]]',
    listOf(isNormalization),
    (value) => isNormalization(value) ? "Put the pair into a list: normalize: [[pattern, replacement]]." : undefined,
  ],
  omit: ['a list of paths, such as "metadata.timestamp" and "tools[*].cache_control"', listOf(isOmitPath)],
  namespace: ["a string", isText],
  keepRequest: ['one of "brief", "whole", "none"', (value) => ["brief", "whole", "none"].includes(value as string)],
  maxBodyBytes: ["a number of bytes, 0 or more", (value) => typeof value === "number" && value >= 0],
  recordErrors: ["a boolean, or a list of statuses from 400 to 599, such as [400, 404]", isErrorChoice],
  allowSecrets: ["a boolean", (value) => typeof value === "boolean"],
  redact: ["a function", isFunction],
  miss: ['"answer" or "throw"', (value) => value === "answer" || value === "throw"],
  pace: ['"recorded", a speed factor above 0, or { chunkMs: milliseconds }', isPace],
  debug: ['a boolean or "miss"', (value) => typeof value === "boolean" || value === "miss"],
  onEvent: ["a function", isFunction],
  faults: ['a list of faults, such as { status: 429, headers: { "retry-after": "0" }, times: 1 }', listOf(isFault)],
  store: [`a store: ${STORE_SHAPE.expected}`, isStore],
  fetch: ["a function", isFunction],
};

/**
 * Rejects unknown options and invalid values.
 *
 * @throws {CachyError} `invalid_option`, if an option is unknown.
 * @throws {CachyError} `invalid_option`, if a value is invalid.
 * @throws {CachyError} `invalid_option`, if both `file` and `cacheDir` are given.
 */
export function checkOptions(options: CachyOptions): void {
  checkByRules(options, RULES);
  if (options.file === undefined || options.cacheDir === undefined) return;
  const message =
    `Cannot use the options "file" and "cacheDir" together: both set the place of the file. Set one of them.`;
  throw new CachyError("invalid_option", message);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function listOf(fits: (value: unknown) => boolean): Rule[1] {
  return (value) => Array.isArray(value) && value.every(fits);
}

/** Whether a value is a host (with or without a port), a URL prefix, a RegExp or a function. */
export function isDomainMatcher(value: unknown): boolean {
  if (!isText(value)) return value instanceof RegExp || isFunction(value);
  if (/^https?:\/\//.test(value)) return URL.canParse(value);
  return /^(?:[\p{L}\p{N}._-]+|\[[\da-f:.]+\])(?::\d+)?$/iu.test(value) &&
    URL.canParse(`http://${value}/`);
}

/** The hint for a host with a wildcard. */
export function wildcardCure(value: unknown): string | undefined {
  const host = isText(value) ? /^\*\.(.+)/.exec(value)?.[1] : undefined;
  return host && `A host includes its subdomains: write "${host}".`;
}

function domainsCure(value: unknown): string | undefined {
  return Array.isArray(value) ? value.map(wildcardCure).find(Boolean) : undefined;
}

/** The hint for a path that starts with `~`. */
export function pathCure(value: unknown): string | undefined {
  return /^~(?:$|[/\\])/.test(String(value))
    ? 'Only shells know "~": write the path of the home folder, such as join(homedir(), …).'
    : undefined;
}

function isHeaderName(value: unknown): boolean {
  return isText(value) && /^[\w!#$%&'*+.^`|~-]+$/.test(value);
}

function isKeepable(value: unknown): boolean {
  return isText(value) && isHeaderName(value) && !NEVER_RECORDED_HEADERS.has(value.toLowerCase()) &&
    !isSecretName(value);
}

function isNormalization(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [pattern, replacement] = value;
  return (pattern instanceof RegExp || isText(pattern) && pattern !== "") &&
    isText(replacement);
}

function isOmitPath(value: unknown): boolean {
  return isText(value) && parseOmitPath(value) !== undefined;
}

function isErrorChoice(value: unknown): boolean {
  return typeof value === "boolean" || Array.isArray(value) && value.every(isErrorStatus);
}

/** The members of a fault, and their checks. */
const FAULT_MEMBERS: Readonly<Record<keyof Fault, (value: unknown) => boolean>> = {
  match: isDomainMatcher,
  times: isCount,
  status: isErrorStatus,
  headers: (value) => typeof value === "object" && value !== null && Object.entries(value).every(isHeader),
  reset: (value) => typeof value === "boolean",
  cutAfter: isCount,
  delayMs: (value) => typeof value === "number" && value >= 0 && value <= LONGEST_TIMER_MS,
};

/** A fault says one thing: a status, a reset, a cut, or only a delay. */
function isFault(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const fault = value as Fault;
  const fits = Object.entries(fault).every(([name, member]) =>
    member === undefined || Object.hasOwn(FAULT_MEMBERS, name) && FAULT_MEMBERS[name as keyof Fault](member)
  );
  const kinds = [fault.status, fault.cutAfter, fault.reset || undefined].filter((kind) => kind !== undefined).length;
  return fits && (kinds === 1 || kinds === 0 && fault.delayMs !== undefined);
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}

function isHeader([name, value]: [string, unknown]): boolean {
  return isHeaderName(name) && isText(value);
}

function isPace(value: unknown): boolean {
  if (value === "recorded") return true;
  if (typeof value === "number") return value > 0 && Number.isFinite(value);
  const { chunkMs, ...others } = (value ?? {}) as { readonly chunkMs?: unknown };
  return typeof chunkMs === "number" && chunkMs >= 0 && chunkMs <= LONGEST_TIMER_MS && Object.keys(others).length === 0;
}

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
