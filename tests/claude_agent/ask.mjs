// Asks the Claude Agent SDK, which starts its own program. Prints what it answered.
import { query } from "@anthropic-ai/claude-agent-sdk";

const options = { maxTurns: 1, model: "claude-sonnet-4-5", tools: [], settingSources: [], persistSession: false };
for await (const message of query({ prompt: "Say hello", options })) {
  if (message.type === "assistant") console.log(JSON.stringify(message.message.content));
  if (message.type === "result") console.log(message.subtype);
}
process.exit();
