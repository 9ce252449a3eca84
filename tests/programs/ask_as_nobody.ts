/** Sends two requests without the rights of root, and prints the results. Arguments: URL, file. */
import { dirname } from "node:path";
import { chmodSync } from "node:fs";
import process from "node:process";
import { createCachy, enableCachy, memoryStore } from "../../mod.ts";

const NOBODY = 65534;

const [url = "", file = ""] = process.argv.slice(2);
chmodSync(dirname(file), 0o755);
// The first live call loads a file of the package, which another user may not be able to read.
await createCachy({ store: memoryStore(), domains: [url], mode: "auto" }).fetch(`${url}/v1/models`);
process.setegid?.(NOBODY);
process.seteuid?.(NOBODY);
const cachy = enableCachy({ domains: [url], file, mode: "auto" });
const statuses: number[] = [];
for (const content of ["one", "two"]) {
  const body = JSON.stringify({ model: "m", messages: [{ role: "user", content }] });
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
  await response.text();
  statuses.push(response.status);
}
const { recorded, dropped } = cachy.stats;
console.log(JSON.stringify({ statuses, recorded, dropped }));
