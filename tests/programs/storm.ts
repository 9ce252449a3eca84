/**
 * The processes of scripts/check_storms.mjs, which use one file. Arguments: the action, the file, a name, a count.
 *
 * - `record`: waits for the file with the ending `.go`, records a number of responses, four at a time, and writes the
 *   number of each response that it has read to its end into the file with the ending `.seen-by-` and its name
 * - `share`: does the same, then waits for the file with the ending `.read`, and prints what it reads of all processes
 * - `compact`: compacts the file repeatedly, until the file with the ending `.stop` exists
 */
import { existsSync, openSync, writeSync } from "node:fs";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { compactFile } from "../../mod.ts";
import { ask, type Storm, stormAt } from "../storm.ts";

const [what = "", file = "", name = "", count = "0", others = ""] = process.argv.slice(2);
const AT_A_TIME = 4;
/** Requests that all processes make, with different responses. */
const SHARED_REQUESTS = 20;

const print = (text: string) => console.log(text);

if (what === "compact") {
  print("ready");
  for (let round = 0; !existsSync(`${file}.stop`); round++) {
    if (existsSync(file)) await compactFile(file, { sort: round % 2 === 1 });
    else await pause(1);
  }
} else {
  const storm = stormAt(file, name);
  // A file, because a pipe may be full, and the numbers must survive a kill.
  const seen = openSync(`${file}.seen-by-${name}`, "a");
  print("ready");
  await exists(`${file}.go`);
  let next = 0;
  const recordNext = async () => {
    while (next < Number(count)) {
      const n = next++;
      await ask(storm, name, n);
      writeSync(seen, `${n}\n`);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, recordNext));
  if (what === "share") await share(storm);
}

async function exists(path: string): Promise<void> {
  while (!existsSync(path)) await pause(1);
}

async function share(storm: Storm): Promise<void> {
  for (let n = 0; n < SHARED_REQUESTS; n++) await ask(storm, "shared", n);
  print("recorded");
  await exists(`${file}.read`);
  const { hits } = storm.cachy.stats;
  const shared: string[] = [];
  for (const other of others.split(",")) {
    for (let n = 0; n < Number(count); n++) await ask(storm, other, n);
  }
  for (let n = 0; n < SHARED_REQUESTS; n++) shared.push(await ask(storm, "shared", n));
  print(JSON.stringify({ hits: storm.cachy.stats.hits - hits, shared }));
}
