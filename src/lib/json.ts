import { utf8Length } from "./bytes.ts";

/** Parses JSON text; undefined if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns a JSON object as a record, and undefined for any other value. */
export function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : undefined;
}

/** The items of a list that are JSON objects; empty if the value is not a list. */
export function recordsIn(list: unknown): Record<string, unknown>[] {
  const items: unknown[] = Array.isArray(list) ? list : [];
  return items.map(asRecord).filter((item) => item !== undefined);
}

/** Changes to make while JSON is made canonical. The functions receive decoded names and strings. */
export interface JsonRewrite {
  /** Receives the names of all members, as canonical JSON writes them between the quotes. */
  readonly names?: Set<string>;
  /**
   * Returns the replacement of a string value. Not called for member names.
   *
   * @param path The member names that lead to the value, without array positions.
   */
  readonly string?: ((value: string, path: readonly string[]) => string) | undefined;
  /** Returns a string to replace the whole value of a member, null to leave the member out, or undefined to keep it. */
  readonly member?: (path: readonly string[]) => string | null | undefined;
}

/** JSON with more levels is not made canonical. Python fails at about the same depth. */
const MAX_DEPTH = 900;

/**
 * Rewrites JSON text as Python's `json.dumps(json.loads(text), sort_keys=True)` prints it. Members are sorted by code
 * point; of members with the same name, only the last is kept. The separators are `", "` and `": "`. Characters outside
 * ASCII are escaped. Integers keep all digits, and floats are printed as by Python's `repr`.
 *
 * It scans the text, because `JSON.parse` returns the same number for different texts (`1` and `1.0`,
 * `9007199254740992` and `9007199254740993`).
 *
 * @param text JSON text that `JSON.parse` accepts. For any other text the result is arbitrary.
 * @param rewrite Changes to make.
 * @returns The canonical text, or undefined if the text is nested too deeply.
 */
export function canonicalJson(text: string, rewrite: JsonRewrite = {}): string | undefined {
  const scanner: Scanner = { text, at: 0, path: [], depth: 0, rewrite, isPlain: isPlain(text) };
  try {
    return scanValue(scanner);
  } catch (error) {
    if (error === TOO_DEEP) return undefined;
    throw error;
  }
}

/** Quotes a string as Python's `json.dumps` does: like `JSON.stringify`, but with characters outside ASCII escaped. */
export function canonicalString(value: string): string {
  const quoted = JSON.stringify(value);
  return ASCII.test(quoted) ? quoted : quoted.replace(BEYOND_ASCII, escapeUnit);
}

interface Scanner {
  readonly text: string;
  /** Whether every string of the text is in its canonical form. Otherwise each string is checked. */
  readonly isPlain: boolean;
  at: number;
  depth: number;
  readonly path: string[];
  readonly rewrite: JsonRewrite;
}

const TOO_DEEP = Symbol("too deep");
const QUOTE = 0x22,
  COMMA = 0x2c,
  OPEN_BRACKET = 0x5b,
  CLOSE_BRACKET = 0x5d,
  OPEN_BRACE = 0x7b,
  CLOSE_BRACE = 0x7d;
const BACKSLASH = 0x5c;

/** Printable ASCII. */
const ASCII = /^[ -~]*$/;
const BEYOND_ASCII = /[\x7f-\uffff]/g;

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function skipSpace(scanner: Scanner): number {
  let code = scanner.text.charCodeAt(scanner.at);
  while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
    code = scanner.text.charCodeAt(++scanner.at);
  }
  return code;
}

function scanValue(scanner: Scanner): string {
  switch (skipSpace(scanner)) {
    case OPEN_BRACE:
      return nested(scanner, scanObject);
    case OPEN_BRACKET:
      return nested(scanner, scanArray);
    case QUOTE:
      return scanString(scanner);
    default:
      return scanLiteral(scanner);
  }
}

function nested(scanner: Scanner, scan: (scanner: Scanner) => string): string {
  if (++scanner.depth > MAX_DEPTH) throw TOO_DEEP;
  scanner.at++;
  const canonical = scan(scanner);
  scanner.at++;
  scanner.depth--;
  return canonical;
}

function scanArray(scanner: Scanner): string {
  let items = "[";
  while (skipSpace(scanner) !== CLOSE_BRACKET) {
    items += items === "[" ? scanValue(scanner) : `, ${scanValue(scanner)}`;
    if (skipSpace(scanner) === COMMA) scanner.at++;
  }
  return `${items}]`;
}

/** The members of an object, by place. Up to `FEW` of them are sorted when they are read. */
interface Members {
  /** Without quotes. */
  readonly names: string[];
  readonly values: string[];
}

/** Most objects of a request have fewer members. For more, inserting them one by one takes longer than sorting. */
const FEW = 16;

function scanObject(scanner: Scanner): string {
  const members: Members = { names: [], values: [] };
  let isSorted = true;
  while (skipSpace(scanner) !== CLOSE_BRACE) {
    const quoted = canonicalSource(scanner, sliceString(scanner));
    skipSpace(scanner);
    scanner.at++; // the colon
    const value = scanMember(scanner, quoted);
    if (skipSpace(scanner) === COMMA) scanner.at++;
    if (value === undefined) continue;
    const name = quoted.slice(1, -1);
    scanner.rewrite.names?.add(name);
    insert(members, name, value);
    if (members.names.length > FEW || name.includes("\\")) isSorted = false;
  }
  return writeObject(isSorted ? members : sorted(members));
}

function insert({ names, values }: Members, name: string, value: string): void {
  let place = names.length;
  if (place < FEW) {
    for (; place > 0 && name < (names[place - 1] as string); place--) {
      names[place] = names[place - 1] as string;
      values[place] = values[place - 1] as string;
    }
  }
  names[place] = name;
  values[place] = value;
}

/** In the order of code points. JavaScript compares UTF-16 units, which puts U+1F600 before U+FF5E. */
function sorted({ names, values }: Members): Members {
  const isEscaped = names.some((name) => name.includes("\\"));
  const decoded = isEscaped ? names.map((name) => [...JSON.parse(`"${name}"`) as string]) : [];
  const compare = isEscaped
    ? (a: number, b: number) => byCodePoints(decoded[a] ?? [], decoded[b] ?? [])
    : (a: number, b: number) => names[a] === names[b] ? 0 : (names[a] as string) < (names[b] as string) ? -1 : 1;
  const places = Array.from(names.keys()).sort((a, b) => compare(a, b) || a - b);
  return { names: places.map((at) => names[at] as string), values: places.map((at) => values[at] as string) };
}

function writeObject({ names, values }: Members): string {
  let written = "{";
  for (let at = 0; at < names.length; at++) {
    if (names[at] === names[at + 1]) continue; // of members with the same name, the last one counts
    if (written !== "{") written += ", ";
    written += `"${names[at]}": ${values[at]}`;
  }
  return `${written}}`;
}

function byCodePoints(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((character, index) => character !== b[index]);
  if (at === -1) return a.length - b.length;
  return (a[at]?.codePointAt(0) ?? -1) - (b[at]?.codePointAt(0) ?? -1);
}

/** Undefined if the member is left out. */
function scanMember(scanner: Scanner, name: string): string | undefined {
  const { path, rewrite } = scanner;
  if (!rewrite.member && !rewrite.string) return scanValue(scanner);
  path.push(JSON.parse(name));
  const replaced = rewrite.member?.(path);
  const canonical = scanValue(scanner);
  path.pop();
  if (replaced === null) return undefined;
  return replaced === undefined ? canonical : canonicalString(replaced);
}

function scanString(scanner: Scanner): string {
  const source = sliceString(scanner);
  const { string } = scanner.rewrite;
  return string ? canonicalString(string(JSON.parse(source), scanner.path)) : canonicalSource(scanner, source);
}

/** Whether all strings of a JSON text are canonical: in ASCII text, only `\u`, `\/` and DEL have another canonical form. */
function isPlain(text: string): boolean {
  return utf8Length(text) === text.length && !text.includes("\\u") && !text.includes("\\/") && !text.includes("\x7f");
}

function canonicalSource({ isPlain: isCanonical }: Scanner, source: string): string {
  return isCanonical || isPlain(source) ? source : canonicalString(JSON.parse(source));
}

/** The text of the string at the scanner's position, with its quotes. */
function sliceString(scanner: Scanner): string {
  const { text, at } = scanner;
  let end = text.indexOf('"', at + 1);
  while (text.charCodeAt(end - 1) === BACKSLASH && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  scanner.at = end + 1;
  return text.slice(at, end + 1);
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}

/** A number, `true`, `false` or `null`. */
function scanLiteral(scanner: Scanner): string {
  const { text, at } = scanner;
  let end = at + 1;
  while (isLiteralUnit(text.charCodeAt(end))) end++;
  scanner.at = end;
  const source = text.slice(at, end);
  if (source === "-0") return "0";
  return /[.eE]/.test(source) && /^[-\d]/.test(source) ? pythonFloat(Number(source)) : source;
}

/** Whether a character belongs to a number or a word: letters, digits, `.`, `+` and `-`. */
function isLiteralUnit(unit: number): boolean {
  return unit > 0x2c && unit !== CLOSE_BRACKET && unit !== CLOSE_BRACE ||
    unit === 0x2b;
}

/** Prints a float as Python's `repr` does: with a point or an exponent, and at least two digits in the exponent. */
function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [digits = "", exponent = ""] = value.toExponential().split("e");
    return `${digits}e${exponent.charAt(0)}${exponent.slice(1).padStart(2, "0")}`;
  }
  const plain = `${value}`; // in this range, JavaScript prints no exponent
  return plain.includes(".") ? plain : `${plain}.0`;
}
