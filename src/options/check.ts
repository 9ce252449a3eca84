import { isPath, pathCure } from "../lib/environment.ts";
import { CachyError, checkByRules, type Rule, type Rules } from "../lib/errors.ts";
import { LONGEST_TIMER_MS, parseAge } from "../lib/wait.ts";
import { parseOmitPath } from "../request/body_identity.ts";
import type { Fault } from "../replay/faults.ts";
import { isSecretName } from "../secrets/redact.ts";
import { isErrorStatus, NEVER_RECORDED_HEADERS } from "../store/entry.ts";
import { isStore, STORE_SHAPE } from "../store/store.ts";
import { type Mode, MODES } from "./mode.ts";
import type { CachyOptions } from "./options.ts";

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
  maxAge: ['an age, such as "90d", "12h", "2w" or "45min"', (value) => isText(value) && parseAge(value) !== undefined],
  onExpired: ['"warn", "fail" or "refresh"', (value) => ["warn", "fail", "refresh"].includes(value as string)],
  pace: ['"recorded", a speed factor above 0, or { chunkMs: milliseconds }', isPace],
  debug: ['a boolean or "miss"', (value) => typeof value === "boolean" || value === "miss"],
  onEvent: ["a function", isFunction],
  faults: ['a list of faults, such as { status: 429, headers: { "retry-after": "0" }, times: 1 }', listOf(isFault)],
  store: [`a store: ${STORE_SHAPE.expected}`, isStore, storeCure],
  fetch: ["a function", isFunction],
};

/**
 * Rejects unknown options and invalid values.
 *
 * @throws {CachyError} `invalid_option`, if an option is unknown.
 * @throws {CachyError} `invalid_option`, if a value is invalid.
 * @throws {CachyError} `invalid_option`, if both `file` and `cacheDir` are given, or `onExpired` without `maxAge`.
 */
export function checkOptions(options: CachyOptions): void {
  checkByRules(options, RULES);
  const message = options.file !== undefined && options.cacheDir !== undefined
    ? `Cannot use the options "file" and "cacheDir" together: both set the place of the file. Set one of them.`
    : options.onExpired !== undefined && options.maxAge === undefined
    ? `Cannot use the option "onExpired" alone: recordings expire only with "maxAge". Set maxAge, such as "90d".`
    : undefined;
  if (message !== undefined) throw new CachyError("invalid_option", message);
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
  // No URL contains "*" for any text.
  if (/^https?:\/\//.test(value)) return URL.canParse(value) && !value.includes("*");
  return /^(?:[\p{L}\p{N}._-]+|\[[\da-f:.]+\])(?::\d+)?$/iu.test(value) &&
    URL.canParse(`http://${value}/`);
}

/** The hint for a text that is almost a host or a URL prefix. */
export function hostCure(value: unknown): string | undefined {
  if (!isText(value)) return undefined;
  if (value === "*") return "For all hosts, write the regular expression /^https?:/.";
  const host = /^(?:https?:\/\/)?\*\.([^*/]+)/.exec(value)?.[1];
  if (host) return `A host includes its subdomains: write "${host}".`;
  if (value.includes("*")) return "A URL prefix matches every URL that starts with it: end it before the *.";
  const prefix = `https://${value}`;
  return /^[\w.-]+(?::\d+)?\//.test(value) && isDomainMatcher(prefix)
    ? `A URL prefix starts with its scheme: write "${prefix}".`
    : undefined;
}

function domainsCure(value: unknown): string | undefined {
  if (isDomainMatcher(value)) return "Put it into a list: [value].";
  return Array.isArray(value) ? value.map(hostCure).find(Boolean) : hostCure(value);
}

function storeCure(value: unknown): string | undefined {
  if (isText(value)) return 'For a file, set the option "file".';
  return isFunction(value) ? "Call the function: its result is the store." : undefined;
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
