/**
 * Records and replays LLM API calls: one call at the top of a notebook, script or test, and every answer is paid for
 * once. The second time it comes from `cachy.jsonl`, which sits in git. Streams stay live while they are recorded.
 *
 * It wraps `fetch`, in which nearly all SDKs end, and runs unchanged on Deno, Bun and Node 20+.
 *
 * @example
 * ```ts
 * import { disableCachy, enableCachy } from "@cachy/core";
 *
 * enableCachy();
 * // … OpenAI, Anthropic, Gemini, AI SDK, LangChain, as usual
 * disableCachy();
 * ```
 *
 * @module
 */
export { type Cachy, createCachy } from "./src/cachy.ts";
export type { Normalization } from "./src/canonical_request.ts";
export { defaultDomains, type DomainMatcher } from "./src/domains.ts";
export type { Entry, RecordedRequest } from "./src/entry.ts";
export { CachyError, type CachyErrorCode } from "./src/errors.ts";
export type { CachyEvent, EventRequest } from "./src/events.ts";
export type { Difference } from "./src/difference.ts";
export type { Miss } from "./src/miss.ts";
export { CachyMissError } from "./src/miss_error.ts";
export type { CachyOptions, MissBehavior, Mode, Pace } from "./src/options.ts";
export { disableCachy, enableCachy } from "./src/patch.ts";
export type { DropReason } from "./src/problem.ts";
export type { KeepRequest } from "./src/recorded_request.ts";
export { withCachy } from "./src/scope.ts";
export { compactFile, type CompactOptions } from "./src/stores/compact.ts";
export type { CompactReport } from "./src/stores/kept_lines.ts";
export { jsonlStore } from "./src/stores/jsonl.ts";
export { type LayeredOptions, layeredStore } from "./src/stores/layered.ts";
export { memoryStore } from "./src/stores/memory.ts";
export type { CachyStats } from "./src/stats.ts";
export type { Store, Warn } from "./src/stores/store.ts";
export type { TokenCount } from "./src/usage.ts";
