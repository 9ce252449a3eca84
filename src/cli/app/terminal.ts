import process from "node:process";
import { createInterface } from "node:readline/promises";
import { messageOf } from "../../lib/errors.ts";
import { readVariable } from "../../lib/environment.ts";
import { paint, wantsColors } from "../../lib/show.ts";
import { withCure } from "../../store/jsonl/file.ts";
import { CommandError, type Terminal } from "./command.ts";
import { isLonger, showInPager } from "./pager.ts";

/** The properties of `process.stdout` and `process.stderr` that this module reads. */
export interface OutputStream {
  readonly isTTY?: boolean;
  /** Missing or 0 if the terminal does not know its width. */
  readonly columns?: number;
  readonly rows?: number;
}

/** Whether a stream is a terminal with cursor control. */
export function isSmartTerminal(
  { isTTY }: OutputStream,
  type: string | undefined = readVariable("TERM").value,
): boolean {
  return isTTY === true && type !== "dumb";
}

/** The columns of a terminal (80 if it does not know them); undefined for a pipe or a file. */
export function columnsOf({ isTTY, columns }: OutputStream): number | undefined {
  return isTTY === true ? columns || 80 : undefined;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  let waiting: (string | Uint8Array)[] = [];
  const isColored = wantsColors(isSmartTerminal(process.stdout));
  // Each write reports its error. Without listeners, the error would also end the process.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  let paged: (string | Uint8Array)[] | undefined;
  const writeAll = async (pieces: Iterable<string | Uint8Array>) => {
    if (paged) {
      for (const piece of pieces) paged.push(piece);
      return;
    }
    for (const piece of pieces) {
      const error = await written(process.stdout, piece);
      // The reader has closed the pipe, as in `cachy list | head`.
      if (error?.code === "EPIPE" || error?.code === "ERR_STREAM_DESTROYED") return;
      if (error) throw new CommandError(`Cannot write to stdout: ${messageOf(withCure(error))}`, { cause: error });
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
    async flush() {
      await flush();
      const [pieces, screen] = [paged ?? [], process.stdout as OutputStream];
      paged = undefined;
      if (!(isLonger(pieces, screen) && await showInPager(pieces))) await writeAll(pieces);
    },
    page: isSmartTerminal(process.stdout) && process.stdin.isTTY ? () => void (paged = []) : undefined,
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

/** Writes a piece, and returns the error. Some runtimes pass it to the callback, others throw it. */
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

/** The size of a write, in characters. 100,000 short writes take seconds; a string cannot have 500 million characters. */
const PIECE_LENGTH = 1 << 20;

/** Joins lines into larger pieces, with line feeds. A long line is not copied. */
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

/** Joins neighbouring short texts. */
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
