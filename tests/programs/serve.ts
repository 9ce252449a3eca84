/** Serves the loopback provider until the process is killed; prints its URL. With `faulty`, faults come and go. */
import process from "node:process";
import { type Fault, startProvider } from "../provider/provider.ts";

const provider = await startProvider({ pause: 1 });
console.log(provider.url);

const FAULTS: readonly Fault[] = ["kill", "truncate", "error", "hold", "hold-end", "cut-json", "500", "hang-headers"];

/** How long a fault lasts, and the time to the next one, in milliseconds. */
const FAULT_MS = 20;

if (process.argv[2] === "faulty") {
  let at = 0;
  setInterval(() => {
    provider.fault = ++at % 2 ? FAULTS[(at >> 1) % FAULTS.length] : undefined;
    provider.release();
  }, FAULT_MS);
}
