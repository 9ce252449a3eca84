/** Calls ollama's default export, which captures fetch when it is imported. Argument: the file. */
import process from "node:process";
import ollama from "ollama";
import { enableCachy } from "../../mod.ts";

const [file = ""] = process.argv.slice(2);
enableCachy({ file, mode: "auto", domains: ["127.0.0.1:11434"] });

const messages = [{ role: "user", content: "Say hello." }];
for await (const part of await ollama.chat({ model: "llama3.2", messages, stream: true })) {
  process.stdout.write(part.message.content);
}
