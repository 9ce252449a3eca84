/** Calls twice each of the models in the arguments, the second time at once three times. The provider answers from here. */
import { createCachy } from "../../mod.ts";

const usage = { prompt_tokens: 1000, completion_tokens: 200, prompt_tokens_details: { cached_tokens: 600 } };
const cachy = createCachy({
  file: "cachy.jsonl",
  fetch: () => Promise.resolve(Response.json({ choices: [{ finish_reason: "stop" }], usage })),
});
for (const model of process.argv.slice(2)) {
  const call = async () => {
    const response = await cachy.fetch("https://api.openai.com/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, messages: [] }),
    });
    await response.text();
  };
  await call();
  await Promise.all([call(), call(), call()]);
}
const { hits, costSaved, costRecorded } = cachy.stats;
console.log(JSON.stringify({ hits, costSaved, costRecorded }));
