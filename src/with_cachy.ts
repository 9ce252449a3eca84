import { AsyncLocalStorage } from "node:async_hooks";
import type { Cachy } from "./create_cachy.ts";
import { wrapWith } from "./enable_cachy.ts";
import { type GlobalFetch, joinGlobalFetch, removeIfUnused, runningScope, type Scope } from "./global_fetch.ts";
import { CachyError } from "./lib/errors.ts";
import { show } from "./lib/show.ts";
import { withinTime } from "./lib/wait.ts";
import type { CachyOptions } from "./options/options.ts";

/** How long the recordings under way are waited for when the function has failed, in milliseconds. */
const FAILED_FLUSH_MS = 1000;

/**
 * Calls a function, and caches what it and all that it starts sends through `fetch`: across `await`, timers and
 * promises, while other code runs beside it with other options, or with none. One test, one scope, one file.
 *
 * - Options come from here, the environment and the defaults alone: nothing is inherited from what is around the scope.
 * - The innermost scope wins, and every scope wins over `enableCachy()`. Called inside, `enableCachy()` and
 *   `disableCachy()` are about this scope, and end with it.
 * - Stateful requests are counted anew in each scope. Concurrent scopes that use one file and one `namespace` share the
 *   network calls of identical requests; mode `refresh` records anew once per request, file and process.
 * - What is still running when the function has ended belongs to what is around the scope: await what you start.
 * - A client has to see the wrapper. One that captured `fetch` (openai, anthropic, groq, ollama …) while nothing was
 *   enabled and no scope was running has the plain one for ever: make it inside, or use `@cachy/core/auto`.
 *
 * On Node 20 and 22 the first scope makes every promise of the process a little slower (an `await` of nothing takes 0.1
 * instead of 0.04 µs).
 *
 * @param options What to cache, where and when.
 * @param fn What to call, with the handle of the scope. It may be async, or not.
 * @returns What the function returns, once the recordings under way are stored or dropped. It rejects with what the
 * function throws, and then waits for a second at the most.
 * @throws {CachyError} `invalid_option`, `incompatible_version`, see {@linkcode enableCachy}; both by rejection.
 *
 * @example Two tests at the same time, each with a file of its own
 * ```ts
 * import { withCachy } from "@cachy/core";
 *
 * const hits = await Promise.all([
 *   withCachy({ file: "summary.jsonl" }, async (cachy) => {
 *     // … OpenAI, Anthropic, Gemini, AI SDK, LangChain, as usual
 *     return cachy.stats.hits;
 *   }),
 *   withCachy({ file: "tools.jsonl", mode: "replay" }, async (cachy) => {
 *     // …
 *     return cachy.stats.hits;
 *   }),
 * ]);
 * console.log(hits);
 * ```
 */
export async function withCachy<Result>(
  options: CachyOptions,
  fn: (cachy: Cachy) => Result | PromiseLike<Result>,
): Promise<Result> {
  if (typeof fn !== "function") {
    const cure = typeof options === "function" ? " Pass the options first: withCachy({}, fn)." : "";
    throw new CachyError(
      "invalid_option",
      `Cannot call ${show(fn)}: withCachy(options, fn) expects a function.${cure}`,
    );
  }
  const state = joinGlobalFetch();
  const scope: Scope = {
    wrap: undefined,
    outer: runningScope(state),
    isOver: false,
    handles: new Set(),
  };
  const cachy = wrapWith(scope, options);
  const scopes = state.scopes ??= {
    current: new AsyncLocalStorage<Scope>(),
    running: 0,
  };
  scopes.running++;
  const flush = async () => void await Promise.all([...scope.handles].map((handle) => handle.flush()));
  try {
    const result = await scopes.current.run(scope, () => fn(cachy));
    await flush();
    return result;
  } catch (error) {
    // A stream that nobody reads any more may go on for minutes, and the failure is what matters now.
    await withinTime(flush(), FAILED_FLUSH_MS).catch(() => {});
    throw error;
  } finally {
    end(state, scope);
  }
}

function end(state: GlobalFetch, scope: Scope): void {
  scope.isOver = true;
  if (state.scopes) state.scopes.running--;
  for (const handle of scope.handles) handle.disable();
  removeIfUnused(state);
}
