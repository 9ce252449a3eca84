import process from "node:process";
import { createInterface } from "node:readline/promises";
import { messageOf } from "../../lib/errors.ts";
import { readVariable } from "../../lib/environment.ts";
import { paint, wantsColors } from "../../lib/show.ts";
import { withCure } from "../../store/jsonl/file.ts";
import { CommandError, type Terminal } from "./command.ts";

/** The part of `process.stdout` and `process.stderr` that tells what they are. */
export interface OutputStream {
  /** Whether it is a terminal. */
  readonly isTTY?: boolean;
  /** How wide it is, if it is a terminal that knows. */
  readonly columns?: number;
}

/** Whether a stream is a terminal that can move its cursor. */
export function isSmartTerminal(
  { isTTY }: OutputStream,
  type: string | undefined = readVariable("TERM").value,
): boolean {
  return isTTY === true && type !== "dumb";
}

/** The columns of a terminal; undefined for a pipe or a file. A terminal that does not know them gets 80. */
export function columnsOf({ isTTY, columns }: OutputStream): number | undefined {
  return isTTY === true ? columns || 80 : undefined;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  let waiting: (string | Uint8Array)[] = [];
  const isColored = wantsColors(isSmartTerminal(process.stdout));
  // Each write tells of its error. Without listeners it would end the process, with a code of its own.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const writeAll = async (pieces: Iterable<string | Uint8Array>) => {
    for (const piece of pieces) {
      const error = await written(process.stdout, piece);
      // `cachy list | head`: who reads has enough.
      if (error?.code === "EPIPE" || error?.code === "ERR_STREAM_DESTROYED") return;
      if (error) throw new CommandError(`Cannot print: ${messageOf(withCure(error))}`, { cause: error });
    }
  };
  const flush = async () => {
    const pieces = waiting;
    waiting = [];
    await writeAll(joined(pieces));
  };
  return {
    print: (...lines) => void waiting.push([...lines, ""].join("\n")),
    async printAll(lines) {
      await flush();
      await writeAll(piecesOf(lines));
    },
    printBytes: (bytes) => void waiting.push(bytes),
    note: (line) => void written(process.stderr, `${line}\n`),
    flush,
    width: columnsOf(process.stdout),
    paint: (text, color) => paint(text, color, isColored),
    async confirm(question) {
      if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return undefined;
      await flush();
      return await ask(`${question} [y/N] `);
    },
  };
}

interface StreamError extends Error {
  readonly code?: string;
}

/** Some runtimes give the error of a write, and some throw it. */
function written(
  stream: Pick<typeof process.stdout, "write">,
  piece: string | Uint8Array,
): Promise<StreamError | null | undefined> {
  return new Promise<StreamError | null | undefined>((resolve) => {
    try {
      stream.write(piece, resolve);
    } catch (error) {
      resolve(error as StreamError);
    }
  });
}

async function ask(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
    return /^\s*y(?:es)?\s*$/i.test(await Promise.race([lines.question(question), ended]));
  } finally {
    lines.close();
  }
}

/** How much is written at once, in characters: 100,000 writes take seconds, and a text may not have 500 million. */
const PIECE_LENGTH = 1 << 20;

/** Lines with their line feeds, many of them in one text. A line that is long itself is not copied. */
function* piecesOf(lines: Iterable<string>): Generator<string> {
  let [piece, length]: [string[], number] = [[], 0];
  for (const line of lines) {
    if (length + line.length > PIECE_LENGTH && piece.length) {
      yield [...piece, ""].join("\n");
      [piece, length] = [[], 0];
    }
    if (line.length > PIECE_LENGTH) yield* [line, "\n"];
    else {
      piece.push(line);
      length += line.length + 1;
    }
  }
  if (piece.length) yield [...piece, ""].join("\n");
}

/** Joins texts that follow one another, as far as they are short. */
function* joined(pieces: readonly (string | Uint8Array)[]): Generator<string | Uint8Array> {
  let [texts, length]: [string[], number] = [[], 0];
  for (const piece of pieces) {
    const isText = typeof piece === "string";
    if (texts.length && (!isText || length + piece.length > PIECE_LENGTH)) {
      yield texts.join("");
      [texts, length] = [[], 0];
    }
    if (isText) {
      texts.push(piece);
      length += piece.length;
    } else yield piece;
  }
  if (texts.length) yield texts.join("");
}
