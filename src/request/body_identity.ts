import { indexOfBytes, textOf, utf8 } from "../lib/bytes.ts";
import { canonicalJson, type JsonRewrite } from "../lib/json.ts";
import {
  isCredentialMember,
  maskUrlCredentials,
  mayHoldCredential,
  mayHoldUrlCredential,
  REDACTED,
} from "../secrets/redact.ts";
import type { FormPart } from "./body.ts";

/** A path of the option `omit`, as member names; `*` stands for any name. Positions in lists do not count. */
export type OmitPath = readonly string[];

/** A name, `*`, `[*]`, or a name in brackets: `metadata.run_id`, `tools[*].cache_control`, `metadata["a.b"]`. */
const STEP = /(?:^|(?<=.)\.)([^.[\]"*\s]+|\*)|\[\*\]|\["([^"]+)"\]/y;

/** Reads a path of the option `omit`; undefined if the text is not a path. */
export function parseOmitPath(text: string): OmitPath | undefined {
  const names: string[] = [];
  for (let at = 0; at < text.length; at = STEP.lastIndex) {
    STEP.lastIndex = at;
    const step = STEP.exec(text);
    if (!step) return undefined;
    const name = step[1] ?? step[2];
    if (name !== undefined) names.push(name);
  }
  return names.length ? names : undefined;
}

/** Whether the option `omit` leaves a member out of the key. */
export function isOmitted(path: readonly string[], omit: readonly OmitPath[]): boolean {
  return omit.some((names) =>
    names.length === path.length && names.every((name, at) => name === "*" || name === path[at])
  );
}

/** Prefixes of the tool call ids of providers. These ids are part of the recorded response, so a replay repeats them. */
const PROVIDER_PREFIX = String.raw`(?:call_|fc_|(?:srv|mcp)?toolu_|tooluse_|chatcmpl-tool-|functions\.)`;
const PROVIDER_ID = new RegExp(`^${PROVIDER_PREFIX}`);

/** These find in canonical text whether a body may have tool call ids that an SDK invented. */
const INVENTED_REFERENCE = new RegExp(`"(?:tool_call_id|call_id|tool_use_id|toolUseId)": "(?!${PROVIDER_PREFIX})`);
const INVENTED_CALL = new RegExp(`"id": "(?!${PROVIDER_PREFIX})`);
const REFERENCE_NAMES = ["tool_call_id", "call_id", "tool_use_id", "toolUseId"];

function hasInventedId(text: string, names: ReadonlySet<string>): boolean {
  return REFERENCE_NAMES.some((name) => names.has(name)) && INVENTED_REFERENCE.test(text) ||
    names.has("tool_calls") && INVENTED_CALL.test(text);
}

/** Places where an id connects a tool call with its result, as member names from the top of a body. */
const REFERENCE = /^messages\/(?:tool_calls\/id|tool_call_id|content\/(?:tool_use_id|tool(?:Use|Result)\/toolUseId))$/;
/** At these places, an id that occurs only once may refer to something outside the body, such as a stored response. */
const PAIRED_REFERENCE = /^(?:messages\/content\/id|input\/call_id)$/;

const GEMINI_PATH = /:(?:generateContent|streamGenerateContent|batchGenerateContent|countTokens)$/;
const GEMINI_CALL = /^function_?(?:call|response)$/i;

/** Gemini's ids: direct members of a call or its result. An `id` at a greater depth belongs to the program. */
function isGeminiReference(path: readonly string[]): boolean {
  const call = path.findIndex((name) => GEMINI_CALL.test(name));
  return call !== -1 && call === path.length - 2 && path.at(-1) === "id";
}

/**
 * Numbers the ids that an SDK invents on every run. Equal ids get equal numbers, so each result still belongs to its
 * call.
 *
 * @param text Canonical, so that the numbers do not depend on the order in which members were written.
 */
function renumberReferences(
  { text, names }: NamedText,
  { url: { pathname }, isEarlier }: JsonIdentity,
): JsonRewrite["string"] {
  const isGemini = GEMINI_PATH.test(pathname);
  const mayBeInvented = !isEarlier && hasInventedId(text, names);
  if (!isGemini && !mayBeInvented) return undefined;
  /** An id is numbered if its weights at all places add up to 2. */
  const weightOf = (id: string, path: readonly string[]) => {
    if (isGemini && isGeminiReference(path)) return 2;
    if (!mayBeInvented || PROVIDER_ID.test(id)) return 0;
    const place = path.join("/");
    return REFERENCE.test(place) ? 2 : PAIRED_REFERENCE.test(place) ? 1 : 0;
  };
  const weights = new Map<string, number>();
  canonicalJson(text, {
    string(id, path) {
      const weight = weightOf(id, path);
      if (weight) weights.set(id, (weights.get(id) ?? 0) + weight);
      return id;
    },
  });
  const wanted = [...weights].filter(([, weight]) => weight > 1);
  const numbers = new Map(wanted.map(([id], at) => [id, `call-${at + 1}`]));
  return (value, path) => weightOf(value, path) ? numbers.get(value) ?? value : value;
}

/** Members at the top of a body that name an uploaded file. */
const FILE_NAME = /^file_?name$/i;
const CLOCK_NAME = /^([a-z]*[_-]?)1\d{12}(?=\.\w+$|$)/i;

/** The name of a file without the milliseconds of a clock, from which SDKs make names: `buffer_1732442400123`. */
export function withoutClock(name: string): string {
  return name.replace(CLOCK_NAME, "$1");
}

function shortenFileName(value: string, path: readonly string[]): string {
  return path.length === 1 && FILE_NAME.test(path[0] ?? "") ? withoutClock(value) : value;
}

/** The AI SDK repeats the headers of a request in its body for Vercel's AI gateway. This one has its own version. */
function isUserAgent(path: readonly string[]): boolean {
  return path.length === 2 && path[0] === "headers" && path[1] === "user-agent";
}

/** What the name of a member says about a body. */
interface NameTraits {
  readonly mayHoldCredential: boolean;
  readonly isFileName: boolean;
}

/** How many names are remembered. Requests repeat the few names of an API; a body may also have data as names. */
const MOST_NAMES = 1000;

/** Makes the function that tells the traits of a name. It remembers them: each request asks again for the same names. */
function rememberedTraits(): (name: string) => NameTraits {
  const known = new Map<string, NameTraits>();
  return (name) => {
    const found = known.get(name);
    if (found) return found;
    const traits = {
      // Of a name with escapes, only the decoded form tells.
      mayHoldCredential: name.includes("\\") || name === "user-agent" || mayHoldCredential(name),
      isFileName: FILE_NAME.test(name),
    };
    if (known.size === MOST_NAMES) known.clear();
    known.set(name, traits);
    return traits;
  };
}

const traitsOf = rememberedTraits();

/** Canonical JSON, and the names of its members. */
export interface NamedText {
  readonly text: string;
  readonly names: ReadonlySet<string>;
}

/** The rules for a JSON body. */
export interface JsonIdentity {
  readonly url: URL;
  readonly omit: readonly OmitPath[];
  /** The option `normalize`; undefined without patterns. */
  readonly normalize: ((text: string) => string) | undefined;
  /** Whether to apply the rules of version 0.1, which numbered only the ids of Gemini. */
  readonly isEarlier: boolean;
}

/**
 * Removes from canonical JSON everything that changes between runs without changing the answer: invented ids,
 * credentials, file names made from a clock, and the matches of the options `omit` and `normalize`.
 */
export function jsonIdentity({ text, names }: NamedText, rules: JsonIdentity): string {
  const { omit, normalize, isEarlier } = rules;
  let [hides, hasFileName] = [false, false];
  for (const name of isEarlier ? [] : names) {
    const traits = traitsOf(name);
    hides ||= traits.mayHoldCredential;
    hasFileName ||= traits.isFileName;
  }
  const strings = [
    renumberReferences({ text, names }, rules),
    hasFileName ? shortenFileName : undefined,
    !isEarlier && mayHoldUrlCredential(text) ? maskUrlCredentials : undefined,
    normalize,
  ].filter((change) => change !== undefined);
  const leavesOut = !isEarlier && omit.length > 0;
  if (!strings.length && !hides && !leavesOut) return text;
  const rewrite: JsonRewrite = {
    string: strings.length ? (value, path) => strings.reduce((text, change) => change(text, path), value) : undefined,
    member(path) {
      if (leavesOut && isOmitted(path, omit)) return null;
      return hides && (isCredentialMember(path) || isUserAgent(path)) ? REDACTED : undefined;
    },
  };
  return canonicalJson(text, rewrite) ?? text;
}

/**
 * Reads a serialized `multipart/form-data`.
 *
 * @returns Undefined if its syntax is not the one of `FormData` in runtimes and libraries.
 */
export function formParts(body: Uint8Array<ArrayBuffer>, boundary: string): FormPart[] | undefined {
  const delimiter = utf8(`\r\n--${boundary}`);
  const parts: FormPart[] = [];
  // The first delimiter has no line end before it.
  if (indexOfBytes(body, delimiter.subarray(2), 0) !== 0) return undefined;
  for (let at = delimiter.byteLength - 2;;) {
    const mark = textOf(body.subarray(at, at + 2));
    if (mark === "--") return textOf(body.subarray(at + 2))?.trim() === "" ? parts : undefined;
    const end = mark === "\r\n" ? indexOfBytes(body, delimiter, at) : -1;
    const part = end === -1 ? undefined : formPart(body.subarray(at, end));
    if (!part) return undefined;
    parts.push(part);
    at = end + delimiter.byteLength;
  }
}

const BLANK_LINE = utf8("\r\n\r\n");

/** @param bytes Begin with a line end, and end before the one of the delimiter. */
function formPart(bytes: Uint8Array<ArrayBuffer>): FormPart | undefined {
  const end = indexOfBytes(bytes, BLANK_LINE, 0);
  const head = end === -1 ? undefined : textOf(bytes.subarray(0, end));
  const disposition = /^content-disposition:\s*form-data\s*;(.*)$/im.exec(head ?? "")?.[1];
  const name = disposition === undefined ? undefined : parameter(disposition, "name");
  // Encoded parts would need decoding, and a name in another charset has no single spelling.
  if (name === undefined || /^content-transfer-encoding:\s*(?!binary|[78]bit)|;\s*filename\*=/im.test(head ?? "")) {
    return undefined;
  }
  const filename = parameter(disposition ?? "", "filename");
  const value = bytes.slice(end + BLANK_LINE.byteLength);
  return filename === undefined ? { name, value: textOf(value) ?? value } : { name, filename, value };
}

/** The Fetch standard writes quotes and line ends in names as `%22`, `%0D` and `%0A`. */
function parameter(disposition: string, name: string): string | undefined {
  const value = new RegExp(`(?:^|[;\\s])${name}="((?:[^"\\\\]|\\\\.)*)"`, "i").exec(disposition)?.[1];
  return value?.replace(/\\(["\\])/g, "$1").replaceAll("%22", '"').replaceAll("%0D", "\r").replaceAll("%0A", "\n");
}
