import { framingOf, streamParser } from "../lib/framing.ts";
import { asRecord, canonicalString } from "../lib/json.ts";
import { isSecretName, REDACTED } from "./redact.ts";

/** A secret whose value is known: an environment variable, or a header of the request. */
export interface Credential {
  /** The name of the variable, or `header NAME`. */
  readonly name: string;
  /** The value as it appears in texts, JSON and URLs, the longest form first. */
  readonly forms: readonly string[];
}

/** In characters. Shorter values may be words, which prompts may contain by chance. */
const SHORTEST_SECRET = 12;

/** Names of environment variables whose values are credentials. */
const CREDENTIAL_VARIABLE =
  /(?<!MON|DON|TUR|HOC|JOC|WHIS)KEYS?\d*(?:_|$)|TOKENS?\d*(?:_|$)|SECRET|PASSWORD|PASSWD|PASSPHRASE|(?:^|_)(?:PASS|PWD|PAT|AUTH|CREDENTIALS?|CREDS|APIKEY|BEARER|COOKIE|SAS)\d*$|CONNECTION_?STRING|CONN_STR|WEBHOOK/i;
/** Names of variables whose values are URLs. They may contain a password. */
const URL_VARIABLE = /(?:URL|URI|DSN|ENDPOINT|PROXY)\d*$/i;
/** Names of variables that only locate or name a credential. */
const HARMLESS_VARIABLE = /^(?:OLD)?PWD$|_(?:FILE|PATH|DIR|URL|NAME|SOCK|HEADER|TYPE|METHOD)$/i;

/** Whether an environment variable of this name holds a credential. */
export function isCredentialVariable(name: string): boolean {
  return CREDENTIAL_VARIABLE.test(name) && !HARMLESS_VARIABLE.test(name);
}

/** The credentials among environment variables, the longest value first, because it may contain a shorter one. */
export function credentialsOf(variables: Iterable<readonly [name: string, value: string]>): Credential[] {
  return credentialsIn(
    [...variables].map(([name, value]) =>
      [name, isCredentialVariable(name) ? value : passwordOf(name, value)] as const
    ),
  );
}

function credentialsIn(values: readonly (readonly [name: string, value: string])[]): Credential[] {
  return values
    .filter(([, value]) => value.length >= SHORTEST_SECRET)
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([name, value]) => {
      return { name, forms: [...new Set(formsOf(value))].sort((a, b) => b.length - a.length) };
    });
}

/** The credentials in the headers of a request, without their scheme. A response may repeat them. */
export function credentialsOfHeaders(headers: Iterable<readonly [name: string, value: string]>): Credential[] {
  return credentialsIn(
    [...headers].filter(([name]) => isSecretName(name)).map(([name, value]) => [
      `header ${name}`,
      value.replace(/^[A-Za-z]+ +/, ""),
    ]),
  );
}

/** The password in the URL of a variable such as `DATABASE_URL`; empty for a URL without one. */
function passwordOf(name: string, value: string): string {
  return URL_VARIABLE.test(name) ? /^[a-z][\w+.-]*:\/\/[^/?#\s]*?:([^/?#\s]*)@/i.exec(value)?.[1] ?? "" : "";
}

/** The forms of a value: as it is, in URLs, in forms, in JSON (as Unicode and as ASCII), and in JSON within JSON. */
function formsOf(value: string): string[] {
  const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
  const ascii = canonicalString(value).slice(1, -1);
  const form = new URLSearchParams([["", value]]).toString().slice(1);
  return [value, encodeURIComponent(value), form, inJson(value), ascii, inJson(inJson(value)), inJson(ascii)];
}

/** Redacts the values of credentials, and text that looks like a key. */
export function hideInText(text: string, credentials: readonly Credential[]): string {
  const forms = credentials.flatMap(({ forms }) => forms);
  return hideKeys(forms.reduce((hidden, form) => hidden.replaceAll(form, REDACTED), text));
}

/** The characters before which a key cannot begin. Base64 contains them, so keys are not found inside of it. */
const INSIDE_WORD = String.raw`[\w-]`;

/**
 * Makes the pattern of a key. The key must not follow a character of a word. It may follow a JSON escape such as `\n`,
 * or `%3D` of a URL, because texts are searched in their encoded forms.
 *
 * The pattern checks the preceding characters after `start`. On Node 20, a pattern that begins with this check is twenty
 * times as slow.
 */
function keyShape(start: string, rest: string, flags = "g", inside = INSIDE_WORD): RegExp {
  const before = String.raw`(?:(?<!${inside})|\\[bfnrt]|\\u[\da-fA-F]{4}|%[\da-fA-F]{2})`;
  return new RegExp(`${start}(?<=${before}${start})${rest}`, flags);
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

/** What a key is, and its pattern. */
type KeyShape = readonly [what: (key: string) => string, pattern: RegExp];

function prefixed([prefixes, rest]: readonly [string, string]): KeyShape {
  const all = prefixes.split(/\|(?=.)/);
  const start = all.map((prefix) => prefix.replace(/[.|]/g, "\\$&")).join("|");
  return [
    (key) => `a key (${all.find((prefix) => key.startsWith(prefix)) ?? prefixes}…)`,
    keyShape(`(?:${start})`, rest),
  ];
}

const OTHER_SHAPES: readonly (readonly [what: string, pattern: RegExp])[] = [
  // Requires a digit or a long run of letters: "sk-spinner-wandering-cubes" is not a key.
  ["an API key (sk-…)", keyShape("(?:rqsty-)?sk-", "(?=[\\w-]*\\d|[\\w-]*[a-z0-9]{16})[\\w-]{20,}", "gi")],
  // The signatures of examples are often shorter.
  ["a JWT (eyJ…)", keyShape("eyJ", "[\\w-]{10,}\\.eyJ[\\w-]{10,}\\.[\\w-]{40,}")],
  // Standard base64 may contain "ABSK".
  ["an Amazon Bedrock key (ABSK…)", keyShape("ABSK", "[A-Za-z0-9+/]{80,}={0,2}", "g", "[\\w+/-]")],
  ["a connection string", /(?:Account|SharedAccess|Access)Key(?:=|%3D)[A-Za-z0-9+/%]{40,}={0,2}/gi],
  [
    "an AWS secret access key",
    /secret_?access_?key(?:\\?["'])?\s{0,3}[:=]\s{0,3}(?:\\?["'])?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/gi,
  ],
  // Of the next four, the part before the secret one stays: it only names the key.
  ["an Azure client secret (…Q~…)", /Q~(?<=(?<![\w.~-])[\w.~-]{3}\dQ~)[\w.~-]{31,34}(?![\w.~-])/g],
  [
    "a fal key (UUID:…)",
    /(?::|%3A)(?=[\da-f]{32}(?!\w))(?<=(?<![\w-])[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?::|%3A))[\da-f]{32}/g,
  ],
  ["a Z.ai key (….…)", /\.(?<=(?<![\w./-])[\da-f]{32}\.)(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{16}(?![\w.])/g],
  ["a Telegram bot token", /:AA(?<=(?<!\d)\d{8,10}:AA)[\w-]{32,34}(?![\w-])/g],
  [
    "a webhook",
    /(?:hooks\.slack\.com\/(?:services|workflows|triggers)|discord(?:app)?\.com\/api\/webhooks)\/[\w/-]{20,}/g,
  ],
  // Public keys and certificates are not secret.
  [
    "a PEM block",
    /-----BEGIN (?![A-Z0-9 ]*(?:PUBLIC KEY|CERTIFICATE))([A-Z0-9 ]{1,40})-----(?:(?!-----)[^]){0,20000}-----END \1-----/g,
  ],
];

const KEY_SHAPES: readonly KeyShape[] = [
  ...PREFIXED.map(prefixed),
  ...OTHER_SHAPES.map(([what, pattern]): KeyShape => [() => what, pattern]),
];

/** Newer keys of Azure. The pattern is slow, so it is applied only to texts that contain the mark of such keys. */
const AZURE_MARK = "JQQJ9";
const AZURE_KEY: KeyShape = [
  () => "an Azure key (…JQQJ9…)",
  /(?<![A-Za-z0-9+/])[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9]{26}(?![A-Za-z0-9+/])/g,
];

function shapesFor(text: string): readonly KeyShape[] {
  return text.includes(AZURE_MARK) ? [...KEY_SHAPES, AZURE_KEY] : KEY_SHAPES;
}

function hideKeys(text: string): string {
  return shapesFor(text).reduce((hidden, [, pattern]) => hidden.replace(pattern, REDACTED), text);
}

/** The texts that look like keys, by what they are: `a key (xai-…)`. */
export function keysIn(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [what, pattern] of shapesFor(text)) {
    for (const [key] of text.matchAll(pattern)) found.set(what(key), [...found.get(what(key)) ?? [], key]);
  }
  return found;
}

/** In bytes or characters. Longer streams are not searched, because the caller would wait for the search. */
const LONGEST_STREAM = 8_000_000;

/**
 * Joins the pieces of the texts that a stream sends: each event contains a word or less.
 *
 * @returns One text for each place in the events that contains strings; empty if the body is not a stream.
 */
export function joinedTexts(contentType: string, body: string | Uint8Array): string[] {
  if (body.length > LONGEST_STREAM) return [];
  const { framing, events } = eventsOf(contentType, body);
  if (!events) return [];
  const places = newPlace();
  for (const { name, text, data } of events) {
    const record = asRecord(data);
    // Data that is not an object is a piece of plain text, even if it is a JSON number.
    if (typeof data !== "object" || data === null) collectStrings(text, memberOf(places, name));
    collectStrings(data, memberOf(places, `${name} ${record?.type ?? ""}`));
  }
  // A search of the body finds a text with a single piece, unless a frame contains it as base64.
  const least = framing === "frames" ? 1 : 2;
  return joinedIn(places, least);
}

/** A place in the events: the pieces of its text, and the places below it. */
interface Place {
  readonly pieces: string[];
  /** Whether the pieces differ. Ids and names of models are the same in all events, so that joining them is useless. */
  differ: boolean;
  readonly members: Map<string, Place>;
}

function newPlace(): Place {
  return { pieces: [], differ: false, members: new Map() };
}

function memberOf({ members }: Place, name: string): Place {
  const known = members.get(name);
  if (known) return known;
  const place = newPlace();
  members.set(name, place);
  return place;
}

/** Adds the strings of a value to a place and to those below it. */
function collectStrings(value: unknown, place: Place): void {
  if (typeof value === "string") {
    place.differ ||= place.pieces.length > 0 && value !== place.pieces[0];
    place.pieces.push(value);
  } else if (typeof value === "object" && value !== null) {
    for (const name in value) collectStrings((value as Record<string, unknown>)[name], memberOf(place, name));
  }
}

function joinedIn({ pieces, differ, members }: Place, least: number): string[] {
  const own = pieces.length >= least && (differ || pieces.length === 1) ? [pieces.join("")] : [];
  return [...own, ...[...members.values()].flatMap((member) => joinedIn(member, least))];
}

/** The framing of a body, and its events; undefined if it is not a stream. */
export function eventsOf(contentType: string, body: string | Uint8Array) {
  const framing = framingOf(contentType, () => body);
  const parser = streamParser(framing);
  return { framing, events: parser && [...parser.push(body), ...parser.end()] };
}
