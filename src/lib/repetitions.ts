import { type EventParser, type StreamEvent, streamParser } from "./framing.ts";
import { escaped } from "./show.ts";

/** Members whose values differ from event to event, and that no check of a stream reads. */
const TEXTS =
  "content|text|delta|partial_json|arguments|reasoning|reasoning_content|thinking|response|obfuscation|created_at";
const NUMBERS = "created|sequence_number|\\w+_tokens|\\w+TokenCount";
const JSON_TEXT = String.raw`"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\x00-\x1f]*)*"`;
const WHOLE_NUMBER = String.raw`(?:0|[1-9]\d*)`;
const VARIABLE = new RegExp(`("(?:${TEXTS})": ?)${JSON_TEXT}|("(?:${NUMBERS})": ?)${WHOLE_NUMBER}`, "g");
const TEXT_HERE = new RegExp(JSON_TEXT, "y");
const NUMBER_HERE = new RegExp(WHOLE_NUMBER, "y");

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
  /** The event, with the numbers of the texts after U+0000 instead of the texts. The first number is 1. */
  readonly numbered: string;
  /** How many events were compared with it. */
  compared: number;
  /** The end of the last one that is a repetition. */
  end: number;
  /** Matches such an event, and its variable texts. Made after {@linkcode MANY} comparisons. */
  pattern?: RegExp;
  /** Matches several such events that follow one another. */
  severalPattern?: RegExp;
}

/** To compile a pattern takes as long as to compare this many events by their literals. Then it is three times as fast. */
const MANY = 100;

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
    numbered += literal + (text === undefined ? all.slice(number.length) : `"\\u0000${++count}"`);
  }
  if (end === 0) return undefined;
  const last = event.slice(end);
  return { literals: [...literals, last], isText, numbered: numbered + last, compared: 0, end: 0 };
}

function patternOf({ literals, isText }: Repetition): RegExp {
  const values = isText.map((isText) => isText ? `(${JSON_TEXT})` : WHOLE_NUMBER);
  return new RegExp(literals.map((literal, at) => escaped(literal) + (values[at] ?? "")).join(""), "y");
}

/**
 * Makes a parser that leaves out repetitions: events that differ from an earlier one only in texts and numbers that no
 * check of a stream reads. Matching takes a fraction of the time of parsing, and most events of a model are repetitions.
 *
 * @param onRepetition Called for each event that is left out, with its variable texts as JSON, from index 1 on, and with
 * the events before it that `push()` will return: it may take them out.
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
  let mayBeBare = false;
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
      // After such a line, the next one must be seen: it shows that the body was not cut.
      if (parsed.length > 0 && !isJson) repetition = undefined;
      else if (isJson && kinds++ < MOST_KINDS) repetition = repetitionOf(event) ?? repetition;
    }
    rest = text.slice(at);
    isPlain = mayBeBare && /(?:^|\n)\{/.test(rest);
    if (!isPlain) return events;
    for (const event of parser.push(rest)) events.push(event);
    rest = "";
    return events;
  };
  return {
    push(piece) {
      const text = typeof piece === "string" ? piece : decoder.decode(piece, { stream: true });
      isPlain ||= text.includes("\r"); // with other line ends, events have other separators
      // A line of bare JSON is an event without a blank line.
      mayBeBare ||= framing === "events" && (text.startsWith("{") || text.includes("\n{"));
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
  for (let end = from;; end = repetition.end) {
    if (!onRepetition && repetition.compared >= MANY) return endOfRun(repetition, text, end);
    const texts = textsAt(repetition, text, end);
    if (!texts) return end;
    onRepetition?.(texts);
  }
}

/** How many events one match contains at most. More take more of the memory of V8. */
const MOST_AT_ONCE = 16;

/** Where the repetitions at an offset end. It makes no texts. */
function endOfRun(repetition: Repetition, text: string, from: number): number {
  const several = repetition.severalPattern ??= new RegExp(
    `(?:${patternOf(repetition).source}){1,${MOST_AT_ONCE}}`,
    "y",
  );
  let end = from;
  try {
    for (several.lastIndex = end; several.test(text);) end = several.lastIndex;
  } catch {
    // a text has so many escapes that it exceeds the memory of V8
  }
  return end;
}

/**
 * The variable texts of the repetition at an offset, from index 1 on. Undefined if no repetition stands there, and if a text
 * has so many escapes that it exceeds the memory of V8.
 */
function textsAt(repetition: Repetition, text: string, from: number): readonly string[] | undefined {
  try {
    if (repetition.compared++ < MANY) return compare(repetition, text, from);
    const pattern = repetition.pattern ??= patternOf(repetition);
    pattern.lastIndex = from;
    const match = pattern.exec(text) ?? undefined;
    if (match) repetition.end = pattern.lastIndex;
    return match;
  } catch {
    return undefined;
  }
}

function compare(repetition: Repetition, text: string, from: number): readonly string[] | undefined {
  const { literals, isText } = repetition;
  const texts = [""];
  let at = from;
  for (const [index, literal] of literals.entries()) {
    if (text.slice(at, at + literal.length) !== literal) return undefined; // startsWith() takes longer on Node
    at += literal.length;
    if (index === isText.length) break;
    const value = isText[index] ? TEXT_HERE : NUMBER_HERE;
    value.lastIndex = at;
    if (!value.test(text)) return undefined;
    if (isText[index]) texts.push(text.slice(at, value.lastIndex));
    at = value.lastIndex;
  }
  repetition.end = at;
  return texts;
}
