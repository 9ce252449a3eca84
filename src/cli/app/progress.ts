import { createProgress, type Progress } from "../display/terminal.ts";

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
 * Shows the progress on stderr while some work is done.
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
