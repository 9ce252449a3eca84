/** Records a number of responses of different lengths. Arguments: file, URL, name of the process, count. */
import process from "node:process";
import { enableCachy } from "../../mod.ts";

const [file = "", url = "", name = "", count = "0"] = process.argv.slice(2);
const cachy = enableCachy({ file, domains: [url], mode: "auto" });
for (let n = 0; n < Number(count); n++) {
  const body = JSON.stringify({ model: "m", input: `${name} ${n}`, padding: "x".repeat((n * 997) % 3000) });
  const headers = { "content-type": "application/json" };
  await (await fetch(`${url}/v1/embeddings`, { method: "POST", headers, body })).text();
}
console.log(JSON.stringify(cachy.stats));
