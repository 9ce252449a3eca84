/** A file that one process rewrites while others record into it, or until the process is killed. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseEntry } from "../src/store/entry.ts";
import { runProgram, startProgram } from "./processes.ts";
import { startProvider } from "./provider/provider.ts";

/** How many responses each of the two writers records. */
const RECORDINGS = 60;

/** The lines of a file. The file must end in a line feed. */
export function wholeLinesOf(file: string): string[] {
  const lines = readFileSync(file, "utf8").split("\n");
  assert.equal(lines.pop(), "");
  return lines;
}

/** The names of the files in the folder of a file. */
export function namesBeside(file: string): string[] {
  return readdirSync(dirname(file)).sort();
}

/**
 * Lets two processes record into a file while a third one rewrites it repeatedly.
 *
 * @param what The action of `tests/programs/change_file.ts`.
 * @returns How often the file was rewritten. Checks that every recording is in the file and no line is torn.
 */
export async function changeWhileRecording(file: string, what: string): Promise<number> {
  const provider = await startProvider({ pause: 1 });
  try {
    const changer = startProgram("change_file", [what, file]);
    await changer.printed("ready");
    const names = ["a", "b"];
    const writers = await Promise.all(
      names.map((name) => runProgram("record_many", [file, provider.url, name, String(RECORDINGS)])),
    );
    writeFileSync(`${file}.stop`, "");
    const { code, stdout, stderr } = await changer.exit;
    assert.deepEqual([code, stderr], [0, ""]);
    for (const writer of writers) assert.deepEqual([JSON.parse(writer.stdout).recorded, writer.code], [RECORDINGS, 0]);
    const bodies = wholeLinesOf(file).map((line) => parseEntry(line)).map((entry) =>
      typeof entry === "string" ? assert.fail(entry) : entry.request?.body ?? ""
    );
    for (const name of names) {
      for (let n = 0; n < RECORDINGS; n++) {
        assert.ok(bodies.some((body) => body.includes(`"input": "${name} ${n}"`)), `${name} ${n} is lost`);
      }
    }
    return JSON.parse(stdout.split("\n")[1] ?? "").rounds;
  } finally {
    await provider.stop();
  }
}

const KILLS = 6;
const LONGEST_LIFE_MS = 60;

/**
 * Kills a process while it rewrites a file. The time before the kill varies.
 *
 * @param look Runs after each kill, after a leftover lock was removed.
 */
export async function killWhileChanging(file: string, what: string, look: () => void | Promise<void>): Promise<void> {
  for (let kill = 0; kill < KILLS; kill++) {
    const { child, exit, printed } = startProgram("change_file", [what, file]);
    await printed("ready");
    await pause((kill / KILLS) * LONGEST_LIFE_MS);
    child.kill("SIGKILL");
    await exit;
    if (existsSync(`${file}.compact`)) rmSync(`${file}.compact`); // as the message says
    await look();
  }
}
