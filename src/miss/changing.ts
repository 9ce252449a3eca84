import { parseJson } from "../lib/json.ts";
import { escaped, unique } from "../lib/show.ts";
import { PlatformDate } from "../lib/wait.ts";
import { parseOmitPath } from "../request/body_identity.ts";
import type { RecordedRequest } from "../store/entry.ts";
import { areRecordedParts, holdsPlaceholder } from "../store/entry_request.ts";
import type { Change, Difference } from "./comparison.ts";
import { isTextChange } from "./difference.ts";

/** A kind of value that changes on every run. */
interface Kind {
  readonly what: string;
  /** Its pattern. */
  readonly source: string;
  readonly replacement: string;
  /** Whether a match is meant; by default, each is. */
  readonly fits?: (text: string) => boolean;
}

const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*";
const MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*";
const CLOCK = "\\d{1,2}:\\d\\d(?::\\d\\d(?:[.,]\\d+)?)?(?:[ \\u00a0\\u202f]?[AaPp]\\.?[Mm]\\b\\.?)?";
const ZONE = "(?: ?(?:Z|UTC|GMT(?:[+-]\\d+)?|[+-]\\d\\d:?\\d\\d))?";
const NAMED_DATE = `(?:${DAY},? )?(?:${MONTH} \\d{1,2}(?:st|nd|rd|th)?,? \\d{4}|\\d{1,2}\\.? ${MONTH} \\d{4})`;
const NUMBER_DATE = "(?:\\d{4}[-/.]\\d{1,2}[-/.]\\d{1,2}|\\d{1,2}[/.]\\d{1,2}[/.]\\d{2,4})(?!\\d)";

/** Dates of other years are what a prompt is about. */
function isNear(date: string): boolean {
  const year = Number(/(?<!\d)\d{4}(?!\d)/.exec(date)?.[0] ?? NaN);
  return Number.isNaN(year) || Math.abs(year - new PlatformDate().getFullYear()) <= 3;
}

/** The subject of a prompt. */
const SUBJECT =
  "(?:[Oo]rder|[Cc]ustomer|[Pp]roduct|[Ii]tem|[Ii]nvoice|[Tt]icket|[Aa]ccount|[Aa]rticle|[Pp]art|[Cc]ase" +
  "|[Bb]ooking|[Rr]eservation|[Tt]racking|[Ss]erial|[Ff]light|SKU|[Cc]ontract|[Pp]ayment|[Pp]atient)";
const ID = { what: "an id", replacement: "ID" };

/** The first kind that matches counts. */
const KINDS: readonly Kind[] = [
  {
    what: "a time",
    source: `${NAMED_DATE},?(?: at)? ${CLOCK}${ZONE}(?: \\([^)]*\\))?`,
    replacement: "TIME",
    fits: isNear,
  },
  { what: "a time", source: `${NUMBER_DATE}(?:T|,? )${CLOCK}${ZONE}`, replacement: "TIME", fits: isNear },
  { what: "a time", source: "\\b20\\d{6}[T_-]?\\d{6}(?:\\.\\d+)?Z?\\b", replacement: "TIME" },
  { what: "a date", source: NAMED_DATE, replacement: "DATE", fits: isNear },
  {
    what: "an id (UUID)",
    source: "[\\da-fA-F]{8}-[\\da-fA-F]{4}-[\\da-fA-F]{4}-[\\da-fA-F]{4}-[\\da-fA-F]{12}",
    replacement: "ID",
  },
  { what: "a date", source: `(?<![\\w.])${NUMBER_DATE}`, replacement: "DATE", fits: isNear },
  { what: "a time", source: `(?<![\\d:])${CLOCK}${ZONE}(?![\\d:])`, replacement: "TIME" },
  { what: "a random number", source: "(?<![\\d.])0\\.\\d{9,}(?:e-\\d+)?", replacement: "NUMBER" },
  {
    what: "a time in (milli)seconds",
    source: "(?<![\\w.])1\\d{9}(?:\\d{3}){0,3}(?:\\.\\d+)?(?![\\w])",
    replacement: "TIME",
  },
  { what: "a duration", source: "(?<![\\w.])(?:\\d+\\.\\d+ ?m?s|\\d+ ?ms)\\b", replacement: "DURATION" },
  {
    what: "a temporary folder",
    source: "(?:/private)?/(?:tmp|var/folders)/[\\w/.+-]+",
    replacement: "FOLDER",
  },
  {
    what: "a temporary folder",
    source: "[A-Za-z]:\\\\[\\w\\\\ .~-]*\\\\Temp\\\\[\\w\\\\.~-]+",
    replacement: "FOLDER",
  },
  { what: "a local address", source: "(?:localhost|127\\.0\\.0\\.1|\\[::1\\]):\\d{2,5}", replacement: "ADDRESS" },
  {
    ...ID,
    source: `(?<=(?<!${SUBJECT}[ _-]?)(?:\\b[Ii]d|ID|Id|[Nn]once|[Uu]uid)["']?(?: is |\\s*[:=#]\\s*)["']?)[\\w-]{4,}`,
  },
  {
    ...ID,
    source:
      `(?<![\\w+/=-]|${SUBJECT}\\b[^\\w\\n]{0,3}(?:(?:[Nn]umber|[Nn]o|[Ii][Dd])\\b[^\\w\\n]{0,3})?)[\\w-]{8,}(?![\\w+/=-])`,
    fits: looksRandom,
  },
];

/** Whether an id was drawn at random. Names, words and order numbers were not. */
function looksRandom(text: string): boolean {
  const random = text.split(/[_-]/).findLast((part) => part.length >= 4) ?? "";
  if (/^[\da-f]{16,}$/.test(random)) return /\d/.test(random) && /[a-f]/.test(random);
  const classes = random.replace(/[a-z]+/g, "a").replace(/[A-Z]+/g, "A").replace(/\d+/g, "1");
  if (classes.includes("1")) return classes.length > 4;
  // Words have vowels, also those of a camelCase name.
  if (classes.length > 4) return /[A-Z][^aeiouyA-Z]*(?=[A-Z]|$)/.test(random);
  return random.length >= 8 && (random.match(/[aeiouy]/gi)?.length ?? 0) < random.length / 5;
}

interface Token {
  readonly kind: Kind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let rest = text;
  for (const kind of KINDS) {
    rest = rest.replace(new RegExp(kind.source, "g"), (token, ...[at]: number[]) => {
      if (kind.fits?.(token) === false || at === undefined) return token;
      tokens.push({ kind, text: token, start: at, end: at + token.length });
      return "\0".repeat(token.length); // Later kinds see no part of it.
    });
  }
  return tokens.sort((a, b) => a.start - b.start);
}

/** A value that changed, and how the option `normalize` replaces it. */
export interface ChangingValue {
  /** `a time`, `an id` … */
  readonly what: string;
  readonly normalization: readonly [pattern: RegExp, replacement: string];
  /** Whether the value is the whole text. */
  readonly isWhole: boolean;
}

/** What two texts have in place of each other, if they differ only in values of known kinds; otherwise undefined. */
export function changingValues(recorded: string, asked: string): ChangingValue[] | undefined {
  const [a, b] = [tokensOf(recorded), tokensOf(asked)];
  if (a.length === 0 || a.length !== b.length || a.some(({ kind }, at) => kind !== b[at]?.kind)) return undefined;
  const between = (text: string, tokens: readonly Token[], at: number) =>
    text.slice(tokens[at - 1]?.end ?? 0, tokens[at]?.start ?? text.length);
  const gaps = Array.from({ length: a.length + 1 }, (_, at) => between(recorded, a, at));
  if (gaps.some((gap, at) => gap !== between(asked, b, at))) return undefined;
  return a.flatMap(({ kind, text }, at) => {
    const other = b[at]?.text ?? "";
    if (text === other) return [];
    const [before = "", after = ""] = [gaps[at], gaps[at + 1]];
    const isFirst = at === 0, isLast = at === a.length - 1;
    const isWhole = isFirst && isLast && !before && !after;
    const source = kind.what === "an id" ? idSource(text, other) : clockSource(text, other) ?? kind.source;
    const pattern = new RegExp(
      anchored(source.includes("|") ? `(?:${source})` : source, { before, after, isFirst, isLast }),
    );
    return [{ what: kind.what, normalization: [pattern, kind.replacement] as const, isWhole }];
  });
}

/** The pattern of a time, a date or a number, if both texts have the same form. */
function clockSource(a: string, b: string): string | undefined {
  const [runs, others] = [a, b].map((text) => text.match(/\d+|[A-Za-z]+|[^\dA-Za-z]+/g) ?? []);
  if (!runs || runs.length !== others?.length || /^[/A-Za-z]:?[\\/]|-.*-.*-.*-/.test(a)) return undefined;
  const sources = runs.map((run, at) => {
    const other = others[at] ?? "";
    if (/\d/.test(run) && /\d/.test(other)) {
      if (run.length < 3 && other.length < 3) return run === "0" && other === "0" ? "0" : "\\d{1,2}";
      return run.length === other.length && run.length < 15 ? `\\d{${run.length}}` : "\\d+";
    }
    const isName = run !== other || new RegExp(`^(?:${DAY}|${MONTH})$`).test(run) || /^[AaPp][Mm]$/.test(run);
    if (isName && /^[A-Za-z]+$/.test(run + other)) return "[A-Za-z]+";
    return run === other ? escaped(run) : undefined;
  });
  return sources.includes(undefined) ? undefined : sources.join("");
}

/** The pattern of an id: the prefix that both have, and as many characters of the same kinds as they have. */
function idSource(a: string, b: string): string {
  const prefix = /^[A-Za-z]+[_-]/.exec(a)?.[0] ?? "";
  const shared = b.startsWith(prefix) ? prefix : "";
  const rest = a.slice(shared.length) + b.slice(shared.length);
  const classes = [[/[a-z]/, "a-z"], [/[A-Z]/, "A-Z"], [/\d/, "\\d"], [/_/, "_"], [/-/, "-"]] as const;
  const set = classes.flatMap(([pattern, written]) => pattern.test(rest) ? [written] : []).join("");
  const length = a.length === b.length ? `{${a.length - shared.length}}` : "+";
  return `${shared}[${set}]${length}`;
}

/** How much text around a value a pattern repeats, in characters. */
const CONTEXT_LENGTH = 24;

function anchored(
  source: string,
  { before, after, isFirst, isLast }: { before: string; after: string; isFirst: boolean; isLast: boolean },
): string {
  const near = before.slice(-CONTEXT_LENGTH);
  const start = isFirst && near === before ? "^" : "";
  const next = after.slice(0, CONTEXT_LENGTH);
  const end = isLast && next === after ? "$" : "";
  const left = near ? `(?<=${start}${escaped(near)})` : start;
  // The text before the value is enough, unless it is empty.
  const right = /\w/.test(near) ? "" : next ? `(?=${escaped(next)}${end})` : end;
  return left + source + right;
}

/** Names of members that only identify a call. */
const BOOKKEEPING =
  /(?:^|\.)(?:metadata|labels|tags|telemetry|tracing|litellm_metadata|client_metadata)[.[]|(?:^|[.\]])(?:(?:request|run|session|trace|span|correlation|idempotency|event|client|invocation|execution|job|user)_?(?:id|key)|session|trace|correlation|user|safety_?identifier|prompt_?cache_?key|nonce|timestamp|ts|now|(?:created|sent|started|updated)_?at|uuid|guid|hostname|traceparent|cache_control|cacheControl)$/i;
/** Names of members whose text a model reads. They are never left out as a whole. */
const READ =
  /(?:^|[.\]])(?:content|text|input|prompt|system|instructions?|query|question|description|arguments|data|url|uri|b64_json|bytes|image\w*|file\w*|audio\w*|body|model|name|role|type)(?:\[\d+\])*$|^$/i;

/** Whether a member may be left out as a whole. */
export function canOmit(path: string): boolean {
  return !READ.test(path) && !/^(?:headers|form)[.[]/.test(path);
}

/** What changed at a difference; undefined if it may mean something to the model. */
export function changeAt(difference: Difference, asked: RecordedRequest): Change | undefined {
  const { path } = difference;
  const field = /^form(?:\.([\w-]+)|\["([^"]+)"\])(?:\[\d+\])?\.(file_name|content)$/.exec(path);
  if (/^headers[[.]|^(?:namespace|n|url)$/.test(path)) return undefined;
  const name = field?.[1] ?? field?.[2];
  const omitted = name === undefined ? path.replace(/\[\d+\]/g, "[*]") : name;
  const isFile = name !== undefined && isFilePart(asked, name);
  const isOmittable = !isFile && canOmit(path) && parseOmitPath(omitted) !== undefined;
  if (BOOKKEEPING.test(name ?? path) && !isFile) {
    return { what: "a member that only identifies the call", path, omit: [omitted] };
  }
  if (difference.kind === "changed" && isOmittable && [difference.recorded, difference.asked].every(isClockOrRandom)) {
    return { what: "a time or a random number", path, omit: [omitted] };
  }
  if (!isTextChange(difference) || isOpaque(difference.recorded) || isOpaque(difference.asked)) return undefined;
  const values = changingValues(difference.recorded, difference.asked);
  if (!values?.length) return undefined;
  const what = unique(values.map(({ what }) => what), String).join(", ");
  if (values.some(({ isWhole }) => isWhole)) {
    if (isOmittable && !field) return { what, path, omit: [omitted] };
    if (field?.[3] !== "file_name") return undefined;
  }
  return { what, path, normalize: values.map(({ normalization }) => normalization) };
}

function isFilePart({ body }: RecordedRequest, name: string): boolean {
  const parts = parseJson(body);
  return areRecordedParts(parts, body) && parts.some(([part, file]) => part === name && file !== null);
}

const OPAQUE_LENGTH = 64;

/** Whether a text is a picture, a sound or the like, as base64: parts of it are no values. */
export function isOpaque(text: string): boolean {
  return holdsPlaceholder(text) || /^data:|;base64,/.test(text) ||
    text.length >= OPAQUE_LENGTH && /^[\w+/=-]+$/.test(text);
}

function isClockOrRandom(value: unknown): boolean {
  if (typeof value !== "number") return false;
  const isClock = value > 1e9 && value < 3e9 || value > 1e12 && value < 3e12;
  return isClock || !Number.isInteger(value) && `${value}`.length >= 12;
}
