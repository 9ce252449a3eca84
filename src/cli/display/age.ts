const DAY = 864e5;

/**
 * How long ago something was recorded, for lists: `40 s`, `3 min`, `5 h`, `2 d`; from a week on the date, `2026-11-24`.
 *
 * The date is that of UTC, so that it is the same as in the file and the same for everybody who shares it.
 *
 * @param recordedAt A date and time as in ISO 8601. What cannot be read as one gives an empty text.
 * @param now In ms since the Unix epoch. What is recorded later than that (clocks differ) is shown as its date.
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
