/** Sends one request with default options except the domain, and prints the result. Arguments: URL, JSON options. */
import process from "node:process";
import { enableCachy } from "../../mod.ts";

const [url = "", options = "{}"] = process.argv.slice(2);
const cachy = enableCachy({ domains: [url], ...JSON.parse(options) });
const response = await fetch(`${url}/v1/chat/completions`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hi" }] }),
});
const text = await response.text();
const { hits, misses, recorded, dropped } = cachy.stats;
console.log(JSON.stringify({ status: response.status, text, hits, misses, recorded, dropped, file: cachy.file }));
