/**
 * Runs every call of every SDK, each in a separate namespace, and writes what their callers saw. Arguments: URL of the
 * provider, file of the cache, mode, file for the results.
 */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { enableCachy, type Mode } from "../../mod.ts";
import { sdkCases } from "../sdk/all.ts";

const [baseURL = "", file = "", mode = "", resultFile = ""] = process.argv.slice(2);
const results: Record<string, unknown> = {};
for (const sdkCase of sdkCases.filter((sdkCase) => !sdkCase.skip())) {
  enableCachy({ file, domains: [baseURL], mode: mode as Mode, namespace: sdkCase.name });
  results[sdkCase.name] = await (await sdkCase.client({ baseURL })).run();
}
writeFileSync(resultFile, JSON.stringify(results));
process.exit(0); // Some SDKs keep timers.
