import { type EventParser, type StreamEvent, streamParser } from "./framing.ts";
import { parseJson } from "./json.ts";

/** Members whose values differ from event to event, and that no check of a stream reads. */
const TEXTS =
  "content|text|delta|partial_json|arguments|reasoning|reasoning_content|thinking|response|obfuscation|created_at";
const NUMBERS = "created|sequence_number|\\w+_tokens|\\w+TokenCount";
const JSON_TEXT = String.raw`"[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*"`;
const VARIABLE = new RegExp(`("(?:${TEXTS})": ?)${JSON_TEXT}|("(?:${NUMBERS})": ?)\\d+`, "g");

/** In UTF-16 units. Longer events are not compared with later ones. */
const LONGEST_COMPARED = 4096;
/** A stream with more kinds of events is parsed whole, because to compare each event with the last one is useless. */
const MOST_KINDS = 20;

/** The events that differ from one event only in variable members. */
export interface Repetition {
  /** What stands before each variable value, and after the last one. */
  readonly literals: readonly string[];
  /** Whether each variable value is a text. Otherwise it is a number. */
  readonly isText: readonly boolean[];
  /** The event, with the numbers of the texts after U+0000 instead of the texts. */
  readonly numbered: string;
}

/** Undefined if the event has no variable member. */
function repetitionOf(event: string): Repetition | undefined {
  if (event.length > LONGEST_COMPARED) return undefined;
  const literals: string[] = [];
  const isText: boolean[] = [];
  let numbered = "";
  let end = 0;
  let count = 0;
  for (const { 0: all, 1: text, 2: number = "", index } of event.matchAll(VARIABLE)) {
    const literal = event.slice(end, index) + (text ?? number);
    end = index + all.length;
    literals.push(literal);
    isText.push(text !== undefined);
    numbered += literal + (text === undefined ? all.slice(number.length) : `"\\u0000${count++}"`);
  }
  const last = event.slice(end);
  return literals.length ? { literals: [...literals, last], isText, numbered: numbered + last } : undefined;
}

/**
 * Makes a parser that leaves out repetitions: events that differ from an earlier one only in texts and numbers that no
 * check of a stream reads. Matching takes a fraction of the time of parsing, and most events of a model are repetitions.
 *
 * @param onRepetition Called for each event that is left out, with its variable texts as JSON, and with the events before
 * it that `push()` will return: it may take them out.
 */
export function terseParser(
  framing: "events" | "lines",
  onRepetition?: (repetition: Repetition, texts: readonly string[], before: StreamEvent[]) => void,
): EventParser {
  const parser = streamParser(framing);
  const separator = framing === "events" ? "\n\n" : "\n";
  const decoder = new TextDecoder();
  let repetition: Repetition | undefined;
  let kinds = 0;
  let rest = "";
  let isPlain = false;
  const parse = (text: string, events: StreamEvent[], at = 0): StreamEvent[] => {
    for (;;) {
      if (repetition) {
        at = skip(
          repetition,
          text,
          at,
          onRepetition && ((texts) => onRepetition(repetition as Repetition, texts, events)),
        );
      }
      const end = text.indexOf(separator, at);
      if (end === -1) break;
      const event = text.slice(at, end + separator.length);
      at += event.length;
      const parsed = parser.push(event);
      for (const each of parsed) events.push(each);
      const isJson = parsed.length > 0 && parsed.every(({ data }) => data !== undefined);
      if (isJson && kinds++ < MOST_KINDS) repetition = repetitionOf(event) ?? repetition;
    }
    rest = text.slice(at);
    // A line of bare JSON is an event without a blank line.
    isPlain = framing === "events" && /(?:^|\n)\{/.test(rest);
    if (!isPlain) return events;
    for (const event of parser.push(rest)) events.push(event);
    rest = "";
    return events;
  };
  return {
    push(piece) {
      const text = typeof piece === "string" ? piece : decoder.decode(piece, { stream: true });
      isPlain ||= text.includes("\r"); // with other line ends, events have other separators
      // A long event arrives in many pieces: look at it only once, when its end has arrived.
      if (!isPlain && !text.includes("\n")) {
        rest += text;
        return [];
      }
      const whole = rest + text;
      rest = "";
      return isPlain ? parser.push(whole) : parse(whole, []);
    },
    end: () => [...parser.push(rest), ...parser.end()],
  };
}

/** Skips repetitions. @returns The end of the last one. */
function skip(
  repetition: Repetition,
  text: string,
  from: number,
  onRepetition?: (texts: readonly string[]) => void,
): number {
  for (let start = from;;) {
    const texts: string[] = [];
    const end = endOfRepetition(repetition, text, start, texts);
    if (end === -1) return start;
    start = end;
    onRepetition?.(texts);
  }
}

/**
 * The end of the repetition at an offset; -1 if there is none. Comparing literals takes a fraction of the time of
 * compiling a regular expression, which pays off only after many events.
 *
 * @param texts Gets the variable texts, as JSON.
 */
function endOfRepetition({ literals, isText }: Repetition, text: string, from: number, texts: string[]): number {
  let at = from;
  for (let index = 0;; index++) {
    const literal = literals[index] as string;
    if (text.slice(at, at + literal.length) !== literal) return -1; // startsWith() takes several times as long on Node
    at += literal.length;
    if (index === isText.length) return at;
    const end = isText[index] ? endOfText(text, at) : endOfNumber(text, at);
    if (end === -1) return -1;
    if (isText[index]) texts.push(text.slice(at, end));
    at = end;
  }
}

/** Escapes, and characters that JSON forbids. */
// deno-lint-ignore no-control-regex
const UNUSUAL = /[\\\x00-\x1f]/;

/** The end of the JSON text at an offset; -1 if there is none. */
function endOfText(text: string, at: number): number {
  if (text[at] !== '"') return -1;
  for (let quote = text.indexOf('"', at + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslash = quote;
    while (text[backslash - 1] === "\\") backslash--;
    if ((quote - backslash) % 2 === 1) continue;
    const value = text.slice(at, quote + 1);
    return UNUSUAL.test(value) && parseJson(value) === undefined ? -1 : quote + 1;
  }
  return -1;
}

const [ZERO, NINE] = [0x30, 0x39];

/** The end of the whole number at an offset; -1 if there is none. */
function endOfNumber(text: string, at: number): number {
  let end = at;
  while (text.charCodeAt(end) >= ZERO && text.charCodeAt(end) <= NINE) end++;
  return end === at || (end > at + 1 && text.charCodeAt(at) === ZERO) ? -1 : end;
}
