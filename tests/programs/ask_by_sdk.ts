/** Calls an SDK without options, and prints the response. With a file as argument, it enables the cache itself. */
import process from "node:process";
import OpenAI from "openai";
import { runnable } from "../runnable.ts";

const [file = ""] = process.argv.slice(2);
if (file !== "") {
  const { enableCachy } = await import("../../mod.ts");
  enableCachy({ file, mode: "auto" });
  await import(runnable("src/auto.ts?again").href);
}

const client = new OpenAI({ apiKey: "none", maxRetries: 0 });
const answer = await client.responses.create({ model: "gpt-5-mini", input: "Say hello." });
console.log(answer.output_text);
