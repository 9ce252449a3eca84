import { show } from "./show.ts";

/**
 * Why a {@linkcode CachyError} was thrown. Messages may change between versions, codes do not.
 *
 * - `invalid_option`: an option has an unknown name, a wrong type or a value that is not allowed
 * - `miss`: mode `replay` could not answer a request, and the option `miss` is `"throw"`
 * - `cannot_compact`: a file cannot be compacted; no entry is lost
 * - `incompatible_version`: another copy of this module, too new or too old to share `fetch` with, is enabled
 */
export type CachyErrorCode = "invalid_option" | "miss" | "cannot_compact" | "incompatible_version";

/**
 * The one class of errors that this module throws itself. Errors of the network reach the caller as they are.
 *
 * @example An unknown option is refused by name
 * ```ts
 * import { CachyError, createCachy } from "@cachy/core";
 *
 * try {
 *   createCachy({ files: "cachy.jsonl" } as object);
 * } catch (error) {
 *   console.assert(error instanceof CachyError && error.code === "invalid_option");
 * }
 * ```
 */
export class CachyError extends Error {
  /** What went wrong, for programs. */
  readonly code: CachyErrorCode;

  /**
   * Makes an error.
   *
   * @param code What went wrong, for programs.
   * @param message What went wrong and what to do, for people.
   * @param options The error that caused this one, as `cause`.
   */
  constructor(code: CachyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CachyError";
    this.code = code;
  }
}

/** The message of anything that was thrown. What could not connect to any of several addresses has a code alone. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || String((error as { readonly code?: unknown }).code ?? error.name);
}

/** What an option has to be, in words and as a question. */
export type Rule = readonly [expected: string, fits: (value: unknown) => boolean];

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
