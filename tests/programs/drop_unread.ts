/** Drops the response of a stream without reading it, and then has nothing to do. Argument: URL. */
import process from "node:process";
import { enableCachy, memoryStore } from "../../mod.ts";

const [url = ""] = process.argv.slice(2);
enableCachy({ store: memoryStore(), domains: [url], mode: "auto" });
const body = JSON.stringify({ model: "gpt", stream: true, messages: [{ role: "user", content: "Say hello." }] });
const headers = { "content-type": "application/json" };
const { status } = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
if (status !== 200) throw new Error(`status ${status}`);
