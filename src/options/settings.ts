import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  isGranted,
  isPath,
  pathCure,
  pathOf,
  readableVariables,
  readVariable,
  type VariableName,
  workingDirectory,
} from "../lib/environment.ts";
import { asRecord, parseJson } from "../lib/json.ts";
import { IN_CODE, type Wording } from "../lib/show.ts";
import { monotonicNow, parseAge } from "../lib/wait.ts";
import type { Fault } from "../replay/faults.ts";
import type { Pace } from "../replay/pace.ts";
import { type OmitPath, parseOmitPath } from "../request/body_identity.ts";
import type { CanonicalRequest, Normalization } from "../request/canonical.ts";
import { credentialVariables, defaultDomains, matchDomains, modelOfUrl, modelPattern } from "../request/domains.ts";
import type { DomainMatcher } from "../request/provider.ts";
import { type Credential, credentialsOf } from "../secrets/values.ts";
import { isErrorStatus } from "../store/entry.ts";
import type { KeepRequest, Redact } from "../store/entry_request.ts";
import { checkOptions, hostCure, isDomainMatcher } from "./check.ts";
import { chooseMode, type ExpirySettings, type Mode } from "./mode.ts";
import type { CachyOptions, MissBehavior } from "./options.ts";

/** The options, combined with defaults and environment variables. */
export interface Settings extends ExpirySettings {
  readonly isCached: (url: URL) => boolean;
  /** Whether the option `ignore` matches the URL. */
  readonly isIgnored: (url: URL) => boolean;
  readonly keyHeaders: ReadonlySet<string>;
  readonly keepHeaders: ReadonlySet<string>;
  readonly normalize: readonly Normalization[];
  readonly omit: readonly OmitPath[];
  readonly namespace: string | undefined;
  readonly keepRequest: KeepRequest;
  readonly maxBodyBytes: number;
  /** Whether an error of this status is recorded and replayed; undefined if errors are never recorded. */
  readonly recordsError: ((status: number) => boolean) | undefined;
  readonly allowSecrets: boolean;
  readonly redact: Redact | undefined;
  /** The credentials in the environment at the time of the call. */
  readonly credentials: () => readonly Credential[];
  readonly faults: readonly Fault[];
  readonly miss: MissBehavior;
  /** Undefined: without delays. */
  readonly pace: Pace | undefined;
  readonly debug: Debug;
  /** Whether CACHY_REFRESH names a request, so that it is recorded anew; undefined if it names none. */
  readonly isStale: ((request: CanonicalRequest, sha256: string) => boolean) | undefined;
  /** Whether a miss makes the process exit with an error code. */
  readonly strict: boolean;
  /** Finds the file. Relative paths start at the working directory at the time when the settings were made. */
  readonly findFile: () => ProjectFile;
  /** How messages name options. */
  readonly wording: Wording;
  /** Warnings about the environment, for the user. */
  readonly warnings: readonly string[];
  /** The current time of the platform's clock, in milliseconds. */
  readonly now: () => number;
}

/** The default of the option `maxBodyBytes`. */
export const DEFAULT_MAX_BODY_BYTES = 64 * 1024 * 1024;

/**
 * Combines options, environment and defaults.
 *
 * @throws {CachyError} `invalid_option`, see {@linkcode checkOptions}.
 */
export function createSettings(options: CachyOptions, wording: Wording = IN_CODE): Settings {
  checkOptions(options);
  const { mode, source, warnings } = chooseMode(options.mode, wording);
  const debug = chosenBy<Debug>("CACHY_DEBUG", { ...SWITCH, miss: "miss" });
  const strict = chosenBy("CACHY_STRICT", SWITCH);
  const stale = staleByVariable(mode);
  const domains = options.domains ? { domains: options.domains, warnings: [] } : domainsByVariable();
  return {
    mode,
    modeSource: source,
    warnings: [...warnings, ...debug.warnings, ...strict.warnings, ...stale.warnings, ...domains.warnings],
    isCached: cachedUrls(domains.domains, options.ignore ?? []),
    isIgnored: matchDomains(options.ignore ?? []),
    keyHeaders: lowerCase(options.keyHeaders),
    keepHeaders: lowerCase(options.keepHeaders),
    normalize: [...options.normalize ?? []],
    omit: (options.omit ?? []).flatMap((path) => [parseOmitPath(path) ?? []]),
    namespace: options.namespace,
    keepRequest: options.keepRequest ?? "brief",
    maxBodyBytes: options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
    recordsError: recordedErrors(options.recordErrors),
    allowSecrets: options.allowSecrets ?? false,
    redact: options.redact,
    credentials: () => credentialsOf(readableVariables(credentialVariables)),
    faults: [...options.faults ?? []],
    miss: options.miss ?? "answer",
    maxAge: options.maxAge === undefined ? undefined : { ms: parseAge(options.maxAge) ?? 0, text: options.maxAge },
    onExpired: options.onExpired ?? "warn",
    pace: options.pace,
    debug: options.debug ?? debug.choice ?? false,
    strict: strict.choice ?? false,
    isStale: stale.isStale,
    findFile: fileFinder(options, wording),
    wording,
    now: monotonicNow,
  };
}

function cachedUrls(domains: readonly DomainMatcher[], ignore: readonly DomainMatcher[]): (url: URL) => boolean {
  const [isOurs, isIgnored] = [matchDomains(domains), matchDomains(ignore)];
  return (url) => (url.protocol === "https:" || url.protocol === "http:") && isOurs(url) && !isIgnored(url);
}

function recordedErrors(recordErrors: CachyOptions["recordErrors"]): Settings["recordsError"] {
  if (!recordErrors) return undefined;
  return (status) => isErrorStatus(status) && (recordErrors === true || recordErrors.includes(status));
}

function lowerCase(names: readonly string[] = []): ReadonlySet<string> {
  return new Set(names.map((name) => name.toLowerCase()));
}

/** Which events are printed to stderr. */
export type Debug = boolean | "miss";

const SWITCH: Readonly<Record<string, boolean>> = { "1": true, true: true, "0": false, false: false };

/** Reads a variable that allows only some values. Any other value gives a warning and no choice. */
function chosenBy<Value>(name: VariableName, values: Readonly<Record<string, Value>>) {
  const { value } = readVariable(name);
  if (value === undefined) return { warnings: [] };
  const text = value.trim().toLowerCase();
  if (Object.hasOwn(values, text)) return { choice: values[text], warnings: [] };
  const allowed = Object.keys(values).join(", ");
  return { warnings: [`Cannot use ${name}=${value}: expected one of ${allowed}. It is ignored.`] };
}

/** The requests that CACHY_REFRESH names: by the start of their digest, by host, or by model. */
function staleByVariable(mode: Mode): Pick<Settings, "isStale"> & { readonly warnings: readonly string[] } {
  const { value } = readVariable("CACHY_REFRESH");
  if (value === undefined || mode === "off") return { isStale: undefined, warnings: [] };
  if (mode === "replay") {
    const ignored =
      `Cannot use CACHY_REFRESH=${value} in mode "replay", which does not call the network. It is ignored.`;
    return { isStale: undefined, warnings: [ignored] };
  }
  const names = value.split(/[\s,]+/).filter(Boolean);
  const warnings = names.filter((name) => /^[0-9a-f]{1,3}$/.test(name)).map((name) => {
    return `Cannot use ${name} in CACHY_REFRESH: expected at least 4 digits of a key, a host or a model.`;
  });
  const isStale = (request: CanonicalRequest, sha256: string) => names.some((name) => isNamed(name, request, sha256));
  return { isStale, warnings };
}

function isNamed(name: string, { url, body }: CanonicalRequest, sha256: string): boolean {
  if (/^[0-9a-f]{4,}$/.test(name)) return sha256.startsWith(name);
  const { hostname } = new URL(url);
  if (hostname === name || hostname.endsWith(`.${name}`)) return true;
  const model = modelOfUrl(new URL(url)) ?? asRecord(parseJson(typeof body === "string" ? body : ""))?.model;
  return typeof model === "string" && modelPattern(name).test(model);
}

/** The default domains, and the domains in CACHY_DOMAINS. */
export function domainsByVariable(): {
  readonly domains: readonly DomainMatcher[];
  readonly warnings: readonly string[];
} {
  const named = readVariable("CACHY_DOMAINS").value?.split(/[\s,]+/).filter(Boolean) ?? [];
  const warnings = named.filter((domain) => !isDomainMatcher(domain)).map((domain) =>
    [
      `Cannot use ${domain} in CACHY_DOMAINS: expected hosts and URL prefixes, separated by commas. It is ignored.`,
      hostCure(domain) ?? [],
    ].flat().join(" ")
  );
  return { domains: [...defaultDomains, ...named.filter(isDomainMatcher)], warnings };
}

function fileFinder({ file, cacheDir }: CachyOptions, wording: Wording): () => ProjectFile {
  const from = workingDirectory();
  const variable = file === undefined && cacheDir === undefined ? readVariable("CACHY_FILE").value : undefined;
  const warning = variable !== undefined && !isPath(variable)
    ? [`Cannot use CACHY_FILE=${variable}: expected a path or a file: URL. It is ignored.`, pathCure(variable) ?? []]
      .flat().join(" ")
    : undefined;
  const named = file ?? (warning ? undefined : variable);
  if (named !== undefined) return () => ({ path: pathOf(named, from) });
  if (cacheDir !== undefined) {
    return () => ({ path: join(pathOf(cacheDir, from), "cachy.jsonl") });
  }
  return () => ({ ...findProjectFile(from, wording), ...(warning && { warning }) });
}

const FILE_NAME = "cachy.jsonl";
const PROJECT_FILES = ["deno.json", "deno.jsonc", "package.json"];

/** The path of the file, and a warning for the user. */
export interface ProjectFile {
  readonly path: string;
  readonly warning?: string;
}

/**
 * Finds the file of a project. It is in the nearest folder with a `deno.json`, `deno.jsonc` or `package.json`, from the
 * working directory up. Without such a folder, it is in the working directory.
 *
 * @param from The working directory; undefined if it is unknown.
 */
export function findProjectFile(from: string | undefined, wording: Wording = IN_CODE): ProjectFile {
  if (from === undefined) {
    const problem = "Cannot find the working directory: it was deleted or cannot be read.";
    return { path: FILE_NAME, warning: `${problem} ${usedInstead(FILE_NAME, wording)}` };
  }
  let searched = true;
  for (let folder = from;; folder = dirname(folder)) {
    for (const name of PROJECT_FILES) {
      const path = join(folder, name);
      if (!isGranted({ name: "read", path })) searched = false;
      else if (existsSync(path)) return { path: join(folder, FILE_NAME) };
    }
    if (dirname(folder) === folder) break;
  }
  const path = join(from, FILE_NAME);
  return searched ? { path } : { path, warning: unsearched(path, wording) };
}

function unsearched(path: string, wording: Wording): string {
  return `Cannot find the project's folder: Deno did not grant read access to it. ${usedInstead(path, wording)}`;
}

function usedInstead(path: string, { option }: Wording): string {
  const { Deno } = globalThis as { readonly Deno?: unknown };
  const grant = Deno ? ", or run with --allow-read" : "";
  return `The file is ${path}. To change it, set the option ${option("file")}${grant}.`;
}
