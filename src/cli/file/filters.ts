import { hintAt, show } from "../../lib/show.ts";
import { isDomainMatcher } from "../../options/check.ts";
import { matchDomains, modelPattern } from "../../request/domains.ts";
import type { Entry } from "../../store/entry.ts";
import { type OptionRules, type OptionValues, UsageError } from "../app/command.ts";
import type { Part } from "../read/reading.ts";
import { type Readings, readingsOf } from "./lazy_reading.ts";
import type { FileContents } from "./recorded_file.ts";
import { isIsoDate, parseTime } from "./time.ts";

/** Options that select entries. */
export const FILTER_OPTIONS = {
  model: { type: "string", short: "m", value: "MODEL", help: "only entries of MODEL; * matches any text: 'gpt-5*'" },
  domain: { type: "string", short: "d", value: "HOST", help: "only entries of HOST and its subdomains" },
  grep: {
    type: "string",
    short: "g",
    value: "TEXT",
    help: "only entries with TEXT in the request or response, in any case",
  },
} as const satisfies OptionRules;

/** Options that select entries by time. */
export const SINCE_OPTION = {
  since: { type: "string", value: "TIME", help: "only entries recorded since TIME: 30d, 12h, 2026-11-24" },
} as const satisfies OptionRules;
export const OLDER_OPTION = {
  older: { type: "string", value: "TIME", help: "only entries recorded before TIME: 30d, 12h, 2026-11-24" },
} as const satisfies OptionRules;

type FilterValues = OptionValues<typeof FILTER_OPTIONS & typeof SINCE_OPTION & typeof OLDER_OPTION>;

/** Whether an entry is selected. */
export type Filter = (entry: Entry, readings: Readings) => boolean;

/**
 * Makes a filter. An entry must match all options.
 *
 * @param now In milliseconds since the Unix epoch.
 * @throws {UsageError} If a time or a host is invalid.
 */
export function filterOf({ model, domain, grep, since, older }: FilterValues, now: number): Filter {
  const filters: Filter[] = [];
  if (since !== undefined) {
    filters.push(recordedWhen(parseTime(since, "--since", now), (time, limit) => time >= limit));
  }
  if (older !== undefined) {
    filters.push(recordedWhen(parseTime(older, "--older", now), (time, limit) => time < limit));
  }
  if (domain !== undefined) filters.push(atDomain(domain));
  if (model !== undefined) filters.push(ofModel(model));
  if (grep !== undefined) filters.push(withText(grep));
  return (entry, readings) => filters.every((fits) => fits(entry, readings));
}

/**
 * Says why no entry matches: no entry has the model or the host.
 *
 * @returns Undefined if another filter is the reason.
 */
export function hintForFilters({ model, domain }: FilterValues, contents: FileContents): string | undefined {
  const [models, hosts] = [new Set<string>(), new Set<string>()];
  for (const { entry } of contents.newest()) {
    const name = model === undefined ? undefined : readingsOf(entry).start().model;
    if (name !== undefined) models.add(name);
    if (URL.canParse(urlOf(entry))) hosts.add(new URL(urlOf(entry)).host);
  }
  if (model !== undefined && ![...models].some((name) => modelPattern(model).test(name))) {
    const longer = [...models].filter((name) => name.toLowerCase().includes(model.toLowerCase()));
    const hint = longer.length
      ? `To match ${listed(longer)}, write --model '${
        longer.every((name) => name.startsWith(model)) ? "" : "*"
      }${model}*'.`
      : suggestion(model, models, "Models");
    return `No entry has the model ${model}. ${hint}`;
  }
  if (domain === undefined || [...hosts].some((host) => matchDomains([domain])(new URL(`https://${host}`)))) {
    return undefined;
  }
  const longer = [...hosts].filter((host) => host.includes(domain.toLowerCase()));
  const hint = longer.length ? `Write the whole host: ${listed(longer)}.` : suggestion(domain, hosts, "Hosts");
  return `No entry has the host ${domain}. ${hint}`;
}

/** How many names a hint lists. */
const LISTED = 5;

function listed(names: readonly string[]): string {
  return names.slice(0, LISTED).join(", ") + (names.length > LISTED ? " …" : "");
}

function suggestion(name: string, known: ReadonlySet<string>, title: string): string {
  const [first, ...rest] = known;
  return first === undefined ? "" : hintAt(name, [first, ...rest].slice(0, LISTED * 4), title);
}

/** An entry without a time is never selected. */
function recordedWhen(limit: number, isWanted: (time: number, limit: number) => boolean): Filter {
  return ({ recorded_at: recordedAt }) => isIsoDate(recordedAt) && isWanted(Date.parse(recordedAt), limit);
}

function atDomain(domain: string): Filter {
  if (!isDomainMatcher(domain)) {
    throw new UsageError(
      `Cannot use ${show(domain)} as --domain: expected a host, such as api.openai.com or localhost:4000.`,
    );
  }
  const isThere = matchDomains([domain]);
  return (entry) => {
    const url = urlOf(entry);
    return URL.canParse(url) && isThere(new URL(url));
  };
}

/** The URL of a request, which is not validated; empty without one. */
function urlOf({ request }: Entry): string {
  return typeof request?.url === "string" ? request.url : "";
}

function ofModel(pattern: string): Filter {
  const model = modelPattern(pattern);
  return (_, readings) => model.test(readings.start().model ?? "");
}

function withText(text: string): Filter {
  const sought = text.toLowerCase();
  return (entry, readings) => {
    const { asked, answered, model = "" } = readings.whole();
    const texts = [...asked, ...answered].flatMap(({ parts }) => parts).flatMap(textsOf);
    return [...texts, model, urlOf(entry)].some((part) => part.toLowerCase().includes(sought));
  };
}

/** The readable texts of a part. */
function textsOf(part: Part): string[] {
  return Object.entries(part).flatMap(([name, value]) => name !== "kind" && typeof value === "string" ? [value] : []);
}
