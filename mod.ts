/**
 * Records and replays LLM API calls: one call at the top of a notebook, script or test, and you pay for each response
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
export { type Cachy, createCachy } from "./src/create_cachy.ts";
export type { Normalization } from "./src/request/canonical.ts";
export { defaultDomains } from "./src/request/domains.ts";
export type { DomainMatcher } from "./src/request/provider.ts";
export type { Entry, RecordedRequest } from "./src/store/entry.ts";
export { CachyError, type CachyErrorCode } from "./src/lib/errors.ts";
export type { CachyEvent, DropReason, EventRequest } from "./src/report/events.ts";
export type { Difference } from "./src/miss/comparison.ts";
export { CachyMissError, type Miss } from "./src/miss/miss.ts";
export type { CachyOptions, MissBehavior } from "./src/options/options.ts";
export type { ExpiredBehavior, Mode } from "./src/options/mode.ts";
export type { Fault, FaultRequest } from "./src/replay/faults.ts";
export type { Pace } from "./src/replay/pace.ts";
export { disableCachy, enableCachy, withCachy } from "./src/enable_cachy.ts";
export type { KeepRequest, Redact } from "./src/store/entry_request.ts";
export { compactFile, type CompactOptions } from "./src/store/jsonl/compact_file.ts";
export type { CompactReport } from "./src/store/jsonl/compact.ts";
export { jsonlStore } from "./src/store/jsonl/store.ts";
export { type LayeredOptions, layeredStore } from "./src/store/layered.ts";
export { memoryStore, type Store, type Warn } from "./src/store/store.ts";
export type { CachyStats } from "./src/report/stats.ts";
export type { TokenCount } from "./src/report/usage.ts";
