import { CachyError } from "./errors.ts";
import { show } from "./show.ts";
import { isTimeLimit, LONGEST_TIMER_MS } from "./time_limit.ts";

/** What an option has to be, in words and as a question. */
export type Rule = readonly [expected: string, fits: (value: unknown) => boolean];

/** The rule of the option `timeLimitMs`. */
export const TIME_LIMIT_RULE: Rule = [`milliseconds, more than 0 and up to ${LONGEST_TIMER_MS}`, isTimeLimit];

/**
 * Refuses options of a store that cannot be meant.
 *
 * @param rules The known options.
 * @param owner What messages call the store, as in "a key-value store".
 * @throws {CachyError} `invalid_option`, if a name is unknown or a value does not fit.
 */
export function checkStoreOptions(options: object, rules: Readonly<Record<string, Rule>>, owner: string): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    const message = `Cannot use ${show(options)} as options of ${owner}: expected an object.`;
    throw new CachyError("invalid_option", message);
  }
  for (const [name, value] of Object.entries(options)) {
    const [expected, fits] = Object.hasOwn(rules, name) ? rules[name] as Rule : [];
    if (value === undefined || fits?.(value)) continue;
    const message = fits
      ? `Cannot use ${show(value)} as option "${name}" of ${owner}: expected ${expected}.`
      : `Cannot use the option "${name}" of ${owner}: it is unknown. Known options: ${Object.keys(rules).join(", ")}.`;
    throw new CachyError("invalid_option", message);
  }
}
