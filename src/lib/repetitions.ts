import { type EventParser, type StreamEvent, streamParser } from "./framing.ts";
import { escaped } from "./show.ts";

/** Members whose values differ from event to event, and that no check of a stream reads. */
const TEXTS =
  "content|text|delta|partial_json|arguments|reasoning|reasoning_content|thinking|response|obfuscation|created_at";
const NUMBERS = "created|sequence_number|\\w+_tokens|\\w+TokenCount";
const JSON_TEXT = String.raw`("[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*")`;
const VARIABLE = new RegExp(`("(?:${TEXTS})": ?)${JSON_TEXT}|("(?:${NUMBERS})": ?)\\d+`, "g");

/** In UTF-16 units. Longer events are not compared with later ones. */
const LONGEST_COMPARED = 4096;
/** A stream with more kinds of events is parsed whole, because a pattern for each event takes longer than parsing. */
const MOST_KINDS = 20;

/** The events that differ from one event only in variable members. */
export interface Repetition {
  /** Matches such an event, and its variable texts. */
  readonly pattern: RegExp;
  /** The event, with the numbers of the texts after U+0000 instead of the texts. */
  readonly numbered: string;
}

/** Undefined if the event has no variable member. */
function repetitionOf(event: string): Repetition | undefined {
  if (event.length > LONGEST_COMPARED || event.search(VARIABLE) === -1) return undefined;
  let source = "";
  let end = 0;
  for (const { 0: all, 1: text, 3: number = "", index } of event.matchAll(VARIABLE)) {
    source += escaped(event.slice(end, index)) + (text ? escaped(text) + JSON_TEXT : `${escaped(number)}\\d+`);
    end = index + all.length;
  }
  let count = 0;
  const numbered = event.replace(VARIABLE, (all, text) => text ? `${text}"\\u0000${count++}"` : all);
  return { pattern: new RegExp(source + escaped(event.slice(end)), "y"), numbered };
}

/** In bytes or UTF-16 units. To compile the patterns of a shorter body takes as long as to parse its events. */
const SHORT_BODY = 1 << 15;

/**
 * Makes the parser of a body, or of its start: of a long one, it leaves out repetitions; see {@linkcode terseParser}.
 *
 * @param length The length of the body or of its start.
 */
export function parserFor(length: number, ...given: Parameters<typeof terseParser>): EventParser {
  return length > SHORT_BODY ? terseParser(...given) : streamParser(given[0]);
}

/**
 * Makes a parser that leaves out repetitions: events that differ from an earlier one only in texts and numbers that no
 * check of a stream reads. Matching takes a fraction of the time of parsing, and most events of a model are repetitions.
 *
 * @param onRepetition Called for each event that is left out, with its variable texts as JSON, and with the events before
 * it that `push()` will return: it may take them out.
 */
function terseParser(
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
      for (const parsed of parser.push(event)) events.push(parsed);
      if (kinds++ < MOST_KINDS) repetition = repetitionOf(event) ?? repetition;
    }
    rest = text.slice(at);
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
  { pattern }: Repetition,
  text: string,
  from: number,
  onRepetition?: (texts: readonly string[]) => void,
): number {
  let end = from;
  for (;;) {
    const texts = matchAt(pattern, text, end);
    if (!texts) return end;
    end = pattern.lastIndex;
    onRepetition?.(texts.slice(1));
  }
}

/** The texts of a match; undefined without one, and if a text has so many escapes that it exceeds the memory of V8. */
function matchAt(pattern: RegExp, text: string, at: number): readonly string[] | undefined {
  pattern.lastIndex = at;
  try {
    return pattern.exec(text) ?? undefined;
  } catch {
    return undefined;
  }
}
