import process from "node:process";
import { showBytes, showTime } from "../../lib/show.ts";
import { printable } from "../display/printable.ts";
import { cutToWidth, displayWidth } from "../display/width.ts";
import { columnsOf, isSmartTerminal, type OutputStream } from "./terminal.ts";

/** Is told from time to time how much of a file is done. */
export type OnProgress = (doneBytes: number, totalBytes: number) => void;

/** How far it has to be since the last time, in bytes. */
const STEP = 1 << 20;

/** Makes a function that is called as often as one likes, and tells of every megabyte, and of the end. */
export function everyMegabyte(onProgress: OnProgress | undefined, total: number): (done: number) => void {
  let told = 0;
  return (done) => {
    if (done - told < STEP && done < total) return;
    told = done;
    onProgress?.(done, total);
  };
}

/**
 * Shows a progress bar while some work is done.
 *
 * @param work Is given what it has to call from time to time.
 */
export async function withProgress<Result>(
  label: string,
  work: (onProgress: OnProgress) => Result | Promise<Result>,
): Promise<Result> {
  let progress: Progress | undefined;
  try {
    return await work((done, total) => {
      progress ??= createProgress({ label, total });
      progress.update(done);
    });
  } finally {
    progress?.end();
  }
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
