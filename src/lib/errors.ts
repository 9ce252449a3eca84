import { hintAt, show } from "./show.ts";

/**
 * Why a {@linkcode CachyError} was thrown. Messages may change between versions, codes do not.
 *
 * - `invalid_option`: an option is unknown, or its value is invalid
 * - `miss`: mode `replay` found no entry for a request, and the option `miss` is `"throw"`
 * - `cannot_compact`: a file cannot be compacted; no entry is lost
 * - `incompatible_version`: an incompatible version of this module has already wrapped the global `fetch`
 */
export type CachyErrorCode = "invalid_option" | "miss" | "cannot_compact" | "incompatible_version";

/**
 * The class of all errors that this module creates. Network errors reach the caller unchanged.
 *
 * @example An unknown option is rejected
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
  /** The stable code of the error. */
  readonly code: CachyErrorCode;

  /**
   * Makes an error.
   *
   * @param code The stable code of the error.
   * @param message What went wrong, and what to do.
   * @param options The error that caused this one, as `cause`.
   */
  constructor(code: CachyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CachyError";
    this.code = code;
  }
}

/** The message of any thrown value, or its code: if a host has several addresses, connection errors have no message. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || String((error as { readonly code?: unknown }).code ?? error.name);
}

/** The valid values of an option: a description for messages, a check, and a hint for a common mistake. */
export type Rule = readonly [
  expected: string,
  fits: (value: unknown) => boolean,
  cure?: (value: unknown) => string | undefined,
];

/** A rule for each known option. */
export type Rules<Options extends object> = Readonly<Record<keyof Options, Rule>>;

/**
 * Rejects unknown options and invalid values.
 *
 * @param owner What the options belong to, for messages: `"a key-value store"`. Undefined for the options of the cache.
 * @throws {CachyError} `invalid_option`, if a name is unknown or a value is invalid.
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
