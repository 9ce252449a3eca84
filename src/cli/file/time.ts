import { show } from "../../lib/show.ts";
import { parseAge } from "../../lib/wait.ts";
import { UsageError } from "../app/command.ts";

/** Whether a value is a date and time as in entries: ISO 8601 in UTC. */
export function isIsoDate(value: unknown): value is string {
  return typeof value === "string" && ISO_DATE.test(value) && Date.parse(value) >= 0;
}

const ISO_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

/**
 * Parses an age (`30d`, `12h`, `2w`, `45min`) or a date in ISO 8601 (`2026-11-24`, `2026-11-24T08:00:00Z`; UTC if it
 * has no zone).
 *
 * @param option The name of the option, for the message.
 * @param now In milliseconds since the Unix epoch.
 * @returns In milliseconds since the Unix epoch.
 * @throws {UsageError} If the text is neither.
 */
export function parseTime(text: string, option: string, now: number): number {
  const age = parseAge(text);
  if (age !== undefined) return now - age;
  const isDate = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/.test(text);
  const isZoned = !text.includes("T") || /Z$|[+-]\d\d:\d\d$/.test(text);
  const time = isDate ? Date.parse(isZoned ? text : `${text}Z`) : NaN;
  if (!Number.isNaN(time)) return time;
  throw new UsageError(
    `Cannot use ${show(text)} as ${option}: expected an age such as 30d, 12h, 45min, or a date such as 2026-11-24.`,
  );
}

const DAY = 864e5;

/**
 * The age of a recording, for lists: `40 s`, `3 min`, `5 h`, `2 d`; from a week, the date `2026-11-24`.
 *
 * The date is in UTC, as in the file.
 *
 * @param recordedAt A date and time in ISO 8601. Any other text gives an empty one.
 * @param now In ms since the Unix epoch. A later recording (clocks differ) is shown as its date.
 */
export function showAge(recordedAt: string, now: number = Date.now()): string {
  const time = Date.parse(recordedAt);
  if (Number.isNaN(time)) return "";
  const age = now - time;
  if (age < 0 || age >= 7 * DAY) return new Date(time).toISOString().slice(0, 10);
  if (age < 6e4) return `${Math.floor(age / 1e3)} s`;
  if (age < 36e5) return `${Math.floor(age / 6e4)} min`;
  return age < DAY ? `${Math.floor(age / 36e5)} h` : `${Math.floor(age / DAY)} d`;
}
