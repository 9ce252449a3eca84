import { spawn } from "node:child_process";
import process from "node:process";
import { isGranted, readVariable } from "../../lib/environment.ts";

/** The words that start the pager; undefined if there is to be none. */
function pagerWords(): readonly string[] | undefined {
  const variable = isGranted({ name: "env", variable: "PAGER" }) ? process.env.PAGER : undefined;
  if (variable?.trim() === "") return undefined;
  // -R shows colors, -F ends if one screen is enough, -X leaves the text on the screen.
  const words = variable?.trim().split(/\s+/) ?? ["less", ...readVariable("LESS").value ? [] : ["-FRX"]];
  const [command = ""] = words;
  return isGranted({ name: "run", command }) ? words : undefined;
}

/** Whether a text needs more lines than the terminal has. */
export function isLonger(pieces: readonly (string | Uint8Array)[], { rows = 24, columns = 80 }): boolean {
  let lines = 0;
  for (const piece of pieces) {
    if (typeof piece !== "string") return false; // bytes are for a file, not for the eye
    // Wide characters and colors make this an estimate, which decides only whether the pager is used.
    for (const line of piece.split("\n")) lines += Math.max(1, Math.ceil(line.length / columns));
    lines--;
    if (lines >= rows) return true;
  }
  return false;
}

/**
 * Shows a text in the pager of the variable `PAGER`, by default `less`.
 *
 * @returns False if there is no pager. Nothing is shown then.
 */
export async function showInPager(pieces: readonly (string | Uint8Array)[]): Promise<boolean> {
  const words = pagerWords();
  if (!words) return false;
  const [command = "", ...args] = words;
  const ignore = () => {};
  // Ctrl-C belongs to the pager.
  process.on("SIGINT", ignore);
  try {
    return await new Promise<boolean>((resolve) => {
      const pager = spawn(command, args, { stdio: ["pipe", "inherit", "inherit"] });
      pager.on("error", () => resolve(false));
      pager.on("close", () => resolve(true));
      pager.stdin.on("error", ignore); // it was closed before the end
      for (const piece of pieces) pager.stdin.write(piece);
      pager.stdin.end();
    });
  } catch {
    return false;
  } finally {
    process.off("SIGINT", ignore);
  }
}
