/** A miss in mode `replay`, as a developer sees it through each SDK with its defaults. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createCachy, defaultDomains, disableCachy, enableCachy, memoryStore } from "../mod.ts";
import { missCases } from "./sdk/misses.ts";
import { after, slowTest, test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

after(disableCachy);

/** Ollama runs at home, Qdrant anywhere. */
const domains = [...defaultDomains, "127.0.0.1:11434", "qdrant.example"];

/** Loading the other SDKs takes longer than their tests. */
const isFast = (name: string) => /^(?:openai 7|anthropic|langchain|ollama|ai 7 google)/.test(name);

for (const { name, run } of missCases) {
  const register = isFast(name) ? test : slowTest;
  register(`${name}: asks once for a request that is not recorded, and its error explains the miss`, async () => {
    const cachy = enableCachy({ mode: "replay", store: memoryStore(), domains });
    const error = await run().then(() => assert.fail("the call succeeded"), (error) => error);
    assert.equal(cachy.stats.misses, 1, String(error));
    assert.match(String(error), /Cannot replay POST .*To record the response, run once with/s);
  });
}

test("fetch() puts the explanation of a miss into the status text, in one line that every response may have", async (t) => {
  const file = join(temporaryFolder(t), "Grüße 日本.jsonl");
  const { fetch, misses } = createCachy({ mode: "replay", file });
  const response = await fetch("https://api.openai.com/v1/models");
  const { statusText } = new Response(null, { statusText: response.clone().statusText });
  assert.match(statusText, /^Cannot replay GET .*Grüße \?\?\.jsonl .*\. To record the response, run once with .*\.$/);
  assert.match(misses[0]?.message ?? "", /Grüße 日本\.jsonl/);
});
