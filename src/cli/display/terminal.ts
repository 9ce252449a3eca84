import process from "node:process";
import { readVariable } from "../../lib/environment.ts";
import { showBytes, showTime } from "../../lib/show.ts";
import { printable } from "./printable.ts";
import { cutToWidth, displayWidth } from "./width.ts";

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

/** Work that takes less shows no progress, in ms. */
const QUIET = 300;

/** Between two drawings, in ms. */
const PAUSE = 100;

/** What shows how far a piece of work is. */
export interface Progress {
  /** Tells how much is done now, of the total. It looks at the clock and mostly does nothing more: call it often. */
  update(done: number): void;
  /** Erases the line. Call it also if the work fails. */
  end(): void;
}

/** What {@linkcode createProgress} takes. */
export interface ProgressOptions {
  /** What is going on: `Reading cachy.jsonl`. */
  readonly label: string;
  /** How much is to be done, in bytes. */
  readonly total: number;
  /** Where it is drawn, if it is a terminal. By default stderr. */
  readonly stream?: OutputStream & { write(text: string): unknown };
  /** The variable TERM; nothing is drawn on a "dumb" terminal. By default the environment is asked. */
  readonly terminalType?: string;
  /** Gives the time in ms. */
  readonly now?: () => number;
}

/**
 * A line on stderr that shows the progress of work that blocks: it needs no timers, every update looks at the clock.
 *
 * It is first drawn after 300 ms, then ten times a second at most. Where stderr is no terminal nothing is written.
 */
export function createProgress(options: ProgressOptions): Progress {
  const { label, total, stream = process.stderr, now = () => performance.now() } = options;
  if (!isSmartTerminal(stream, options.terminalType)) return { update() {}, end() {} };
  const start = now();
  let next = start + QUIET;
  let isDrawn = false;
  return {
    update(done) {
      const time = now();
      if (time < next) return;
      next = time + PAUSE;
      isDrawn = true;
      const line = progressLine({ label, total, done, elapsed: time - start }, columnsOf(stream) ?? 80);
      stream.write(`\r${line}\x1b[K`);
    },
    end() {
      if (isDrawn) stream.write("\r\x1b[K");
      isDrawn = false;
      next = Infinity;
    },
  };
}

interface State extends Required<Pick<ProgressOptions, "label" | "total">> {
  readonly done: number;
  /** Since the start, in ms. */
  readonly elapsed: number;
}

/** As much as fits, and a column less: some terminals begin a new line after the last column. */
function progressLine({ label, total, done, elapsed }: State, columns: number): string {
  const part = total > 0 ? Math.min(1, Math.max(0, done / total)) : 1;
  const name = printable(label);
  const percent = `${Math.floor(part * 100)} %`.padStart(5);
  const amounts = `${showBytes(done)} of ${showBytes(total)}`;
  const remaining = part > 0 ? `${showRemaining(elapsed / part - elapsed)} left` : "";
  const lines = [
    [name, percent, amounts, remaining],
    [name, percent, remaining],
    [cutToWidth(name, columns - percent.length - 3), percent],
  ].map((parts) => parts.filter((text) => text !== "").join("  "));
  return lines.find((line) => displayWidth(line) < columns) ?? cutToWidth(percent.trim(), columns - 1);
}

/** Whole seconds, as tenths would flicker. */
function showRemaining(ms: number): string {
  return ms < 59_500 ? `${Math.round(ms / 1e3)} s` : showTime(ms);
}
