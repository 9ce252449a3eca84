import process from "node:process";
import { isGranted } from "../../lib/environment.ts";

/** The part of `process.stdout` and `process.stderr` that tells what they are. */
export interface OutputStream {
  /** Whether it is a terminal. */
  readonly isTTY?: boolean;
  /** How wide it is, if it is a terminal that knows. */
  readonly columns?: number;
}

/** Whether a stream is a terminal that can move its cursor. */
export function isSmartTerminal({ isTTY }: OutputStream, type: string | undefined = terminalType()): boolean {
  return isTTY === true && type !== "dumb";
}

/** The variable TERM; undefined also if Deno does not let us look. */
function terminalType(): string | undefined {
  return isGranted({ name: "env", variable: "TERM" }) ? process.env.TERM : undefined;
}

/** The columns of a terminal; undefined for a pipe or a file. A terminal that does not know them gets 80. */
export function columnsOf({ isTTY, columns }: OutputStream): number | undefined {
  return isTTY === true ? columns || 80 : undefined;
}
