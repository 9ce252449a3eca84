import { hintAt, show } from "./show.ts";

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

/** What an option has to be, in words and as a question, and what to do about a common mistake. */
export type Rule = readonly [
  expected: string,
  fits: (value: unknown) => boolean,
  cure?: (value: unknown) => string | undefined,
];

/** The rule of each option that is known. */
export type Rules<Options extends object> = Readonly<Record<keyof Options, Rule>>;

/**
 * Refuses options that cannot be meant.
 *
 * @param owner What messages say the options belong to, as in "a key-value store"; nothing for those of the cache.
 * @throws {CachyError} `invalid_option`, if a name is unknown or a value does not fit.
 */
export function checkByRules<Options extends object>(options: Options, rules: Rules<Options>, owner?: string): void {
  const ofOwner = owner === undefined ? "" : ` of ${owner}`;
  const refuse = (message: string) => new CachyError("invalid_option", message);
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw refuse(`Cannot use ${show(options)} as options${ofOwner}: expected an object.`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, name)) {
      const hint = hintAt(name, Object.keys(rules), "Known options");
      throw refuse(`Cannot use the option "${name}"${ofOwner}: it is unknown. ${hint}`);
    }
    const [expected, fits, cure] = rules[name as keyof Options];
    if (value === undefined || fits(value)) continue;
    const start = `Cannot use ${show(value)} as option "${name}"${ofOwner}: expected ${expected}.`;
    throw refuse([start, cure?.(value) ?? []].flat().join(" "));
  }
}
