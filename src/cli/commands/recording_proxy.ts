import process from "node:process";
import { type Cachy, createHandle } from "../../create_cachy.ts";
import { plural, showTime } from "../../lib/show.ts";
import { isDomainMatcher } from "../../options/check.ts";
import { type Mode, MODES } from "../../options/mode.ts";
import { DEFAULT_MAX_BODY_BYTES, domainsByVariable } from "../../options/settings.ts";
import type { CachyOptions } from "../../options/options.ts";
import { PRESETS } from "../../proxy/presets.ts";
import type { Proxy } from "../../proxy/server.ts";
import { type BaseUrl, baseUrlsOf } from "../../proxy/variables.ts";
import { matchDomains } from "../../request/domains.ts";
import type { DomainMatcher } from "../../request/provider.ts";
import { FILE_OPTION, type OptionValues, PORT_OPTION, portOf, UsageError } from "../app/command.ts";
import { AS_FLAGS, KEY_OPTIONS, normalizationOf, pathOf } from "../app/key_options.ts";

/** The options of the commands that start a proxy. */
export const PROXY_OPTIONS = {
  mode: {
    type: "string",
    short: "m",
    value: "MODE",
    help: "auto, replay, refresh or off (default: CACHY_MODE, else replay if CI is set, else auto)",
  },
  domains: {
    type: "string",
    value: "HOSTS",
    help: "hosts and URL prefixes to record besides the known LLM APIs, separated by commas",
  },
  env: {
    type: "list",
    value: "NAME=URL",
    help: "another variable with a base URL, and the URL that it stands for; may be repeated",
  },
  ...KEY_OPTIONS,
  preset: { type: "string", value: "NAME", help: `options for a program: ${Object.keys(PRESETS).join(", ")}` },
  "allow-secrets": { type: "boolean", help: "record responses that contain what looks like a credential" },
  "max-body-bytes": {
    type: "string",
    value: "N",
    help: "the longest body of a request or response that is recorded (default: 67108864, 64 MiB)",
  },
  ...PORT_OPTION,
  ...FILE_OPTION,
} as const;

/** A proxy, its cache and the variables of its clients. */
export interface RecordingProxy extends Proxy {
  readonly cachy: Cachy;
  readonly baseUrls: readonly BaseUrl[];
}

/**
 * Starts a proxy that records into the file of the options.
 *
 * @param pages The origins of pages that may use it.
 */
export async function startRecordingProxy(
  options: OptionValues<typeof PROXY_OPTIONS>,
  pages: readonly string[] = [],
): Promise<RecordingProxy> {
  const baseUrls = baseUrlsOf(process.env, namedUrls(options.env));
  const given = baseUrls.filter(({ isGiven }) => isGiven).map(({ upstream }) => upstream);
  const domains = [...domainsByVariable().domains, ...hostsOf(options.domains), ...given];
  const [isCached, origins] = [matchDomains(domains), baseUrls.map(({ upstream }) => new URL(upstream).origin)];
  const maxBodyBytes = maxBodyBytesOf(options["max-body-bytes"]);
  const cachy = cachyOf(options, { domains, maxBodyBytes });
  const { startProxy } = await import("../../proxy/server.ts");
  try {
    const proxy = await startProxy({
      fetch: cachy.fetch,
      network: fetch,
      // Some hosts serve more than the API that is cached.
      isForwarded: (url) => isCached(url) || origins.includes(url.origin),
      maxBodyBytes,
      pages,
      port: portOf(options.port),
    });
    return {
      ...proxy,
      cachy,
      baseUrls,
      async stop() {
        await proxy.stop();
        await cachy.flush();
      },
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new UsageError(`Cannot listen on port ${options.port}: it is in use. Choose another one, or omit --port.`);
  }
}

function cachyOf(
  options: OptionValues<typeof PROXY_OPTIONS>,
  checked: { readonly domains: readonly DomainMatcher[]; readonly maxBodyBytes: number },
): Cachy {
  const { omit = [], normalize = [] } = presetOf(options.preset);
  for (const path of options.omit ?? []) pathOf("--omit", path);
  const { handle } = createHandle({
    file: options.file,
    mode: modeOf(options.mode),
    ...checked,
    allowSecrets: options["allow-secrets"],
    normalize: [...normalize, ...(options.normalize ?? []).map(normalizationOf)],
    omit: [...omit, ...options.omit ?? []],
  }, { wording: AS_FLAGS });
  return handle;
}

function modeOf(text: string | undefined): Mode | undefined {
  const mode = MODES.find((mode) => mode === text);
  if (text === undefined || mode) return mode;
  throw new UsageError(`Cannot use --mode ${text}: expected one of ${MODES.join(", ")}.`);
}

function presetOf(name: string | undefined): Pick<CachyOptions, "omit" | "normalize"> {
  const preset = name === undefined ? {} : PRESETS[name];
  if (preset) return preset;
  throw new UsageError(`Cannot use --preset ${name}: expected one of ${Object.keys(PRESETS).join(", ")}.`);
}

function maxBodyBytesOf(text = String(DEFAULT_MAX_BODY_BYTES)): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`Cannot use --max-body-bytes ${text}: expected a number of bytes, such as 134217728.`);
}

function hostsOf(text = ""): string[] {
  const hosts = text.split(/[\s,]+/).filter(Boolean);
  const wrong = hosts.find((host) => !isDomainMatcher(host));
  if (wrong === undefined) return hosts;
  throw new UsageError(`Cannot use ${wrong} in --domains: expected hosts and URL prefixes, separated by commas.`);
}

function namedUrls(texts: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(texts.map((text) => {
    const [, name, url = ""] = /^([A-Za-z_]\w*)=(https?:\/\/.+)$/.exec(text) ?? [];
    if (name !== undefined && URL.canParse(url)) return [name, url];
    throw new UsageError(
      `Cannot use --env ${text}: expected NAME=URL, such as LLM_BASE_URL=https://llm.example.com/v1.`,
    );
  }));
}

/** What the cache did, in one line. */
export function summaryOf({ stats, file }: Cachy): string {
  const { hits, misses, recorded, tokensSaved: { input, output }, millisecondsSaved } = stats;
  const counts = [plural(hits, "hit"), plural(misses, "miss", "misses"), `${recorded} recorded`].join(", ");
  const saved = hits ? `; saved ${plural(input + output, "token")} and ${showTime(millisecondsSaved)}` : "";
  return `cachy: ${counts}${saved} (${file})`;
}
