import { asRecord, parseJson } from "../lib/json.ts";
import type { Entry } from "../store/entry.ts";

/** How many tokens a provider counted. */
export interface TokenCount {
  /** Everything that was read, also what came from the provider's own cache. */
  readonly input: number;
  /** Everything that was written, also what was thought. */
  readonly output: number;
}

/**
 * The tokens that a recorded answer says it has cost; of a stream, the last that it says.
 *
 * Every hit pays for this, so nothing is parsed but the member itself, which is looked for from the end of the text,
 * where most providers write it: 2 to 4 µs for an answer of 2 KB, about 1 ms for a megabyte without any usage. A
 * quote inside of a string has a backslash before it, so that no text can be taken for the member.
 *
 * @returns Undefined if it does not say so, or is binary.
 */
export function usageOf({ binary, response }: Entry): TokenCount | undefined {
  if (binary) return undefined;
  const last = lastUsage(response);
  if (!last) return ollamaUsage(response) ?? billedUsage(response);
  // Anthropic's stream counts the input in its first event, and the output in its last but one.
  const start = response.slice(0, START_LENGTH).indexOf(`"message_start"`);
  if (start === -1) return last.count;
  return countOf({ ...usageAt(response, response.indexOf(`"usage"`, start)), ...last.usage });
}

/** In characters; comments and pings may stand before the first event. */
const START_LENGTH = 1000;

/** `usage` of most, `usageMetadata` of Gemini. */
const USAGE = `"usage`;

function lastUsage(text: string): { readonly usage: Record<string, unknown>; readonly count: TokenCount } | undefined {
  for (let at = lastPlace(text, USAGE); at !== -1; at = at === 0 ? -1 : text.lastIndexOf(USAGE, at - 1)) {
    const usage = usageAt(text, at);
    const count = usage && countOf(usage);
    if (count) return { usage, count };
  }
  return undefined;
}

/** An object in which objects are nested no deeper than usage is. */
const USAGE_MEMBER = /"\w+"\s*:\s*(\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})/y;
/** In characters. Longer objects are no usage, and the expression above may not run away. */
const MAX_USAGE_LENGTH = 4000;

/** The object that is the value of the member at a place. */
function usageAt(text: string, at: number): Record<string, unknown> | undefined {
  if (at === -1) return undefined;
  USAGE_MEMBER.lastIndex = 0;
  const object = USAGE_MEMBER.exec(text.slice(at, at + MAX_USAGE_LENGTH))?.[1];
  return object === undefined ? undefined : asRecord(parseJson(object));
}

/** These name everything that was read … */
const INPUT = ["prompt_tokens", "input_tokens", "inputTokens", "promptTokenCount"];
/** … and these what they leave out: Anthropic's and Bedrock's cache, Gemini's tools. */
const MORE_INPUT = [
  "cache_creation_input_tokens",
  "cache_read_input_tokens",
  "cacheWriteInputTokens",
  "cacheReadInputTokens",
  "toolUsePromptTokenCount",
];
const OUTPUT = ["completion_tokens", "output_tokens", "outputTokens", "candidatesTokenCount"];
const MORE_OUTPUT = ["thoughtsTokenCount"];

function countOf(usage: Record<string, unknown>): TokenCount | undefined {
  // Cohere has both under another name: what the model saw, and what is to be paid for.
  const counts = asRecord(usage.tokens) ?? asRecord(usage.billed_units) ?? usage;
  const [input, output] = [firstOf(counts, INPUT), firstOf(counts, OUTPUT)];
  if (input === undefined && output === undefined) return undefined;
  return { input: (input ?? 0) + sumOf(counts, MORE_INPUT), output: (output ?? 0) + sumOf(counts, MORE_OUTPUT) };
}

function firstOf(counts: Record<string, unknown>, names: readonly string[]): number | undefined {
  for (const name of names) {
    const count = counts[name];
    if (isCount(count)) return count;
  }
  return undefined;
}

function sumOf(counts: Record<string, unknown>, names: readonly string[]): number {
  let sum = 0;
  for (const name of names) {
    const count = counts[name];
    if (isCount(count)) sum += count;
  }
  return sum;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Ollama counts in members of the answer itself, or of the last line. Without new input it leaves out the first. */
function ollamaUsage(text: string): TokenCount | undefined {
  const output = lastNumber(text, `"eval_count":`);
  return output === undefined ? undefined : { input: lastNumber(text, `"prompt_eval_count":`) ?? 0, output };
}

function lastNumber(text: string, member: string): number | undefined {
  const at = lastPlace(text, member);
  const digits = at === -1
    ? undefined
    : /^\s*(\d{1,15})\b/.exec(text.slice(at + member.length, at + member.length + 20));
  return digits ? Number(digits[1]) : undefined;
}

/** Cohere's embeddings and its older chat count in `meta`. */
function billedUsage(text: string): TokenCount | undefined {
  return countOf(usageAt(text, lastPlace(text, `"billed_units"`)) ?? {});
}

/** The last place of a text that most do not have: to see that from the start takes a tenth of the time. */
function lastPlace(text: string, sought: string): number {
  return text.includes(sought) ? text.lastIndexOf(sought) : -1;
}
