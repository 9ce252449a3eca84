import { isPath } from "../lib/environment.ts";
import { CachyError, checkByRules, type Rule, type Rules } from "../lib/errors.ts";
import { LONGEST_TIMER_MS } from "../lib/wait.ts";
import { parseOmitPath } from "../request/body_identity.ts";
import { isSecretName } from "../secrets/redact.ts";
import { NEVER_RECORDED_HEADERS } from "../store/entry.ts";
import { isStore, STORE_SHAPE } from "../store/store.ts";
import { type Mode, MODES } from "./mode.ts";
import type { CachyOptions } from "./options.ts";

const RULES: Rules<CachyOptions> = {
  file: ["the path of a file, or a file: URL", (value) => isPath(value) && !/[/\\]$/.test(String(value))],
  cacheDir: ["a path or a file: URL", isPath],
  domains: ["a list of hosts, URL prefixes, regular expressions and functions", listOf(isDomainMatcher)],
  ignore: ["a list of hosts, URL prefixes, regular expressions and functions", listOf(isDomainMatcher)],
  mode: [`one of ${MODES.map((mode) => `"${mode}"`).join(", ")}`, (value) => MODES.includes(value as Mode)],
  keyHeaders: ["a list of header names", listOf(isHeaderName)],
  keepHeaders: [
    `a list of header names without credentials and ${[...NEVER_RECORDED_HEADERS].join(", ")}`,
    listOf(isKeepable),
  ],
  normalize: ['a list of [pattern, replacement], such as [/\\d{4}-\\d\\d-\\d\\d/, "DATE"]', listOf(isNormalization)],
  omit: ['a list of paths, such as "metadata.timestamp" and "tools[*].cache_control"', listOf(isOmitPath)],
  namespace: ["a string", isText],
  keepRequest: ['one of "brief", "whole", "none"', (value) => ["brief", "whole", "none"].includes(value as string)],
  maxBodyBytes: ["a number of bytes from 0 on", (value) => typeof value === "number" && value >= 0],
  allowSecrets: ["a boolean", (value) => typeof value === "boolean"],
  miss: ['"answer" or "throw"', (value) => value === "answer" || value === "throw"],
  pace: ['"recorded", a number above 0 (times as fast), or { chunkMs: milliseconds }', isPace],
  debug: ['a boolean or "miss"', (value) => typeof value === "boolean" || value === "miss"],
  onEvent: ["a function", isFunction],
  store: [`a store: ${STORE_SHAPE.expected}`, isStore],
  fetch: ["a function", isFunction],
};

/**
 * Refuses options that cannot be meant.
 *
 * @throws {CachyError} `invalid_option`, if a name is unknown.
 * @throws {CachyError} `invalid_option`, if a value has the wrong type or is not allowed.
 * @throws {CachyError} `invalid_option`, if both `file` and `cacheDir` are given.
 */
export function checkOptions(options: CachyOptions): void {
  checkByRules(options, RULES);
  if (options.file === undefined || options.cacheDir === undefined) return;
  const message = `Cannot use the options "file" and "cacheDir" together: name the file, or the folder that holds it.`;
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

/** A host, with a port or without, or the start of a URL. */
export function isDomainMatcher(value: unknown): boolean {
  if (!isText(value)) return value instanceof RegExp || isFunction(value);
  if (/^https?:\/\//.test(value)) return URL.canParse(value);
  return /^(?:[\p{L}\p{N}._-]+|\[[\da-f:.]+\])(?::\d+)?$/iu.test(value) &&
    URL.canParse(`http://${value}/`);
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

function isPace(value: unknown): boolean {
  if (value === "recorded") return true;
  if (typeof value === "number") return value > 0 && Number.isFinite(value);
  const { chunkMs, ...others } = (value ?? {}) as { readonly chunkMs?: unknown };
  return typeof chunkMs === "number" && chunkMs >= 0 && chunkMs <= LONGEST_TIMER_MS && Object.keys(others).length === 0;
}
