import { utf8 } from "../../lib/bytes.ts";
import { framingOf, streamParser } from "../../lib/framing.ts";
import { asRecord, canonicalJson, parseJson } from "../../lib/json.ts";
import { contentTypeOf, decodeBody, type Entry } from "../../store/entry.ts";
import { readEntry } from "../read/reading.ts";

/** How a new response differs from the recorded one: not, in its words, in its members, or in its tool calls. */
export type DriftKind = "same" | "words" | "shape" | "tools";

/** The comparison of two responses to one request. */
export interface Drift {
  readonly kind: DriftKind;
  /** In words: which members came or went, which tool is called instead, how similar the texts are. */
  readonly detail: string;
}

/** Compares the responses of two entries. Ids and times do not count. */
export function compareAnswers(recorded: Entry, now: Entry): Drift {
  const [tools, toolsNow] = [toolCalls(recorded), toolCalls(now)];
  if (tools !== toolsNow) return { kind: "tools", detail: `${tools || "no call"} → ${toolsNow || "no call"}` };
  const shape = shapeDetail(membersOf(recorded), membersOf(now));
  if (shape !== "") return { kind: "shape", detail: shape };
  const [text, textNow] = [answerText(recorded), answerText(now)];
  if (text === textNow) return { kind: "same", detail: "" };
  const similarity = Math.round(100 * similarityOf(text, textNow));
  return { kind: "words", detail: `${text.length} → ${textNow.length} characters, ${similarity} % of the words alike` };
}

const KINDS: Readonly<Record<DriftKind, string>> = {
  same: "same response",
  words: "other words",
  shape: "other members",
  tools: "other tool call",
};

/** A comparison in one line. */
export function describeDrift({ kind, detail }: Drift): string {
  return [KINDS[kind], detail].filter(Boolean).join(": ");
}

function answerText(entry: Entry): string {
  const { answered } = readEntry(entry);
  const parts = answered.flatMap(({ parts }) => parts);
  return parts.map((part) => part.kind === "text" ? part.text : part.kind === "json" ? part.json : "").join("\n");
}

/** Names and arguments of the called tools, without ids. */
function toolCalls(entry: Entry): string {
  const calls = readEntry(entry).answered.flatMap(({ parts }) => parts).filter((part) => part.kind === "call");
  return calls.map((call) => `${call.name}(${canonicalJson(call.arguments) ?? call.arguments})`).join(", ");
}

/** The paths of all members of a response. Positions in lists do not count. */
function membersOf(entry: Entry): Set<string> {
  const body = decodeBody(entry);
  const text = typeof body === "string" ? body : "";
  const framing = framingOf(contentTypeOf(entry), () => utf8(text));
  const paths = new Set<string>();
  const parser = framing === "events" || framing === "lines" ? streamParser(framing) : undefined;
  const values = parser ? [...parser.push(utf8(text)), ...parser.end()].map(({ data }) => data) : [parseJson(text)];
  for (const value of values) addMembers(value, "", paths);
  return paths;
}

/** Below these, names are content: arguments of tools, and texts that contain JSON. */
const CONTENT = /(?:^|\.)(?:args|arguments|input|logprobs)$/;

function addMembers(value: unknown, path: string, paths: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) addMembers(item, path, paths);
    return;
  }
  for (const [name, member] of Object.entries(asRecord(value) ?? {})) {
    const inner = path ? `${path}.${name}` : name;
    paths.add(inner);
    if (!CONTENT.test(inner)) addMembers(member, inner, paths);
  }
}

/** The members that were added or removed, or an empty text. */
function shapeDetail(before: ReadonlySet<string>, after: ReadonlySet<string>): string {
  const missingIn = (others: ReadonlySet<string>, paths: ReadonlySet<string>) => {
    const missing = [...paths].filter((path) => !others.has(path));
    return missing.filter((path) => !missing.some((other) => path.startsWith(`${other}.`)));
  };
  const [came, went] = [missingIn(before, after), missingIn(after, before)];
  return [...came.map((path) => `+${path}`), ...went.map((path) => `-${path}`)].join(" ");
}

/** The share of words that both texts have, from 0 to 1 (Dice's coefficient). */
function similarityOf(a: string, b: string): number {
  const wordsOf = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const [words, others] = [wordsOf(a), wordsOf(b)];
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  let alike = 0;
  for (const word of others) {
    const left = counts.get(word) ?? 0;
    if (left > 0) alike++;
    counts.set(word, left - 1);
  }
  return words.length + others.length === 0 ? 1 : 2 * alike / (words.length + others.length);
}
