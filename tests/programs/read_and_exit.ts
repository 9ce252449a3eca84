/** Reads streamed answers to their end, and ends the process on the very next line. Arguments: file, URL, name of a client. */
import process from "node:process";
import { enableCachy } from "../../mod.ts";

const [file = "", url = "", client = ""] = process.argv.slice(2);
enableCachy({ file, domains: [url], mode: "auto" });
const messages = [{ role: "user", content: "Say hello." }];

if (client === "fetch") {
  const body = JSON.stringify({ model: "gpt", stream: true, messages });
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
  const reader = response.body!.getReader();
  while (!(await reader.read()).done);
  process.exit(0);
}
if (client === "ollama") {
  const { Ollama } = await import("ollama");
  for await (const part of await new Ollama({ host: url }).chat({ model: "llama", messages, stream: true })) {
    if (part.done) process.exit(0);
  }
}
if (client === "huggingface") {
  const { InferenceClient } = await import("@huggingface/inference");
  const hub = new InferenceClient("hf_dummy", { endpointUrl: url });
  for await (const _ of hub.chatCompletionStream({ model: "m", messages }));
  process.exit(0);
}
throw new Error(`the stream of ${client} ended without its last event`);
