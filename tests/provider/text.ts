/** Values that differ between responses: a replay contains the old ones, a live response never does. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** An id in the style of a provider: a prefix and `length` characters. */
export function id(prefix: string, length: number): string {
  const random = crypto.getRandomValues(new Uint8Array(length));
  return prefix +
    Array.from(random, (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

export function hexId(prefix: string, length: number): string {
  const random = crypto.getRandomValues(new Uint8Array(length));
  return prefix +
    Array.from(random, (byte) => (byte % 16).toString(16)).join("");
}

export function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** What distinguishes a response from others. */
export interface Turn {
  /** The number of the request, from 1. */
  readonly number: number;
  /** The text of the response. By default, the number of the response, in words that are hard to split. */
  readonly text?: string | undefined;
}

/** Words of a response, with characters of two, three and four bytes, so that a cut can fall inside a character. */
export function wordsOf({ number, text }: Turn): readonly string[] {
  if (text !== undefined) return text.match(/\S+\s*/g) ?? [];
  return ["Grüße", " from", " the café", " 👋🏽", ` (answer ${number})`, " — 日本語", " and", " naïve 🚀", "."];
}

export function textOf(turn: Turn): string {
  return wordsOf(turn).join("");
}

interface Schema {
  readonly properties?: Readonly<Record<string, { readonly type?: unknown }>>;
}

/** Arguments for a tool: every property of its schema gets a value of the right type. */
export function argumentsFor(schema: unknown): Record<string, unknown> {
  const properties = (schema as Schema | undefined)?.properties ?? {};
  return Object.fromEntries(Object.entries(properties).map(([name, { type }]) => [name, valueOf(type)]));
}

function valueOf(type: unknown): unknown {
  switch (String(type).toLowerCase()) {
    case "number":
    case "integer":
      return 7;
    case "boolean":
      return true;
    default:
      return "Zürich 🏔️";
  }
}

/** A text in fragments, as providers send tool arguments. */
export function fragments(text: string, size = 9): readonly string[] {
  const characters = Array.from(text);
  const parts: string[] = [];
  for (let start = 0; start < characters.length; start += size) {
    parts.push(characters.slice(start, start + size).join(""));
  }
  return parts;
}

/** Bytes like those of an MP3 file: not valid UTF-8, and different in every turn. */
export function audioOf(turn: number): Uint8Array {
  const bytes = new Uint8Array(3000);
  bytes.set([0x49, 0x44, 0x33, 0x04, 0, 0, 0, 0, 0, 0], 0);
  for (let index = 10; index < bytes.length; index++) {
    bytes[index] = (index - 10) % 417 === 0 ? 0xff : (index * 31 + turn * 7) % 256;
  }
  return bytes;
}
