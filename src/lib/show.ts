import { isStderrTerminal, readVariable } from "./environment.ts";

/** A value for a message, shortened. */
export function show(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "number" || value instanceof RegExp) return String(value);
  try {
    // JSON has neither regular expressions nor functions.
    if (Array.isArray(value)) return `[${value.map(show).join(",")}]`.slice(0, 80);
    return (JSON.stringify(value) ?? String(value)).slice(0, 80);
  } catch {
    return String(value);
  }
}

type Unit = readonly [name: string, size: number];

const BYTES: readonly Unit[] = [["B", 1], ["kB", 1e3], ["MB", 1e6], ["GB", 1e9]];
const TIMES: readonly Unit[] = [["ms", 1], ["s", 1e3], ["min", 6e4], ["h", 36e5]];

/** Formats a number of bytes: `812 B`, `1.2 kB`, `7.0 MB`. */
export function showBytes(bytes: number): string {
  return showIn(BYTES, bytes, bytes < 999.5 ? 0 : 1);
}

/** Formats a duration in milliseconds: `0.4 ms`, `848 ms`, `1.2 s`, `3.5 min`. */
export function showTime(ms: number): string {
  return showIn(TIMES, ms, ms < 9.95 || ms >= 999.5 ? 1 : 0);
}

/** Formats US dollars: `$12.30`, and less than a dollar with two digits that count: `$0.25`, `$0.000042`. */
export function showDollars(usd: number): string {
  if (usd >= 0.995 || usd === 0) return `$${usd.toFixed(2)}`;
  return `$${usd.toFixed(Math.max(2, 1 - Math.floor(Math.log10(usd))))}`;
}

/** Formats a value in the largest unit that gives at least 1 after rounding. */
function showIn(units: readonly Unit[], value: number, digits: number): string {
  const [name, size] = units.findLast(([, size]) => value >= size * 0.9995) ?? units[0] as Unit;
  return `${(value / size).toFixed(digits)} ${name}`;
}

/** A count with its noun: `1 line`, `2 lines`, `2 entries`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/**
 * A hint for an unknown name: the most similar known name, or all known names.
 *
 * @param title The heading of the known names, such as "Known options".
 */
export function hintAt(name: string, known: readonly string[], title: string): string {
  const [best] = known.map((known) => ({ known, distance: distance(name.toLowerCase(), known.toLowerCase()) }))
    .filter(({ distance }) => distance <= 2)
    .sort((a, b) => a.distance - b.distance);
  return best ? `Did you mean "${best.known}"?` : `${title}: ${known.join(", ")}.`;
}

/** The edit distance: how many letters to add, remove or replace. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The codes of ECMA-48 that turn a color or weight on and off. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

/** A color or weight of terminal text. */
export type Color = keyof typeof CODES;

/**
 * Colors a text.
 *
 * @param isColored Whether to color it; by default, whether stderr wants colors.
 */
export function paint(text: string, color: Color, isColored: boolean = wantsColors()): string {
  const [on, off] = CODES[color];
  return isColored ? `\x1b[${on}m${text}\x1b[${off}m` : text;
}

/**
 * Whether to write colors to a stream: only if it is a terminal and NO_COLOR is empty (no-color.org). Deno states
 * NO_COLOR also if it does not grant access to the environment.
 *
 * @param isTerminal Whether the stream is a terminal; by default, whether stderr is one.
 */
export function wantsColors(isTerminal: boolean = isStderrTerminal()): boolean {
  const { Deno } = globalThis as { readonly Deno?: { readonly noColor?: boolean } };
  return isTerminal && Deno?.noColor !== true && readVariable("NO_COLOR").value === undefined;
}

/** Characters that are not seen: control characters, those without a width, and marks of the direction of writing. */
const UNSEEN = /[\p{Cc}\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]/u;
/** Spaces other than the usual one. */
const SPACE = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/u;

/**
 * Writes a text as JSON, with the code points of characters that are not seen: `"a\u200bb"`.
 *
 * @param isAscii Whether to do so for all characters outside of ASCII, as for texts that look alike.
 */
export function showText(text: string, isAscii = false): string {
  return [...JSON.stringify(text)].map((character) => {
    const isHidden = UNSEEN.test(character) || SPACE.test(character) || (isAscii && character > "~");
    if (!isHidden) return character;
    const hex = (character.codePointAt(0) ?? 0).toString(16);
    return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
  }).join("");
}

/** Letters and signs that look like others, and those that they look like. */
const LOOK_ALIKES =
  "аaеeоoрpсcхxуyіiјjѕsԁdһhԛqԝwьbАAВBЕEЗ3ІIЈJКKМMНHОOРPСCТTХXУYЅSαaοoνvρpιiκkΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX" +
  "‐-‑-‒-–-—-―-−-‘'’'ʼ'′'“\"”\"„\"″\"·.•.⁄/∕/∶:꞉:‚,";
const FOLDED: ReadonlyMap<string, string> = new Map(
  [...LOOK_ALIKES].flatMap((character, at, all) => at % 2 === 0 ? [[character, all[at + 1] ?? ""] as const] : []),
);

/** In characters. */
const LONGEST_COMPARED = 100_000;

/** What two texts differ in that a reader does not see: `NFC and NFD`; undefined if they look different. */
export function unseenDifference(a: string, b: string): string | undefined {
  if (/^[\n\t -~]*$/.test(a + b) || a.length + b.length > LONGEST_COMPARED) return undefined;
  const steps: (readonly [what: string, change: (text: string) => string])[] = [
    ["line ends (CR LF and LF)", (text) => text.replace(/\r\n?/g, "\n")],
    ["composed and decomposed characters (NFC and NFD)", (text) => text.normalize("NFC")],
    ["kinds of spaces", (text) => text.replace(new RegExp(SPACE, "gu"), " ")],
    ["characters that are not seen", (text) => text.replace(new RegExp(`(?![\\n\\t])${UNSEEN.source}`, "gu"), "")],
    ["characters that look alike", (text) => [...text.normalize("NFKC")].map((at) => FOLDED.get(at) ?? at).join("")],
  ];
  const found: string[] = [];
  for (const [what, change] of steps) {
    const [changedA, changedB] = [change(a), change(b)];
    const isNearer = a !== changedA || b !== changedB;
    [a, b] = [changedA, changedB];
    if (isNearer) found.push(what);
    if (a === b) return found.join(", ");
  }
  return undefined;
}

/** A pattern for a text. */
export function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** The items without those of the same name. */
export function unique<Item>(items: readonly Item[], nameOf: (item: Item) => string): Item[] {
  return [...new Map(items.map((item) => [nameOf(item), item])).values()];
}

/** How messages name options: for a program that calls cachy, or for the command line. */
export interface Wording {
  /**
   * An option with its value, such as `{ mode: "auto" }`, or its name alone, such as `"mode"`.
   *
   * @returns Undefined if there is no such option.
   */
  option(name: string, value?: string | boolean): string | undefined;
  /** The option that adds a host to the known LLM APIs. */
  domain(host: string): string;
  /** A text or pattern, and the text that replaces it in the key. */
  normalize(pairs: readonly (readonly [pattern: string | RegExp, replacement: string])[]): string;
  /** Members that are left out of the key. */
  omit(paths: readonly string[]): string;
  /** What to do if no request reached cachy. */
  readonly unused: string;
}

/** The wording for JavaScript and TypeScript. */
export const IN_CODE: Wording = {
  option: (name, value) => value === undefined ? `"${name}"` : `{ ${name}: ${JSON.stringify(value)} }`,
  domain: (host) => `domains: [...defaultDomains, "${host}"]`,
  normalize(pairs) {
    const shown = pairs.map(([pattern, replacement]) => {
      const left = typeof pattern === "string" ? JSON.stringify(pattern) : showPattern(pattern);
      return `[${left}, ${JSON.stringify(replacement)}]`;
    });
    return `normalize: [${shown.join(", ")}]`;
  },
  omit: (paths) => `omit: [${paths.map((path) => JSON.stringify(path)).join(", ")}]`,
  unused:
    'debug is on, but no request to an LLM API in "domains" used the fetch of cachy. Construct clients after enableCachy(), ' +
    'set axios to adapter: "fetch" and Bedrock to FetchHttpHandler, and add other hosts to "domains".',
};

/** A pattern with the code points of characters that are not seen. */
export function showPattern(pattern: RegExp): string {
  return String(pattern).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
