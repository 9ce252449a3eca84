/** Reads a stream to its last event or its end, and exits at once. Arguments: file, URL, name of a client. */
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
if (client === "openai") {
  const { default: OpenAI } = await import("openai");
  const openai = new OpenAI({ apiKey: "dummy", baseURL: `${url}/v1` });
  for await (const event of await openai.responses.create({ model: "gpt-5-mini", input: "Say hello.", stream: true })) {
    if (event.type === "response.completed") process.exit(0);
  }
}
if (client === "anthropic") {
  const { default: Anthropic } = await import("@anthropic-ai/sdk");
  const anthropic = new Anthropic({ apiKey: "dummy", baseURL: url });
  const request = { model: "claude-haiku-4-5", max_tokens: 100, messages: [{ role: "user" as const, content: "Hi" }] };
  for await (const event of await anthropic.messages.create({ ...request, stream: true })) {
    if (event.type === "message_stop") process.exit(0);
  }
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
