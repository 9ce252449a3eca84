/** Runs test files in one process; see suite.ts. Started by scripts/test.mjs. */
import { runnable } from "./runnable.ts";
import { runSuite } from "./suite.ts";

await runSuite((file) => import(runnable(file).href));
