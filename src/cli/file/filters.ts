import { show } from "../../lib/show.ts";
import { isDomainMatcher } from "../../options/check.ts";
import { matchDomains } from "../../request/domains.ts";
import type { Entry } from "../../store/entry.ts";
import { type OptionRules, type OptionValues, UsageError } from "../app/command.ts";
import type { Part } from "../read/reading.ts";
import type { Readings } from "./lazy_reading.ts";
import { isIsoDate, parseTime } from "./time.ts";

/** Which entries a command is about. */
export const FILTER_OPTIONS = {
  model: { type: "string", short: "m", value: "MODEL", help: "only those of a model; * stands for anything: 'gpt-5*'" },
  domain: { type: "string", short: "d", value: "HOST", help: "only those of a host and its subdomains" },
  grep: {
    type: "string",
    short: "g",
    value: "TEXT",
    help: "only those with a text in the request or the answer, in any case",
  },
} as const satisfies OptionRules;

/** The same, by their age. */
export const SINCE_OPTION = {
  since: { type: "string", value: "TIME", help: "only those recorded since: 30d, 12h, 2026-11-24" },
} as const satisfies OptionRules;
export const OLDER_OPTION = {
  older: { type: "string", value: "TIME", help: "only those recorded before: 30d, 12h, 2026-11-24" },
} as const satisfies OptionRules;

type FilterValues = OptionValues<typeof FILTER_OPTIONS & typeof SINCE_OPTION & typeof OLDER_OPTION>;

/** Tells whether an entry is one of those that are wanted. */
export type Filter = (entry: Entry, readings: Readings) => boolean;

/**
 * Makes a filter: an entry has to fit all that is given.
 *
 * @param now In milliseconds since the Unix epoch.
 * @throws {UsageError} If a value makes no sense.
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

/** An entry that does not say when it was recorded is neither older nor newer. */
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

/** What was asked, as far as it says so: nobody has checked it. */
function urlOf({ request }: Entry): string {
  return typeof request?.url === "string" ? request.url : "";
}

function ofModel(pattern: string): Filter {
  const parts = pattern.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  const model = new RegExp(`^${parts.join(".*")}$`, "is");
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

/** What is to be read in a part. */
function textsOf(part: Part): string[] {
  return Object.entries(part).flatMap(([name, value]) => name !== "kind" && typeof value === "string" ? [value] : []);
}
