import { createProgress, type Progress } from "../display/progress.ts";
import type { OnProgress } from "./on_progress.ts";

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
