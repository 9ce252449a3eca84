import process from "node:process";
import { createInterface } from "node:readline/promises";
import { type Color, paint, wantsColors } from "../colors.ts";
import { columnsOf, isSmartTerminal } from "./display/terminal.ts";

/** Where a command prints. */
export interface Terminal {
  /** Prints lines to stdout. */
  print(...lines: readonly string[]): void;
  /** The same for so many lines that they are no list of arguments. */
  printAll(lines: Iterable<string>): void;
  /** Prints bytes to stdout as they are. */
  printBytes(bytes: Uint8Array): void;
  /** Tells the user something beside the result, on stderr. */
  note(line: string): void;
  /** Writes what was printed, which is collected up to then. */
  flush(): Promise<void>;
  /** How many columns stdout has; undefined if it is no terminal. */
  readonly width: number | undefined;
  /** Colors a text for stdout, where that is a terminal. */
  paint(text: string, color: Color): string;
  /** Asks a question that is answered by y or n; undefined if nobody is there to be asked. */
  confirm(question: string): Promise<boolean | undefined>;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  let waiting: (string | Uint8Array)[] = [];
  const isColored = wantsColors(isSmartTerminal(process.stdout));
  // `cachy list | head`: who reads has enough.
  process.stdout.on("error", (error: { readonly code?: string }) => {
    if (error.code !== "EPIPE") throw error;
  });
  const flush = async () => {
    const pieces = waiting;
    waiting = [];
    for (const piece of joined(pieces)) {
      if (process.stdout.destroyed) return;
      await new Promise<void>((resolve) => process.stdout.write(piece, () => resolve()));
    }
  };
  const printAll = (lines: Iterable<string>) => void waiting.push([...lines, ""].join("\n"));
  return {
    print: (...lines) => printAll(lines),
    printAll,
    printBytes: (bytes) => void waiting.push(bytes),
    note: (line) => void process.stderr.write(`${line}\n`),
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

async function ask(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
    return /^\s*y(?:es)?\s*$/i.test(await Promise.race([lines.question(question), ended]));
  } finally {
    lines.close();
  }
}

/** Texts that follow one another are written at once: 100,000 writes take seconds. */
function* joined(pieces: readonly (string | Uint8Array)[]): Generator<string | Uint8Array> {
  let text: string[] = [];
  for (const piece of pieces) {
    if (typeof piece === "string") text.push(piece);
    else {
      if (text.length) yield text.join("");
      text = [];
      yield piece;
    }
  }
  if (text.length) yield text.join("");
}
