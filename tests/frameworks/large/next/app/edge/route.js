import { createCachy, memoryStore } from "@cachy/core";

export const runtime = "edge";

const network = async () => Response.json({ answer: Math.random() });

async function askTwice(options) {
  const { fetch } = createCachy({ mode: "auto", fetch: network, ...options });
  const ask = async () => await (await fetch("https://api.openai.com/v1/responses", { method: "POST", body: "Hi" })).text();
  return await ask() === await ask();
}

/** Whether the second response came from the store, with a store and without one. */
export async function GET() {
  const warnings = [];
  const onEvent = (event) => event.kind === "warning" && warnings.push(event.message);
  return Response.json([await askTwice({ store: memoryStore() }), await askTwice({ onEvent }), ...warnings]);
}
