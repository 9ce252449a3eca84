/** Records one response, then reads the start of one that never ends. Arguments: file, URL. */
import process from "node:process";
import { enableCachy } from "../../mod.ts";

const [file = "", url = ""] = process.argv.slice(2);
enableCachy({ file, domains: [url], mode: "auto" });
const ask = (stream: boolean) => {
  const body = JSON.stringify({ model: "m", stream, messages: [{ role: "user", content: "Hi" }] });
  return fetch(`${url}/v1/chat/completions`, { method: "POST", headers: { "content-type": "application/json" }, body });
};
await (await ask(false)).text();
console.log("recorded");
const reader = (await ask(true)).body!.getReader();
await reader.read();
console.log("reading");
while (!(await reader.read()).done);
