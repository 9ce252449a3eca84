/**
 * Enables caching on import, by the environment: for programs and tests whose code shall not change, and for clients
 * that look `fetch` up when they are imported, such as ollama's default export.
 *
 * | runtime | command                                              |
 * | ------- | ---------------------------------------------------- |
 * | Deno    | `deno run -A --preload jsr:@cachy/core/auto main.ts` |
 * | Bun     | `bun --preload @cachy/core/auto main.ts`             |
 * | Node    | `node --import @cachy/core/auto main.js`             |
 *
 * `CACHY_FILE`, `CACHY_DOMAINS` (hosts beside the default ones, separated by commas), `CACHY_MODE` (`auto`, `replay`,
 * `refresh`, `off`), `CACHY_DEBUG` (`1`, `miss`, `0`) and `CACHY_STRICT` (`1`, `0`) are the options, and `CI` makes the
 * mode `replay`. `CACHY_PRICES` names a file with prices, to see what calls cost. What the program itself says by
 * `enableCachy()` wins, before or after the import. A wrong value is a warning.
 *
 * Test runners need one line of configuration, such as `setupFiles: ["@cachy/core/auto"]` of Vitest; the README lists
 * all. In mode `replay` a miss is then explained on stderr, and fails the run with `CACHY_STRICT=1`. With
 * `CACHY_LEDGER=PATH`, a ledger of what the run asks for is written, by which `cachy unused` finds unused recordings.
 *
 * @example As the first import of a program or of a test runner's set-up file
 * ```ts
 * import "@cachy/core/auto";
 * ```
 *
 * @module
 */
import { enableCachy } from "./enable_cachy.ts";
import { globalFetch, runningScope } from "./global_fetch.ts";
import { messageOf } from "./lib/errors.ts";
import { warnOnStderr } from "./store/store.ts";

/** Whether the program has said by itself what it wants. */
function isEnabled(): boolean {
  const state = globalFetch();
  return state !== undefined && (runningScope(state) ?? state).wrap !== undefined;
}

try {
  if (!isEnabled()) enableCachy();
} catch (error) {
  // A preload that throws would end the program before its first line.
  warnOnStderr(messageOf(error));
}
