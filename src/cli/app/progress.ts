import process from "node:process";
import { showBytes, showTime } from "../../lib/show.ts";
import { printable } from "../display/printable.ts";
import { cutToWidth, displayWidth } from "../display/width.ts";
import { columnsOf, isSmartTerminal, type OutputStream } from "./terminal.ts";

/** Receives the progress of work on a file. */
export type OnProgress = (doneBytes: number, totalBytes: number) => void;

/** The distance between two reports, in bytes. */
const STEP = 1 << 20;

/** Limits the reports to one for each megabyte, and one at the end. */
export function everyMegabyte(onProgress: OnProgress | undefined, total: number): (done: number) => void {
  let reported = 0;
  return (done) => {
    if (done - reported < STEP && done < total) return;
    reported = done;
    onProgress?.(done, total);
  };
}

/**
 * Shows a progress line during some work.
 *
 * @param work Must call its argument repeatedly.
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

/** Work that is done sooner shows no progress, in ms. */
const QUIET = 300;

/** The time between two updates of the line, in ms. */
const PAUSE = 100;

/** A progress line. */
export interface Progress {
  /** Sets how much of the total is done. It is cheap: it draws only if enough time has passed. */
  update(done: number): void;
  /** Erases the line. Call it even if the work fails. */
  end(): void;
}

/** Options of {@linkcode createProgress}. */
export interface ProgressOptions {
  /** The name of the work: `Reading cachy.jsonl`. */
  readonly label: string;
  /** In bytes. */
  readonly total: number;
  /** The line is drawn only if this is a terminal. The default is stderr. */
  readonly stream?: OutputStream & { write(text: string): unknown };
  /** The type of the terminal; nothing is drawn on `dumb`. The default is the variable TERM. */
  readonly terminalType?: string;
  /** Returns the time in ms. */
  readonly now?: () => number;
}

/**
 * A line on stderr that shows the progress of work that blocks the event loop. It needs no timers: each update reads the
 * clock.
 *
 * It is first drawn after 300 ms, then at most ten times a second. If stderr is not a terminal, nothing is drawn.
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

/** The longest form that fits. The last column stays empty, because some terminals would begin a new line there. */
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

/** In whole seconds, because tenths would flicker. */
function showRemaining(ms: number): string {
  return ms < 59_500 ? `${Math.round(ms / 1e3)} s` : showTime(ms);
}
