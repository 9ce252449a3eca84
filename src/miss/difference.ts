import { asRecord } from "../lib/json.ts";
import { modelOfUrl } from "../request/domains.ts";
import type { RecordedRequest } from "../store/entry.ts";
import { placeholderLength } from "../store/entry_request.ts";

/** One place at which two JSON values differ: the recorded one and the one that is asked for now. */
export type Difference =
  | { readonly kind: "changed"; readonly path: string; readonly recorded: unknown; readonly asked: unknown }
  | { readonly kind: "added"; readonly path: string; readonly asked: unknown }
  | { readonly kind: "missing"; readonly path: string; readonly recorded: unknown };

/** Where two JSON values differ, in the order of their members. */
export function differencesOf(recorded: unknown, asked: unknown, path = ""): Difference[] {
  if (Object.is(recorded, asked)) return [];
  if (Array.isArray(recorded) && Array.isArray(asked)) return differencesOfLists(recorded, asked, path);
  const [recordedMembers, askedMembers] = [asRecord(recorded), asRecord(asked)];
  if (!recordedMembers || !askedMembers) return [{ kind: "changed", path, recorded, asked }];
  const names = [...new Set([...Object.keys(recordedMembers), ...Object.keys(askedMembers)])].sort();
  return names.flatMap((name) => differencesAt(recordedMembers, askedMembers, name, memberPath(path, name)));
}

function differencesAt(
  recorded: Record<string, unknown>,
  asked: Record<string, unknown>,
  name: string,
  path: string,
): Difference[] {
  if (!Object.hasOwn(recorded, name)) return [{ kind: "added", path, asked: asked[name] }];
  if (!Object.hasOwn(asked, name)) return [{ kind: "missing", path, recorded: recorded[name] }];
  return differencesOf(recorded[name], asked[name], path);
}

/** What is equal at the end is left out first, so that one more item at the start does not change all others. */
function differencesOfLists(recorded: readonly unknown[], asked: readonly unknown[], path: string): Difference[] {
  const shorter = Math.min(recorded.length, asked.length);
  let atEnd = 0;
  // By their text: to look for differences here, and again below, would take a time that doubles with every level.
  const areEqual = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  if (recorded.length !== asked.length) {
    while (atEnd < shorter && areEqual(recorded.at(-1 - atEnd), asked.at(-1 - atEnd))) atEnd++;
  }
  const differences: Difference[] = [];
  for (let at = 0; at < Math.max(recorded.length, asked.length) - atEnd; at++) {
    const place = `${path}[${at}]`;
    if (at >= recorded.length - atEnd) differences.push({ kind: "added", path: place, asked: asked[at] });
    else if (at >= asked.length - atEnd) differences.push({ kind: "missing", path: place, recorded: recorded[at] });
    else differences.push(...differencesOf(recorded[at], asked[at], place));
  }
  return differences;
}

/** `a.b`, `a["b c"]`. */
function memberPath(path: string, name: string): string {
  if (!/^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}

/** What a difference weighs at the most, in characters: one long text does not outweigh everything else. */
const HEAVIEST = 400;

/** How much two values differ, to find the nearest of several: about the number of characters that changed. */
export function weightOf(differences: readonly Difference[]): number {
  return differences.reduce((sum, difference) => sum + 1 + Math.min(HEAVIEST, changedLength(difference)), 0);
}

function changedLength(difference: Difference): number {
  if (difference.kind === "added") return textOf(difference.asked).length;
  if (difference.kind === "missing") return textOf(difference.recorded).length;
  const [a, b] = [textOf(difference.recorded), textOf(difference.asked)];
  return Math.max(a.length, b.length) - sharedStart(a, b) - sharedEnd(a, b);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value) ?? "";
}

function sharedStart(a: string, b: string): number {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a[length] === b[length]) length++;
  return length;
}

function sharedEnd(a: string, b: string): number {
  const most = Math.min(a.length, b.length) - sharedStart(a, b);
  let length = 0;
  while (length < most && a.at(-1 - length) === b.at(-1 - length)) length++;
  return length;
}

/** How much of a value is shown, and how much of what is equal before the first difference, in characters. */
const SHOWN_LENGTH = 60;
const CONTEXT_LENGTH = 24;

/** A difference in one line, its values shortened to where they differ. */
export function showDifference(difference: Difference): string {
  const place = difference.path || "body";
  switch (difference.kind) {
    case "added":
      return `${place}: added ${shorten(JSON.stringify(difference.asked) ?? "")}`;
    case "missing":
      return `${place}: missing ${shorten(JSON.stringify(difference.recorded) ?? "")}`;
    case "changed":
      return `${place}: ${showChange(difference.recorded, difference.asked)}`;
  }
}

function showChange(recorded: unknown, asked: unknown): string {
  if (typeof recorded !== "string" || typeof asked !== "string") {
    return [recorded, asked].map((value) => shorten(JSON.stringify(value) ?? "")).join(" → ");
  }
  const from = Math.max(0, sharedStart(recorded, asked) - CONTEXT_LENGTH);
  return [recorded, asked].map((text) => {
    const shown = [...text.slice(from, from + SHOWN_LENGTH + 1)].slice(0, SHOWN_LENGTH).join("");
    const isCut = from + shown.length < text.length;
    return JSON.stringify(`${from > 0 ? "…" : ""}${shown}${isCut ? "…" : ""}`);
  }).join(" → ");
}

function shorten(json: string): string {
  return json.length > SHOWN_LENGTH ? `${json.slice(0, SHOWN_LENGTH)}…` : json;
}

/** What changes on every run, what normalizes it, and what takes its place. */
const CHANGING: readonly (readonly [what: string, pattern: RegExp, replacement: string])[] = [
  ["a time", /\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?/, "TIME"],
  ["a date", /\d{4}-\d\d-\d\d/, "DATE"],
  ["a date", /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [A-Za-z]+ \d{1,2},? \d{4}/, "DATE"],
  ["a date", /\d{1,2}[/.]\d{1,2}[/.]\d{2,4}/, "DATE"],
  ["a time", /\d{1,2}:\d\d(?::\d\d)?(?: ?[AP]M)?/, "TIME"],
  ["an id (UUID)", /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i, "ID"],
  ["a time in (milli)seconds", /\b1\d{9}(?:\d{3})?(?:\.\d+)?\b/, "TIME"],
  ["an id", /\b[a-z]+[_-](?=\w*\d)\w{8,}\b/i, "ID"],
  ["an id", /\b(?=\w*\d)(?=\w*[a-z])[0-9a-z]{8,}\b/i, "ID"],
  ["a temporary folder", /(?:\/private)?\/(?:tmp|var\/folders)\/[\w/.+-]+/, "FOLDER"],
];

/**
 * The likely cause of a miss, in one or two lines, if it is one that is known.
 *
 * @param differences What is different between the nearest recorded request and the one that is asked for.
 */
export function likelyCause(
  recorded: RecordedRequest,
  asked: RecordedRequest,
  differences: readonly Difference[],
): string | undefined {
  return otherHost(recorded, asked) ?? otherSetting(differences) ?? changingText(differences) ??
    otherMembers(differences);
}

function otherHost(recorded: RecordedRequest, asked: RecordedRequest): string | undefined {
  const [a, b] = [new URL(recorded.url), new URL(asked.url)];
  if (a.host !== b.host) return `another base URL or domain: it was recorded at ${a.host}, and is asked at ${b.host}.`;
  const isStreamed = (url: URL) => /:stream|-stream$/.test(url.pathname);
  if (isStreamed(a) !== isStreamed(b)) return STREAM;
  const [recordedModel, askedModel] = [modelOfUrl(a), modelOfUrl(b)];
  return recordedModel === askedModel ? undefined : `another model: ${recordedModel} → ${askedModel}.`;
}

const STREAM = "one of the two is streamed, the other is not.";

function otherSetting(differences: readonly Difference[]): string | undefined {
  const at = (path: string) => differences.find((difference) => difference.path === path);
  const model = at("model");
  if (model?.kind === "changed") return `another model: ${String(model.recorded)} → ${String(model.asked)}.`;
  if (at("stream")) return STREAM;
  if (at("namespace")) return "another namespace, which keeps answers to the same request apart.";
  const header = differences.find(({ path }) => /^headers[[.]/.test(path));
  return header && `another value of a header that changes the answer (${header.path}).`;
}

/** Texts that are equal once a pattern is replaced. */
function changingText(differences: readonly Difference[]): string | undefined {
  const texts = differences.flatMap((difference) => isChangedText(difference) ? [difference] : []);
  if (texts.length === 0 || texts.length < differences.length) return undefined;
  for (const [what, pattern, replacement] of CHANGING) {
    const every = new RegExp(pattern.source, `${pattern.flags}g`);
    const normalized = (text: string) => text.replace(every, replacement);
    if (!texts.every(({ recorded, asked }) => normalized(recorded) === normalized(asked))) continue;
    if (texts.every(({ asked }) => asked.includes(replacement) && normalized(asked) === asked)) {
      return `${what}, which the option normalize leaves out by now: the recorded one has it still. Record it once more.`;
    }
    return `${what} that changes on every run. This option leaves it out of the key:\n` +
      `  normalize: [[${String(pattern)}, ${JSON.stringify(replacement)}]]`;
  }
  return undefined;
}

function isChangedText(
  difference: Difference,
): difference is Difference & { readonly recorded: string; readonly asked: string } {
  if (difference.kind !== "changed") return false;
  return [difference.recorded, difference.asked].every((value) =>
    typeof value === "string" && !placeholderLength(value)
  );
}

/** Members that come and go without any other change are mostly those of a new version. */
function otherMembers(differences: readonly Difference[]): string | undefined {
  if (differences.length === 0 || differences.some(({ kind, path }) => kind === "changed" || /\]$/.test(path))) {
    return undefined;
  }
  const names = differences.map(({ path }) => path).slice(0, 3).join(", ");
  return `other members are sent (${names}), by another version of the SDK or another option.`;
}
