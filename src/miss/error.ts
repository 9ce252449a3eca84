import { CachyError } from "../lib/errors.ts";
import type { Miss } from "./miss.ts";

/**
 * A request that mode `replay` could not answer, with the option `miss: "throw"`.
 *
 * @example
 * ```ts
 * import { CachyMissError, createCachy, memoryStore } from "@cachy/core";
 *
 * const { fetch } = createCachy({ mode: "replay", miss: "throw", store: memoryStore() });
 * try {
 *   await fetch("https://api.openai.com/v1/models");
 * } catch (error) {
 *   console.assert(error instanceof CachyMissError && error.miss.method === "GET");
 * }
 * ```
 */
export class CachyMissError extends CachyError {
  /** The request, the nearest recorded one and what differs. */
  readonly miss: Miss;

  /**
   * Makes an error of a miss.
   *
   * @param miss The request, and what it was explained by.
   */
  constructor(miss: Miss) {
    super("miss", miss.message);
    this.name = "CachyMissError";
    this.miss = miss;
  }
}
