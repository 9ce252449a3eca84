import { REDACTED } from "./redact.ts";

/** The characters before which a key cannot begin. Base64 contains them, so keys are not found inside of it. */
const INSIDE_WORD = String.raw`[\w-]`;

/**
 * Makes the pattern of a key. The key must not follow a character of a word. It may follow a JSON escape such as `\n`,
 * or `%3D` of a URL, because texts are searched in their encoded forms.
 */
function keyShape(start: string, rest: string, flags = "y", inside = INSIDE_WORD): RegExp {
  const before = String.raw`(?<!${inside})|(?<=\\[bfnrt]|\\u[\da-fA-F]{4}|%[\da-fA-F]{2})`;
  return new RegExp(`(?:${before})${start}${rest}`, flags);
}

/** Ends of patterns: the key does not continue. */
const END = "(?![A-Za-z0-9])";
/** Starts of patterns: words without a digit are names. */
const DIGIT = "(?=[\\w-]{0,99}\\d)";

/** Keys with a prefix, as providers and secret scanners document them. One row has all prefixes with the same rest. */
const PREFIXED: readonly (readonly [prefixes: string, rest: string])[] = [
  ["xai-|pplx-|r8_|hf_|api_org_|gsk_|npm_|flp_|ntn_|lin_api_", "[A-Za-z0-9]{30,}"],
  ["fw_|up_|csk-", `${DIGIT}[A-Za-z0-9]{20,}`],
  ["nvapi-|tgp_v1_|vck_|wandb_v1_|cfut_|cfat_|pcsk_|figd_|GOCSPX-|dckr_pat_|dckr_oat_|hvs.|hvb.", "[\\w-]{24,}"],
  [
    "tvly-|sbp_|sb_secret_|vcp_|vci_|vca_|vcr_|sess-|ek_|nfp_|pul-|pscale_tkn_|pscale_pw_|CFPAT-|ops_eyJ|fm2_|NRAK-",
    `${DIGIT}[\\w-]{20,}`,
  ],
  ["pa-", `${DIGIT}[\\w-]{43}(?![\\w-])`],
  ["AIza", "[\\w-]{35}"],
  ["AQ.A|1//0|ATATT3|ATCTT3|pypi-AgE", "[\\w-]{40,}"],
  ["ya29.", "[\\w-][\\w.-]{19,}"],
  ["fc-|dapi|shpat_|shpca_|shppa_|shpss_", `[\\da-fA-F]{32}${END}`],
  ["cpk_|jina_|lsv2_pt_|lsv2_sk_|e2b_|dop_v1_|doo_v1_|dor_v1_", "[\\da-f]{32}[\\w.-]*"],
  ["v1:", `[A-Za-z0-9]{20,32}:[A-Za-z0-9]{20,32}${END}`],
  ["LLM|", "\\d{6,}\\|[\\w-]{16,}"],
  ["bce-v3/", "ALTAK[\\w-]{10,}/[\\da-f]{32,}"],
  // `sk-` has another rule, because words may follow a dash.
  ["re_", "[A-Za-z0-9]{6,12}_[A-Za-z0-9]{20,}"],
  ["sk_|rk_", `(?:(?:live|test|prod|car)_[A-Za-z0-9]{16,}|${DIGIT}[A-Za-z0-9]{32,})${END}`],
  ["bedrock-api-key-|whsec_|glsa_|glc_|sntrys_|sntryu_", "[\\w+/-]{24,}={0,2}"],
  ["AKIA|ASIA|ABIA|ACCA", `[A-Z0-9]{16}${END}`],
  ["ghp_|gho_|ghu_|ghs_|ghr_", "[A-Za-z0-9]{36,}"],
  ["github_pat_", "\\w{22,}"],
  ["glpat-|gldt-|glrt-|glrtr-|glcbt-|glptt-|glft-|glimt-|glagent-|gloas-|glsoat-", `${DIGIT}[\\w.-]{20,}`],
  ["xoxa-|xoxb-|xoxc-|xoxd-|xoxe-|xoxe.|xoxo-|xoxp-|xoxr-|xoxs-|xapp-", `${DIGIT}[\\w-]{10,}`],
  ["SG.", "[\\w-]{16,32}\\.[\\w-]{32,64}"],
  ["PMAK-|xkeysib-", "[\\da-f]{24,64}-\\w{16,}"],
  ["AGE-SECRET-KEY-1", "[A-Z0-9]{50,}"],
];

/** One shape of keys. */
interface KeyShape {
  /** What a key of this shape is. */
  readonly what: (key: string) => string;
  /** What its keys begin with. Their first three characters decide where the pattern is tried. */
  readonly starts: readonly string[];
  /** Has the flag `y`. From its start on, a key has {@linkcode SHORTEST_KEY} characters or more that are `OF_KEY`. */
  readonly pattern: RegExp;
  /** Whether its keys may begin within a word. */
  readonly isAnywhere: boolean;
}

function prefixed([prefixes, rest]: readonly [string, string]): KeyShape {
  const starts = prefixes.split(/\|(?=.)/);
  const start = starts.map((prefix) => prefix.replace(/[.|]/g, "\\$&")).join("|");
  const what = (key: string) => `a key (${starts.find((prefix) => key.startsWith(prefix)) ?? prefixes}…)`;
  return { what, starts, pattern: keyShape(`(?:${start})`, rest), isAnywhere: false };
}

/** Other keys, and what they begin with. */
type Row = readonly [what: string, starts: string, pattern: RegExp];

const AFTER_WORDS: readonly Row[] = [
  // Requires a digit or a long run of letters: "sk-spinner-wandering-cubes" is not a key.
  [
    "an API key (sk-…)",
    "rqsty-|sk-",
    keyShape("(?:rqsty-)?sk-", "(?=[\\w-]*\\d|[\\w-]*[a-z0-9]{16})[\\w-]{20,}", "iy"),
  ],
  // The signatures of examples are often shorter.
  ["a JWT (eyJ…)", "eyJ", keyShape("eyJ", "[\\w-]{10,}\\.eyJ[\\w-]{10,}\\.[\\w-]{40,}")],
  // Standard base64 may contain "ABSK".
  ["an Amazon Bedrock key (ABSK…)", "ABSK", keyShape("ABSK", "[A-Za-z0-9+/]{80,}={0,2}", "y", "[\\w+/-]")],
];

/** Keys that may begin within a word. Of the second to the fourth, the part before stays: it only names the key. */
const WITHIN_WORDS: readonly Row[] = [
  [
    "a connection string",
    "Account|SharedAccess|Access",
    /(?:Account|SharedAccess|Access)Key(?:=|%3D)[A-Za-z0-9+/%]{40,}={0,2}/iy,
  ],
  ["a Telegram bot token", ":AA", /(?<=(?<!\d)\d{8,10}):AA[\w-]{32,34}(?![\w-])/y],
  [
    "a fal key (UUID:…)",
    ":|%3A",
    /(?<=(?<![\w-])[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})(?::|%3A)[\da-f]{32}(?!\w)/y,
  ],
  ["a Z.ai key (….…)", ".", /(?<=(?<![\w./-])[\da-f]{32})\.(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{16}(?![\w.])/y],
  [
    "an AWS secret access key",
    "secret",
    /secret_?access_?key(?:\\?["'])?\s{0,3}[:=]\s{0,3}(?:\\?["'])?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/iy,
  ],
  [
    "a webhook",
    "hooks.|discord",
    /(?:hooks\.slack\.com\/(?:services|workflows|triggers)|discord(?:app)?\.com\/api\/webhooks)\/[\w/-]{20,}/y,
  ],
];

const rowShape = (isAnywhere: boolean) => ([what, starts, pattern]: Row): KeyShape => {
  return { what: () => what, starts: starts.split("|"), pattern, isAnywhere };
};
const SHAPES: readonly KeyShape[] = [
  ...PREFIXED.map(prefixed),
  ...AFTER_WORDS.map(rowShape(false)),
  ...WITHIN_WORDS.map(rowShape(true)),
];

/** Keys that are found by a rare mark in them, and not by their start. */
const MARKED: readonly (readonly [what: string, mark: string, pattern: RegExp])[] = [
  ["an Azure client secret (…Q~…)", "Q~", /Q~(?<=(?<![\w.~-])[\w.~-]{3}\dQ~)[\w.~-]{31,34}(?![\w.~-])/g],
  [
    "an Azure key (…JQQJ9…)",
    "JQQJ9",
    /(?<![A-Za-z0-9+/])[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9]{26}(?![A-Za-z0-9+/])/g,
  ],
  // Public keys and certificates are not secret.
  [
    "a PEM block",
    "BEGIN ",
    /-----BEGIN (?![A-Z0-9 ]*(?:PUBLIC KEY|CERTIFICATE))([A-Z0-9 ]{1,40})-----(?:(?!-----)[^]){0,20000}-----END \1-----/g,
  ],
];

/** All patterns, for tests. */
export const keyPatterns: readonly RegExp[] = [...SHAPES.map(({ pattern }) => pattern), ...MARKED.map((row) => row[2])];

/** A text that looks like a key. */
interface FoundKey {
  readonly what: string;
  readonly key: string;
  readonly at: number;
}

/** Finds keys, shape by shape, each in the order of the text. */
function findKeys(text: string): FoundKey[] {
  const found = new Map<KeyShape, FoundKey[]>();
  eachStart(text, (at, shapes) => {
    for (const shape of shapes) {
      const keys = found.get(shape);
      const last = keys?.at(-1);
      if (last && at < last.at + last.key.length) continue;
      shape.pattern.lastIndex = at;
      const key = shape.pattern.exec(text)?.[0];
      if (key === undefined) continue;
      const one = { what: shape.what(key), key, at };
      if (keys) keys.push(one);
      else found.set(shape, [one]);
    }
  });
  const marked = MARKED.filter(([, mark]) => text.includes(mark)).flatMap(([what, , pattern]) =>
    Array.from(text.matchAll(pattern), ({ 0: key, index: at }) => ({ what, key, at }))
  );
  const started = found.size ? SHAPES.flatMap((shape) => found.get(shape) ?? []) : [];
  return [...started, ...marked];
}

/** Redacts text that looks like a key. */
export function hideKeys(text: string): string {
  const keys = findKeys(text).sort((a, b) => a.at - b.at);
  if (keys.length === 0) return text;
  let [hidden, end] = ["", 0];
  for (const { key, at } of keys) {
    if (at >= end) hidden += text.slice(end, at) + REDACTED;
    end = Math.max(end, at + key.length);
  }
  return hideKeys(hidden + text.slice(end)); // a key may begin where another one ended
}

/** The texts that look like keys, by what they are: `a key (xai-…)`. */
export function keysIn(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { what, key } of findKeys(text)) {
    const keys = found.get(what) ?? [];
    keys.push(key);
    found.set(what, keys);
  }
  return found;
}

const SHORTEST_KEY = 15;

/** Bits of ASCII characters. */
const OF_KEY = 1, OF_WORD = 2, HEX_DIGIT = 4, SEPARATOR = 8;
const BITS = new Uint8Array(256);
const DIGITS = "0123456789";
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
for (
  const [characters, bit] of [
    [`${DIGITS}${LETTERS}_-+/%.~:|=`, OF_KEY],
    [`${DIGITS}${LETTERS}_-`, OF_WORD],
    [`${DIGITS}abcdef`, HEX_DIGIT],
    [".:", SEPARATOR],
  ] as const
) for (const character of characters) (BITS[character.charCodeAt(0)] as number) |= bit;

/** The shapes whose keys have the same three first characters. */
interface Start {
  readonly shapes: KeyShape[];
  isAnywhere: boolean;
}

/** Keys that begin with a separator follow hex digits. */
const AFTER_HEX: Start = { shapes: [], isAnywhere: true };
const STARTS: (Start | undefined)[] = [undefined];
/** By the lowest five bits of three characters, a place in `STARTS`; 0 if no key begins so. */
const START_PLACES = new Uint8Array(1 << 15);

for (const shape of SHAPES) {
  for (const start of shape.starts) {
    const code = (start.charCodeAt(0) & 31) << 10 | (start.charCodeAt(1) & 31) << 5 | start.charCodeAt(2) & 31;
    const known = start.length === 1 ? AFTER_HEX : STARTS[START_PLACES[code] as number];
    const group = known ?? { shapes: [], isAnywhere: false };
    if (!known) START_PLACES[code] = STARTS.push(group) - 1;
    if (group.shapes.at(-1) !== shape) group.shapes.push(shape);
    group.isAnywhere ||= shape.isAnywhere;
  }
}

type FoundStart = (at: number, shapes: readonly KeyShape[]) => void;

/** A text is searched in pieces of this length, as bytes: V8 reads the characters of a string at half the speed. */
const PIECE_LENGTH = 1 << 14;
/** Pieces overlap, so that one of them contains the start of each key, and what precedes it. */
const OVERLAP = 64;
/** Zeros before a piece, so that no byte before it is undefined. */
const MARGIN = 8;
const bytes = new Uint8Array(MARGIN + PIECE_LENGTH + 1);
const piece = bytes.subarray(MARGIN);
const encoder = new TextEncoder();

/** Calls a function for each place where a key may begin, in the order of the text; perhaps twice. */
function eachStart(text: string, found: FoundStart): void {
  for (let from = 0; from + SHORTEST_KEY <= text.length; from += PIECE_LENGTH - OVERLAP) {
    const part = text.slice(from, from + PIECE_LENGTH);
    const { read, written } = encoder.encodeInto(part, piece);
    const isAscii = read === part.length && written === part.length;
    // No other character belongs to a key or to a word.
    for (let at = 0; !isAscii && at < part.length; at++) {
      const unit = part.charCodeAt(at);
      piece[at] = unit < 128 ? unit : 0;
    }
    piece[part.length] = 0;
    searchPiece(MARGIN + part.length, (at, shapes) => found(from + at - MARGIN, shapes));
  }
}

/** Looks at every 15th character, and at its neighbours until they cannot be a key. */
function searchPiece(end: number, found: FoundStart): void {
  const [text, bits] = [bytes, BITS]; // faster than variables of the module
  for (let at = MARGIN + SHORTEST_KEY - 1; at < end; at += SHORTEST_KEY) {
    let start = at;
    while ((bits[text[start] as number] as number) & OF_KEY && start > at - SHORTEST_KEY) start--;
    if (start !== at) {
      const least = start + SHORTEST_KEY + 1;
      let last = at + 1;
      while ((bits[text[last] as number] as number) & OF_KEY && last < least) last++;
      if (last === least) at = searchRun(start + 1, found);
    }
  }
}

/** @returns The end of the characters of keys. */
function searchRun(start: number, found: FoundStart): number {
  const [text, bits, places] = [bytes, BITS, START_PLACES];
  let at = start;
  let code = 0;
  for (let own = bits[text[at] as number] as number; own & OF_KEY; own = bits[text[++at] as number] as number) {
    code = (code << 5 | (text[at] as number) & 31) & 0x7fff;
    const place = places[code] as number;
    if (place !== 0 && at >= start + 2) {
      const { shapes, isAnywhere } = STARTS[place] as Start;
      if (isAnywhere || mayBegin(at - 2)) found(at - 2, shapes);
    }
    if (own & SEPARATOR && bitsAt(at - 1) & bitsAt(at - 2) & bitsAt(at - 3) & HEX_DIGIT) found(at, AFTER_HEX.shapes);
  }
  return at;
}

function bitsAt(at: number): number {
  return BITS[bytes[at] as number] as number;
}

/** Whether a key may begin here: not within a word, unless after an escape; see `keyShape()`. */
function mayBegin(at: number): boolean {
  return !(bitsAt(at - 1) & OF_WORD) || bytes[at - 2] === BACKSLASH || bytes[at - 6] === BACKSLASH ||
    bytes[at - 3] === PERCENT;
}

const BACKSLASH = 0x5c;
const PERCENT = 0x25;
